import { describe, expect, it } from 'vitest';
import { closeHours, compareDay, createDayAnchor, type DayAnchor } from './day-anchor.ts';

/** Days of 24 equal hours, `sizes` in all each. */
function lived(sizes: readonly number[], anchor: DayAnchor = createDayAnchor(), first = 0) {
  for (const [day, size] of sizes.entries()) {
    for (let hour = 0; hour < 24; hour += 1) {
      anchor.open += size / 24;
      const at = (first + day) * 24 + hour;
      closeHours(anchor, at, at + 1);
    }
  }
  return anchor;
}

const grownBy = (slope: number, days: number) =>
  Array.from({ length: days }, (_, day) => 2_400 * (1 + slope) ** day);

describe('a day anchor', () => {
  it('has nothing to say before it has met the weekday', () => {
    expect(compareDay(lived(grownBy(0, 6)))).toBeNull();
    expect(compareDay(lived(grownBy(0, 8)))?.ratio).toBeCloseTo(1);
  });

  it.each([0.02, 0.05, 0.1])('shows growth of %d a day long before it is fivefold', (slope) => {
    const anchor = lived(grownBy(0, 14));
    const days = Math.ceil(Math.log(2.5) / Math.log(1 + slope));
    const { ratio, dayBefore } = compareDay(lived(grownBy(slope, days), anchor, 14)) ?? {};
    expect(ratio).toBeGreaterThan(2.1);
    expect(dayBefore).toBeGreaterThan(0.7 * (ratio ?? 0));
  });

  it('follows a fifth of a per cent a day, as healthy agents grow', () => {
    const anchor = lived(grownBy(0, 14));
    expect(compareDay(lived(grownBy(0.002, 200), anchor, 14))?.ratio).toBeLessThan(1.2);
  });

  it('knows that Sundays are quiet', () => {
    const week = [100, 500, 500, 500, 500, 500, 100];
    const ratios = [...week, ...week].map((_, day) => {
      const anchor = lived([...week, ...week, ...week, ...week].slice(0, 15 + day));
      return compareDay(anchor)?.ratio ?? 0;
    });
    for (const ratio of ratios) expect(ratio).toBeCloseTo(1);
  });

  it('takes a long silence for what it is', () => {
    const anchor = lived(grownBy(0, 14));
    closeHours(anchor, 14 * 24, 14 * 24 + 168);
    expect(compareDay(anchor)).toBeNull();
    expect(anchor.hours.every((total) => total === 0)).toBe(true);
  });
});
