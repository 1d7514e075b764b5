import { describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { SeededRandom } from '../detect/testing/random.ts';
import { createValueWatch, type ValueWatch, watchValue } from './value-watch.ts';

const START = Date.UTC(2026, 0, 5);
const EVERY = 5 * MINUTE_MS;

/** Alarms of `values`, one every five minutes from row `from` on. */
function alarms(watch: ValueWatch, values: readonly number[], from = 0): readonly number[] {
  return values.flatMap((value, row) =>
    watchValue(watch, value, START + (from + row) * EVERY).isAlarm ? [from + row] : [],
  );
}

/** Latencies of a service that is busier by day, with some noise. */
function latencies(seed: number, rows: number, from = 0): readonly number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: rows }, (_, row) => {
    const day = Math.sin(((from + row) * EVERY * 2 * Math.PI) / DAY_MS);
    return 100 * Math.exp(0.3 * day + 0.1 * random.normal());
  });
}

const FORTNIGHT = 4_032;

describe('a watched series of real values', () => {
  it('alarms once at the start of a shift, and in ordinary weeks hardly ever', () => {
    const watch = createValueWatch();
    alarms(watch, latencies(3, FORTNIGHT));
    expect(alarms(watch, latencies(4, FORTNIGHT, FORTNIGHT), FORTNIGHT).length).toBeLessThan(4);
    const at = 2 * FORTNIGHT;
    const slow = latencies(5, 60, at).map((value) => 3 * value);
    expect(alarms(watch, slow, at)).toEqual([at]);
  });

  it('sees a fall, and an hour that is unlike its hour of other days', () => {
    const fallen = createValueWatch();
    alarms(fallen, latencies(5, FORTNIGHT));
    expect(alarms(fallen, new Array(30).fill(5), FORTNIGHT).length).toBe(1);

    const night = createValueWatch();
    const byHour = (row: number) => (row % 288 < 144 ? 10 : 100) + (row % 7);
    const rows = Array.from({ length: FORTNIGHT }, (_, row) => byHour(row));
    alarms(night, rows);
    // As high as any day, though at night: no record of the level itself.
    expect(watchValue(night, 95, START + (FORTNIGHT + 60) * EVERY)).toMatchObject({
      isAlarm: true,
    });
  });

  it('knows nothing at first, and nothing of a value before it comes', () => {
    const first = latencies(6, 600);
    expect(alarms(createValueWatch(), [...first.slice(0, 90), 1e9])).toEqual([]);
    const whole = alarms(createValueWatch(), [...first, ...first.map((value) => value * 9)]);
    const part = alarms(createValueWatch(), first);
    expect(whole.filter((row) => row < first.length)).toEqual(part);
  });

  it('goes on after a snapshot as if nothing had happened', () => {
    const values = [...latencies(7, 900), ...latencies(8, 300).map((value) => value * 4)];
    const straight = createValueWatch();
    const scores = values.map((value, row) => watchValue(straight, value, START + row * EVERY));
    let watch = createValueWatch();
    const restarted = values.map((value, row) => {
      if (row % 50 === 0) watch = JSON.parse(JSON.stringify(watch));
      return watchValue(watch, value, START + row * EVERY);
    });
    expect(restarted).toEqual(scores);
  });

  it('is not moved by what is no number, and survives extremes and clocks that jump', () => {
    const watch = createValueWatch();
    alarms(watch, latencies(9, 500));
    const before = JSON.stringify(watch);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(watchValue(watch, value, START)).toMatchObject({ score: 0, isAlarm: false });
    }
    watchValue(watch, 1, Number.NaN);
    expect(JSON.stringify(watch)).toBe(before);
    const odd = [1e308, -1e308, 0, -5, 1e-300];
    for (let turn = 0; turn < 200; turn += 1) {
      const jump = (turn % 3) - 1;
      const { score } = watchValue(watch, odd[turn % 5] ?? 0, START + jump * 400 * DAY_MS);
      expect(Number.isFinite(score)).toBe(true);
    }
    expect(JSON.stringify(watch)).not.toContain('null');
  });

  it('stays under 3 KiB, however long it runs', () => {
    const watch = createValueWatch();
    alarms(watch, latencies(10, 20_000));
    expect(JSON.stringify(watch).length).toBeLessThan(3 * 1_024);
  });

  it('says nothing of a series that never changes', () => {
    expect(alarms(createValueWatch(), new Array(3_000).fill(42))).toEqual([]);
  });
});
