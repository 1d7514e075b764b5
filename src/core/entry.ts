import type { AccessEvent } from './access-event.ts';
import type { HeldOrder } from './approval.ts';
import type { BreakerKey, BreakerLevel, Transition } from './breaker.ts';
import type { ChainLink } from './chain.ts';
import type { FeedbackVerdict } from './feedback.ts';
import type { DetectorMode, Finding } from './finding.ts';
import type { GrantSet } from './grant.ts';
import type { Joining } from './joining.ts';
import type { Redacted } from './redacted.ts';
import type { ReviewRequest, ReviewVerdict } from './review.ts';
import type { Revocation } from './revocation.ts';
import type { DetectionException, Rule } from './rule.ts';
import type { StreamChanged } from './signal-stream.ts';
import type { EpochMs } from './time.ts';

/** Rises when the fold changes its mind about the same log; stamped on every entry. */
export const ENGINE_VERSION = 9;

/** The log of everything that belongs to no tenant: ticks, process configuration. */
export const SYSTEM_TENANT = '_system';

/** Events of no known tenant: a bucket of its own, in which nothing ever trips. */
export const UNKNOWN_TENANT = '_unknown';

/** `source.format` of what the process itself has seen: recorded, and judged by nobody. */
export const OWN_FORMAT = 'tripcoil';

export const ENTRY_KINDS = [
  'input',
  'tick',
  'config',
  'grant',
  'command',
  'finding',
  'transition',
  'revocation',
  'delivery',
  'ack',
  'view',
  'export',
  'key',
  'snapshot',
  'chain',
] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** How chains are judged. */
export interface ChainConfig {
  /** Absent: `LIMITS.decisionGraceMs`. */
  readonly decisionGraceMs?: number;
}

/** Detector modes and options of one tenant, with overrides per agent. Absent means the default. */
export interface TenantConfig {
  readonly detectors: {
    readonly [detector: string]: {
      readonly mode?: DetectorMode;
      readonly options?: { readonly [name: string]: unknown };
      readonly agents?: { readonly [agent: string]: { readonly mode?: DetectorMode } };
    };
  };
  readonly sources?: SourceWatchConfig;
  readonly chains?: ChainConfig;
  readonly breakers?: BreakerConfig;
  /** The user's own rules, asked behind the detectors in this order. */
  readonly rules?: readonly Rule[];
  readonly exceptions?: readonly DetectionException[];
}

/** How breakers of a tenant open and close. Absent members take the engine's values. */
export interface BreakerConfig {
  /** One person may do what takes two elsewhere; every such step says so. */
  readonly singleOperator?: boolean;
  /** Factor on how long breakers stay open, 0.1 to 10. */
  readonly dwellScale?: number;
  /** Globs of agents that automation takes to level 2 at most; `protected` in grants adds to it. */
  readonly protectedAgents?: readonly string[];
  /** See `Budget` of the engine. */
  readonly budget?: {
    readonly share?: number;
    readonly floor?: number;
    readonly detectorShare?: number;
    readonly sourceShare?: number;
    readonly newPerMinute?: number;
    readonly burst?: number;
    readonly provenFloor?: number;
  };
}

/** How a tenant's sources are watched. Absent members take the limits' values. */
export interface SourceWatchConfig {
  /** Gaps and silence never trip, so that there is no `enforce`. */
  readonly mode?: Exclude<DetectorMode, 'enforce'>;
  /** How long a missing number may still arrive. */
  readonly gapGraceMs?: number;
  /** The shortest silence that is told of, however regular the source. */
  readonly silenceFloorMs?: number;
}

/** A named person's order, folded like any other input so that replay obeys it too. */
export type Command =
  | { readonly type: 'enforce'; readonly actor: string; readonly reason: string }
  | { readonly type: 'shadow'; readonly actor: string; readonly reason: string }
  | {
      readonly type: 'trip';
      readonly actor: string;
      readonly reason: string;
      readonly key: BreakerKey;
      readonly level: BreakerLevel;
    }
  | {
      readonly type: 'reset';
      readonly actor: string;
      readonly reason: string;
      readonly key: BreakerKey;
      /** The epoch the person saw; a reset of another epoch is refused. */
      readonly epoch: number;
    }
  | {
      /** Ends a person's hold: the subject comes back by steps. */
      readonly type: 'release';
      readonly actor: string;
      readonly reason: string;
      readonly key: BreakerKey;
      readonly epoch: number;
    }
  | {
      /** Holds a breaker closed for a time. */
      readonly type: 'exempt';
      readonly actor: string;
      readonly reason: string;
      readonly key: BreakerKey;
      readonly forMs: number;
    }
  | {
      /** The same in an emergency, by one person and at any level. */
      readonly type: 'break_glass';
      readonly actor: string;
      readonly reason: string;
      readonly key: BreakerKey;
      readonly forMs: number;
      readonly ticket: string;
    }
  | {
      readonly type: 'approval_request';
      readonly actor: string;
      readonly reason: string;
      readonly credential: string;
      readonly key: BreakerKey;
      readonly epoch: number;
      readonly order: HeldOrder;
      readonly forMs: number;
    }
  | {
      readonly type: 'approval_decide';
      readonly actor: string;
      readonly reason: string;
      readonly credential: string;
      /** Id of the approval. */
      readonly approval: string;
      readonly verdict: 'approve' | 'deny';
    }
  | {
      /** Asks every enforcement point whether it hears; no breaker moves. */
      readonly type: 'drill';
      readonly actor: string;
      readonly reason: string;
      /** Its id, which brokers answer with. */
      readonly drill: string;
    }
  | { readonly type: 'storm_end'; readonly actor: string; readonly reason: string }
  | {
      /** In the log of the process: all of a tenant that was logged before this is erased. */
      readonly type: 'erase_tenant';
      readonly actor: string;
      readonly reason: string;
      /** The second person; null where one may do it alone. */
      readonly approver: string | null;
      readonly erased: string;
      /** Of the erasure. */
      readonly id: string;
    }
  | {
      readonly type: 'feedback';
      readonly actor: string;
      readonly reason: string;
      /** Id of the finding; of `missed`, of the event that there should have been one for. */
      readonly finding: string;
      readonly detector: string;
      readonly verdict: FeedbackVerdict;
    }
  | {
      /** What is known of an agent is forgotten: it begins again, as a new one does. */
      readonly type: 'baseline_reset';
      readonly actor: string;
      readonly reason: string;
      readonly agent: string;
    }
  | {
      /** What is known of another agent is known of this one, too; the other stays as it is. */
      readonly type: 'baseline_merge';
      readonly actor: string;
      readonly reason: string;
      readonly agent: string;
      readonly from: string;
      readonly joining: Joining;
    }
  | {
      readonly type: 'review_open';
      /** The evaluator, which is no person. */
      readonly actor: string;
      readonly reason: string;
      readonly request: ReviewRequest;
    }
  | {
      readonly type: 'review_decide';
      readonly actor: string;
      readonly reason: string;
      /** Id of the review. */
      readonly review: string;
      readonly verdict: ReviewVerdict;
    };

