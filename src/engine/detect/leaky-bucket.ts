import { type EpochMs, MINUTE_MS } from '../../core/time.ts';

/** What of a burst has not drained yet. Plain JSON. */
export interface LeakyBucket {
  fill: number;
  at: EpochMs;
}

export function createLeakyBucket(): LeakyBucket {
  return { fill: 0, at: 0 };
}

/**
 * Drains the bucket up to `time`, adds `size` and returns what is in it; it holds no more than
 * `room` beside the latest addition. Sizes that are no numbers, or negative, add nothing.
 */
export function pour(
  bucket: LeakyBucket,
  { time, size, perMinute, room }: Readonly<Record<'time' | 'size' | 'perMinute' | 'room', number>>,
): number {
  const drained = (Math.max(0, time - bucket.at) / MINUTE_MS) * perMinute;
  const added = Number.isFinite(size) ? Math.max(0, size) : 0;
  bucket.fill = Math.min(Math.max(0, bucket.fill - drained) + added, room + added);
  bucket.at = Math.max(bucket.at, time);
  return bucket.fill;
}
