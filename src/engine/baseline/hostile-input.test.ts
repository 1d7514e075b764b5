import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { SeededRandom } from '../detect/testing/random.ts';
import { MEASURES } from './agent-baseline.ts';
import { createBaselineState, observeBaseline, viewOf } from './baseline.ts';
import { countShare, createShareWatch, readShare } from './share-watch.ts';
import { createValueWatch, watchValue } from './value-watch.ts';

const START = Date.UTC(2026, 0, 5);
const EVENTS = 1_000_000;
const ODD = [Number.NaN, -5, 0, 1e308, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0.3];

/** A clock that mostly goes on by seconds, and now and then jumps hours, days or out of numbers. */
class BadClock {
  readonly #random = new SeededRandom(8);
  #now = START;

  next(): number {
    const luck = this.#random.uniform();
    if (luck < 1e-4) return ODD[this.#random.integer(ODD.length)] ?? 0;
    if (luck < 1e-3) return this.#now + (this.#random.uniform() - 0.5) * 200 * HOUR_MS;
    this.#now += this.#random.integer(2_000);
    return this.#now - (luck < 0.2 ? this.#random.integer(20 * MINUTE_MS) : 0);
  }
}

describe('a million hostile events', () => {
  it('leave a baseline of one size, made of numbers, that still answers', () => {
    const state = createBaselineState();
    const clock = new BadClock();
    let latest = START;
    for (let at = 0; at < EVENTS; at += 1) {
      const time = clock.next();
      const odd = ODD[at % 9] ?? 40;
      const sizes = { calls: at % 1_000 === 0 ? odd : 1, records: odd, bytes: at, tokens: -odd };
      observeBaseline(state, sizes, time, { learn: at % 7 !== 0, version: at % 50_000 });
      if (Number.isFinite(time)) latest = time;
    }
    // What is no number is null in JSON; there are no peers here.
    const text = JSON.stringify({ ...state, peers: 0 });
    expect(text).not.toContain('null');
    expect(8 * text.split(',').length).toBeLessThan(16 * 1_024);
    for (const measure of MEASURES) {
      const { typical, usualUpTo, probability, evidence } = viewOf(state, latest).compare(
        measure,
        10 * MINUTE_MS,
      );
      for (const figure of [typical, usualUpTo, probability, evidence]) {
        expect(Number.isFinite(figure), measure).toBe(true);
      }
    }
  }, 60_000);

  it('leave watches of shares and values bounded and able to count', () => {
    const share = createShareWatch();
    const value = createValueWatch();
    const clock = new BadClock();
    let alarms = 0;
    for (let at = 0; at < EVENTS; at += 1) {
      const time = clock.next();
      countShare(share, time, at % 50 === 0);
      if (watchValue(value, ODD[at % 2_000] ?? at % 100, time).isAlarm) alarms += 1;
    }
    expect(JSON.stringify(share).length).toBeLessThan(1_024);
    expect(JSON.stringify(value).length).toBeLessThan(4_096);
    expect(JSON.stringify([share, value])).not.toContain('null');
    expect(Number.isFinite(readShare(share)?.evidence ?? Number.NaN)).toBe(true);
    expect(alarms).toBeLessThan(EVENTS / 1_000);
  }, 60_000);
});