/** A writer of a partition started: the fencing term of everything it decides. */
export interface TermStarted {
  readonly type: 'term';
  readonly term: number;
  readonly software: string;
}

/**
 * The runtime, which has a clock, found a detector too slow for a tenant: it is no longer asked
 * there, as after too many failures.
 */
export interface DetectorSetAside {
  readonly type: 'detector_set_aside';
  readonly detector: string;
  readonly version: number;
  readonly reason: 'slow';
}

/** When an enforcement point that is called was called, and seen to obey. */
export interface DeliveryReceipt {
  readonly calledAt: EpochMs;
  readonly returnedAt: EpochMs;
  /** When a look at the target showed it; null where nobody can look. */
  readonly enforcedAt: EpochMs | null;
}

/** An enforcement point applied a revocation. */
export interface Acknowledgement {
  readonly receiver: string;
  /** Those whose word of the same was recorded together with that of `receiver`. */
  readonly others?: readonly string[];
  readonly jti: string;
  readonly key: BreakerKey;
  readonly term: number;
  readonly epoch: number;
  readonly receipt?: DeliveryReceipt;
}

/**
 * A delivery was rejected by its receiver, or not acknowledged by its deadline, or what it had done
 * was undone by others, or it is the answer to a drill; retries in between are not recorded.
 */
export interface Delivery {
  readonly receiver: string;
  readonly jti: string;
  readonly status: 'rejected' | 'late' | 'drift' | 'drill';
  readonly detail: string;
}

interface Envelope<Kind extends EntryKind, Body> {
  /** Position in the partition's log, from 1. */
  readonly seq: number;
  readonly loggedAt: EpochMs;
  readonly kind: Kind;
  readonly tenant: string;
  readonly engineVersion: number;
  readonly body: Body;
}

/** A decision as recorded: which input caused it, and the how-manieth it was. */
export interface Decided<Body> {
  readonly inputSeq: number;
  readonly ordinal: number;
  readonly decision: Body;
  /** True where the disk had refused it before: it went out all the same, earlier than this. */
  readonly late?: true;
}

export type InputEntry = Envelope<'input', Redacted<AccessEvent>> & {
  /**
   * Hash over `contentOf` the redacted event but its pseudonyms; with these it tells a resent event
   * from an id conflict.
   */
  readonly contentHash: string;
  /** The pseudonyms, in order: their names change when the tenant's key does. Absent for none. */
  readonly contentTokens?: readonly string[];
};

/** What tells one content from another under the same event id. */
export type ContentMarks = Pick<InputEntry, 'contentHash' | 'contentTokens'>;
export type TickEntry = Envelope<'tick', Record<string, never>>;
export type ConfigEntry = Envelope<
  'config',
  TenantConfig | TermStarted | DetectorSetAside | StreamChanged
>;
export type GrantEntry = Envelope<'grant', GrantSet>;
export type CommandEntry = Envelope<'command', Command>;
export type AckEntry = Envelope<'ack', Acknowledgement>;
export type DeliveryEntry = Envelope<'delivery', Delivery>;
export type FindingEntry = Envelope<'finding', Decided<Finding>>;
export type TransitionEntry = Envelope<'transition', Decided<Transition>>;
export type ChainEntry = Envelope<'chain', Decided<ChainLink>>;
export type RevocationEntry = Envelope<'revocation', Decided<Revocation>>;
export type RecordEntry = Envelope<
  'view' | 'export' | 'key' | 'snapshot',
  { readonly [name: string]: unknown }
>;

/** What the engine folds. */
export type FoldedEntry =
  | InputEntry
  | TickEntry
  | ConfigEntry
  | GrantEntry
  | CommandEntry
  | AckEntry
  | DeliveryEntry;

/** What the engine decides; recorded in the log, never folded. */
export type DecisionEntry = FindingEntry | TransitionEntry | RevocationEntry | ChainEntry;

export type LogEntry = FoldedEntry | DecisionEntry | RecordEntry;

/** What `apply` returns, in the order decided. */
export type Effect = {
  readonly tenant: string;
  readonly inputSeq: number;
  readonly ordinal: number;
} & (
  | { readonly kind: 'finding'; readonly decision: Finding }
  | { readonly kind: 'transition'; readonly decision: Transition }
  | { readonly kind: 'revocation'; readonly decision: Revocation }
  | { readonly kind: 'chain'; readonly decision: ChainLink }
);
