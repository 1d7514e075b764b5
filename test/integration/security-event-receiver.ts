import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, decodeJwt, errors, jwtVerify } from 'jose';
import { BREAKER_CLAIM } from '../../src/core/revocation.ts';

const AUDIENCE = 'https://broker.example';

/** A push receiver (RFC 8935) that verifies as a real one would, and remembers every token. */
export interface SecurityEventReceiver {
  readonly url: string;
  /** Key text of each revocation taken, by its jti; a set, for delivery is at least once. */
  readonly keyByJti: ReadonlyMap<string, string>;
  /** Tokens, newest last. */
  readonly tokens: readonly string[];
  /** RFC 8935 error codes answered, newest last. */
  readonly refused: readonly string[];
  /** Answers 503 from now on, or takes tokens again. */
  setAvailable(available: boolean): void;
  close(): void;
}

export async function startSecurityEventReceiver(
  audience = AUDIENCE,
): Promise<SecurityEventReceiver> {
  const keyByJti = new Map<string, string>();
  const tokens: string[] = [];
  const refused: string[] = [];
  let available = true;
  const server = createServer(async (request, response) => {
    let token = '';
    for await (const chunk of request) token += String(chunk);
    if (!available) return response.writeHead(503).end();
    const err = await refusalOf(token, audience);
    if (err !== null) {
      refused.push(err);
      return response.writeHead(400).end(JSON.stringify({ err, description: 'not verified' }));
    }
    const claims = decodeJwt<Record<string, { key: string }>>(token);
    keyByJti.set(claims.jti ?? '', claims[BREAKER_CLAIM]?.key ?? '');
    tokens.push(token);
    return response.writeHead(202).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    keyByJti,
    tokens,
    refused,
    setAvailable: (value) => {
      available = value;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The RFC 8935 error code for a token that does not verify; null for one that does. */
async function refusalOf(token: string, audience: string): Promise<string | null> {
  const issuer = decodeJwt(token).iss ?? '';
  if (!URL.canParse(issuer)) return 'invalid_issuer';
  try {
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks.json`));
    await jwtVerify(token, keys, { issuer, audience, typ: 'secevent+jwt' });
    return null;
  } catch (error) {
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
      return 'invalid_audience';
    }
    return error instanceof errors.JOSEError ? 'invalid_key' : 'invalid_issuer';
  }
}

/** The configuration of such a receiver, for tenant `acme`. */
export function receiverConfig(url: string): string {
  return `revocation:
  receivers:
    - name: set-receiver
      url: "${url}"
      tenants: [acme]
      audience: "${AUDIENCE}"
      allow_loopback: true
`;
}
