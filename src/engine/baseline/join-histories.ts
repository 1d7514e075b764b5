import type { Joining } from '../../core/joining.ts';
import { LIMITS } from '../../core/limits.ts';
import { coarsen } from './coarse-history.ts';
import type { DayAnchor } from './day-anchor.ts';
import { joinRates, overallRate } from './join-rates.ts';
import { foresee, type MeasureHistory, SLACK_MAX, slotOf, sumRecent } from './measure-history.ts';

const { max } = Math;

/**
 * One history of two that stand at the same open minute; the same whichever comes first. What is a
 * sum is pooled, what is an upper edge is the larger of both, and where the two were unlike, rates
 * up to the higher one are no news for weeks.
 */
export function joinHistories(
  one: MeasureHistory,
  other: MeasureHistory,
  minute: number,
  joining: Joining,
): MeasureHistory {
  const weigh = weighing(one.rate.minutes, other.rate.minutes);
  const rate = joinRates(one.rate, other.rate, joining);
  const top = joining === 'in_turn' ? max : plus;
  const run = gravest(one, other);
  const joined: MeasureHistory = {
    rate,
    day: joinDays(one.day, other.day, joining),
    borrowed: one.borrowed === 0 || other.borrowed === 0 ? 0 : max(one.borrowed, other.borrowed),
    totals: pairwise(one.totals, other.totals, plus),
    expected: pairwise(one.expected, other.expected, plus),
    ...{ nineActual: 0, nineExpected: 0, seasonal: 0, mean: 0 },
    squares: one.squares + other.squares,
    sizeSum: weigh(one.sizeSum, other.sizeSum),
    sizeSquares: weigh(one.sizeSquares, other.sizeSquares),
    logSizes: pairwise(one.logSizes, other.logSizes, weigh),
    openLogSizes: pairwise(one.openLogSizes, other.openLogSizes, plus),
    levelActual: one.levelActual + other.levelActual,
    levelExpected: one.levelExpected + other.levelExpected,
    dispersion: {
      excess: max(one.dispersion.excess, other.dispersion.excess),
      spread: max(one.dispersion.spread, other.dispersion.spread),
    },
    normal: pairwise(one.normal, other.normal, weigh),
    slack: max(one.slack, other.slack),
    ...{ quarterActual: 0, quarterExpected: 0, quarterMinutes: 0 },
    peakMinute: top(one.peakMinute, other.peakMinute),
    peakTen: top(one.peakTen, other.peakTen),
    evidence: pairwise(one.evidence, other.evidence, max),
    cumulative: run.cumulative,
    ...{ runSince: run.runSince, runActual: run.runActual, runExpected: run.runExpected },
  };
  if (joining === 'in_turn') {
    const higher = max(overallRate(one.rate), overallRate(other.rate));
    const unlike = Math.log(higher / overallRate(rate));
    if (unlike > 0) joined.slack = Math.min(SLACK_MAX, max(joined.slack, unlike));
  }
  const slot = slotOf(minute);
  joined.expected[slot] = max(joined.expected[slot] ?? 0, foresee(joined, minute));
  sumRecent(joined, minute);
  coarsen(joined);
  return joined;
}

function plus(one: number, other: number): number {
  return one + other;
}

/** Means by the minutes behind each: decayed sums stay as large as they can get. */
function weighing(minutes: number, others: number): (one: number, other: number) => number {
  const all = minutes + others;
  if (!(all > 0)) return (one, other) => (one + other) / 2;
  return (one, other) => (one * minutes + other * others) / all;
}

function pairwise(
  one: readonly number[],
  other: readonly number[],
  join: (one: number, other: number) => number,
): number[] {
  const joined = one.slice();
  for (let at = 0; at < joined.length; at += 1) joined[at] = join(one[at] ?? 0, other[at] ?? 0);
  return joined;
}

/** The run with the most behind it; of equals the earlier, and of these the larger. */
function gravest(one: MeasureHistory, other: MeasureHistory): MeasureHistory {
  const differences = [
    one.cumulative - other.cumulative,
    other.runSince - one.runSince,
    one.runActual - other.runActual,
    other.runExpected - one.runExpected,
  ];
  return (differences.find((each) => each !== 0) ?? 0) < 0 ? other : one;
}

function joinDays(one: DayAnchor, other: DayAnchor, joining: Joining): DayAnchor {
  const weigh = weighing(one.closed, other.closed);
  const known = (left: number, right: number): number => {
    if (left > 0 && right > 0) return joining === 'in_turn' ? weigh(left, right) : left + right;
    return joining === 'in_turn' ? max(left, right) : -1;
  };
  const ratio = (left: number, right: number): number =>
    left > 0 && right > 0 ? weigh(left, right) : max(left, right);
  const closed = joining === 'in_turn' ? one.closed + other.closed : max(one.closed, other.closed);
  return {
    hours: pairwise(one.hours, other.hours, plus),
    anchors: pairwise(one.anchors, other.anchors, known),
    open: one.open + other.open,
    closed: Math.min(closed, LIMITS.baselineMinutesMax / 60),
    ratio: ratio(one.ratio, other.ratio),
    lastDay: ratio(one.lastDay, other.lastDay),
    dayBefore: ratio(one.dayBefore, other.dayBefore),
    wobble: max(one.wobble, other.wobble),
  };
}
