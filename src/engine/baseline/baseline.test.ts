import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TripcoilError } from '../../core/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { SeededRandom } from '../detect/testing/random.ts';
import { MEASURES, type Measure, NOTHING_ADDED } from './agent-baseline.ts';
import {
  type BaselineState,
  createBaselineState,
  observeBaseline,
  restoreBaseline,
  snapshotBaseline,
  viewOf,
} from './baseline.ts';

const START = Date.UTC(2026, 0, 5);
const DAY = 1_440;
const TEN = 10 * MINUTE_MS;

function sizes(change: Partial<Record<Measure, number>>): Record<Measure, number> {
  return { ...NOTHING_ADDED, calls: 1, ...change };
}

function observe(
  state: BaselineState,
  minute: number,
  change: Partial<Record<Measure, number>> = {},
  learn = true,
): void {
  observeBaseline(state, sizes(change), START + minute * MINUTE_MS, { learn });
}

/** `days` of about `rate` calls a minute, ten records each. */
function worked(days: number, rate: number, seed = 3): BaselineState {
  const state = createBaselineState();
  const random = new SeededRandom(seed);
  for (let minute = 0; minute < days * DAY; minute += 1) {
    const calls = random.poisson(rate);
    if (calls > 0) observe(state, minute, { calls, records: 10 * calls });
  }
  return state;
}

function at(state: BaselineState, minute: number, measure: Measure, windowMs = MINUTE_MS) {
  return viewOf(state, START + minute * MINUTE_MS).compare(measure, windowMs);
}

