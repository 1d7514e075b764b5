import { describe, expect, it } from 'vitest';
import { formatEverywhere, formatExact, formatStamp, formatTick, zoneSuffix } from './time.ts';

const AT = Date.UTC(2026, 10, 21, 23, 14, 7, 123);
const TWO_HOURS_EAST = () => 120;
const HALF_HOURS_WEST = () => -210;

describe('moments', () => {
  it('shows the time today and the day otherwise, always with the zone', () => {
    expect(formatStamp(AT, 'utc', AT)).toBe('23:14:07Z');
    expect(formatStamp(AT, 'utc', AT + 3_600_000)).toBe('Nov 21 23:14Z');
  });

  it('decides what today is in the zone shown', () => {
    expect(formatStamp(AT, 'local', AT + 3_600_000, TWO_HOURS_EAST)).toBe('01:14:07+02:00');
  });

  it('signs offsets that are not whole hours', () => {
    expect(zoneSuffix(AT, 'local', HALF_HOURS_WEST)).toBe('-03:30');
  });

  it('keeps milliseconds where exactness matters', () => {
    expect(formatExact(AT, 'utc')).toBe('2026-11-21 23:14:07.123Z');
    expect(formatExact(AT, 'local', TWO_HOURS_EAST)).toBe('2026-11-22 01:14:07.123+02:00');
  });

  it('offers both zones and the age together', () => {
    expect(formatEverywhere(AT, AT + 5_000, TWO_HOURS_EAST).split('\n')).toEqual([
      '2026-11-21 23:14:07.123Z',
      '2026-11-22 01:14:07.123+02:00 local',
      '5 s ago',
    ]);
  });

  it('marks midnight on an axis with the day', () => {
    expect(formatTick(Date.UTC(2026, 10, 21), 'utc')).toBe('Nov 21');
    expect(formatTick(Date.UTC(2026, 10, 21), 'local', TWO_HOURS_EAST)).toBe('02:00');
  });
});
