import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { covers, gaplessEnd, type Interval, type Intervals, withInterval } from './intervals.ts';

const interval = fc
  .record({ first: fc.integer({ min: 1, max: 60 }), length: fc.integer({ min: 1, max: 12 }) })
  .map(({ first, length }): Interval => ({ first, last: first + length - 1 }));

describe('intervals', () => {
  it('equals a plain set of numbers, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 30 }), interval, (added, probe) => {
        let runs: Intervals = [];
        const set = new Set<number>();
        for (const run of added) {
          runs = withInterval(runs, run);
          for (let at = run.first; at <= run.last; at += 1) set.add(at);
        }
        let end = 0;
        while (set.has(end + 1)) end += 1;
        let whole = true;
        for (let at = probe.first; at <= probe.last; at += 1) whole &&= set.has(at);
        expect(gaplessEnd(runs)).toBe(end);
        expect(covers(runs, probe)).toBe(whole);
      }),
    );
  });

  it('keeps the oldest runs at the limit', () => {
    let runs: Intervals = [];
    for (let at = 0; at <= LIMITS.projectedIntervals; at += 1) {
      runs = withInterval(runs, { first: 1 + at * 2, last: 1 + at * 2 });
    }
    expect(runs).toHaveLength(LIMITS.projectedIntervals);
    expect(runs[0]).toEqual({ first: 1, last: 1 });
  });
});
