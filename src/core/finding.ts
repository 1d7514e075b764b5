import type { BreakerKey, BreakerLevel } from './breaker.ts';
import type { EpochMs } from './time.ts';

/** Sigma's five levels. `critical` wants a person at once. */
export const FINDING_LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type FindingLevel = (typeof FINDING_LEVELS)[number];

/** The three families of detection, each with its own default consequence (design section 5). */
export type DetectionFamily = 'deterministic' | 'statistical' | 'novelty';

export const DETECTOR_MODES = ['off', 'shadow', 'alert', 'enforce'] as const;
export type DetectorMode = (typeof DETECTOR_MODES)[number];

/** Why a finding did not move a breaker. A value, so that tests and people see the reason. */
export type HeldReason =
  | 'already_open'
  | 'below_threshold'
  | 'cold_start'
  | 'suppressed'
  | 'shadow'
  | 'alert_only'
  | 'over_budget'
  | 'exempt'
  | 'history';

/** Why a trip stayed below the level its detector asked for. */
export type CapReason =
  | 'novelty_alone'
  | 'statistics_alone'
  | 'agent_trust'
  | 'unregistered'
  | 'protected'
  | 'storm'
  | 'over_budget';

export type TripDecision =
  | {
      readonly tripped: true;
      readonly key: BreakerKey;
      readonly level: BreakerLevel;
      readonly cappedBy?: CapReason;
    }
  | {
      readonly tripped: false;
      readonly why: HeldReason;
      /** What enforcement would have done. */
      readonly would?: { readonly key: BreakerKey; readonly level: BreakerLevel };
    };

/** A detector's verdict on one subject; OCSF Detection Finding in spirit. */
export interface Finding {
  /** `<inputSeq>-<ordinal>`: unique in a partition, the same on every replay. */
  readonly id: string;
  readonly time: EpochMs;
  readonly eventId: string;
  readonly tenant: string;
  /** Empty where `subject` names something else. */
  readonly agent: string;
  /** What the finding is about where that is no agent. */
  readonly subject?: { readonly kind: 'source' | 'tenant' | 'breaker'; readonly id: string };
  readonly session?: string;
  /** Empty where no chain is meant. */
  readonly chain: string;
  readonly detector: string;
  readonly detectorVersion: number;
  readonly family: DetectionFamily;
  readonly mode: DetectorMode;
  readonly level: FindingLevel;
  /** 0 to 100, comparable across detectors. */
  readonly score: number;
  readonly actual: number | null;
  readonly typical: number | null;
  /**
   * How likely a value this extreme is on the agent's own history, 0 to 1; null where not
   * statistical.
   */
  readonly probability: number | null;
  readonly title: string;
  /** One or two sentences a person who knows no statistics understands. */
  readonly explanation: string;
  readonly evidence: {
    readonly events: readonly string[];
    readonly measures: { readonly [name: string]: number };
    readonly facts: { readonly [name: string]: string };
  };
  readonly decision: TripDecision;
}
