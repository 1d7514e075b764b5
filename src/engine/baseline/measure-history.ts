import { LIMITS } from '../../core/limits.ts';
import { borrow, type PeerPrior, unlikeness } from './borrowed-rate.ts';
import { ALTERNATIVES, type Dispersion, logRatio, varianceOf } from './count-model.ts';
import { createDayAnchor, type DayAnchor } from './day-anchor.ts';
import {
  createSeasonalRate,
  decayTo,
  exposureAt,
  hourOf,
  learn,
  rateAt,
  type SeasonalRate,
} from './seasonal-rate.ts';
import { zeroes } from './zeroes.ts';

/**
 * One agent's history of one measure in minute buckets of event time: a seasonal rate, a local
 * level over it, its dispersion, and the sequential evidence of a lasting rise. Plain numbers.
 */
export interface MeasureHistory {
  readonly rate: SeasonalRate;
  readonly day: DayAnchor;
  /** Unlikeness of the peers that lent the first rates; 0 for an agent on its own. */
  readonly borrowed: number;
  /** Totals and expected totals of the latest minutes, by minute modulo the ring. */
  readonly totals: number[];
  readonly expected: number[];
  /** Sums of the ring over the nine minutes before the open one. */
  nineActual: number;
  nineExpected: number;
  /** Seasonal rate and predicted mean of the open minute. */
  seasonal: number;
  mean: number;
  /** Squares of the single sizes in the open minute. */
  squares: number;
  /** Decayed sums of the sizes and their squares; their ratio is the typical size of an action. */
  sizeSum: number;
  sizeSquares: number;
  /**
   * Sizes of single actions on the logarithm: count, sum, squares; learned, and of the open minute.
   */
  readonly logSizes: number[];
  readonly openLogSizes: number[];
  /** Decayed actual and expected of the last minutes: the local level is their ratio. */
  levelActual: number;
  levelExpected: number;
  readonly dispersion: { -readonly [Term in keyof Dispersion]: Dispersion[Term] };
  /** Weighted normal equations of the dispersion: squared deviations on mean and mean squared. */
  readonly normal: number[];
  /** Logarithm of the slow upper quantile of quarter-hour ratios of actual to expected. */
  slack: number;
  quarterActual: number;
  quarterExpected: number;
  quarterMinutes: number;
  /** Largest totals of one and of ten minutes, slowly forgotten. */
  peakMinute: number;
  peakTen: number;
  /** Shiryaev-Roberts evidence, one per alternative. */
  readonly evidence: number[];
  /** Page's cumulative sum (Biometrika 41, 1954): where it was last 0 a rise would have begun. */
  cumulative: number;
  /** The run the evidence speaks of: its first minute, closed total, closed expectation. */
  runSince: number;
  runActual: number;
  runExpected: number;
}

/** Minutes before there is anything to hold an event against: one day. */
export const COLD_MINUTES = 1_440;
/**
 * Evidence beyond which little is learned; a hard freeze would repeat alarms after a true shift.
 */
const SUSPICIOUS = 30;
const SUSPICIOUS_WEIGHT = 0.1;
const WINSOR_DEVIATIONS = 4;
const SIZE_KEEP = 0.5 ** (1 / 10_080);
const DISPERSION_KEEP = SIZE_KEEP;
export const LEVEL_KEEP = 0.5 ** (1 / 45);
const LEVEL_PRIOR = 6;
const LEVEL_MIN = 0.5;
const LEVEL_MAX = 4;
/** Prior for an agent without history: half an action a minute. */
const PRIOR_ACTIONS = 0.5;
const FIRST_SPREAD = 0.25;
const RIDGE = 1.001;
const SLACK_MIN = Math.log(1.15);
export const SLACK_MAX = Math.log(3);
const SLACK_FIRST = Math.log(1.6);
const SLACK_STEP = 0.05;
const SLACK_QUANTILE = 0.99;
const SLACK_MINUTES = 15;
const SLACK_ACTIONS = 4;
/** Peaks fade by half in five weeks and rise by at most half at a time once there is history. */
const PEAK_KEEP = 0.98 ** (1 / 24);
const PEAK_GROWTH = 1.5;
/** The rise whose onset the run tells. */
const ONSET_TIMES = 2.5;
const EVIDENCE_MAX = 1e12;
/**
 * Sizes imply at least their own dispersion where actions come by chance; in a few days it shows
 * whether they do, or are sums that somebody reports by the minute.
 */
