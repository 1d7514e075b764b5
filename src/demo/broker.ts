import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { type BreakerClient, createBreakerClient } from '../../client/src/index.ts';
import { BREAKER_CLAIM } from '../core/revocation.ts';

/** A revocation the demo broker verified and applied. */
export interface Obeyed {
  readonly tenant: string;
  readonly kind: string;
  readonly id: string;
  readonly jti: string;
  readonly appliedAtMs: number;
}

/** The other side of the wire: a broker that follows the feed and takes signed SETs, and obeys. */
export interface DemoBroker {
  /** Where it takes security event tokens (RFC 8935). */
  readonly setUrl: string;
  /** Signed revocations it applied, in the order they came. */
  readonly obeyed: readonly Obeyed[];
  /** Follows the feeds once the daemon listens. */
  connect(daemonUrl: string, token: string): Promise<void>;
  /** Whether the broker would let an agent act now. */
  client(tenant: string): BreakerClient;
  close(): Promise<void>;
}

const AUDIENCE = 'https://broker.demo.example';
const READY_MS = 5_000;

export { AUDIENCE as DEMO_AUDIENCE };

export async function startDemoBroker(tenants: readonly string[]): Promise<DemoBroker> {
  const obeyed: Obeyed[] = [];
  const clients = new Map<string, BreakerClient>();
  let daemonUrl = '';
  const keys = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

  async function apply(token: string): Promise<void> {
    const tenant = issuerTenant(token);
    const issuer = `${daemonUrl}/t/${tenant}`;
    const jwks = keys.get(tenant) ?? createRemoteJWKSet(new URL(`${issuer}/jwks.json`));
    keys.set(tenant, jwks);
    const { payload } = await jwtVerify(token, jwks, {
      issuer,
      audience: AUDIENCE,
      typ: 'secevent+jwt',
      algorithms: ['RS256'],
    });
    const claim = payload[BREAKER_CLAIM] as { readonly key: string };
    const [named = '', kind = '', id = ''] = claim.key.split('/').map(decodeURIComponent);
    const jti = payload.jti ?? '';
    if (obeyed.some((one) => one.jti === jti)) return;
    obeyed.push({ tenant: named, kind, id, jti, appliedAtMs: performance.now() });
  }

  const server = createServer((request, response) => {
    readBody(request)
      .then(apply)
      .then(
        () => response.writeHead(202).end(),
        () => {
          const body = { err: 'authentication_failed', description: 'the token does not verify' };
          response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        },
      );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    setUrl: `http://127.0.0.1:${port}/ssf`,
    obeyed,
    async connect(url, token) {
      daemonUrl = url;
      for (const tenant of tenants) {
        clients.set(tenant, createBreakerClient({ url, token, tenant, onTrip: () => {} }));
      }
      await Promise.all([...clients.values()].map((c) => c.ready({ timeoutMs: READY_MS })));
    },
    client(tenant) {
      const client = clients.get(tenant);
      if (!client) throw new Error(`assertion failed: the demo broker does not serve ${tenant}`);
      return client;
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * The tenant of the issuer the token claims; the signature is checked against that issuer's keys.
 */
function issuerTenant(token: string): string {
  const [, payload = ''] = token.split('.');
  const { iss } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { iss: string };
  return decodeURIComponent(iss.slice(iss.lastIndexOf('/') + 1));
}

const SET_BYTES_MAX = 64 * 1024;

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > SET_BYTES_MAX) throw new Error('a security event token is small');
  }
  return text;
}
