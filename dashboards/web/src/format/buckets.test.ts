import { describe, expect, it } from 'vitest';
import { fillBuckets, RANGES, rangeOf } from './buckets.ts';

describe('buckets', () => {
  it('fills silence with zeros and keeps the order', () => {
    const filled = fillBuckets([{ time: 2000, calls: 3, records: 7 }], 500, 4200, 1000);
    expect(filled.map((bucket) => [bucket.time, bucket.calls])).toEqual([
      [0, 0],
      [1000, 0],
      [2000, 3],
      [3000, 0],
      [4000, 0],
    ]);
  });

  it('adds up what falls into one bucket', () => {
    const two = [
      { time: 1100, calls: 1, records: 2 },
      { time: 1900, calls: 1, records: 3 },
    ];
    expect(fillBuckets(two, 1000, 1000, 1000)).toEqual([{ time: 1000, calls: 2, records: 5 }]);
  });

  it('reads a range from the address and doubts it', () => {
    expect(rangeOf('7d', '1h')).toBe('7d');
    expect(rangeOf('toString', '24h')).toBe('24h');
    expect(rangeOf(undefined, '1h')).toBe('1h');
  });

  it('never draws more than a hundred bars or so', () => {
    for (const { spanMs, bucketMs } of Object.values(RANGES)) {
      expect(spanMs / bucketMs).toBeLessThanOrEqual(96);
    }
  });
});