const SIZES_MINUTES = 3 * COLD_MINUTES;
const SIZES_SHARE = 0.35;
/** A single extreme size must not decide alone: sums of sizes need at least two such minutes. */
const MINUTE_EVIDENCE_MAX = 9;

/**
 * `like` lends its exposure: an agent observed for a week without records is known to read none.
 */
export function createMeasureHistory(
  minute: number,
  first: number,
  like: MeasureHistory | undefined,
  peers: PeerPrior | undefined,
  hasWeek = true,
): MeasureHistory {
  const rate = createSeasonalRate(minute, hasWeek);
  if (peers) borrow(rate, peers);
  else if (like) {
    if (hasWeek) rate.weekMinutes = like.rate.weekMinutes.slice();
    rate.dayMinutes = like.rate.dayMinutes.slice();
    rate.minutes = like.rate.minutes;
    rate.hour = like.rate.hour;
  }
  const history: MeasureHistory = {
    rate,
    day: createDayAnchor(),
    borrowed: peers?.deviation ?? 0,
    totals: zeroes(LIMITS.baselineRingMinutes),
    expected: zeroes(LIMITS.baselineRingMinutes),
    nineActual: 0,
    nineExpected: 0,
    seasonal: 0,
    mean: 0,
    squares: 0,
    sizeSum: first,
    sizeSquares: first * first,
    logSizes: zeroes(3),
    openLogSizes: zeroes(3),
    levelActual: 0,
    levelExpected: 0,
    dispersion: {
      excess: Math.max(first - 1, peers?.excess ?? 0),
      spread: Math.max(FIRST_SPREAD, peers?.spread ?? 0),
    },
    normal: zeroes(5),
    slack: Math.max(SLACK_FIRST, peers?.slack ?? 0),
    ...{ quarterActual: 0, quarterExpected: 0, quarterMinutes: 0 },
    peakMinute: 0,
    peakTen: 0,
    evidence: zeroes(3),
    cumulative: 0,
    runSince: minute,
    runActual: 0,
    runExpected: 0,
  };
  openMinute(history, minute);
  history.expected.fill(history.expected[slotOf(minute)] ?? 0);
  sumRecent(history, minute);
  return history;
}

/** Too new to be held against its own past: no evidence is gathered without lent rates. */
function isColdHistory({ rate }: MeasureHistory): boolean {
  return rate.minutes < COLD_MINUTES * 0.9;
}

export function slotOf(minute: number): number {
  return minute % LIMITS.baselineRingMinutes;
}

/** Typical size of one action, and thereby the unit in which pseudo-counts are meant. */
export function unitOf(history: MeasureHistory): number {
  return history.sizeSum > 0 ? history.sizeSquares / history.sizeSum : 1;
}

export function expectedAt(history: MeasureHistory, minute: number): number {
  const unit = unitOf(history);
  return Math.max(rateAt(history.rate, minute, PRIOR_ACTIONS * unit), 1e-6 * unit);
}

/** Relative standard error of the expected rate, from the exposure behind it. */
export function standardError(history: MeasureHistory, minute: number): number {
  const exposure = Math.max(1, exposureAt(history.rate, minute));
  const { excess, spread } = history.dispersion;
  const own = Math.sqrt(((1 + excess) / Math.max(history.mean, 1e-9) + spread) / exposure);
  if (history.borrowed === 0) return own;
  return own + unlikeness(history.borrowed, history.rate.minutes);
}

/** Upper edge of rates that are still no news: slow swings and estimation error allowed for. */
export function nullMean(history: MeasureHistory, minute: number): number {
  return history.mean * Math.exp(history.slack) * (1 + standardError(history, minute));
}

/** Adds one size to a minute of the ring; a minute already closed is also learned, unweighted. */
export function addSize(
  history: MeasureHistory,
  minute: number,
  open: number,
  size: number,
  isCount: boolean,
  weight: number,
): void {
  const slot = slotOf(minute);
  history.totals[slot] = (history.totals[slot] ?? 0) + size;
  history.day.open += size;
  if (minute === open) {
    if (isCount) history.squares += size;
    else addLogSize(history, size);
    return;
  }
  if (minute > open - 10) history.nineActual += size;
  const taken = Math.min(size, history.mean + unitOf(history));
  learn(history.rate, hourOf(minute), taken * weight, 0);
}

