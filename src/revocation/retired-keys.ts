import type { JWK } from 'jose';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';

/** The public half of a key that signs nothing more, while what it signed may still be about. */
export interface RetiredKey {
  readonly jwk: JWK;
  readonly retiredAt: EpochMs;
}

/** Those that are still published at `now`. */
export function stillPublished(
  retired: readonly RetiredKey[],
  now: EpochMs,
): readonly RetiredKey[] {
  return retired.filter(({ retiredAt }) => now - retiredAt < LIMITS.retiredSigningKeyMs);
}

/** With one more, the latest first. */
export function retiring(
  jwk: JWK,
  retired: readonly RetiredKey[],
  now: EpochMs,
): readonly RetiredKey[] {
  const kept = [{ jwk, retiredAt: now }, ...stillPublished(retired, now)];
  return kept.slice(0, LIMITS.retiredSigningKeys);
}

/** The keys to verify with: the present one first, none twice. */
export function published(
  present: JWK,
  retired: readonly RetiredKey[],
  now: EpochMs,
): readonly JWK[] {
  const older = stillPublished(retired, now).filter(({ jwk }) => jwk.kid !== present.kid);
  return [{ ...present }, ...older.map(({ jwk }) => ({ ...jwk }))];
}

export function retiredContent(retired: readonly RetiredKey[]): Buffer {
  return Buffer.from(JSON.stringify(retired));
}

/** What `retiredContent` made; none where there is no such file. */
export function retiredOf(content: Buffer | null): readonly RetiredKey[] {
  if (content === null) return [];
  try {
    return JSON.parse(content.toString('utf8')) as readonly RetiredKey[];
  } catch (error) {
    const message = 'The file of retired signing keys is not readable.';
    throw new TripcoilError('config_invalid', message, { cause: error });
  }
}
