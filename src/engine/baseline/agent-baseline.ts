import type { AccessEvent, Volume } from '../../core/access-event.ts';
import type { Redacted } from '../../core/redacted.ts';
import type { EpochMs } from '../../core/time.ts';
import type { DayComparison } from './day-anchor.ts';

/**
 * The measures an agent's history is kept for. `cost` is in millionths of a US dollar; `sessions`
 * are those that began, and `targets` are different resources and destinations.
 */
export const MEASURES = [
  'calls',
  'records',
  'bytes',
  'tokens',
  'cost',
  'sessions',
  'targets',
] as const;
export type Measure = (typeof MEASURES)[number];

/** The sizes that an event tells itself; the others are counted over several. */
export const SIZES = ['records', 'bytes', 'tokens', 'cost'] as const satisfies readonly Measure[];

/** What one report adds to the measures. */
export type Added = Readonly<Record<Measure, number>>;

/** What a report adds that tells nothing new. */
export const NOTHING_ADDED: Added = {
  calls: 0,
  records: 0,
  bytes: 0,
  tokens: 0,
  cost: 0,
  sessions: 0,
  targets: 0,
};

const MICRO_USD = 1_000_000;

/** What one event adds to each measure by itself. */
export function measuresOf(event: Redacted<AccessEvent>): Added {
  const volume: Volume = event.volume ?? {};
  return {
    calls: 1,
    records: volume.records ?? 0,
    bytes: (volume.bytesIn ?? 0) + (volume.bytesOut ?? 0),
    tokens: (volume.tokensIn ?? 0) + (volume.tokensOut ?? 0),
    cost: Math.round((volume.costUsd ?? 0) * MICRO_USD),
    sessions: 0,
    targets: 0,
  };
}

/** How the current window of one measure compares with the agent's own history. */
export interface Comparison {
  readonly measure: Measure;
  readonly windowMs: number;
  /** Total in the window that contains the event's time, this event included. */
  readonly actual: number;
  /** Expected total of such a window at this hour and weekday. */
  readonly typical: number;
  /** Upper edge of what is usual (about the 99.9th percentile). */
  readonly usualUpTo: number;
  /** Probability of a total at least this large on the agent's own history. */
  readonly probability: number;
  /** Accumulated log evidence of a lasting rise (sequential test); resets when the run ends. */
  readonly evidence: number;
  /** Start of the run the evidence speaks of. */
  readonly since: EpochMs;
  /** Total since the run began, and what was expected of that time. */
  readonly runActual: number;
  readonly runTypical: number;
}

/** Read side of an agent's history, given to detectors. */
export interface AgentBaseline {
  /** The time these readings are for. */
  readonly time: EpochMs;
  /** Time span of learned history. */
  readonly ageMs: number;
  /** Windows with activity learned from. */
  readonly activeWindows: number;
  /**
   * Active in less than one minute of twenty: far above its typical minute whenever it works.
   */
  readonly isSparse: boolean;
  /** Measures this agent has any history of: they share the error budget. */
  readonly measuresInUse: number;
  /** Whether peers of its role lent this agent rates for its first day. */
  readonly isBorrowed: boolean;
  /** Whether a version of this agent that never worked before has done so for less than a day. */
  readonly isRenewed: boolean;
  /** Largest `ratio` of `day` of any measure; 0 while there is none. */
  readonly mostGrown: number;
  /** Largest minute of a typical peer while rates are lent, else 0. */
  peerPeak(measure: Measure): number;
  compare(measure: Measure, windowMs: number): Comparison;
  /**
   * Calls that this agent's hours and weekdays promise between two times; at most a week is looked
   * at. 0 where it never called.
   */
  expectedCalls(from: EpochMs, until: EpochMs): number;
  /** The last 24 hours against a slow anchor of such days; null while there is none. */
  day(measure: Measure): DayComparison | null;
}
