import type { EventKind } from './access-event.ts';
import type { BreakerLevel, KeyKind } from './breaker.ts';
import type { DetectorMode, FindingLevel } from './finding.ts';
import type { EpochMs } from './time.ts';

/** What a rule or detector may trip. */
export const TRIP_KEYS = ['agent', 'session', 'chain', 'token', 'tenant'] as const;
export type TripKey = (typeof TRIP_KEYS)[number] & KeyKind;

/** The correlation types of Sigma (Sigma Correlation Rules Specification 2.1). */
export const CORRELATION_TYPES = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
] as const;

/** Several events that mean something together; terms and meaning are Sigma's. */
export interface RuleCorrelation {
  readonly type: (typeof CORRELATION_TYPES)[number];
  /** Names of the selections that take part; in order for `temporal_ordered`. */
  readonly selections: readonly string[];
  /** Fields that keep groups apart. Without `agent.id`, agents are counted together. */
  readonly groupBy: readonly string[];
  readonly timespanMs: number;
  /** How many events or distinct values make it fire; unused where the order or set decides. */
  readonly gte: number;
  /** The field whose values are counted; of `value_count` alone. */
  readonly field: string | null;
}

/** One rule of the user as the log carries it: no tests, no comments, literals redacted. */
export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly level: FindingLevel;
  /** 0 to 100. */
  readonly score: number;
  /** Null: the rule adds score and never trips. */
  readonly breakerLevel: BreakerLevel | null;
  readonly mode: DetectorMode;
  readonly key: TripKey;
  /** Null: events of every kind. */
  readonly match: readonly EventKind[] | null;
  /** CEL conditions over `event` by name; a rule without correlation has one. */
  readonly selections: { readonly [name: string]: string };
  readonly correlation: RuleCorrelation | null;
  /** Fields of the event that stand in the finding. */
  readonly evidence: readonly string[];
  readonly runbook: string | null;
  /** The same within this time is one finding. */
  readonly dedupMs: number;
}

/** Findings that are known and agreed to: told, but neither scored nor acted upon. */
export interface DetectionException {
  /** Absent: every detector. */
  readonly detector?: string;
  /** Globs; all that are given must match. */
  readonly agent?: string;
  readonly session?: string;
  readonly tool?: string;
  readonly resource?: string;
  readonly owner: string;
  readonly reason: string;
  /** From this log time on it holds no more. */
  readonly expires: EpochMs;
}
