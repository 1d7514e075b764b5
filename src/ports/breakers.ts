import type {
  BreakerKey,
  BreakerLevel,
  BreakerState,
  Transition,
  TransitionClass,
} from '../core/breaker.ts';

/** One breaker as brokers need it: state, fence, and why. */
export interface BreakerRecord {
  readonly key: BreakerKey;
  readonly state: BreakerState;
  readonly term: number;
  /** Title of the finding or the operator's reason. */
  readonly title: string | null;
  /** Its id is a pseudonym that nobody resolves; only `check` by the plain id still meets it. */
  readonly unresolvable?: true;
}

/** Everything not closed, of one tenant, as of one feed position. */
export interface FeedSnapshot {
  readonly tenant: string;
  readonly term: number;
  readonly seq: number;
  readonly posture: 'shadow' | 'enforce';
  readonly breakers: readonly BreakerRecord[];
  /** Agents revoked of late, also those that are back; none unless given. */
  readonly revokedBefore?: readonly RevokedBefore[];
}

/** Tokens that the agent was issued before this epoch of its breaker are dead for good. */
export interface RevokedBefore {
  readonly agent: string;
  readonly epoch: number;
}

export interface FeedDelta {
  readonly term: number;
  readonly transition: Transition;
  /** As in `BreakerRecord`. */
  readonly unresolvable?: true;
}

/** What a broker asks before it acts; every member but `tenant` narrows the question. */
export interface CheckRequest {
  readonly tenant: string;
  readonly agent?: string;
  readonly session?: string;
  /** The transaction of the action. */
  readonly chain?: string;
  /** Its trace. */
  readonly trace?: string;
  readonly jti?: string;
  readonly tool?: string;
  readonly op?: string;
  /** The enforcement point that asks: a breaker may be open on it alone. */
  readonly broker?: string;
}

export interface CheckAnswer {
  readonly allow: boolean;
  readonly level: BreakerLevel;
  /** `closed`, or the reason of the highest open breaker that matches. */
  readonly reason: string;
  readonly key: BreakerKey | null;
  readonly epoch: number;
  /** Why that breaker opened; null when none matches. An `operator` trip holds in shadow too. */
  readonly class: TransitionClass | null;
  /** Of the tenant asked about, so that a late answer needs no second question. */
  readonly posture: 'shadow' | 'enforce';
  /** Of the agent asked about, 0 to 100; absent where none is named or nothing is known of it. */
  readonly risk?: number;
  /**
   * Actions a minute that the breaker lets pass, on probation and at level 1, from what the agent
   * usually does; absent where nothing is known of that, or the rate is no matter.
   */
  readonly ratePerMin?: number;
}

/** Live breaker state, straight from the engine; the store is never asked. */
export interface BreakerView {
  readonly term: number;
  snapshot(tenant: string): FeedSnapshot;
  /** Transitions after `seq`, or null when that position has left the ring: resynchronise. */
  since(tenant: string, seq: number): readonly FeedDelta[] | null;
  /** The highest level over every key that matches, in constant time. */
  check(request: CheckRequest): CheckAnswer;
  /** Called for each transition after it is durable, in feed order. Returns the unsubscribe. */
  subscribe(listener: (delta: FeedDelta) => void): () => void;
  /** Rises when ids are told otherwise than before without any transition, as after an erasure. */
  readonly renamings?: number;
  /** A named broker reads the tenant's feed, and owes acknowledgements. Returns its leaving. */
  join(tenant: string, broker: string): () => void;
}
