import { type EpochMs, MINUTE_MS } from '../../core/time.ts';
import { ALTERNATIVES, logRatio, varianceOf } from './count-model.ts';

/**
 * How many of an agent's calls are hits (errors, denials, slow answers), against its own past.
 * Minutes with calls are judged one after another: hits given the calls are an over-dispersed
 * count, and the evidence of a lasting rise is sequential (Shin, Ramdas, Rinaldo: E-detectors,
 * arXiv 2203.03532), so that a number of false alarms a year can be promised. Plain and bounded.
 */
export interface ShareWatch {
  /** The open minute, -1 before the first call, and what it holds so far. */
  minute: number;
  calls: number;
  hits: number;
  /** Learned calls and hits, slowly forgotten. */
  sumCalls: number;
  sumHits: number;
  /** Squared deviations beyond a Poisson count, and the squares of what was expected. */
  beyond: number;
  squares: number;
  /** Minutes with calls, the first of them, and the longest time known since. */
  minutes: number;
  first: number;
  span: number;
  /** Logarithm of the slow upper quantile of the ratio of quarter hours to what is usual. */
  slack: number;
  quarter: number;
  quarterCalls: number;
  quarterHits: number;
  readonly evidence: number[];
  /** Page's cumulative sum: where it was last 0 the run began. */
  cumulative: number;
  runSince: number;
  runCalls: number;
  runHits: number;
}

export function createShareWatch(): ShareWatch {
  return {
    ...{ minute: -1, calls: 0, hits: 0, sumCalls: 0, sumHits: 0, beyond: 0, squares: 0 },
    ...{ minutes: 0, first: -1, span: 0, evidence: new Array<number>(RISES).fill(0) },
    ...{ slack: SLACK_MIN, quarter: -1, quarterCalls: 0, quarterHits: 0 },
    ...{ cumulative: 0, runSince: 0, runCalls: 0, runHits: 0 },
  };
}

/** What the latest hit says, the open minute included. */
export interface ShareReading {
  /** Logarithm of the evidence; an alarm at ln(minutes of a year / alarms a year). */
  readonly evidence: number;
  readonly calls: number;
  readonly hits: number;
  /** Share of hits that is usual for this agent. */
  readonly usual: number;
  readonly since: EpochMs;
}

/** `ALTERNATIVES`, and that most calls are hits. */
const RISES = ALTERNATIVES.length + 1;
const MOST_SHARE = 0.75;
const KEEP = 0.5 ** (1 / 4_320);
/** Before this much is known nothing is held against an agent. */
const COLD_MINUTES = 60;
const COLD_CALLS = 100;
const COLD_SPAN_MINUTES = 1_440;
/** Of an unknown agent, one call in twenty is a hit, by the weight of twenty calls. */
const PRIOR_CALLS = 20;
const PRIOR_HITS = 1;
const FIRST_SPREAD = 0.25;
/** Shares up to here are still no news: slow swings, and one call in a hundred on top. */
const SLACK_MIN = Math.log(1.6);
const SLACK_MAX = Math.log(6);
const SLACK_STEP = 0.05;
const SLACK_QUANTILE = 0.99;
const QUARTER_MINUTES = 15;
const QUARTER_CALLS = 8;
const FLOOR_SHARE = 0.01;
const MINUTE_EVIDENCE_MAX = 9;
const EVIDENCE_MAX = 1e12;
const SUSPICIOUS = 30;
const SUSPICIOUS_WEIGHT = 0.1;
const WINSOR_DEVIATIONS = 4;
const QUIET_MINUTES = 60;
const LATE_MINUTES = 16;

/** Counts one call at its time; a call of a minute already closed counts in the open one. */
export function countShare(watch: ShareWatch, time: EpochMs, isHit: boolean): void {
  if (!Number.isFinite(time) || time < 0) return;
  const minute = Math.floor(time / MINUTE_MS);
  if (minute > watch.minute || minute < watch.minute - LATE_MINUTES) open(watch, minute);
  watch.calls += 1;
  if (isHit) watch.hits += 1;
}

/** What stands against the agent now; null while too little is known of it. */
export function readShare(watch: ShareWatch): ShareReading | null {
  if (isCold(watch)) return null;
  const mean = nullMean(watch);
  let sum = 0;
  for (let index = 0; index < RISES; index += 1) {
    sum += (1 + (watch.evidence[index] ?? 0)) * minuteEvidence(watch, index, mean);
  }
  return {
    evidence: Math.log(Math.max(sum / RISES, 1e-12)),
    calls: watch.runCalls + watch.calls,
    hits: watch.runHits + watch.hits,
    usual: usualShare(watch),
    since: watch.runSince * MINUTE_MS,
  };
}

function isCold({ minutes, sumCalls, span }: ShareWatch): boolean {
  return minutes < COLD_MINUTES || sumCalls < COLD_CALLS || span < COLD_SPAN_MINUTES;
}

function usualShare({ sumCalls, sumHits }: ShareWatch): number {
  return Math.min(1, (sumHits + PRIOR_HITS) / (sumCalls + PRIOR_CALLS));
}