describe('a baseline', () => {
  it('learns the typical volume and what is usual', () => {
    const state = worked(3, 12);
    observe(state, 3 * DAY, { calls: 12, records: 120 });
    expect(at(state, 3 * DAY, 'calls').typical).toBeGreaterThan(9);
    expect(at(state, 3 * DAY, 'calls').typical).toBeLessThan(17);
    expect(at(state, 3 * DAY, 'records', TEN).typical).toBeGreaterThan(900);
    expect(at(state, 3 * DAY, 'records', TEN).typical).toBeLessThan(1_700);
    const { usualUpTo, probability, evidence } = at(state, 3 * DAY, 'calls');
    expect(usualUpTo).toBeGreaterThan(18);
    expect(usualUpTo).toBeLessThan(45);
    expect(probability).toBeGreaterThan(0.01);
    expect(evidence).toBeLessThan(6);
    expect(viewOf(state, START).ageMs).toBeGreaterThan(2.9 * DAY_MS);
  });

  it('learns that nights are quiet', () => {
    const state = createBaselineState();
    for (let minute = 0; minute < 10 * DAY; minute += 1) {
      const hour = Math.floor(minute / 60) % 24;
      if (hour >= 8 && hour < 18) observe(state, minute, { calls: 20 });
    }
    const noon = 10 * DAY + 12 * 60;
    observe(state, 10 * DAY + 180, { calls: 1 });
    const night = at(state, 10 * DAY + 180, 'calls').typical;
    observe(state, noon, { calls: 20 });
    expect(at(state, noon, 'calls').typical).toBeGreaterThan(6 * night);
  });

  it('counts the window of the event, late arrivals in their own minute', () => {
    const state = worked(2, 5);
    const end = 2 * DAY;
    observe(state, end, { calls: 1 });
    observe(state, end + 14, { calls: 2 });
    const before = at(state, end + 3, 'calls').actual;
    observe(state, end + 3, { calls: 7 });
    expect(at(state, end + 3, 'calls').actual).toBe(before + 7);
    expect(at(state, end + 14, 'calls').actual).toBe(2);
    observe(state, end - 60, { calls: 500 });
    expect(at(state, end - 60, 'calls').actual).toBe(0);
    expect(at(state, end + 14, 'calls', TEN).actual).toBeLessThan(20);
  });

  it('gathers evidence of a lasting rise, tells since when, and lets it fade', () => {
    const state = worked(4, 6);
    const end = 4 * DAY;
    for (let minute = 0; minute < 12; minute += 1) observe(state, end + minute, { calls: 30 });
    const risen = at(state, end + 11, 'calls');
    expect(risen.evidence).toBeGreaterThan(15);
    expect(Math.abs(risen.since - (START + end * MINUTE_MS))).toBeLessThanOrEqual(3 * MINUTE_MS);
    expect(risen.runActual / risen.runTypical).toBeGreaterThan(2.5);
    const random = new SeededRandom(9);
    for (let minute = 12; minute < 200; minute += 1) {
      observe(state, end + minute, { calls: Math.max(1, random.poisson(6)) });
    }
    expect(at(state, end + 199, 'calls').evidence).toBeLessThan(6);
  });

  it('learns next to nothing while told not to', () => {
    const free = worked(3, 6);
    const held = restoreBaseline(snapshotBaseline(free));
    const before = at(free, 3 * DAY - 1, 'calls').typical;
    for (let minute = 0; minute < 3 * 60; minute += 1) {
      observe(free, 3 * DAY + minute, { calls: 60 });
      observe(held, 3 * DAY + minute, { calls: 60 }, false);
    }
    const day = 4 * DAY + 60;
    observe(free, day, { calls: 1 });
    observe(held, day, { calls: 1 });
    expect(at(held, day, 'calls').typical).toBeLessThan(1.3 * before);
    expect(at(free, day, 'calls').typical).toBeGreaterThan(at(held, day, 'calls').typical);
  });

  it('cannot be dragged far by one enormous minute', () => {
    const state = worked(4, 6);
    const end = 4 * DAY;
    const before = at(state, end - 1, 'records').typical;
    observe(state, end, { calls: 1, records: 1e9 });
    for (let minute = 1; minute < 120; minute += 1)
      observe(state, end + minute, { calls: 6, records: 60 });
    expect(at(state, end + 119, 'records').typical).toBeLessThan(2 * before);
  });

  it.each([
    ['a day', DAY],
    ['a month', 30 * DAY],
    ['a century', 100 * 365 * DAY],
  ])('is not wiped by a jump of %s, nor slowed down by it', (_name, jump) => {
    const state = worked(7, 6);
    const before = at(state, 7 * DAY - 1, 'calls').typical;
    observe(state, 7 * DAY + jump, { calls: 1 });
    expect(at(state, 7 * DAY + jump, 'calls').typical).toBeGreaterThan(before / 4);
    for (let event = 0; event < 8; event += 1) observe(state, 7 * DAY + 1, { calls: 1 });
    const back = at(state, 7 * DAY + 1, 'calls');
    expect(back.actual).toBe(1);
    expect(back.typical).toBeGreaterThan(before / 4);
    expect(viewOf(state, START).ageMs).toBeLessThan(16 * DAY_MS);
  });

  it('ignores what is not a size or a time', () => {
    const state = worked(2, 5);
    const before = JSON.stringify(snapshotBaseline(state));
    for (const bad of [Number.NaN, -5, Number.NEGATIVE_INFINITY]) {
      observe(state, 2 * DAY - 1, { calls: bad, records: bad, bytes: bad });
    }
    observeBaseline(state, sizes({}), Number.NaN, { learn: true });
    observeBaseline(state, sizes({}), -HOUR_MS, { learn: true });
    expect(JSON.stringify(snapshotBaseline(state))).toBe(before);
    observe(state, 2 * DAY, { records: Number.POSITIVE_INFINITY, bytes: 1e300 });
    observe(state, 2 * DAY + 1);
    const kept = { ...(snapshotBaseline(state) as object), peers: 0 };
    expect(JSON.stringify(kept)).not.toMatch(/null/);
  });

  it('is the same after a snapshot at any point, whatever comes', () => {
    const step = fc.record({
      jump: fc.oneof(fc.integer({ min: -40, max: 3 }), fc.integer({ min: 0, max: 30_000 })),
      calls: fc.integer({ min: 0, max: 500 }),
      bytes: fc.double({ min: 0, max: 1e9, noNaN: true }),
      learn: fc.boolean(),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const straight = createBaselineState();
        let restarted = createBaselineState();
        let minute = 50_000;
        for (const { jump, calls, bytes, learn, restart } of steps) {
          minute = Math.max(0, minute + jump);
          observe(straight, minute, { calls, bytes }, learn);
          observe(restarted, minute, { calls, bytes }, learn);
          if (restart) {
            restarted = restoreBaseline(JSON.parse(JSON.stringify(snapshotBaseline(restarted))));
          }
          for (const measure of MEASURES) {
            const { typical, usualUpTo, probability, evidence } = at(
              straight,
              minute,
              measure,
              TEN,
            );
            for (const figure of [typical, usualUpTo, probability, evidence]) {
              expect(Number.isFinite(figure)).toBe(true);
              expect(figure).toBeGreaterThanOrEqual(0);
            }
          }
        }
        expect(snapshotBaseline(restarted)).toEqual(snapshotBaseline(straight));
      }),
    );
  });

  it('refuses a snapshot of another version', () => {
    expect(() => restoreBaseline({ version: 0 })).toThrow(TripcoilError);
    expect(() => restoreBaseline(null)).toThrow(TripcoilError);
  });

  it('shares nothing with its snapshot', () => {
    const state = worked(1, 3);
    const kept = snapshotBaseline(state);
    const text = JSON.stringify(kept);
    observe(state, DAY + 5, { calls: 9, records: 9 });
    expect(JSON.stringify(kept)).toBe(text);
  });

  it('stays under 24 KiB an agent with all measures, and does not grow', () => {
    const state = worked(1, 3);
    observe(state, DAY, { records: 3, bytes: 9_000, tokens: 700 });
    observe(state, DAY + 1);
    const early = numbersIn(snapshotBaseline(state));
    for (let minute = 0; minute < 3 * DAY; minute += 7) {
      observe(state, DAY + minute, { records: 3, bytes: 9_000, tokens: 700 });
    }
    expect(numbersIn(snapshotBaseline(state))).toBe(early);
    expect(early * 8).toBeLessThan(16 * 1_024);
  });
});

