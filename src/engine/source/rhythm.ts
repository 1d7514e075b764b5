import { LIMITS } from '../../core/limits.ts';
import { type EpochMs, HOUR_MS, SECOND_MS } from '../../core/time.ts';

/** Hours of a week, UTC; the first begins with the Thursday of the epoch. */
const WEEK_HOURS = 168;
/** Hours in a row with arrivals after which a source is taken to know no night. */
const STEADY_HOURS = 24;
/** Share of weeks in which an hour saw arrivals, from which they are expected in it. */
const EXPECTED = 0.5;
/** What the longest pause keeps from hour to hour: half of it is forgotten in three days. */
const PAUSE_KEPT = 0.99;
/** A source is missed after this many of its longest pauses. */
const PAUSES = 3;
/** Weight of the newest hour in the mean of arrivals. */
const HOUR_WEIGHT = 0.1;

/**
 * When a source sends, by log time: plain sufficient statistics of its arrivals. Everything of one
 * second is one arrival, so that the size of a batch says nothing of the rhythm.
 */
export interface RhythmState {
  /** Whole second of the newest arrival. */
  lastSecond: number;
  /** Number of the hour that is being counted, since the epoch. */
  hour: number;
  arrivalsOfHour: number;
  /** Mean arrivals of the hours that had any; 0 until one has passed. */
  arrivalsPerHour: number;
  /** Why a pause of this source means nothing yet; settled with every hour that passes. */
  unjudged: 'young' | 'rare' | null;
  /** Hours in a row, up to the last one that has passed, with an arrival. */
  hoursInRow: number;
  /** Longest pause within hours in which arrivals are expected, slowly forgotten. */
  longestPauseMs: number;
  /** Per hour of the week the share of weeks with arrivals; -1 for an hour not seen yet. */
  readonly week: number[];
}

export function createRhythm(logTime: EpochMs): RhythmState {
  return {
    lastSecond: Math.floor(logTime / SECOND_MS),
    hour: hourOf(logTime),
    arrivalsOfHour: 1,
    arrivalsPerHour: 0,
    unjudged: 'young',
    hoursInRow: 0,
    longestPauseMs: 0,
    week: new Array<number>(WEEK_HOURS).fill(-1),
  };
}

/**
 * Counts an arrival. `learnAtMostMs` caps what the pause before it teaches: after an outage no more
 * than was allowed anyhow, so that one outage does not hide the next.
 */
export function observeArrival(
  state: RhythmState,
  logTime: EpochMs,
  learnAtMostMs = Number.POSITIVE_INFINITY,
): void {
  const second = Math.floor(logTime / SECOND_MS);
  if (second <= state.lastSecond) return;
  const before = state.lastSecond * SECOND_MS;
  state.lastSecond = second;
  if (logTime - before > state.longestPauseMs) {
    const pauseMs = Math.min(expectedTime(state, before, logTime), learnAtMostMs);
    state.longestPauseMs = Math.max(state.longestPauseMs, pauseMs);
  }
  const hour = hourOf(logTime);
  if (hour > state.hour) rollHours(state, hour, learnAtMostMs === Number.POSITIVE_INFINITY);
  state.arrivalsOfHour += 1;
}

function rollHours(state: RhythmState, hour: number, learnNew: boolean): void {
  const { arrivalsOfHour: count, arrivalsPerHour: mean, week } = state;
  state.arrivalsPerHour = mean === 0 ? count : mean + HOUR_WEIGHT * (count - mean);
  learnHour(state, state.hour, 1);
  state.hoursInRow += 1;
  const first = Math.max(state.hour + 1, hour - WEEK_HOURS);
  for (let quiet = first; quiet < hour; quiet += 1) {
    state.hoursInRow = 0;
    if (learnNew || (week[quiet % WEEK_HOURS] ?? -1) >= 0) learnHour(state, quiet, 0);
  }
  state.longestPauseMs *= PAUSE_KEPT ** Math.min(hour - state.hour, WEEK_HOURS);
  state.hour = hour;
  state.arrivalsOfHour = 0;
  state.unjudged = unjudgedBecause(state);
}

function learnHour({ week }: RhythmState, hour: number, value: 0 | 1): void {
  const slot = hour % WEEK_HOURS;
  const known = week[slot] ?? -1;
  week[slot] = known < 0 ? value : (known + value) / 2;
}

/** How long a source of a known rhythm may be quiet in hours in which it usually sends. */
export function pauseAllowedMs(state: RhythmState, floorMs: number): number {
  return Math.max(floorMs, PAUSES * state.longestPauseMs);
}

function unjudgedBecause(state: RhythmState): RhythmState['unjudged'] {
  if (!isSteady(state) && !hasWeek(state)) return 'young';
  return state.arrivalsPerHour < LIMITS.sourceRareArrivalsPerHour ? 'rare' : null;
}

/**
 * Log time at which the pause that began at `since` has lasted `allowedMs` of hours in which
 * arrivals are expected; null when a whole week would not do.
 */
export function missedAt(state: RhythmState, since: EpochMs, allowedMs: number): EpochMs | null {
  let left = allowedMs;
  let at = since;
  // A pause may be allowed to last for several weeks of few hours each.
  for (let step = 0; step < LIMITS.sourceSilenceHours; step += 1) {
    const end = (hourOf(at) + 1) * HOUR_MS;
    if (isExpected(state, hourOf(at))) {
      if (at + left <= end) return at + left;
      left -= end - at;
    }
    at = end;
  }
  return null;
}

/** Milliseconds between two times that lie in hours in which arrivals are expected. */
function expectedTime(state: RhythmState, from: EpochMs, to: EpochMs): number {
  const start = Math.max(from, to - WEEK_HOURS * HOUR_MS);
  let known = 0;
  let unknown = 0;
  for (let at = start; at < to; ) {
    const end = Math.min(to, (hourOf(at) + 1) * HOUR_MS);
    if ((state.week[hourOf(at) % WEEK_HOURS] ?? -1) < 0) unknown += end - at;
    else if (isExpected(state, hourOf(at))) known += end - at;
    at = end;
  }
  // The first night of a source may be its habit; no more than an hour of it counts.
  return known + Math.min(unknown, HOUR_MS);
}

function isExpected(state: RhythmState, hour: number): boolean {
  const share = state.week[hour % WEEK_HOURS] ?? -1;
  return share < 0 ? isSteady(state) : share >= EXPECTED;
}

function isSteady(state: RhythmState): boolean {
  return state.hoursInRow >= STEADY_HOURS;
}

function hasWeek({ week }: RhythmState): boolean {
  return week.every((share) => share >= 0);
}

function hourOf(time: EpochMs): number {
  return Math.floor(time / HOUR_MS);
}
