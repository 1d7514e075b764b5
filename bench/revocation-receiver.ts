import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { BREAKER_CLAIM } from '../src/core/revocation.ts';
import type { AppliedTimes } from './revocation-subscribers.ts';

/** A push receiver (RFC 8935) that verifies signatures with keys it fetched once. */
const AUDIENCE = process.argv[2] ?? '';
const keys = new Map<string, ReturnType<typeof createRemoteJWKSet>>();
const verified = new Map<string, number[]>();
let isAway = false;

const server = createServer(async (request, response) => {
  let token = '';
  for await (const chunk of request) token += String(chunk);
  if (isAway) return response.writeHead(503).end();
  try {
    const issuer = decodeJwt(token).iss ?? '';
    const known = keys.get(issuer) ?? createRemoteJWKSet(new URL(`${issuer}/jwks.json`));
    keys.set(issuer, known);
    const options = { issuer, audience: AUDIENCE, typ: 'secevent+jwt' };
    const { payload } = await jwtVerify<Record<string, { key?: string }>>(token, known, options);
    const now = performance.timeOrigin + performance.now();
    const name = payload[BREAKER_CLAIM]?.key ?? '';
    verified.set(name, [...(verified.get(name) ?? []), now]);
    return response.writeHead(202).end();
  } catch {
    return response.writeHead(400).end(JSON.stringify({ err: 'invalid_key', description: '' }));
  }
});
process.on('message', (order: 'report' | 'away' | 'back') => {
  if (order !== 'report') {
    isAway = order === 'away';
    return;
  }
  process.send?.(Object.fromEntries(verified) satisfies AppliedTimes);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
