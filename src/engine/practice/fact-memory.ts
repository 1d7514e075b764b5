import { assert } from '../../core/errors.ts';
import type { Hash } from '../../core/hash.ts';

/** A memory as written into snapshots: the words of each fact, in the order of their slots. */
export interface FactMemorySnapshot {
  readonly capacity: number;
  readonly facts: readonly number[];
}

const SMALLEST = 16;
const LOAD = 0.75;

/** A slot is its fact's hash and a word of what is known of it; that word is 0 where it is free. */
const WORDS = 3;
const KNOWN = 2;
/** The known, from the top: sessions counted, a mark, and the last session's low half. */
const COUNT_SHIFT = 18;
const COUNT_MAX = 0x3fff;
const MARKS = 0x30000;
const REMEMBERED = 0x10000;
/** Seen since room was last made. */
const SEEN = 0x20000;
const SESSION = 0xffff;

/**
 * A bounded set of facts, each with the number of sessions it was seen in. Written by hand because
 * a `Map` costs five times the memory: 12 bytes a slot here, in one array, and every agent has one.
 * When it is full, the half seen in the fewest sessions is forgotten, of equals those not seen
 * since the last time. So a flood of new facts can push out other rare ones, never what is done
 * every day.
 */
export class FactMemory {
  readonly #limit: number;
  #size = 0;
  #words = new Uint32Array(SMALLEST * WORDS);
  /** A copy reads the same words: they are copied before the next change of either. */
  #isShared = false;

  /** @param limit Slots at most, a power of two; three quarters of them are used. */
  constructor(limit: number) {
    assert(Number.isInteger(Math.log2(limit)) && limit >= SMALLEST, 'limit is a power of two');
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** Sessions the fact was seen in, 0 for never; sessions that alternate are counted again. */
  count(fact: Hash): number {
    return (this.#words[this.#slotOf(fact) + KNOWN] ?? 0) >>> COUNT_SHIFT;
  }

  /** Notes the fact for a session; further times within the session count nothing. */
  add(fact: Hash, session: Hash): void {
    let slot = this.#slotOf(fact);
    const known = this.#words[slot + KNOWN] ?? 0;
    const last = session.low & SESSION;
    if (known === 0) {
      if (this.#size + 1 > (this.#words.length / WORDS) * LOAD) {
        this.#makeRoom();
        slot = this.#slotOf(fact);
      }
      this.#put(slot, fact, (1 << COUNT_SHIFT) | SEEN | last);
      return;
    }
    const count = known >>> COUNT_SHIFT;
    const isRepeat = (known & SESSION) === last;
    if (isRepeat && (known & SEEN) !== 0) return;
    const counted = isRepeat ? count : Math.min(COUNT_MAX, count + 1);
    this.#write(slot, KNOWN, (counted << COUNT_SHIFT) | SEEN | last);
  }

  /** Adds what another memory knows, the sessions of each fact added up. */
  addAll(other: FactMemory): void {
    const words = other.#words;
    for (let at = 0; at < words.length; at += WORDS) {
      const known = words[at + KNOWN] ?? 0;
      if (known !== 0) this.#addKnown({ high: words[at] ?? 0, low: words[at + 1] ?? 0 }, known);
    }
  }

  #addKnown(fact: Hash, known: number): void {
    const slot = this.#slotOf(fact);
    const before = this.#words[slot + KNOWN] ?? 0;
    if (before !== 0) {
      const count = Math.min(COUNT_MAX, (before >>> COUNT_SHIFT) + (known >>> COUNT_SHIFT));
      this.#write(slot, KNOWN, (count << COUNT_SHIFT) | SEEN | (known & SESSION));
      return;
    }
    const isFull = this.#size + 1 > (this.#words.length / WORDS) * LOAD;
    if (isFull) this.#makeRoom();
    this.#put(isFull ? this.#slotOf(fact) : slot, fact, known);
  }

  /** The same facts as of now, in next to no time: the words are copied when one changes. */
  copy(): FactMemory {
    const memory = new FactMemory(this.#limit);
    memory.#size = this.#size;
    memory.#words = this.#words;
    memory.#isShared = true;
    this.#isShared = true;
    return memory;
  }

  /** Begins behind a free slot: put back in this order, every fact finds the slot it had. */
  snapshot(): FactMemorySnapshot {
    const words = this.#words;
    const facts: number[] = [];
    let first = 0;
    while (words[first + KNOWN] !== 0) first += WORDS;
    for (let behind = 0; behind < words.length; behind += WORDS) {
      const slot = (first + behind) % words.length;
      const known = words[slot + KNOWN] ?? 0;
      if (known !== 0) facts.push(words[slot] ?? 0, words[slot + 1] ?? 0, known);
    }
    return { capacity: words.length / WORDS, facts };
  }

  static restore(limit: number, { capacity, facts }: FactMemorySnapshot): FactMemory {
    const memory = new FactMemory(limit);
    memory.#words = new Uint32Array(Math.min(capacity, limit) * WORDS);
    for (let at = 0; at + WORDS <= facts.length; at += WORDS) {
      const fact = { high: facts[at] ?? 0, low: facts[at + 1] ?? 0 };
      memory.#put(memory.#slotOf(fact), fact, facts[at + KNOWN] ?? 0);
    }
    return memory;
  }

  /** Where the words of the fact are, or the free slot where they belong. */
  #slotOf({ high, low }: Hash): number {
    const words = this.#words;
    const mask = words.length / WORDS - 1;
    for (let place = low & mask; ; place = (place + 1) & mask) {
      const slot = place * WORDS;
      if (words[slot + KNOWN] === 0) return slot;
      const differs = ((words[slot] ?? 0) ^ high) | ((words[slot + 1] ?? 0) ^ low);
      if (differs === 0) return slot;
    }
  }

  #put(slot: number, { high, low }: Hash, known: number): void {
    this.#write(slot, 0, high);
    this.#write(slot, 1, low);
    this.#write(slot, KNOWN, known);
    this.#size += 1;
  }

