import type { AccessEvent } from '../../core/access-event.ts';
import { type JoinKey, joinKeysOf } from '../../core/chain.ts';
import type { Hash } from '../../core/hash.ts';
import { keyOf } from './chain-keys.ts';

/** A join key with the hash under which it is remembered. */
export interface HashedKey extends JoinKey {
  readonly hash: Hash;
}

/** The join keys of one event, worked out once for the detectors that look and for the chains. */
export class EventKeys {
  readonly event: AccessEvent;
  #joining: readonly HashedKey[] | null = null;

  constructor(event: AccessEvent) {
    this.event = event;
  }

  /** As `joinKeysOf` has them. */
  get joining(): readonly HashedKey[] {
    this.#joining ??= joinKeysOf(this.event).map(hashed);
    return this.#joining;
  }
}

/** The same of any key. */
export function hashed({ kind, id }: JoinKey): HashedKey {
  return { kind, id, hash: keyOf(kind, id) };
}