function numbersIn(value: unknown): number {
  if (typeof value === 'number') return 1;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, each) => sum + numbersIn(each), 0);
}

describe('a new version of an agent', () => {
  const observed = (state: BaselineState, minute: number, version: number, calls: number) =>
    observeBaseline(state, sizes({ calls }), START + minute * MINUTE_MS, { learn: true, version });
  const WEEKS = 21 * DAY;
  const FIRST = START / MINUTE_MS;

  /** Three weeks of ten calls a minute by one version, then `days` of forty by `versionOf`. */
  function lived(days: number, versionOf: (minute: number) => number): BaselineState {
    const state = createBaselineState();
    for (let minute = 0; minute < WEEKS; minute += 1) observed(state, minute, 1, 10);
    for (let minute = WEEKS; minute < WEEKS + days * DAY; minute += 1) {
      observed(state, minute, versionOf(minute), 40);
    }
    return state;
  }
  /** Calls that a day is worth, whatever the last minutes were like. */
  const promised = (state: BaselineState, days: number) =>
    viewOf(state, START).expectedCalls(
      START + (WEEKS + (days - 1) * DAY) * MINUTE_MS,
      START + (WEEKS + days * DAY) * MINUTE_MS,
    );

  it('is warm: it starts from what the former did, as an agent in its first day', () => {
    const state = lived(0, () => 2);
    const before = at(state, WEEKS - 1, 'calls').typical;
    observed(state, WEEKS, 2, 10);
    expect(at(state, WEEKS, 'calls').typical).toBeCloseTo(before, 0);
    expect(viewOf(state, START + WEEKS * MINUTE_MS).isRenewed).toBe(true);
    expect(viewOf(state, START + (WEEKS + DAY) * MINUTE_MS).isRenewed).toBe(false);
    expect(viewOf(state, START + (WEEKS + DAY) * MINUTE_MS).ageMs).toBeGreaterThan(20 * DAY_MS);
  });

  it('leaves the former behind in days, where the same version would take weeks', () => {
    expect(
      promised(
        lived(3, () => 2),
        3,
      ),
    ).toBeGreaterThan(
      1.4 *
        promised(
          lived(3, () => 1),
          3,
        ),
    );
  });

  it('is no news where versions take turns, nor more often than once a week', () => {
    const turns = lived(2, (minute) => 1 + (minute % 2));
    expect(turns.editions).toEqual({ known: [1, 2], renewedAt: FIRST + WEEKS + ((WEEKS + 1) % 2) });
    const restless = lived(2, (minute) => minute);
    expect(restless.editions.renewedAt).toBe(FIRST + WEEKS);
    expect(restless.editions.known).toHaveLength(4);
  });
});

describe('a lasting rise', () => {
  const LAST = 4 * DAY + 39;

  /** Four days of a call every four hours, then forty busy minutes. */
  function afterABusyTime(): BaselineState {
    const state = createBaselineState();
    for (let minute = 0; minute < 4 * DAY; minute += 240) observe(state, minute);
    for (let minute = 4 * DAY; minute <= LAST; minute += 1) observe(state, minute, { calls: 8 });
    return state;
  }

  function callsAt(state: BaselineState, minute: number) {
    return viewOf(state, START + minute * MINUTE_MS).compare('calls', MINUTE_MS);
  }

  it('is told while it lasts', () => {
    expect(callsAt(afterABusyTime(), LAST).evidence).toBeGreaterThan(30);
  });

  it.each([61, 180, 7 * DAY])(
    'ends with %i minutes of silence, as little as was expected',
    (gap) => {
      const state = afterABusyTime();
      observe(state, LAST + gap);
      const { evidence, since } = callsAt(state, LAST + gap);
      expect(evidence).toBeLessThan(8);
      expect(since).toBeGreaterThan(START + LAST * MINUTE_MS);
    },
  );
});
