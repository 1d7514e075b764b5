import type { Joining } from '../../core/joining.ts';
import { LIMITS } from '../../core/limits.ts';
import { MEASURES, type Measure } from './agent-baseline.ts';
import { advance, type BaselineState, mostGrownOf, restoreBaseline } from './baseline.ts';
import { passHours } from './day-anchor.ts';
import { joinHistories } from './join-histories.ts';
import {
  COLD_MINUTES,
  createMeasureHistory,
  endRun,
  fadePeaks,
  LEVEL_KEEP,
  type MeasureHistory,
  slotOf,
  unitOf,
} from './measure-history.ts';
import { joinRecent } from './recent-distinct.ts';
import { decayTo, hourOf } from './seasonal-rate.ts';

/**
 * The history of one agent that was kept under two names or in two places, as a state of its own.
 * `in_turn` is a new name for the same agent, `at_once` two shares of the same work. The same
 * whichever comes first, as large as one history, and with an empty one the other.
 * @throws TripcoilError `conflict` when either is of another version.
 */
export function mergeBaselines(
  given: BaselineState,
  givenOther: BaselineState,
  joining: Joining,
): BaselineState {
  const one = restoreBaseline(given);
  const other = restoreBaseline(givenOther);
  if (other.minute < 0) return one.minute < 0 && one.peers === null ? other : one;
  if (one.minute < 0) return other;
  const minute = Math.max(one.minute, other.minute);
  for (const state of [one, other]) catchUp(state, minute, joining);
  const age = joining === 'in_turn' ? added : Math.max;
  const learnedMinutes = age(one.learnedMinutes, other.learnedMinutes);
  const [younger, elder] = inOrder(one, other);
  const measures = joinMeasures(one, other, minute, joining);
  return {
    version: one.version,
    minute,
    learnedMinutes,
    activeMinutes: age(one.activeMinutes, other.activeMinutes),
    weight: Math.min(one.weight, other.weight),
    behind: 0,
    peers: learnedMinutes >= COLD_MINUTES ? null : (elder.peers ?? younger.peers),
    editions: joinEditions(younger, elder),
    recent: joinNames(one.recent, other.recent, minute),
    mostGrown: mostGrownOf({ measures }),
    measures,
  };
}

function added(one: number, other: number): number {
  return Math.min(one + other, LIMITS.baselineMinutesMax);
}

/** By what they know, so that which is named first makes no difference. */
function inOrder(one: BaselineState, other: BaselineState): [BaselineState, BaselineState] {
  const order =
    one.learnedMinutes - other.learnedMinutes ||
    one.activeMinutes - other.activeMinutes ||
    (JSON.stringify(one.editions) < JSON.stringify(other.editions) ? -1 : 1);
  return order < 0 ? [one, other] : [other, one];
}

/** Brings a history to a minute. In turn its silence was none: it went on under the other name. */
function catchUp(state: BaselineState, minute: number, joining: Joining): void {
  if (state.minute >= minute) return;
  if (joining === 'at_once') {
    advance(state, minute);
    return;
  }
  advance(state, state.minute + 1);
  for (const measure of MEASURES) {
    const history = state.measures[measure];
    if (history) passUnlearned(history, state.minute, minute);
  }
  state.minute = minute;
}

/** Time fades what was learned, and nothing is learned of it. */
function passUnlearned(history: MeasureHistory, from: number, until: number): void {
  const hours = Math.min(hourOf(until) - hourOf(from), LIMITS.baselineQuietHours);
  decayTo(history.rate, hourOf(until));
  fadePeaks(history, hours);
  passHours(history.day, hourOf(until) - hours, hourOf(until));
  const keep = LEVEL_KEEP ** (until - from);
  history.levelActual *= keep;
  history.levelExpected *= keep;
  if (until - from >= HOUR_MINUTES) endRun(history, until);
  for (let at = Math.max(from, until - LIMITS.baselineRingMinutes + 1); at <= until; at += 1) {
    history.totals[slotOf(at)] = 0;
    history.expected[slotOf(at)] = 0;
  }
}

const HOUR_MINUTES = 60;

function joinMeasures(
  one: BaselineState,
  other: BaselineState,
  minute: number,
  joining: Joining,
): BaselineState['measures'] {
  const measures: { [measure in Measure]?: MeasureHistory } = {};
  for (const measure of MEASURES) {
    const left = one.measures[measure] ?? without(one, other.measures[measure], minute, joining);
    const right = other.measures[measure] ?? without(other, one.measures[measure], minute, joining);
    const both = left && right ? joinHistories(left, right, minute, joining) : (left ?? right);
    if (both) measures[measure] = both;
  }
  return measures;
}

/** In turn, an agent that was known and read nothing read nothing for so long. */
function without(
  { measures: { calls } }: BaselineState,
  known: MeasureHistory | undefined,
  minute: number,
  joining: Joining,
): MeasureHistory | undefined {
  if (!known || !calls || joining === 'at_once') return undefined;
  const hasWeek = known.rate.weekSum.length > 0;
  const nothing = createMeasureHistory(minute, unitOf(known), calls, undefined, hasWeek);
  nothing.sizeSum = 0;
  nothing.sizeSquares = 0;
  nothing.expected.fill(0);
  return nothing;
}

/** The versions of both, those of the longer history heard of last. */
function joinEditions(younger: BaselineState, elder: BaselineState): BaselineState['editions'] {
  const latest = elder.editions.known;
  const first = younger.editions.known.filter((version) => !latest.includes(version));
  const renewedAt = Math.max(younger.editions.renewedAt, elder.editions.renewedAt);
  return { known: [...first, ...latest].slice(-LIMITS.baselineVersions), renewedAt };
}

function joinNames(
  one: BaselineState['recent'],
  other: BaselineState['recent'],
  minute: number,
): BaselineState['recent'] {
  const joined: BaselineState['recent'] = {};
  for (const names of ['sessions', 'targets'] as const) {
    const [left, right] = [one[names], other[names]];
    const both = left && right ? joinRecent(left, right, minute) : (left ?? right);
    if (both) joined[names] = both;
  }
  return joined;
}
