import { type EpochMs, SECOND_MS } from '../core/time.ts';
import type { TokenFailure } from '../core/token-facts.ts';

/** The payload of a token. */
export type Claims = Readonly<Record<string, unknown>>;

/** What a token is held against beside its signature. */
export interface ClaimRules {
  readonly audiences: readonly string[];
  readonly clockToleranceMs: number;
}

/**
 * The first thing wrong with the claims at a time (RFC 7519 section 4.1), or null. A token is valid
 * from `nbf` on and before `exp`, each widened by the tolerance; one issued in the future is not
 * valid yet. A token without `exp` would never end and is refused.
 */
export function claimFault(claims: Claims, rules: ClaimRules, at: EpochMs): TokenFailure | null {
  const { exp, nbf, iat, aud } = claims;
  if (!isTime(exp)) return exp === undefined ? 'missing_claim' : 'malformed';
  if ((nbf !== undefined && !isTime(nbf)) || (iat !== undefined && !isTime(iat))) {
    return 'malformed';
  }
  if (!audiencesOf(aud).some((each) => rules.audiences.includes(each))) return 'wrong_audience';
  if (at >= exp * SECOND_MS + rules.clockToleranceMs) return 'expired';
  const from = Math.max(nbf ?? 0, iat ?? 0) * SECOND_MS;
  return at < from - rules.clockToleranceMs ? 'not_yet_valid' : null;
}

/** `aud` is one text or a list of them. */
export function audiencesOf(aud: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return list.filter((each) => typeof each === 'string');
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
