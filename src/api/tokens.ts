import { createHash, timingSafeEqual } from 'node:crypto';
import type { Trust } from '../core/access-event.ts';
import { assert } from '../core/errors.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { Principal, Role } from '../ports/ingest.ts';

/** A credential: the token itself, or its SHA-256 as 64 lower-case hex digits. */
export type Token = {
  readonly name: string;
  readonly roles: readonly Role[];
  /** `*`, alone or in the list, stands for every tenant. */
  readonly tenants: readonly string[] | '*';
  readonly trust: Trust;
} & ({ readonly token: string } | { readonly hash: string });

/**
 * Knows callers by the SHA-256 of their token. A lookup by hash tells a prober nothing about a
 * token, whose hash no prober can steer; the last comparison is constant in time all the same.
 */
export function createAuthenticator(tokens: readonly Token[]): Authenticator {
  const known = new Map<string, { readonly digest: Buffer; readonly principal: Principal }>();
  for (const token of tokens) {
    const hash = 'hash' in token ? token.hash : digestOf(token.token).toString('hex');
    assert(/^[0-9a-f]{64}$/.test(hash), `token ${token.name} has no SHA-256`);
    const { name, roles, trust } = token;
    const tenants = token.tenants.includes('*') ? '*' : token.tenants;
    const principal: Principal = { name, roles, tenants, trust };
    known.set(hash, { digest: Buffer.from(hash, 'hex'), principal });
  }
  return {
    authenticate: (bearerToken) => {
      const digest = digestOf(bearerToken);
      const found = known.get(digest.toString('hex'));
      if (found === undefined || !timingSafeEqual(digest, found.digest)) return null;
      return found.principal;
    },
  };
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}
