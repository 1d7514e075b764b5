import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import { BREAKER_CLAIM } from '../../src/core/revocation.ts';

/** A push receiver (RFC 8935) that remembers every security event token it was given. */
export interface SecurityEventReceiver {
  readonly url: string;
  /** Key text of each revocation taken, by its jti; a set, for delivery is at least once. */
  readonly keyByJti: ReadonlyMap<string, string>;
  /** Tokens, newest last. */
  readonly tokens: readonly string[];
  /** Answers 503 from now on, or takes tokens again. */
  setAvailable(available: boolean): void;
  close(): void;
}

export async function startSecurityEventReceiver(): Promise<SecurityEventReceiver> {
  const keyByJti = new Map<string, string>();
  const tokens: string[] = [];
  let available = true;
  const server = createServer(async (request, response) => {
    let token = '';
    for await (const chunk of request) token += String(chunk);
    if (!available) return response.writeHead(503).end();
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
    setAvailable: (value) => {
      available = value;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The configuration of such a receiver, for tenant `acme`. */
export function receiverConfig(url: string): string {
  return `revocation:
  receivers:
    - name: broker
      url: "${url}"
      tenants: [acme]
      audience: "https://broker.example"
      allow_loopback: true
`;
}
