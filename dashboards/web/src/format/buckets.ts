import type { ActivityBucket } from '../state/api.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What a viewer may ask to see, and the bucket that keeps a chart near a hundred bars. */
export const RANGES = {
  '1h': { label: '1 h', spanMs: HOUR_MS, bucketMs: MINUTE_MS },
  '6h': { label: '6 h', spanMs: 6 * HOUR_MS, bucketMs: 5 * MINUTE_MS },
  '24h': { label: '24 h', spanMs: 24 * HOUR_MS, bucketMs: 15 * MINUTE_MS },
  '7d': { label: '7 d', spanMs: 168 * HOUR_MS, bucketMs: 2 * HOUR_MS },
  '14d': { label: '14 d', spanMs: 336 * HOUR_MS, bucketMs: 4 * HOUR_MS },
} as const;
export type Range = keyof typeof RANGES;

export const RANGE_NAMES = Object.keys(RANGES) as Range[];

/** What was asked for in the address, else what the occasion suggests. */
export function rangeOf(text: string | undefined, suggested: Range): Range {
  return RANGE_NAMES.find((name) => name === text) ?? suggested;
}

/** The server leaves empty buckets out; a chart needs them, or silence looks like activity. */
export function fillBuckets(
  buckets: readonly ActivityBucket[],
  sinceMs: number,
  untilMs: number,
  bucketMs: number,
): readonly ActivityBucket[] {
  const byStart = new Map<number, ActivityBucket>();
  for (const bucket of buckets) {
    const time = Math.floor(bucket.time / bucketMs) * bucketMs;
    const before = byStart.get(time);
    byStart.set(time, {
      time,
      calls: bucket.calls + (before?.calls ?? 0),
      records: bucket.records + (before?.records ?? 0),
    });
  }
  const filled: ActivityBucket[] = [];
  const first = Math.floor(sinceMs / bucketMs) * bucketMs;
  for (let time = first; time <= untilMs; time += bucketMs) {
    filled.push(byStart.get(time) ?? { time, calls: 0, records: 0 });
  }
  return filled;
}
