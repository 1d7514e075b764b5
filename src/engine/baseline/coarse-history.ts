import { type MeasureHistory, slotOf } from './measure-history.ts';

const { fround } = Math;

/**
 * Rounds what a history learned to floats of 32 bits: seven digits are more than a rate tells, and
 * a snapshot of it is half as long. Times and the totals that people are shown stay exact. Called
 * when a minute is closed.
 */
export function coarsen(history: MeasureHistory): void {
  const { expected, day } = history;
  for (const numbers of [expected, day.hours, day.anchors]) round(numbers);
  coarsenLearned(history);
}

/** The same after a minute that another one followed, within an hour: no more can have changed. */
export function coarsenMinute(history: MeasureHistory, minute: number): void {
  const slot = slotOf(minute);
  history.expected[slot] = fround(history.expected[slot] ?? 0);
  coarsenLearned(history);
}

function round(numbers: number[]): void {
  for (let at = 0; at < numbers.length; at += 1) numbers[at] = fround(numbers[at] ?? 0);
}

function coarsenLearned(history: MeasureHistory): void {
  const { rate, day, dispersion } = history;
  round(history.normal);
  round(history.evidence);
  round(history.logSizes);
  for (const part of PARTS) history[part] = fround(history[part]);
  for (const part of DAY_PARTS) day[part] = fround(day[part]);
  rate.sum = fround(rate.sum);
  rate.minutes = fround(rate.minutes);
  dispersion.excess = fround(dispersion.excess);
  dispersion.spread = fround(dispersion.spread);
}

const PARTS = [
  ...(['nineExpected', 'seasonal', 'mean', 'sizeSum', 'sizeSquares'] as const),
  ...(['levelActual', 'levelExpected', 'slack', 'quarterActual', 'quarterExpected'] as const),
  ...(['peakMinute', 'peakTen', 'cumulative', 'runActual', 'runExpected'] as const),
] as const;

const DAY_PARTS = ['open', 'ratio', 'lastDay', 'dayBefore', 'wobble'] as const;
