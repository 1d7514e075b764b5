import { LIMITS } from '../core/limits.ts';

/** A closed run of sequence numbers, `first` ≤ `last`. */
export interface Interval {
  readonly first: number;
  readonly last: number;
}

/** Disjoint runs of projected sequences, in order; touching runs are one run. */
export type Intervals = readonly Interval[];

/**
 * Adds a run and merges what touches it. Beyond `LIMITS.projectedIntervals` the newest run is
 * forgotten: it is then projected again, which changes nothing.
 */
export function withInterval(intervals: Intervals, added: Interval): Intervals {
  const merged = mergedWith(intervals, added);
  const apart = intervals.filter((run) => run.last < merged.first || run.first > merged.last);
  const all = [...apart, merged].sort((a, b) => a.first - b.first);
  return all.slice(0, LIMITS.projectedIntervals);
}

/** The run that `added` becomes part of, including every run that touches it. */
export function mergedWith(intervals: Intervals, added: Interval): Interval {
  let { first, last } = added;
  for (const run of intervals) {
    if (run.last + 1 >= first && run.first <= last + 1) {
      first = Math.min(first, run.first);
      last = Math.max(last, run.last);
    }
  }
  return { first, last };
}

export function covers(intervals: Intervals, wanted: Interval): boolean {
  return intervals.some((run) => run.first <= wanted.first && wanted.last <= run.last);
}

/** Highest sequence reached from 1 without a gap; 0 where 1 itself is missing. */
export function gaplessEnd(intervals: Intervals): number {
  const [head] = intervals;
  return head !== undefined && head.first <= 1 ? head.last : 0;
}
