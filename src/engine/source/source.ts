import type { AccessEvent, Trust } from '../../core/access-event.ts';
import { type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { createRhythm, type RhythmState } from './rhythm.ts';
import { createSequence, type SequenceState } from './sequence.ts';

/** Powers of two of milliseconds between an event and its entry in the log. */
const LAG_BUCKETS = 32;
const RATE_NOW_MS = MINUTE_MS;

/** Everything the engine knows of one source of one tenant. Plain, so that it is its snapshot. */
export interface SourceState {
  /** The credential that delivered it. */
  readonly sender: string;
  /** The receiver that read it; `*` for the rest of a sender that has too many sources. */
  readonly format: string;
  /** `source.name` or `service.name`; empty where the sender gives none. */
  readonly name: string;
  trust: Trust;
  readonly firstAt: EpochMs;
  /** Log time of the newest event. */
  lastAt: EpochMs;
  /** Newest event time, never beyond the log's own. */
  lastEventTime: EpochMs;
  lastEventId: string;
  events: number;
  duplicates: number;
  /** Events per second, decayed over a minute and over an hour, as of `rateAt`. */
  rateNow: number;
  rateHour: number;
  rateAt: EpochMs;
  /** Events since `rateAt`, not in the rates yet. */
  uncounted: number;
  /** Events by the power of two of their lag, halved every hour. */
  readonly lag: number[];
  lagHour: number;
  readonly sequence: SequenceState;
  readonly rhythm: RhythmState;
  /** Set while the source is missed. */
  silence: {
    readonly since: EpochMs;
    readonly allowedMs: number;
    readonly findingId: string;
  } | null;
  /** Log time before which nothing need be looked at; null while nothing can become due. */
  checkAt: EpochMs | null;
  /** Log time from which the next gap may be told of. */
  gapToldUntil: EpochMs;
}

export function createSource(event: AccessEvent, format: string, logTime: EpochMs): SourceState {
  const { source } = event;
  return {
    sender: source.deliveredBy,
    format,
    name: format === '*' ? '' : (source.name ?? ''),
    trust: source.trust,
    firstAt: logTime,
    lastAt: logTime,
    lastEventTime: Math.min(event.time, logTime),
    lastEventId: event.id,
    events: 0,
    duplicates: 0,
    rateNow: 0,
    rateHour: 0,
    rateAt: logTime,
    uncounted: 0,
    lag: new Array<number>(LAG_BUCKETS).fill(0),
    lagHour: Math.floor(logTime / HOUR_MS),
    sequence: createSequence(),
    rhythm: createRhythm(logTime),
    silence: null,
    checkAt: null,
    gapToldUntil: 0,
  };
}

/** Counts one event: rates, lag and how far the source has come. */
export function countEvent(state: SourceState, event: AccessEvent, logTime: EpochMs): void {
  state.events += 1;
  state.trust = event.source.trust;
  state.lastAt = logTime;
  state.lastEventTime = Math.max(state.lastEventTime, Math.min(event.time, logTime));
  state.lastEventId = event.id;
  if (logTime - state.rateAt >= SECOND_MS) {
    [state.rateNow, state.rateHour] = ratesAt(state, logTime);
    state.rateAt = logTime;
    state.uncounted = 0;
  }
  state.uncounted += 1;
  const lagMs = Math.max(0, logTime - event.time);
  const bucket = Math.min(LAG_BUCKETS - 1, Math.ceil(Math.log2(lagMs + 1)));
  const hour = Math.floor(logTime / HOUR_MS);
  if (hour > state.lagHour) {
    state.lagHour = hour;
    for (let at = 0; at < LAG_BUCKETS; at += 1) state.lag[at] = (state.lag[at] ?? 0) / 2;
  }
  state.lag[bucket] = (state.lag[bucket] ?? 0) + 1;
}

/** Events per second of the last minute and the last hour, both decayed to `logTime`. */
export function ratesAt(state: SourceState, logTime: EpochMs): [now: number, hour: number] {
  const elapsedMs = Math.max(0, logTime - state.rateAt);
  const decayed = (rate: number, overMs: number): number =>
    (rate + (state.uncounted * SECOND_MS) / overMs) * Math.exp(-elapsedMs / overMs);
  return [decayed(state.rateNow, RATE_NOW_MS), decayed(state.rateHour, HOUR_MS)];
}

/** Quantile of the lag of the last hours in milliseconds, within a factor of two; null of none. */
export function lagQuantileMs({ lag }: SourceState, q: number): number | null {
  const all = lag.reduce((sum, count) => sum + count, 0);
  if (all <= 0) return null;
  let below = 0;
  for (const [bucket, count] of lag.entries()) {
    if (count > 0 && below + count >= q * all) {
      const low = bucket === 0 ? 0 : 2 ** (bucket - 1);
      const share = (q * all - below) / count;
      return Math.round(low + share * (2 ** bucket - 1 - low));
    }
    below += count;
  }
  return 2 ** (LAG_BUCKETS - 1);
}

/**
 * Event time up to which this source has told what it will: what a detector that waits for its word
 * may take as said. A hole that may still close holds it back. It stands while the source is
 * silent.
 */
export function watermarkOf({ lastEventTime, sequence }: SourceState): EpochMs {
  let mark = lastEventTime;
  for (const { findingId, after } of sequence.missing) {
    if (findingId === null) mark = Math.min(mark, after);
  }
  return mark;
}
