import { assert } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { Hash } from './hash.ts';

/** What was remembered under a hash. */
export interface Remembered {
  /** 32 bits of the caller's. */
  readonly tag: number;
  /** The caller's figures, as many as the memory was made for. */
  readonly figures: readonly number[];
}

/** One generation as of a moment: the arrays only ever grow behind `count`, so they are shared. */
export interface FrozenGeneration {
  readonly since: number;
  readonly count: number;
  readonly words: Uint32Array;
  readonly figures: Float64Array;
}

const WORDS = 3;
const FIRST_ENTRIES = 64;
/** Slots per entry before the index doubles: three quarters full at most. */
const FULLEST = 0.75;

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
    return this.#generations.reduce((sum, { count }) => sum + count, 0);
  }

  find(hash: Hash): Remembered | null {
    for (const generation of this.#generations) {
      const position = generation.find(hash);
      if (position >= 0) return generation.at(position);
    }
    return null;
  }

  /** Remembers, in place of what was remembered under this hash before. */
  put(hash: Hash, tag: number, figures: readonly number[], logTime: EpochMs): void {
    const generation = this.#open(Math.floor(logTime / LIMITS.rememberedGenerationMs));
    generation.add(hash, tag, figures);
  }

  /** What is remembered now, oldest first, unmoved by whatever is remembered later. */
  freeze(): readonly FrozenGeneration[] {
    return this.#generations.map((generation) => generation.frozen()).reverse();
  }

  /** Takes generations back as they were frozen, oldest first, each in one part or more. */
  restore(part: FrozenGeneration, startsGeneration: boolean): void {
    if (startsGeneration) this.#generations.unshift(new Generation(part.since, this.#figures, 0));
    const newest = this.#generations[0];
    assert(newest !== undefined, 'the first part starts a generation');
    for (let position = 0; position < part.count; position += 1) {
      const { hash, tag, figures } = read(part, position, this.#figures);
      newest.add(hash, tag, figures);
    }
  }

  #open(period: number): Generation {
    const newest = this.#generations[0];
    const isOver =
      newest !== undefined &&
      period > newest.since &&
      newest.count >= LIMITS.rememberedGenerationLeast;
    if (newest && !isOver && newest.count < this.#most) return newest;
    // As large as the last: at a steady rate nothing has to grow.
    const fresh = new Generation(period, this.#figures, newest?.count ?? 0);
    this.#generations.unshift(fresh);
    if (this.#generations.length > LIMITS.rememberedGenerations) this.#generations.pop();
    return fresh;
  }
}

/** Entries in the order they came, and an open-addressed index of their places, from 1. */
class Generation {
  readonly since: number;
  readonly #figuresEach: number;
  count = 0;
  #words: Uint32Array;
  #figures: Float64Array;
  #slots: Uint32Array;

  constructor(since: number, figuresEach: number, expected: number) {
    this.since = since;
    this.#figuresEach = figuresEach;
    const entries = powerOfTwo(Math.max(FIRST_ENTRIES, expected));
    this.#words = new Uint32Array(entries * WORDS);
    this.#figures = new Float64Array(entries * figuresEach);
    this.#slots = new Uint32Array(powerOfTwo(entries / FULLEST));
  }

  find({ high, low }: Hash): number {
    const mask = this.#slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] ?? 0;
      if (place === 0) return -1;
      const at = (place - 1) * WORDS;
      if (this.#words[at] === high && this.#words[at + 1] === low) return place - 1;
    }
  }

  at(position: number): Remembered {
    return read(this.frozen(), position, this.#figuresEach);
  }

  add({ high, low }: Hash, tag: number, figures: readonly number[]): void {
    if (this.count * WORDS === this.#words.length) this.#grow();
    const at = this.count * WORDS;
    this.#words[at] = high;
    this.#words[at + 1] = low;
    this.#words[at + 2] = tag;
    for (let figure = 0; figure < this.#figuresEach; figure += 1) {
      this.#figures[this.count * this.#figuresEach + figure] = figures[figure] ?? 0;
    }
    this.count += 1;
    this.#index(high, low, this.count);
  }

  frozen(): FrozenGeneration {
    return { since: this.since, count: this.count, words: this.#words, figures: this.#figures };
  }

  /** The newest of equal hashes is the one found. */
  #index(high: number, low: number, place: number): void {
    const mask = this.#slots.length - 1;
    let slot = low & mask;
    for (;;) {
      const taken = this.#slots[slot] ?? 0;
      const at = (taken - 1) * WORDS;
      if (taken === 0 || (this.#words[at] === high && this.#words[at + 1] === low)) break;
      slot = (slot + 1) & mask;
    }
    this.#slots[slot] = place;
  }

  /** New arrays, so that what was frozen stays as it is. */
  #grow(): void {
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    const figures = new Float64Array(this.#figures.length * 2);
    figures.set(this.#figures);
    this.#words = words;
    this.#figures = figures;
    this.#slots = new Uint32Array(powerOfTwo(words.length / WORDS / FULLEST));
    for (let position = 0; position < this.count; position += 1) {
      const at = position * WORDS;
      this.#index(words[at] ?? 0, words[at + 1] ?? 0, position + 1);
    }
  }
}

function read(
  { words, figures }: FrozenGeneration,
  position: number,
  each: number,
): Remembered & { readonly hash: Hash } {
  const at = position * WORDS;
  return {
    hash: { high: words[at] ?? 0, low: words[at + 1] ?? 0 },
    tag: words[at + 2] ?? 0,
    figures: each === 0 ? NONE : [...figures.subarray(position * each, (position + 1) * each)],
  };
}

const NONE: readonly number[] = [];

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}
