import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { ASYMMETRIC_ALGORITHMS, type Issuer } from '../issuer.ts';
import { fixedKeys } from '../key-set.ts';

/** 2026-11-21T09:00:00Z: when tokens of tests are presented. */
export const PRESENTED_AT = Date.UTC(2026, 10, 21, 9);
export const NOW_SECONDS = PRESENTED_AT / 1_000;
export const ISSUER = 'https://as.example';
export const AUDIENCE = 'https://mail.example';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
  readonly algorithm: string;
}

export async function signingKey(kid: string, algorithm = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { kid, privateKey, publicJwk, algorithm };
}

/** Claims of a token that is good now. */
export const CLAIMS = {
  iss: ISSUER,
  sub: 'alice',
  aud: AUDIENCE,
  jti: 't-1',
  iat: NOW_SECONDS - 10,
  exp: NOW_SECONDS + 300,
} as const;

export function signed(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return new SignJWT({ ...CLAIMS, ...claims })
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'at+jwt', ...header })
    .sign(key.privateKey);
}

export function issuerOf(more: Partial<Issuer> = {}): Issuer {
  return {
    issuer: ISSUER,
    keys: fixedKeys({ keys: [] }),
    audiences: [AUDIENCE],
    algorithms: ASYMMETRIC_ALGORITHMS,
    types: ['jwt', 'at+jwt', 'txntoken+jwt'],
    clockToleranceMs: 0,
    tenants: ['acme'],
    tenantClaim: null,
    agentClaims: ['act', 'spiffe'],
    ingest: null,
    ...more,
  };
}

/** A key server on this machine that can rotate, redirect, fail and stall. */
export interface KeyServer extends AsyncDisposable {
  readonly url: URL;
  readonly requests: () => number;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  publish(...keys: readonly SigningKey[]): void;
}

export async function keyServer(...keys: readonly SigningKey[]): Promise<KeyServer> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    self.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const self: KeyServer = {
    url: new URL(`http://127.0.0.1:${port}/jwks.json`),
    requests: () => requests,
    answer: () => {},
    publish: (...published) => {
      const body = JSON.stringify({ keys: published.map(({ publicJwk }) => publicJwk) });
      self.answer = (_request, response) => {
        response.setHeader('content-type', 'application/jwk-set+json').end(body);
      };
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  self.publish(...keys);
  return self;
}