function addLogSize(history: MeasureHistory, size: number): void {
  const log = Math.log(size);
  const { openLogSizes } = history;
  history.squares += size * size;
  openLogSizes[0] = entry(openLogSizes, 0) + 1;
  openLogSizes[1] = entry(openLogSizes, 1) + log;
  openLogSizes[2] = entry(openLogSizes, 2) + log * log;
}

/** Sums the nine minutes before the open one, so that a look at ten minutes costs nothing. */
export function sumRecent(history: MeasureHistory, open: number): void {
  history.nineActual = 0;
  history.nineExpected = 0;
  for (let back = 1; back < 10; back += 1) {
    const slot = slotOf(open - back);
    history.nineActual += history.totals[slot] ?? 0;
    history.nineExpected += history.expected[slot] ?? 0;
  }
}

export function openMinute(history: MeasureHistory, minute: number): void {
  decayTo(history.rate, hourOf(minute));
  const slot = slotOf(minute);
  history.totals[slot] = 0;
  history.expected[slot] = foresee(history, minute);
  history.squares = 0;
}

/** Foresees what a minute brings, and returns what it may bring and be as expected. */
export function foresee(history: MeasureHistory, minute: number): number {
  const seasonal = expectedAt(history, minute);
  const prior = LEVEL_PRIOR * unitOf(history);
  const local = (history.levelActual + prior) / (history.levelExpected + prior);
  const level = Math.min(LEVEL_MAX, Math.max(LEVEL_MIN, local));
  history.seasonal = seasonal;
  history.mean = seasonal * level;
  return seasonal * Math.max(1, level);
}

/**
 * Closes the open minute: evidence first, then learning, so that a minute is judged by the past.
 */
export function closeMinute(history: MeasureHistory, minute: number, weight: number): void {
  const total = history.totals[slotOf(minute)] ?? 0;
  const isCold = isColdHistory(history);
  if (!isCold || history.borrowed > 0) addEvidence(history, minute, total);
  const trust = trustOf(history);
  const learning = weight * trust;
  const { mean, dispersion } = history;
  const deviation = Math.sqrt(varianceOf(mean, dispersion));
  const usual = mean + WINSOR_DEVIATIONS * deviation + unitOf(history);
  const limit = isCold ? total : Math.max(usual, 1.1 * history.peakMinute);
  const taken = Math.min(total, limit);
  if (learning >= 0.5) learnPeaks(history, minute, total, isCold ? total : usual);
  learn(history.rate, hourOf(minute), taken * learning, learning);
  learnLevel(history, taken, history.seasonal, learning, 1);
  learnSizes(history, total, taken, learning);
  // The first day's deviations are from a rate still unknown.
  if (!isCold) learnDispersion(history, taken, learning, 1);
  learnSlack(history, total, trust < 0.5 || isCold || weight < 1);
}

/** Closes a run of minutes without any activity, an hour at a time; the caller bounds the hours. */
export function closeQuiet(
  history: MeasureHistory,
  from: number,
  minutes: number,
  weight: number,
): void {
  openMinute(history, from);
  const isCold = isColdHistory(history);
  if (!isCold || history.borrowed > 0) quietEvidence(history, from, minutes);
  const learning = weight * trustOf(history);
  learn(history.rate, hourOf(from), 0, minutes * learning);
  if (!isCold) learnDispersion(history, 0, learning, minutes);
  learnLevel(history, 0, history.seasonal, learning, minutes);
  history.quarterMinutes = 0;
  history.quarterActual = 0;
  history.quarterExpected = 0;
}

/** Mean of the alternatives' evidence; its alarm rate is at most one per that many minutes. */
export function meanEvidence({ evidence }: MeasureHistory): number {
  return ((evidence[0] ?? 0) + (evidence[1] ?? 0) + (evidence[2] ?? 0)) / ALTERNATIVES.length;
}