  #write(slot: number, word: number, value: number): void {
    if (this.#isShared) this.#words = this.#words.slice();
    this.#isShared = false;
    this.#words[slot + word] = value;
  }

  #makeRoom(): void {
    const capacity = this.#words.length / WORDS;
    if (capacity < this.#limit) {
      this.#rebuild(capacity * 2, () => true);
      return;
    }
    const median = this.#medianCount();
    const isUsual = (known: number) => known >>> COUNT_SHIFT > median;
    const isSeen = (known: number) => known >>> COUNT_SHIFT === median && (known & SEEN) !== 0;
    this.#rebuild(capacity, (known) => isUsual(known) || isSeen(known));
    if (this.#size + 1 > capacity * LOAD) this.#rebuild(capacity, isUsual);
    for (let at = KNOWN; at < this.#words.length; at += WORDS) {
      const known = this.#words[at] ?? 0;
      if (known !== 0) this.#write(at, 0, (known & ~MARKS) | REMEMBERED);
    }
  }

  #medianCount(): number {
    const counts = new Uint16Array(this.#size);
    let at = 0;
    for (let slot = KNOWN; slot < this.#words.length; slot += WORDS) {
      const known = this.#words[slot] ?? 0;
      if (known !== 0) counts[at++] = known >>> COUNT_SHIFT;
    }
    return counts.sort()[counts.length >> 1] ?? 0;
  }

  #rebuild(capacity: number, keeps: (known: number) => boolean): void {
    const old = this.#words;
    this.#size = 0;
    this.#words = new Uint32Array(capacity * WORDS);
    this.#isShared = false;
    for (let slot = 0; slot < old.length; slot += WORDS) {
      const known = old[slot + KNOWN] ?? 0;
      if (known === 0 || !keeps(known)) continue;
      const fact = { high: old[slot] ?? 0, low: old[slot + 1] ?? 0 };
      this.#put(this.#slotOf(fact), fact, known);
    }
  }
}
