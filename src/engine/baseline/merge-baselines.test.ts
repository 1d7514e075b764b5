import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TripcoilError } from '../../core/errors.ts';
import { hashOf } from '../../core/hash.ts';
import { JOININGS, type Joining } from '../../core/joining.ts';
import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { SeededRandom } from '../detect/testing/random.ts';
import { type Measure, NOTHING_ADDED } from './agent-baseline.ts';
import {
  type BaselineState,
  createBaselineState,
  observeBaseline,
  snapshotBaseline,
  viewOf,
} from './baseline.ts';
import { flatHistory } from './flat-history.ts';
import { mergeBaselines } from './merge-baselines.ts';

const START = Date.UTC(2026, 0, 5);
const DAY = 1_440;
const TEN = 10 * MINUTE_MS;

interface Work {
  readonly days: readonly [from: number, until: number];
  readonly rate: number;
  readonly seed?: number;
  readonly day?: boolean;
}

/** Calls of ten records each, as many as `rate` a minute, in the evening twice that. */
function worked({ days: [from, until], rate, seed = 5, day = false }: Work): BaselineState {
  const state = createBaselineState();
  work(state, { days: [from, until], rate, seed, day });
  return state;
}

function work(state: BaselineState, { days: [from, until], rate, seed = 5, day }: Work): number {
  const random = new SeededRandom(seed);
  let most = 0;
  for (let minute = from * DAY; minute < until * DAY; minute += 1) {
    const ofDay = 1 + Math.cos((2 * Math.PI * (minute - 18 * 60)) / DAY);
    const calls = random.poisson(day ? ofDay * rate : rate);
    if (calls === 0) continue;
    see(state, minute, { calls, records: 10 * calls });
    most = Math.max(most, at(state, minute).evidence);
  }
  return most;
}

function see(state: BaselineState, minute: number, sizes: Partial<Record<Measure, number>>): void {
  const added = { ...NOTHING_ADDED, calls: 1, ...sizes };
  observeBaseline(state, added, START + minute * MINUTE_MS, { learn: true });
}

function at(state: BaselineState, minute: number, measure: Measure = 'calls') {
  return viewOf(state, START + minute * MINUTE_MS).compare(measure, TEN);
}

/** Typical of ten minutes at an hour of the 15th day. */
function typical(given: BaselineState, hour: number, measure: Measure = 'calls'): number {
  const state = mergeBaselines(given, createBaselineState(), 'in_turn');
  const minute = 14 * DAY + hour * 60;
  see(state, minute, { calls: 1, records: 1 });
  return at(state, minute, measure).typical;
}

interface Told {
  readonly step: number;
  readonly calls: number;
  readonly records: number;
  readonly name: number;
  readonly learn: boolean;
  readonly version: number | null;
}

const told: fc.Arbitrary<Told> = fc.record({
  step: fc.oneof(fc.nat(3), fc.nat(300), fc.nat(20_000)),
  calls: fc.nat(30),
  records: fc.oneof(fc.nat(100), fc.double({ min: -1, max: 1e15 })),
  name: fc.nat(40),
  learn: fc.boolean(),
  version: fc.option(fc.nat(5)),
});

function replayed(list: readonly Told[], from: number): BaselineState {
  const state = createBaselineState();
  let minute = from;
  for (const { step, calls, records, name: id, learn, version } of list) {
    minute += step;
    const name = hashOf(`${id}`).low;
    const names = { session: name, targets: [name] };
    const added = { ...NOTHING_ADDED, calls, records };
    observeBaseline(state, added, START + minute * MINUTE_MS, { learn, version, names });
  }
  return state;
}

const state = fc
  .tuple(fc.array(told, { maxLength: 60 }), fc.nat(30_000))
  .map(([list, from]) => replayed(list, from));
const joining = fc.constantFrom<Joining>(...JOININGS);