/** Log evidence as it would stand if the open minute ended now; rises with the total only. */
export function logEvidenceNow(history: MeasureHistory, minute: number): number {
  const total = history.totals[slotOf(minute)] ?? 0;
  const mean = nullMean(history, minute);
  let sum = 0;
  for (let index = 0; index < ALTERNATIVES.length; index += 1) {
    const times = ALTERNATIVES[index] ?? 1;
    sum += (1 + (history.evidence[index] ?? 0)) * minuteEvidence(history, times, mean, total);
  }
  return Math.log(Math.max(sum / ALTERNATIVES.length, 1e-12));
}

/** How much of a minute is learned: all of it while calm, a tenth under strong evidence. */
function trustOf(history: MeasureHistory): number {
  return Math.max(SUSPICIOUS_WEIGHT, Math.min(1, SUSPICIOUS / meanEvidence(history)));
}

function minuteEvidence(history: MeasureHistory, times: number, mean: number, total: number) {
  const log = logRatio(times, mean, history.dispersion, total);
  const most = unitOf(history) > 1 ? MINUTE_EVIDENCE_MAX : 27;
  return Math.exp(Math.min(log, most));
}

/** R ← (1 + R) · e for each alternative, and the run it speaks of. */
function addEvidence(history: MeasureHistory, minute: number, total: number): void {
  const mean = nullMean(history, minute);
  for (let index = 0; index < ALTERNATIVES.length; index += 1) {
    const times = ALTERNATIVES[index] ?? 1;
    const before = history.evidence[index] ?? 0;
    const after = (1 + before) * minuteEvidence(history, times, mean, total);
    history.evidence[index] = Math.min(EVIDENCE_MAX, after);
  }
  history.runActual += total;
  history.runExpected += history.expected[slotOf(minute)] ?? 0;
  const step = logRatio(ONSET_TIMES, mean, history.dispersion, total);
  history.cumulative = Math.max(0, history.cumulative + step);
  endRunWhenCalm(history, minute + 1);
}

/** The same recursion over `minutes` zeros in closed form: R·qⁿ + q + q² + … + qⁿ. */
function quietEvidence(history: MeasureHistory, from: number, minutes: number): void {
  const mean = nullMean(history, from);
  for (let index = 0; index < ALTERNATIVES.length; index += 1) {
    const times = ALTERNATIVES[index] ?? 1;
    const q = Math.exp(logRatio(times, mean, history.dispersion, 0));
    const power = q ** minutes;
    const series = q > 1 - 1e-9 ? minutes : (q * (1 - power)) / (1 - q);
    const before = history.evidence[index] ?? 0;
    history.evidence[index] = Math.min(EVIDENCE_MAX, before * power + series);
  }
  history.runExpected += minutes * history.seasonal;
  const step = logRatio(ONSET_TIMES, mean, history.dispersion, 0);
  history.cumulative = Math.max(0, history.cumulative + minutes * step);
  endRunWhenCalm(history, from + minutes);
}

/**
 * Ends the run at `next`. An hour without any activity does so whatever the evidence: where next to
 * nothing is expected, silence speaks against no alternative, and old evidence would never fade.
 */
export function endRun(history: MeasureHistory, next: number): void {
  history.evidence.fill(0);
  history.cumulative = 0;
  endRunWhenCalm(history, next);
}

function endRunWhenCalm(history: MeasureHistory, next: number): void {
  if (history.cumulative > 0) return;
  history.runSince = next;
  history.runActual = 0;
  history.runExpected = 0;
}

function learnLevel(
  history: MeasureHistory,
  total: number,
  seasonal: number,
  weight: number,
  minutes: number,
): void {
  const keep = kept(LEVEL_KEEP, minutes);
  const reach = (1 - keep) / (1 - LEVEL_KEEP);
  history.levelActual = history.levelActual * keep + total * weight;
  history.levelExpected = history.levelExpected * keep + seasonal * weight * reach;
}

/** `keep` to the power of `minutes`; nearly always of one. */
function kept(keep: number, minutes: number): number {
  return minutes === 1 ? keep : keep ** minutes;
}

