import { LIMITS } from '../../core/limits.ts';
import { zeroes } from './zeroes.ts';

/**
 * Rate per minute by hour of the week, each slot leaning on its hour of the day, that on the
 * overall rate, and that on a prior: a daily or weekly rhythm shows only as far as data support it.
 * Sums and exposures (minutes) decay, so that old weeks are forgotten. UTC hours. Where a measure
 * is to cost little there are no slots of the week, and the day is all the rhythm it has.
 */
export interface SeasonalRate {
  readonly weekSum: number[];
  weekMinutes: number[];
  readonly daySum: number[];
  dayMinutes: number[];
  sum: number;
  minutes: number;
  /** Hour since the epoch up to which decay is applied. */
  hour: number;
}

export const WEEK_HOURS = 168;
export const DAY_HOURS = 24;
const HOUR_MINUTES = 60;

/** Kept per visit: a week slot is visited weekly, a day slot daily, the overall rate hourly. */
const WEEK_KEEP = 0.8;
const DAY_KEEP = 0.93;
const OVERALL_KEEP = 0.5 ** (1 / WEEK_HOURS);

/** Minutes that may stand behind a slot, and behind the overall rate, after any time. */
export const WEEK_SLOT_MINUTES = HOUR_MINUTES / (1 - WEEK_KEEP);
export const DAY_SLOT_MINUTES = HOUR_MINUTES / (1 - DAY_KEEP);
export const OVERALL_MINUTES = HOUR_MINUTES / (1 - OVERALL_KEEP);

/** Minutes that the wider slot weighs against the narrower one's own. */
const LEAN_WEEK = 180;
const LEAN_DAY = 60;
const LEAN_PRIOR = 60;

/** Jobs start a little before or after the full hour: there the higher neighbour counts. */
const EDGE_MINUTES = 5;

export function createSeasonalRate(minute: number, hasWeek = true): SeasonalRate {
  return {
    weekSum: zeroes(hasWeek ? WEEK_HOURS : 0),
    weekMinutes: zeroes(hasWeek ? WEEK_HOURS : 0),
    daySum: zeroes(DAY_HOURS),
    dayMinutes: zeroes(DAY_HOURS),
    sum: 0,
    minutes: 0,
    hour: hourOf(minute),
  };
}

export function hourOf(minute: number): number {
  return Math.floor(minute / HOUR_MINUTES);
}

/**
 * Slots are no more precise than a float of 32 bits: a ten millionth of a rate tells nothing, and a
 * snapshot is a third smaller.
 */
const { fround } = Math;

/** Applies the decay of every hour entered since; at most a week of them, so at most 168 steps. */
export function decayTo(rate: SeasonalRate, hour: number): void {
  const steps = Math.min(hour - rate.hour, LIMITS.baselineQuietHours);
  const hasWeek = rate.weekSum.length > 0;
  for (let step = steps - 1; step >= 0; step -= 1) {
    const week = (hour - step) % WEEK_HOURS;
    const day = (hour - step) % DAY_HOURS;
    if (hasWeek) {
      rate.weekSum[week] = fround(at(rate.weekSum, week) * WEEK_KEEP);
      rate.weekMinutes[week] = fround(at(rate.weekMinutes, week) * WEEK_KEEP);
    }
    rate.daySum[day] = fround(at(rate.daySum, day) * DAY_KEEP);
    rate.dayMinutes[day] = fround(at(rate.dayMinutes, day) * DAY_KEEP);
    rate.sum *= OVERALL_KEEP;
    rate.minutes *= OVERALL_KEEP;
  }
  rate.hour = hour;
}

/** Learns `minutes` minutes of one hour that together moved `total`, both already weighted. */
export function learn(rate: SeasonalRate, hour: number, total: number, minutes: number): void {
  const week = hour % WEEK_HOURS;
  const day = hour % DAY_HOURS;
  if (rate.weekSum.length > 0) {
    rate.weekSum[week] = fround(at(rate.weekSum, week) + total);
    rate.weekMinutes[week] = fround(at(rate.weekMinutes, week) + minutes);
  }
  rate.daySum[day] = fround(at(rate.daySum, day) + total);
  rate.dayMinutes[day] = fround(at(rate.dayMinutes, day) + minutes);
  rate.sum += total;
  rate.minutes += minutes;
}

/** Expected total of one minute; between the centres of two hours it is interpolated. */
export function rateAt(rate: SeasonalRate, minute: number, prior: number): number {
  const overall = (rate.sum + LEAN_PRIOR * prior) / (rate.minutes + LEAN_PRIOR);
  const hour = hourOf(minute);
  const into = minute - hour * HOUR_MINUTES;
  const here = slotRate(rate, hour, overall);
  const half = HOUR_MINUTES / 2;
  const there = slotRate(rate, into < half ? hour - 1 : hour + 1, overall);
  const share = (into < half ? half - into : into - half) / HOUR_MINUTES;
  const between = here + (there - here) * share;
  const atEdge = into < EDGE_MINUTES || into >= HOUR_MINUTES - EDGE_MINUTES;
  return atEdge ? Math.max(between, here, there) : between;
}

/** Minutes that effectively stand behind the rate of this hour: the basis of its standard error. */
export function exposureAt(rate: SeasonalRate, minute: number): number {
  const hour = hourOf(minute);
  const overall = Math.min(LEAN_DAY, rate.minutes);
  const day = Math.min(LEAN_WEEK, at(rate.dayMinutes, hour % DAY_HOURS) + overall);
  return at(rate.weekMinutes, hour % WEEK_HOURS) + day;
}

function slotRate(rate: SeasonalRate, hour: number, overall: number): number {
  const week = (hour + WEEK_HOURS) % WEEK_HOURS;
  const day = (hour + WEEK_HOURS) % DAY_HOURS;
  const daily = (at(rate.daySum, day) + LEAN_DAY * overall) / (at(rate.dayMinutes, day) + LEAN_DAY);
  return (at(rate.weekSum, week) + LEAN_WEEK * daily) / (at(rate.weekMinutes, week) + LEAN_WEEK);
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}
