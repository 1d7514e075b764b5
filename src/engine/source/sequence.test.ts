import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { createSequence, nextOverdueAt, observeSequence, overdue } from './sequence.ts';

/** Takes numbers that were sent a second apart, in the order given. */
function taken(numbers: readonly number[]) {
  const state = createSequence();
  numbers.forEach((seq, at) => {
    observeSequence(state, { seq, time: seq * 1_000, eventId: `e${seq}` }, at);
  });
  return state;
}

const missing = (state: ReturnType<typeof createSequence>) =>
  state.missing.map(({ from, to }) => [from, to]);

describe('observeSequence', () => {
  it('misses nothing before the first number it sees', () => {
    expect(missing(taken([500, 501, 502]))).toEqual([]);
  });

  it('keeps what was skipped, and forgets it when it comes', () => {
    const state = taken([1, 2, 6]);
    expect(missing(state)).toEqual([[3, 5]]);
    observeSequence(state, { seq: 4, time: 4_000, eventId: 'e4' }, 9);
    expect(missing(state)).toEqual([
      [3, 3],
      [5, 5],
    ]);
    observeSequence(state, { seq: 5, time: 5_000, eventId: 'e5' }, 9);
    observeSequence(state, { seq: 3, time: 3_000, eventId: 'e3' }, 9);
    expect(missing(state)).toEqual([]);
  });

  it('takes a lower number of a younger event for a restart', () => {
    const state = taken([10, 11, 12]);
    observeSequence(state, { seq: 1, time: 20_000, eventId: 'again' }, 9);
    expect(state).toMatchObject({ run: 1, head: 1, missing: [] });
    observeSequence(state, { seq: 3, time: 22_000, eventId: 'third' }, 9);
    expect(missing(state)).toEqual([[2, 2]]);
  });

  it('sees no hole when the end of the last run arrives after the restart', () => {
    const state = taken([10, 11]);
    observeSequence(state, { seq: 1, time: 20_000, eventId: 'again' }, 9);
    observeSequence(state, { seq: 12, time: 12_000, eventId: 'e12' }, 9);
    observeSequence(state, { seq: 2, time: 21_000, eventId: 'second' }, 9);
    expect(missing(state)).toEqual([]);
    expect(state.head).toBe(2);
  });

  it('fills a hole of an earlier run from an event of that run', () => {
    const state = taken([10, 12]);
    observeSequence(state, { seq: 1, time: 20_000, eventId: 'again' }, 9);
    observeSequence(state, { seq: 11, time: 11_000, eventId: 'e11' }, 9);
    expect(missing(state)).toEqual([]);
  });

  it('says nothing of repeated or impossible numbers', () => {
    const state = taken([1, 2, 3]);
    for (const seq of [2, 3, -1, 2.5, Number.NaN, Number.MAX_VALUE]) {
      observeSequence(state, { seq, time: 2_000, eventId: 'odd' }, 9);
    }
    expect(state).toMatchObject({ head: 3, run: 0, missing: [] });
  });

  it('tells which hole a late number closed, once it was told of', () => {
    const state = taken([1, 5]);
    for (const range of state.missing) range.findingId = '7-0';
    const late = (seq: number) =>
      observeSequence(state, { seq, time: seq * 1_000, eventId: `e${seq}` }, 9);
    expect([late(3), late(2), late(4)]).toMatchObject([null, null, { findingId: '7-0' }]);
  });

  it('keeps to its bound, loses no number and is not put off by what still comes', () => {
    const state = createSequence();
    const holes = LIMITS.sourceMissingRanges * 3;
    for (let at = 0; at <= holes; at += 1) {
      observeSequence(state, { seq: at * 2, time: at, eventId: `e${at}` }, at);
    }
    expect(state.missing).toHaveLength(LIMITS.sourceMissingRanges);
    expect(state.missing.reduce((sum, { count }) => sum + count, 0)).toBe(holes);
    expect(nextOverdueAt(state, 100)).toBe(101);
    expect(overdue(state, 101, 100)).toHaveLength(1);
    for (let at = 0; at < holes; at += 1) {
      observeSequence(state, { seq: at * 2 + 1, time: at, eventId: `late${at}` }, holes);
    }
    expect(state.missing).toEqual([]);
  });
});
