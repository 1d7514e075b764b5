import { TripcoilError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import type { KeyRotation } from '../ports/subjects.ts';
import type { KeyGeneration, SubjectStore } from './subject-store.ts';

/** One key for pseudonyms, as the key ring gives it. */
export type PseudonymKey = ReturnType<KeyRing['pseudonymKey']>;

/** The keys of one tenant at one time. */
export interface TenantKeys {
  readonly current: PseudonymKey;
  /** While a rotation overlaps: tokens under it are told beside the new ones. */
  readonly previous: PseudonymKey | null;
  /** Of identifiers needed to revoke. It never changes, or brokers would lose whom they stopped. */
  readonly identifiers: PseudonymKey;
}

/** The keys of every tenant. */
export interface PseudonymKeys {
  of(tenant: string): TenantKeys;
  /** Every key that ever gave a token. */
  all(tenant: string): readonly PseudonymKey[];
  /** @throws TripcoilError `conflict` while an earlier rotation still overlaps. */
  rotate(tenant: string, overlapMs: number): KeyRotation;
  /** The keys that rotations made are gone from the store. */
  forget(tenant: string): void;
}

/** Keys that never rotate: of replays, of tests, and where nothing can be kept. */
export function fixedPseudonymKeys(keys: Pick<KeyRing, 'pseudonymKey'>): PseudonymKeys {
  return {
    of(tenant) {
      const key = keys.pseudonymKey(tenant);
      return { current: key, previous: null, identifiers: key };
    },
    all: (tenant) => [keys.pseudonymKey(tenant)],
    rotate() {
      throw new TripcoilError('bad_request', 'these keys do not rotate');
    },
    forget: () => undefined,
  };
}

/** The key ring's key first, then the generations that rotations made. */
export function rotatingPseudonymKeys(options: {
  readonly keys: Pick<KeyRing, 'pseudonymKey'>;
  readonly store: SubjectStore;
  readonly clock: Pick<Clock, 'now'>;
}): PseudonymKeys {
  const { keys, store, clock } = options;
  const known = new Map<string, readonly KeyGeneration[]>();

  function generationsOf(tenant: string): readonly KeyGeneration[] {
    const remembered = known.get(tenant);
    if (remembered !== undefined) return remembered;
    const generations = store.generations(tenant);
    known.set(tenant, generations);
    return generations;
  }

  return {
    of(tenant) {
      const first = keys.pseudonymKey(tenant);
      const generations = generationsOf(tenant);
      const current = generations.at(-1);
      if (current === undefined) return { current: first, previous: null, identifiers: first };
      const overlaps = clock.now() < current.overlapUntil;
      const previous = overlaps ? (generations.at(-2) ?? first) : null;
      return { current, previous, identifiers: first };
    },
    all: (tenant) => [keys.pseudonymKey(tenant), ...generationsOf(tenant)],
    forget: (tenant) => void known.delete(tenant),
    rotate(tenant, overlapMs) {
      const now = clock.now();
      const before = generationsOf(tenant).at(-1) ?? {
        ...keys.pseudonymKey(tenant),
        overlapUntil: 0,
      };
      if (now < before.overlapUntil) {
        const until = new Date(before.overlapUntil).toISOString();
        throw new TripcoilError('conflict', `the last rotation overlaps until ${until}`);
      }
      const made = store.addGeneration(tenant, now + overlapMs);
      known.delete(tenant);
      const { overlapUntil } = made;
      return { tenant, keyId: made.id, previousKeyId: before.id, overlapUntil };
    },
  };
}