function learnSizes(history: MeasureHistory, total: number, taken: number, weight: number): void {
  if (total === 0) return;
  const share = taken / total;
  history.sizeSum = history.sizeSum * SIZE_KEEP + taken * weight;
  history.sizeSquares = history.sizeSquares * SIZE_KEEP + history.squares * share * share * weight;
  const { logSizes, openLogSizes } = history;
  if (openLogSizes[0] === 0) return;
  for (let index = 0; index < logSizes.length; index += 1) {
    const open = entry(openLogSizes, index) * weight;
    logSizes[index] = entry(logSizes, index) * SIZE_KEEP + open;
    openLogSizes[index] = 0;
  }
}

/**
 * Weighted least squares of (total − mean)² − mean on mean and mean², with weights 1 / variance²,
 * bounded below by what the sizes of single actions imply.
 */
function learnDispersion(
  history: MeasureHistory,
  total: number,
  weight: number,
  minutes: number,
): void {
  const { mean, normal } = history;
  const variance = varianceOf(mean, history.dispersion);
  const first = (Math.sqrt(weight * minutes) * mean) / variance;
  const second = first * mean;
  const target = (first / mean) * ((total - mean) * (total - mean) - mean);
  const keep = kept(DISPERSION_KEEP, minutes);
  normal[0] = entry(normal, 0) * keep + first * first;
  normal[1] = entry(normal, 1) * keep + first * second;
  normal[2] = entry(normal, 2) * keep + second * second;
  normal[3] = entry(normal, 3) * keep + first * target;
  normal[4] = entry(normal, 4) * keep + second * target;
  const share = history.rate.minutes < SIZES_MINUTES ? 1 : SIZES_SHARE;
  solveDispersion(history, Math.max(0, share * (unitOf(history) - 1)));
}

/** Solves for both terms; one that comes out negative is left out and the other solved alone. */
function solveDispersion({ normal, dispersion }: MeasureHistory, least: number): void {
  const a11 = entry(normal, 0) * RIDGE;
  const a12 = entry(normal, 1);
  const a22 = entry(normal, 2) * RIDGE;
  const determinant = a11 * a22 - a12 * a12;
  if (!(determinant > 0)) return;
  const y1 = entry(normal, 3);
  const y2 = entry(normal, 4);
  const excess = Math.max(least, (y1 * a22 - y2 * a12) / determinant);
  const spread = (y2 - excess * a12) / a22;
  dispersion.excess = spread >= 0 ? excess : Math.max(least, y1 / a11);
  dispersion.spread = Math.max(0, spread);
}

function entry(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}

/** Robbins-Monro estimate of an upper quantile, on the logarithm. */
function learnSlack(history: MeasureHistory, total: number, skip: boolean): void {
  history.quarterActual += total;
  history.quarterExpected += history.mean;
  history.quarterMinutes += 1;
  if (history.quarterMinutes < SLACK_MINUTES) return;
  const { quarterActual, quarterExpected } = history;
  history.quarterActual = 0;
  history.quarterExpected = 0;
  history.quarterMinutes = 0;
  if (skip || quarterExpected < SLACK_ACTIONS * unitOf(history)) return;
  const above = Math.log(Math.max(quarterActual / quarterExpected, 1e-9)) > history.slack;
  const next = history.slack + SLACK_STEP * (above ? SLACK_QUANTILE : SLACK_QUANTILE - 1);
  history.slack = Math.min(SLACK_MAX, Math.max(SLACK_MIN, next));
}

function learnPeaks(history: MeasureHistory, minute: number, total: number, usual: number): void {
  const grown = Math.max(usual, history.peakMinute * PEAK_GROWTH);
  history.peakMinute = Math.max(history.peakMinute, Math.min(total, grown));
  let ten = 0;
  for (let back = 0; back < 10; back += 1) ten += history.totals[slotOf(minute - back)] ?? 0;
  const tenGrown = Math.max(history.peakTen * PEAK_GROWTH, history.peakMinute);
  const isFirst = history.peakTen === 0 || history.rate.minutes < COLD_MINUTES;
  history.peakTen = Math.max(history.peakTen, isFirst ? ten : Math.min(ten, tenGrown));
}

/** Peaks fade with the hours that pass. */
export function fadePeaks(history: MeasureHistory, hours: number): void {
  const keep = PEAK_KEEP ** hours;
  history.peakMinute *= keep;
  history.peakTen *= keep;
}