describe('two baselines', () => {
  it('merge to the other where one is empty', () => {
    fc.assert(
      fc.property(state, joining, (known, how) => {
        const empty = createBaselineState();
        expect(mergeBaselines(known, empty, how)).toEqual(snapshotBaseline(known));
        expect(mergeBaselines(empty, known, how)).toEqual(snapshotBaseline(known));
      }),
      { numRuns: 50 },
    );
  });

  it('merge to the same whichever comes first, and stay as they are', () => {
    fc.assert(
      fc.property(state, state, joining, (one, other, how) => {
        const before = JSON.stringify([one, other]);
        expect(mergeBaselines(one, other, how)).toEqual(mergeBaselines(other, one, how));
        expect(JSON.stringify([one, other])).toBe(before);
      }),
      { numRuns: 100 },
    );
  });

  it('merge to finite numbers in the shape and size of one, however often', () => {
    fc.assert(
      fc.property(state, state, joining, (one, other, how) => {
        let merged = mergeBaselines(one, other, how);
        for (let time = 0; time < 40; time += 1) merged = mergeBaselines(merged, one, 'in_turn');
        for (const history of Object.values(merged.measures)) {
          expect(flatHistory(history)?.every((each) => Number.isFinite(each))).toBe(true);
        }
        expect(merged.editions.known.length).toBeLessThanOrEqual(4);
        see(merged, 60_000_000, { calls: 3 });
        expect(at(merged, 60_000_000).actual).toBe(3);
      }),
      { numRuns: 50 },
    );
  });

  it('merge to no more certainty than a history of any length has', () => {
    const month = worked({ days: [0, 30], rate: 4 });
    let merged = month;
    for (let time = 0; time < 1_100; time += 1) merged = mergeBaselines(merged, merged, 'in_turn');
    expect(merged.measures.calls?.rate.minutes).toBeLessThan(14_600);
    expect(Number.isFinite(merged.learnedMinutes)).toBe(true);
    expect(typical(merged, 9)).toBeCloseTo(typical(month, 9), -1);
  });

  it('are refused in another version', () => {
    const known = worked({ days: [0, 1], rate: 2 });
    const older = { ...known, version: 3 };
    expect(() => mergeBaselines(known, older, 'in_turn')).toThrow(TripcoilError);
    expect(() => mergeBaselines(older, known, 'at_once')).toThrow('version 3');
  });
});

describe('the halves of a stationary stream', () => {
  it.each([
    ['early hours', 3, false],
    ['late hours', 18, false],
    ['nights', 3, true],
    ['days', 18, true],
  ] as const)('one after the other, at %s, come close to the whole', (_, hour, day) => {
    const whole = worked({ days: [0, 14], rate: 6, seed: 1, day });
    const first = worked({ days: [0, 7], rate: 6, seed: 2, day });
    const second = worked({ days: [7, 14], rate: 6, seed: 3, day });
    const merged = mergeBaselines(first, second, 'in_turn');
    for (const measure of ['calls', 'records'] as const) {
      const [of, instead] = [typical(whole, hour, measure), typical(merged, hour, measure)];
      expect(Math.abs(instead - of)).toBeLessThan(0.2 * of + 1.5);
    }
    expect(viewOf(merged, START).ageMs).toBeCloseTo(14 * DAY_MS, -8);
    expect(merged.measures.calls?.dispersion.spread).toBeLessThan(0.1);
  });

  it('at the same time add up to the whole', () => {
    const whole = worked({ days: [0, 14], rate: 6, seed: 1, day: true });
    const left = worked({ days: [0, 14], rate: 2, seed: 2, day: true });
    const right = worked({ days: [0, 14], rate: 4, seed: 3, day: true });
    const merged = mergeBaselines(left, right, 'at_once');
    for (const hour of [3, 18]) {
      const [of, instead] = [typical(whole, hour), typical(merged, hour)];
      expect(Math.abs(instead - of)).toBeLessThan(0.2 * of + 1.5);
    }
    expect(viewOf(merged, START).ageMs).toBeCloseTo(14 * DAY_MS, -8);
  });
});

describe('after a merge', () => {
  const ALARM = Math.log(525_600);

  it.each([
    ['that were alike', 4, 4],
    ['of which the newer did more', 2, 5],
    ['of which the newer did less', 5, 2],
  ])('no more false alarms are raised of histories %s', (_, before, since) => {
    for (let seed = 10; seed < 14; seed += 1) {
      const former = worked({ days: [0, 10], rate: before, seed, day: true });
      const latter = worked({ days: [10, 14], rate: since, seed: seed + 50, day: true });
      const merged = mergeBaselines(former, latter, 'in_turn');
      const later = { days: [14, 21], rate: since, seed: seed + 90, day: true } as const;
      expect(work(merged, later)).toBeLessThan(Math.max(ALARM, work(latter, later)));
    }
  });

  it('a rise that lasts is seen as before', () => {
    const former = worked({ days: [0, 10], rate: 4 });
    const latter = worked({ days: [10, 14], rate: 4, seed: 8 });
    const merged = mergeBaselines(former, latter, 'in_turn');
    expect(work(merged, { days: [14, 14.02], rate: 20 })).toBeGreaterThan(ALARM);
  });

  it('what stood against the newer still stands', () => {
    const former = worked({ days: [0, 10], rate: 4 });
    const latter = worked({ days: [10, 14], rate: 4, seed: 8 });
    work(latter, { days: [14, 14.01], rate: 30 });
    const minute = latter.minute - START / MINUTE_MS;
    const stood = at(latter, minute).evidence;
    const merged = mergeBaselines(former, latter, 'in_turn');
    expect(stood).toBeGreaterThan(10);
    expect(at(merged, minute).evidence).toBeGreaterThan(stood / 2);
    expect(at(merged, minute).since).toBe(at(latter, minute).since);
  });
});
