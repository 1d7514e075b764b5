import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyRing } from '../../ports/key-ring.ts';

/** JOSE `typ` of an access token (RFC 9068 section 2.1), which no security event token has. */
const ACCESS_TOKEN_TYPE = 'at+jwt';

export interface AccessTokens {
  /** A token of one tenant for one client. */
  issue(tenant: string, client: string, scope: string): Promise<IssuedToken>;
  /** The client and scope of a token of ours for this tenant; null for anything else. */
  verify(tenant: string, token: string): Promise<{ client: string; scope: string } | null>;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

/** Short-lived JWT access tokens (RFC 9068) of one issuer per tenant, signed with our own keys. */
export function createAccessTokens(options: {
  readonly keys: KeyRing;
  readonly issuer: (tenant: string) => string;
  readonly clock: Clock;
}): AccessTokens {
  const { keys, issuer, clock } = options;
  return {
    async issue(tenant, client, scope) {
      const iat = Math.floor(clock.now() / 1_000);
      const expiresInSeconds = LIMITS.accessTokenMs / 1_000;
      const claims = {
        iss: issuer(tenant),
        aud: `${issuer(tenant)}/ssf`,
        ...{ sub: client, client_id: client, scope, iat, exp: iat + expiresInSeconds },
        jti: randomUUID(),
      };
      return { token: await keys.signJwt(claims, ACCESS_TOKEN_TYPE), expiresInSeconds };
    },
    async verify(tenant, token) {
      try {
        const known = createLocalJWKSet((await keys.jwks()) as JSONWebKeySet);
        const { payload } = await jwtVerify(token, known, {
          issuer: issuer(tenant),
          audience: `${issuer(tenant)}/ssf`,
          typ: ACCESS_TOKEN_TYPE,
          algorithms: ['RS256'],
          currentDate: new Date(clock.now()),
          requiredClaims: ['exp', 'client_id', 'scope'],
        });
        return { client: String(payload['client_id']), scope: String(payload['scope']) };
      } catch {
        return null;
      }
    },
  };
}
