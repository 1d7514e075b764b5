import { hash } from 'node:crypto';
import { TRUST_ORDER, type Trust } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { SECOND_MS } from '../core/time.ts';
import type { TokenFailure } from '../core/token-facts.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { Clock } from '../ports/clock.ts';
import type { Principal } from '../ports/ingest.ts';
import type { Claims } from './claim-check.ts';
import type { IngestCredential, Issuer } from './issuer.ts';
import { createExaminer, type Examined } from './token-verifier.ts';

/** What the authenticator of signed tokens needs. */
export interface JwtAuthenticatorOptions {
  readonly issuers: readonly Issuer[];
  /** Knows the static tokens; asked first. */
  readonly next: Authenticator;
  /** Names that static tokens have; no signed token may take one. */
  readonly taken: ReadonlySet<string>;
  readonly clock: Clock;
}

interface Known {
  readonly principal: Principal;
  readonly from: number;
  readonly until: number;
}

/**
 * Callers by a JWT of a configured issuer (RFC 9068 as a bearer token), besides the static ones.
 * `prepare` verifies and remembers for a moment; `authenticate` answers from memory. The signature
 * is checked anew for each request, from the verifier's own memory as long as the keys stand.
 */
export function createJwtAuthenticator(options: JwtAuthenticatorOptions): Authenticator {
  const { next, taken, clock } = options;
  const issuers = options.issuers.filter((each) => each.ingest !== null);
  if (issuers.length === 0) return next;
  const examine = createExaminer(issuers);
  const known = new Map<string, Known>();
  return {
    prepare: async (token) => {
      if (!JWT.test(token) || token.length > LIMITS.jwtChars) return null;
      const now = clock.now();
      const examined = await examine(token, now, {
        tenants: '*',
        audiences: ({ ingest }) => ingest?.audiences ?? [],
      });
      const digest = hash('sha256', token);
      const caller = callerOf(examined, taken);
      known.delete(digest);
      if ('failure' in caller) return caller.failure;
      const [oldest] = known.size >= LIMITS.rememberedCallers ? known.keys() : [];
      if (oldest !== undefined) known.delete(oldest);
      known.set(digest, { ...caller, from: now });
      return null;
    },
    authenticate: (token) => {
      const found = JWT.test(token) ? known.get(hash('sha256', token)) : undefined;
      if (found === undefined) return next.authenticate(token);
      const now = clock.now();
      const isLive = now < found.until && now - found.from < LIMITS.jwksCooldownMs;
      return isLive ? found.principal : null;
    },
  };
}

const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

function callerOf(
  { claims, issuer, failure }: Examined,
  taken: ReadonlySet<string>,
): { readonly principal: Principal; readonly until: number } | { readonly failure: TokenFailure } {
  if (failure !== null) return { failure };
  const ingest = issuer?.ingest;
  if (!issuer || !ingest) return { failure: 'unknown_issuer' };
  if (ingest.scope !== null && !hasScope(claims, ingest.scope)) return { failure: 'missing_claim' };
  const name = nameOf(claims, ingest);
  if (name === null || taken.has(name)) return { failure: 'missing_claim' };
  const tenants = tenantsOf(claims, issuer);
  const trust = trustOf(claims, ingest);
  if (tenants === null || trust === null) return { failure: 'missing_claim' };
  const principal: Principal = { name, roles: ingest.roles, tenants, trust };
  const until = Number(claims['exp']) * SECOND_MS + issuer.clockToleranceMs;
  return { principal, until };
}

function hasScope(claims: Claims, wanted: string): boolean {
  const scope = claims['scope'] ?? claims['scp'];
  const scopes: unknown = typeof scope === 'string' ? scope.split(' ') : scope;
  return Array.isArray(scopes) && scopes.includes(wanted);
}

function nameOf(claims: Claims, { nameClaim }: IngestCredential): string | null {
  const names = nameClaim === null ? ['client_id', 'azp', 'sub'] : [nameClaim];
  for (const each of names) {
    const name = claims[each];
    if (typeof name === 'string' && name !== '' && name.length <= LIMITS.identifierChars) {
      return name;
    }
  }
  return null;
}

/** Tenants by the claim, as far as the issuer may speak for them; all of the issuer's without. */
function tenantsOf(claims: Claims, { tenants, tenantClaim }: Issuer): readonly string[] | null {
  const stated = tenantClaim === null ? undefined : claims[tenantClaim];
  const list: readonly unknown[] = Array.isArray(stated) ? stated : [stated];
  const named = list.filter((each) => typeof each === 'string').slice(0, LIMITS.listItems);
  if (tenantClaim === null) return tenants === '*' ? null : tenants;
  const allowed = named.filter(
    (each) => each !== '' && !each.startsWith('_') && (tenants === '*' || tenants.includes(each)),
  );
  return allowed.length === 0 ? null : allowed;
}

/** The configured trust, or a lower one that the token claims; null for a strange one. */
function trustOf(claims: Claims, { trust, trustClaim }: IngestCredential): Trust | null {
  const stated = trustClaim === null ? undefined : claims[trustClaim];
  if (stated === undefined) return trust;
  const claimed = TRUST_ORDER.find((each) => each === stated);
  if (claimed === undefined) return null;
  return TRUST_ORDER.indexOf(claimed) < TRUST_ORDER.indexOf(trust) ? claimed : trust;
}
