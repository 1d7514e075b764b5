import { createHmac, hash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { TokenFacts } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { TokenFailure } from '../core/token-facts.ts';
import type { TokenReading } from '../core/token-reading.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { TokenVerifier } from '../ports/token-verifier.ts';
import { audiencesOf, type Claims, claimFault } from './claim-check.ts';
import { assertionsOf, factsOf } from './claims.ts';
import { type Issuer, issuersOf } from './issuer.ts';
import { checkSignature } from './signature.ts';

/** What the verifier of decision tokens needs. */
export interface TokenVerifierOptions {
  readonly issuers: readonly Issuer[];
  readonly keys: Pick<KeyRing, 'pseudonymKey'>;
  readonly metrics: Metrics;
}

/** A token whose issuer, signature, type and claims were looked at, whoever asked. */
export interface Examined {
  readonly claims: Claims;
  readonly type: string | null;
  readonly issuer: Issuer | null;
  readonly failure: TokenFailure | null;
}

/**
 * Verifies presented tokens. A good signature is remembered by the hash of its token until the
 * issuer's keys change; the claims are held against the time of each event, so that a token that
 * arrives late, or is resent, is judged as of when it was used.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuers, keys, metrics } = options;
  const examine = createExaminer(issuers);
  return {
    verify: async (jwt, presentedAt, tenants) => {
      const of = await examine(jwt, presentedAt, {
        tenants,
        audiences: (issuer) => issuer.audiences,
      });
      const reading = readingOf(of);
      metrics.count('tripcoil_tokens_total', { result: reading.facts.failure ?? 'verified' });
      return reading;
    },
    reference: (tenant, jwt) => {
      const mac = createHmac('sha256', keys.pseudonymKey(tenant).secret).update('token|');
      return `hmac-sha256:${mac.update(jwt).digest('base64url')}`;
    },
  };
}

function readingOf({ claims, type, issuer, failure }: Examined): TokenReading {
  const stated = factsOf(claims, type);
  const refuse = (why: TokenFailure): TokenReading => {
    const facts: TokenFacts = { ...stated, verified: false, failure: why };
    return { facts, assertions: {}, tenants: [] };
  };
  if (failure !== null || issuer === null) return refuse(failure ?? 'unknown_issuer');
  const assertions = assertionsOf(claims, type, issuer);
  if (assertions === null) return refuse('chain_too_long');
  return { facts: { ...stated, verified: true }, assertions, tenants: issuer.tenants };
}

/** Who asks: for which tenants, and what counts as an audience. */
export interface Question {
  readonly tenants: readonly string[] | '*';
  readonly audiences: (issuer: Issuer) => readonly string[];
}

/** Finds out about a token. Never rejects. Memory is two generations of bounded maps. */
export function createExaminer(
  issuers: readonly Issuer[],
): (jwt: string, at: EpochMs, question: Question) => Promise<Examined> {
  let young = new Map<string, number>();
  let old = new Map<string, number>();

  async function signatureFault(
    jwt: string,
    issuer: Issuer,
    namesKey: boolean,
  ): Promise<TokenFailure | null> {
    const name = `${issuers.indexOf(issuer)} ${hash('sha256', jwt)}`;
    const remembered = young.get(name) ?? old.get(name);
    if (remembered !== undefined) {
      // No keys at all any more: what they once said holds no longer than they would.
      const now = await issuer.keys.current();
      if (now?.version === remembered) return null;
    }
    const { failure, keysVersion } = await checkSignature(jwt, namesKey, issuer);
    if (failure !== null) return failure;
    if (young.size >= LIMITS.rememberedTokens / 2) {
      old = young;
      young = new Map();
    }
    young.set(name, keysVersion);
    return null;
  }

  return async (jwt, at, { tenants, audiences }) => {
    const decoded = decode(jwt);
    if ('failure' in decoded) return { claims: {}, type: null, issuer: null, ...decoded };
    const { header, claims } = decoded;
    const type = typeof header['typ'] === 'string' ? typeName(header['typ']) : null;
    const found = issuersOf(issuers, claims, tenants);
    const meant = found.find((each) => hasAudience(claims, audiences(each)));
    const issuer = meant ?? found[0] ?? null;
    const base = { claims, type: type === null || TYPES.has(type) ? type : 'other', issuer };
    if (issuer === null) return { ...base, failure: 'unknown_issuer' };
    if (!issuer.algorithms.includes(String(header['alg']))) {
      return { ...base, failure: 'unsupported_algorithm' };
    }
    if (type !== null && !issuer.types.includes(type)) return { ...base, failure: 'wrong_type' };
    const fault = await signatureFault(jwt, issuer, typeof header['kid'] === 'string');
    if (fault !== null) return { ...base, failure: fault };
    const { clockToleranceMs } = issuer;
    const rules = { audiences: audiences(issuer), clockToleranceMs };
    return { ...base, failure: claimFault(claims, rules, at) };
  };
}

function hasAudience(claims: Claims, audiences: readonly string[]): boolean {
  return audiencesOf(claims['aud']).some((each) => audiences.includes(each));
}

function decode(
  jwt: string,
):
  | { readonly header: Claims; readonly claims: Claims }
  | { readonly failure: 'malformed' | 'too_large' } {
  if (jwt.length > LIMITS.jwtChars) return { failure: 'too_large' };
  try {
    return { header: { ...decodeProtectedHeader(jwt) }, claims: decodeJwt(jwt) };
  } catch {
    return { failure: 'malformed' };
  }
}

/** RFC 7515 section 4.1.9: `application/` may be left out, and case does not matter. */
function typeName(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

/** Types that stand on events by their name. */
const TYPES: ReadonlySet<string> = new Set([
  ...['jwt', 'jose', 'at+jwt', 'txntoken+jwt', 'txn_token', 'wit+jwt', 'dpop+jwt', 'jwt-svid'],
  ...['secevent+jwt', 'logout+jwt', 'oauth-authz-req+jwt', 'token-introspection+jwt'],
]);
