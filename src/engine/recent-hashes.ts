import { assert } from '../core/errors.ts';
import type { Hash } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { type FrozenHashes, HashList, type Noted } from './hash-list.ts';

/** One generation as of a moment, with the period it began in. */
export interface FrozenGeneration extends FrozenHashes {
  readonly since: number;
}

interface Generation {
  readonly since: number;
  readonly hashes: HashList;
}

/**
 * A bounded memory of hashes in a few generations. A generation is closed when its time is over and
 * it holds enough to be worth one, or when it is full; then the oldest is forgotten whole. So a
 * busy tenant is remembered by time, a quiet one by number, and a flood by its latest.
 */
export class RecentHashes {
  readonly #figures: number;
  readonly #most: number;
  /** Newest first. */
  #generations: Generation[] = [];

  constructor(options: { readonly figures: number; readonly perGeneration: number }) {
    this.#figures = options.figures;
    this.#most = options.perGeneration;
  }

  /** Entries held, those replaced by a newer one of the same hash included. */
  get count(): number {
    return this.#generations.reduce((sum, { hashes }) => sum + hashes.count, 0);
  }

  find(hash: Hash): Noted | null {
    for (const { hashes } of this.#generations) {
      const position = hashes.find(hash);
      if (position >= 0) return hashes.at(position);
    }
    return null;
  }

  /** Remembers, in place of what was remembered under this hash before. */
  put(hash: Hash, tag: number, figures: readonly number[], logTime: EpochMs): void {
    this.#open(Math.floor(logTime / LIMITS.rememberedGenerationMs)).add(hash, tag, figures);
  }

  /** What is remembered now, oldest first, unmoved by whatever is remembered later. */
  freeze(): readonly FrozenGeneration[] {
    return this.#generations.map(({ since, hashes }) => ({ since, ...hashes.frozen() })).reverse();
  }

  /** Takes generations back as they were frozen, oldest first, each in one part or more. */
  restore(part: FrozenGeneration, startsGeneration: boolean): void {
    if (startsGeneration) this.#begin(part.since, 0);
    const newest = this.#generations[0];
    assert(newest !== undefined, 'the first part starts a generation');
    newest.hashes.addAll(part);
  }

  #open(period: number): HashList {
    const newest = this.#generations[0];
    if (newest === undefined) return this.#begin(period, 0);
    const { since, hashes } = newest;
    const isOver = period > since && hashes.count >= LIMITS.rememberedGenerationLeast;
    if (!isOver && hashes.count < this.#most) return hashes;
    // As large as the last: at a steady rate nothing has to grow.
    const fresh = this.#begin(period, hashes.count);
    if (this.#generations.length > LIMITS.rememberedGenerations) this.#generations.pop();
    return fresh;
  }

  #begin(since: number, expected: number): HashList {
    const hashes = new HashList({ figures: this.#figures, expected });
    this.#generations.unshift({ since, hashes });
    return hashes;
  }
}
