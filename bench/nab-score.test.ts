import { describe, expect, it } from 'vitest';
import { alarmScore, fileScore, normalised, probationRows, STANDARD } from './nab-score.ts';

/** One window in the middle of a hundred rows, of which 15 do not count. */
const FILE = { rows: 100, windows: [[40, 59]] } as const;
const score = (...alarms: number[]) => alarmScore(FILE, alarms, STANDARD);

describe('the score of the benchmark', () => {
  it('is 1 for the first row of a window, and falls towards its end', () => {
    expect(score(40)).toBe(1);
    expect(score(50)).toBeCloseTo(0.85979, 4);
    expect(score(59)).toBeCloseTo(0.12607, 2);
    expect(score(40, 45, 59)).toBe(1);
  });

  it('takes 1 for a window missed, and 0.11 for an alarm far off', () => {
    expect(score()).toBe(-1);
    expect(score(20)).toBeCloseTo(-1.11, 10);
    expect(score(40, 20, 30)).toBeCloseTo(0.78, 10);
  });

  it('forgives an alarm shortly behind a window in part', () => {
    const cost = 1 - score(40, 60);
    expect(cost).toBeCloseTo(0.11 * (1 - 2 / (1 + Math.exp(5 / 19))), 10);
    expect(1 - score(40, 99)).toBeGreaterThan(cost);
  });

  it('counts nothing of the rows there are to learn from', () => {
    expect([probationRows(100), probationRows(4_032), probationRows(20_000)]).toEqual([
      15, 604, 750,
    ]);
    expect(score(0, 14, 40)).toBe(1);
    expect(score(15, 40)).toBeLessThan(1);
  });

  it('takes scores at a threshold for alarms', () => {
    const scores = new Float64Array(100);
    scores[40] = 0.5;
    scores[20] = 0.4;
    expect(fileScore(FILE, scores, 0.5, STANDARD)).toBe(1);
    expect(fileScore(FILE, scores, 0.4, STANDARD)).toBeCloseTo(0.89, 10);
  });

  it('lies between no alarm at all and the perfect ones', () => {
    expect(normalised(-116, 116, STANDARD)).toBe(0);
    expect(normalised(116, 116, STANDARD)).toBe(100);
  });
});
