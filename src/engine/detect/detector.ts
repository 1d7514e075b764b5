import type { ZodType } from 'zod';
import type { AccessEvent, EventKind } from '../../core/access-event.ts';
import type { BreakerLevel } from '../../core/breaker.ts';
import type { DetectionFamily, DetectorMode, FindingLevel } from '../../core/finding.ts';
import type { ActionFact, AgentGrant, PrincipalGrant, ResourceFact } from '../../core/grant.ts';
import type { Redacted } from '../../core/redacted.ts';
import type { TripKey } from '../../core/rule.ts';
import type { EpochMs } from '../../core/time.ts';
import type { Added, AgentBaseline } from '../baseline/agent-baseline.ts';
import type { OpenBreaker } from '../breaker/subject.ts';
import type { AgentPractice } from '../practice/agent-practice.ts';
import type { EventPart } from './event-part.ts';

/** What a detector is told beside the event. All of it is a function of the log. */
export interface DetectorContext<Config> {
  readonly config: Config;
  /** Log time; the only clock a detector may use for timers. */
  readonly logTime: EpochMs;
  /** The agent's grant, or null where none matches (an unregistered agent). */
  readonly grant: AgentGrant | null;
  /** What the person behind the agent may see, or null where nobody registered it. */
  readonly principalGrant: PrincipalGrant | null;
  /** Facts of the grants file that match this resource and action. */
  readonly resourceFact: ResourceFact | null;
  readonly actionFact: ActionFact | null;
  /** The agent's own history, already including this event unless it is frozen. */
  readonly baseline: AgentBaseline;
  /** What the agent and its peers are known to do, as before this event. */
  readonly practice: AgentPractice;
  /**
   * Whether this report moved the windows: false for a proposal, for a further report of an
   * action that tells nothing more of it, and for an event too late or too far ahead.
   */
  readonly counted: boolean;
  /**
   * What this report added to each measure: all of it for the first report of an action, the excess
   * over what is known for a further one, whose `calls` is 0. Zero where not counted.
   */
  readonly added: Added;
  /** Whether some source, not an agent, has told of decisions in this tenant. */
  readonly hearsDecisions: boolean;
  /**
   * The gravest open breaker that this event falls under; looked up when asked for. Call it on the
   * context.
   */
  readonly openBreaker: () => OpenBreaker | null;
  /** The same of the chain that this event joins, as known so far. */
  readonly chainId: () => string;
}

/** One action that ran without a decision that allows it, once none can come any more. */
export interface UndecidedAction {
  readonly reason: 'execution_without_decision' | 'execution_after_deny';
  readonly agent: string;
  readonly session: string | null;
  readonly action: string;
  /** Somebody said that it succeeded; else its outcome is not known, or it failed. */
  readonly succeeded: boolean;
}

/** What a detector is told of an agent that is silent. */
export interface QuietContext<Config> {
  readonly config: Config;
  readonly logTime: EpochMs;
  /** As of log time. */
  readonly baseline: AgentBaseline;
}

/** Evidence for or against; the engine decides what follows from it. */
export interface DetectorVerdict {
  readonly level: FindingLevel;
  readonly score: number;
  readonly actual: number | null;
  readonly typical: number | null;
  readonly probability: number | null;
  readonly title: string;
  readonly explanation: string;
  readonly measures?: Readonly<Record<string, number>>;
  readonly facts?: Readonly<Record<string, string>>;
  /**
   * What should follow. A session, chain or token that the event does not name falls back to the
   * agent.
   * Null: the finding adds score only.
   */
  readonly trip: { readonly key: TripKey; readonly level: BreakerLevel } | null;
  /** Verdicts with one key within `dedupMs` are one finding. */
  readonly dedupKey: string;
  readonly dedupMs: number;
  /**
   * Of a statistical verdict: what besides likelihood and ratio speaks for it: agents like it, the
   * agent's own largest ever, or a cap. Without one it never does more than ask a person.
   */
  readonly agreement?: 'peer' | 'anchor' | 'cap';
  /**
   * Of a statistical verdict that throttles: how long it may go on before it asks a person. Null:
   * for ever. Absent: half an hour.
   */
  readonly escalateAfterMs?: number | null;
  /** Why a verdict without a trip has none. */
  readonly held?: 'cold_start' | 'below_threshold';
}

/**
 * A field the detector needs and did not get: the agent is shown as `not_judged`, never as calm.
 */
export interface NotJudged {
  readonly field: string;
  /** One sentence: what to send so that the detector can judge. */
  readonly cure: string;
}

/**
 * One detector: pure, synchronous, bounded. `State` is plain JSON, snapshotted by the shard: one
 * per agent, or one per tenant where the scope is `tenant` or `chain`; then an event of any agent
 * moves it. See detectors/README.md for the contract and the conformance suite.
 */
export interface DetectorDefinition<Config = unknown, State = unknown> {
  readonly id: string;
  readonly version: number;
  readonly status: 'stable' | 'test' | 'experimental';
  readonly title: string;
  readonly family: DetectionFamily;
  readonly scope: 'agent' | 'chain' | 'tenant';
  readonly defaultMode: DetectorMode;
  readonly tags: readonly string[];
  readonly config: ZodType<Config>;
  readonly init: () => State;
  /** Kinds of event it is asked about at all; of any other it costs nothing. Absent means all. */
  readonly kinds?: readonly EventKind[];
  /** What an event must have, all of it, for the detector to be asked; else it costs nothing. */
  readonly parts?: readonly EventPart[];
  /**
   * Whether the detector has anything to say about this kind of event. Where false, neither
   * `judges` nor `observe` is asked and coverage stays as it is. Absent means always.
   */
  readonly applies?: (event: Redacted<AccessEvent>) => boolean;
  /** Mutates `state`; returns what it saw, or nothing. */
  readonly observe: (
    event: Redacted<AccessEvent>,
    state: State,
    context: DetectorContext<Config>,
  ) => readonly DetectorVerdict[];
  /**
   * Asked every ten minutes of log time about each agent that was not heard of since; only where
   * the scope is the agent. What it tells never trips: there is no act to judge.
   */
  readonly quiet?: (state: State, context: QuietContext<Config>) => DetectorVerdict | null;
  /**
   * Judges an action without a decision, after the grace and once every source of decisions has
   * told of later times. For detectors of tenant scope; asked by the tenant's log time.
   */
  readonly undecided?: (
    action: UndecidedAction,
    state: State,
    context: Pick<DetectorContext<Config>, 'config' | 'logTime' | 'grant'>,
  ) => readonly DetectorVerdict[];
  /** Null when this event can be judged. Called before `observe`. */
  readonly judges: (
    event: Redacted<AccessEvent>,
    context: DetectorContext<Config>,
  ) => NotJudged | null;
}

/** A registered detector, its config and state types erased. */
// biome-ignore lint/suspicious/noExplicitAny: definitions of different state types share one list.
export type AnyDetector = DetectorDefinition<any, any>;

/** Declares a detector with its types inferred. */
export function defineDetector<Config, State>(
  definition: DetectorDefinition<Config, State>,
): DetectorDefinition<Config, State> {
  return definition;
}
