import { assert } from '../../core/errors.ts';
import { type FactKey, factKey } from './fact-key.ts';

/** A memory as written into snapshots: five numbers a fact, in the order of their slots. */
export interface FactMemorySnapshot {
  readonly capacity: number;
  readonly facts: readonly number[];
}

const SMALLEST = 16;
const LOAD = 0.75;
const COUNT_MAX = 0xffff;
const NUMBERS_PER_FACT = 5;

/**
 * A bounded set of facts, each with the number of sessions it was seen in. Written by hand because
 * a `Map` costs five times the memory: 13 bytes a slot here, and every agent has one. When it is
 * full, the half seen in the fewest sessions is forgotten, of equals those not seen since the last
 * time. So a flood of new facts can push out other rare ones, never what is done every day.
 */
export class FactMemory {
  readonly #limit: number;
  #size = 0;
  #high: Uint32Array;
  #low: Uint32Array;
  #counts: Uint16Array;
  #sessions: Uint16Array;
  /** 0 empty, 1 remembered, 2 seen since room was last made. */
  #marks: Uint8Array;

  /** @param limit Slots at most, a power of two; three quarters of them are used. */
  constructor(limit: number) {
    assert(Number.isInteger(Math.log2(limit)) && limit >= SMALLEST, 'limit is a power of two');
    this.#limit = limit;
    this.#high = new Uint32Array(SMALLEST);
    this.#low = new Uint32Array(SMALLEST);
    this.#counts = new Uint16Array(SMALLEST);
    this.#sessions = new Uint16Array(SMALLEST);
    this.#marks = new Uint8Array(SMALLEST);
  }

  get size(): number {
    return this.#size;
  }

  /** Sessions the fact was seen in, 0 for never; sessions that alternate are counted again. */
  count(key: FactKey): number {
    return this.#counts[this.#slotOf(key)] ?? 0;
  }

  /** Notes the fact for a session; further times within the session count nothing. */
  add(key: FactKey, session: FactKey): void {
    let slot = this.#slotOf(key);
    if (this.#marks[slot] === 0) {
      if (this.#size + 1 > this.#marks.length * LOAD) {
        this.#makeRoom();
        slot = this.#slotOf(key);
      }
      this.#put(slot, key, 0);
    } else if (this.#sessions[slot] === (session.low & 0xffff)) {
      this.#marks[slot] = 2;
      return;
    }
    this.#marks[slot] = 2;
    this.#sessions[slot] = session.low & 0xffff;
    this.#counts[slot] = Math.min(COUNT_MAX, (this.#counts[slot] ?? 0) + 1);
  }

  snapshot(): FactMemorySnapshot {
    const facts: number[] = [];
    for (let slot = 0; slot < this.#marks.length; slot += 1) {
      const mark = this.#marks[slot] ?? 0;
      if (mark === 0) continue;
      facts.push(this.#high[slot] ?? 0, this.#low[slot] ?? 0, this.#counts[slot] ?? 0);
      facts.push(this.#sessions[slot] ?? 0, mark);
    }
    return { capacity: this.#marks.length, facts };
  }

  static restore(limit: number, { capacity, facts }: FactMemorySnapshot): FactMemory {
    const memory = new FactMemory(limit);
    memory.#resize(Math.min(capacity, limit));
    for (let at = 0; at + NUMBERS_PER_FACT <= facts.length; at += NUMBERS_PER_FACT) {
      const [high = 0, low = 0, count = 0, session = 0, mark = 1] = facts.slice(at, at + 5);
      const slot = memory.#slotOf({ high, low });
      memory.#put(slot, { high, low }, count);
      memory.#sessions[slot] = session;
      memory.#marks[slot] = mark;
    }
    return memory;
  }

  #slotOf({ high, low }: FactKey): number {
    const mask = this.#marks.length - 1;
    let slot = low & mask;
    while (this.#marks[slot] !== 0 && (this.#high[slot] !== high || this.#low[slot] !== low)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #put(slot: number, { high, low }: FactKey, count: number): void {
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#counts[slot] = count;
    this.#marks[slot] = 1;
    this.#size += 1;
  }

  #makeRoom(): void {
    const capacity = this.#marks.length;
    if (capacity < this.#limit) {
      this.#rebuild(capacity * 2, () => true);
      return;
    }
    const counts = this.#counts.filter((_, slot) => this.#marks[slot] !== 0).sort();
    const median = counts[counts.length >> 1] ?? 0;
    this.#rebuild(capacity, (mark, count) => count > median || (count === median && mark === 2));
    if (this.#size + 1 > capacity * LOAD) this.#rebuild(capacity, (_, count) => count > median);
    for (let slot = 0; slot < capacity; slot += 1) {
      if (this.#marks[slot] === 2) this.#marks[slot] = 1;
    }
  }

  #rebuild(capacity: number, keeps: (mark: number, count: number) => boolean): void {
    const old = [this.#high, this.#low, this.#counts, this.#sessions, this.#marks] as const;
    const [highs, lows, counts, sessions, marks] = old;
    this.#resize(capacity);
    for (let from = 0; from < marks.length; from += 1) {
      const mark = marks[from] ?? 0;
      const count = counts[from] ?? 0;
      if (mark === 0 || !keeps(mark, count)) continue;
      const key = factKey(highs[from] ?? 0, lows[from] ?? 0);
      const slot = this.#slotOf(key);
      this.#put(slot, key, count);
      this.#sessions[slot] = sessions[from] ?? 0;
      this.#marks[slot] = mark;
    }
  }

  #resize(capacity: number): void {
    this.#size = 0;
    this.#high = new Uint32Array(capacity);
    this.#low = new Uint32Array(capacity);
    this.#counts = new Uint16Array(capacity);
    this.#sessions = new Uint16Array(capacity);
    this.#marks = new Uint8Array(capacity);
  }
}
