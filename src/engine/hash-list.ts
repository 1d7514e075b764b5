import { assert } from '../core/errors.ts';
import type { Hash } from '../core/hash.ts';

/** What was noted under a hash. */
export interface Noted {
  /** 32 bits of the caller's. */
  readonly tag: number;
  /** The caller's figures, as many as the list was made for. */
  readonly figures: readonly number[];
}

/** A list as of a moment: the arrays only ever grow behind `count`, so they are shared. */
export interface FrozenHashes {
  readonly count: number;
  /** Three words an entry: both halves of its hash, and its tag. */
  readonly words: Uint32Array;
  readonly figures: Float64Array;
}

const WORDS = 3;
const FIRST_ENTRIES = 64;
/** Slots per entry before the index doubles: three quarters full at most. */
const FULLEST = 0.75;
/**
 * A slot holds the place of an entry, from 1, and above it some bits of its hash: most entries that
 * are in the way are told apart without a look at their words, which are far away in memory.
 */
const PLACE_BITS = 21;
const PLACES = 2 ** PLACE_BITS - 1;

/**
 * Hashes in the order they came, with a tag and figures each, and an open-addressed index of their
 * places; two million at most. In typed arrays, since a `Map` of texts costs five times the memory,
 * keeps the texts alive and makes the collector walk over all of them.
 */
export class HashList {
  readonly #figuresEach: number;
  #count = 0;
  #words: Uint32Array;
  #figures: Float64Array;
  #slots: Uint32Array;

  /** @param options.expected Entries for which there is room at once; more make it grow. */
  constructor(options: { readonly figures: number; readonly expected: number }) {
    this.#figuresEach = options.figures;
    const entries = powerOfTwo(Math.max(FIRST_ENTRIES, options.expected));
    this.#words = new Uint32Array(entries * WORDS);
    this.#figures = new Float64Array(entries * options.figures);
    this.#slots = new Uint32Array(powerOfTwo(entries / FULLEST));
  }

  /** Entries held, those replaced by a later one of the same hash included. */
  get count(): number {
    return this.#count;
  }

  /** Where the latest entry of this hash is in the order, or -1. */
  find({ high, low }: Hash): number {
    const slots = this.#slots;
    const words = this.#words;
    const mask = slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const taken = slots[slot] ?? 0;
      if (taken === 0) return -1;
      if ((taken ^ high) >>> PLACE_BITS !== 0) continue;
      const position = (taken & PLACES) - 1;
      const at = position * WORDS;
      if (isSame(words[at], high) && isSame(words[at + 1], low)) return position;
    }
  }

  at(position: number): Noted {
    return {
      tag: this.#words[position * WORDS + 2] ?? 0,
      figures: figuresAt(this.#figures, position, this.#figuresEach),
    };
  }

  /** The tag of the latest entry of this hash, 0 where there is none. */
  tagOf(hash: Hash): number {
    const position = this.find(hash);
    return position < 0 ? 0 : (this.#words[position * WORDS + 2] ?? 0);
  }

  add({ high, low }: Hash, tag: number, figures: readonly number[] = NONE): void {
    if (this.#count * WORDS === this.#words.length) this.#grow();
    const at = this.#count * WORDS;
    this.#words[at] = high;
    this.#words[at + 1] = low;
    this.#words[at + 2] = tag;
    for (let figure = 0; figure < this.#figuresEach; figure += 1) {
      this.#figures[this.#count * this.#figuresEach + figure] = figures[figure] ?? 0;
    }
    this.#count += 1;
    this.#index(high, low, this.#count);
  }

  /** The entries so far, unmoved by whatever is added later. */
  frozen(): FrozenHashes {
    return { count: this.#count, words: this.#words, figures: this.#figures };
  }

  /** Adds what was frozen of a list with as many figures. */
  addAll(part: FrozenHashes): void {
    for (let position = 0; position < part.count; position += 1) {
      const { hash, tag, figures } = read(part, position, this.#figuresEach);
      this.add(hash, tag, figures);
    }
  }

  /** The latest of equal hashes is the one found. */
  #index(high: number, low: number, place: number): void {
    assert(place <= PLACES, 'a list has two million places');
    const slots = this.#slots;
    const words = this.#words;
    const mask = slots.length - 1;
    let slot = low & mask;
    for (; ; slot = (slot + 1) & mask) {
      const taken = slots[slot] ?? 0;
      if (taken === 0) break;
      if ((taken ^ high) >>> PLACE_BITS !== 0) continue;
      const at = ((taken & PLACES) - 1) * WORDS;
      if (isSame(words[at], high) && isSame(words[at + 1], low)) break;
    }
    slots[slot] = place | ((high >>> PLACE_BITS) << PLACE_BITS);
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
    for (let position = 0; position < this.#count; position += 1) {
      const at = position * WORDS;
      this.#index(words[at] ?? 0, words[at + 1] ?? 0, position + 1);
    }
  }
}

function read(
  { words, figures }: FrozenHashes,
  position: number,
  each: number,
): Noted & { readonly hash: Hash } {
  const at = position * WORDS;
  return {
    hash: { high: words[at] ?? 0, low: words[at + 1] ?? 0 },
    tag: words[at + 2] ?? 0,
    figures: figuresAt(figures, position, each),
  };
}

/** Of 32 bits, whether their sign is read or not. */
function isSame(word: number | undefined, other: number): boolean {
  return ((word ?? 0) ^ other) === 0;
}

function figuresAt(figures: Float64Array, position: number, each: number): readonly number[] {
  if (each === 0) return NONE;
  const own: number[] = [];
  for (let at = position * each; at < (position + 1) * each; at += 1) own.push(figures[at] ?? 0);
  return own;
}

const NONE: readonly number[] = [];

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}