/** Hits of the open minute that are still no news, with the estimation error on the safe side. */
function nullMean(watch: ShareWatch): number {
  const usual = usualShare(watch);
  const error = 1 + 1 / Math.sqrt(Math.max(1, watch.sumHits));
  return Math.max(
    1e-9,
    watch.calls * Math.min(1, Math.exp(watch.slack) * error * usual + FLOOR_SHARE),
  );
}

function spreadOf({ beyond, squares }: ShareWatch): number {
  return Math.max(0, (beyond + FIRST_SPREAD) / (squares + 1));
}

function minuteEvidence(watch: ShareWatch, index: number, mean: number): number {
  const times = ALTERNATIVES[index];
  if (times === undefined) return mostEvidence(watch, mean / watch.calls);
  const dispersion = { excess: 0, spread: spreadOf(watch) };
  const log = logRatio(times, mean, dispersion, watch.hits);
  return Math.exp(Math.min(log, MINUTE_EVIDENCE_MAX));
}

/**
 * The last alternative: that three calls of four are hits, each call for itself. Multiples of a
 * small share need more hits than an agent of few calls has in an hour.
 * @param share Of hits that is still no news.
 */
function mostEvidence({ calls, hits }: ShareWatch, share: number): number {
  if (share >= MOST_SHARE / 2) return 1;
  const ofHits = hits * Math.log(MOST_SHARE / share);
  const log = ofHits + (calls - hits) * Math.log((1 - MOST_SHARE) / (1 - share));
  return Math.exp(Math.min(log, MINUTE_EVIDENCE_MAX));
}

function open(watch: ShareWatch, minute: number): void {
  if (watch.minute >= 0 && watch.calls > 0) close(watch);
  const isGap = minute < watch.minute || minute - watch.minute > QUIET_MINUTES;
  if (isGap) {
    watch.evidence.fill(0);
    watch.cumulative = 0;
  }
  if (watch.first < 0 || minute < watch.first) watch.first = minute;
  watch.span = Math.max(watch.span, minute - watch.first);
  watch.minute = minute;
  watch.calls = 0;
  watch.hits = 0;
  if (watch.cumulative > 0) return;
  watch.runSince = minute;
  watch.runCalls = 0;
  watch.runHits = 0;
}

/** Evidence first, then learning, so that a minute is judged by the past. */
function close(watch: ShareWatch): void {
  const { calls, hits } = watch;
  if (!isCold(watch)) {
    const mean = nullMean(watch);
    for (let index = 0; index < RISES; index += 1) {
      const after = (1 + (watch.evidence[index] ?? 0)) * minuteEvidence(watch, index, mean);
      watch.evidence[index] = Math.min(EVIDENCE_MAX, after);
    }
    const step = Math.log(minuteEvidence(watch, 1, mean));
    watch.cumulative = Math.max(0, watch.cumulative + step);
    watch.runCalls += calls;
    watch.runHits += hits;
  }
  learn(watch, calls, hits);
}

/** A minute is learned but little while the evidence is strong, and never beyond what is usual. */
function learn(watch: ShareWatch, calls: number, hits: number): void {
  const [a = 0, b = 0, c = 0, most = 0] = watch.evidence;
  const isSuspicious = (a + b + c + most) / RISES > SUSPICIOUS;
  const weight = isSuspicious ? SUSPICIOUS_WEIGHT : 1;
  learnSlack(watch, calls, hits, isSuspicious);
  const mean = calls * usualShare(watch);
  const deviation = Math.sqrt(varianceOf(mean, { excess: 0, spread: spreadOf(watch) }));
  const taken = isCold(watch) ? hits : Math.min(hits, mean + WINSOR_DEVIATIONS * deviation + 1);
  watch.sumCalls = watch.sumCalls * KEEP + weight * calls;
  watch.sumHits = watch.sumHits * KEEP + weight * taken;
  watch.beyond = Math.max(0, watch.beyond * KEEP + weight * ((taken - mean) ** 2 - mean));
  watch.squares = watch.squares * KEEP + weight * mean * mean;
  watch.minutes += 1;
}

/** Moves the slack towards the 99th percentile of quarter hours (Robbins and Monro, 1951). */
function learnSlack(watch: ShareWatch, calls: number, hits: number, isSuspicious: boolean): void {
  const quarter = Math.floor(watch.minute / QUARTER_MINUTES);
  if (quarter !== watch.quarter) {
    const { quarterCalls, quarterHits } = watch;
    if (quarterCalls >= QUARTER_CALLS && !isSuspicious) {
      const ratio = Math.log(Math.max(quarterHits, 0.5) / (quarterCalls * usualShare(watch)));
      const step = ratio > watch.slack ? SLACK_QUANTILE : SLACK_QUANTILE - 1;
      const moved = watch.slack + SLACK_STEP * step;
      watch.slack = Math.min(SLACK_MAX, Math.max(SLACK_MIN, moved));
    }
    watch.quarter = quarter;
    watch.quarterCalls = 0;
    watch.quarterHits = 0;
  }
  watch.quarterCalls += calls;
  watch.quarterHits += hits;
}
