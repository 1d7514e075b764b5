import type { AccessEvent } from '../core/access-event.ts';
import type { ActionFact, AgentGrant, PrincipalGrant, ResourceFact } from '../core/grant.ts';
import type { Redacted } from '../core/redacted.ts';
import type { EpochMs } from '../core/time.ts';
import { type Added, type AgentBaseline, NOTHING_ADDED } from './baseline/agent-baseline.ts';
import { viewOf } from './baseline/baseline.ts';
import type { Match } from './breaker/match-index.ts';
import { type OpenBreaker, openBreakerOf } from './breaker/subject.ts';
import { presentChainOf } from './chain/chain-index.ts';
import type { EventKeys } from './chain/event-keys.ts';
import type { DetectorContext } from './detect/detector.ts';
import { windowTimeOf } from './event-time.ts';
import { actionFactOf, principalGrantOf, resourceFactOf } from './grants.ts';
import type { AgentPractice } from './practice/agent-practice.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/** What the judgement of one event begins with. */
export interface Given {
  readonly event: Redacted<AccessEvent>;
  readonly keys: EventKeys;
  /** The gravest open breaker that it falls under. */
  readonly breaker: Match | null;
  readonly practice: AgentPractice;
  readonly added: Added | null;
  readonly logTime: EpochMs;
}

/**
 * What all detectors are told of one event. One for all of them, but for their options: none keeps
 * it. What takes a look is looked up when first asked for.
 */
export class EventContext implements DetectorContext<unknown> {
  config: unknown = undefined;
  readonly logTime: EpochMs;
  readonly counted: boolean;
  readonly added: Added;
  readonly grant: AgentGrant | null;
  readonly practice: AgentPractice;
  readonly principalGrant: PrincipalGrant | null;
  readonly resourceFact: ResourceFact | null;
  readonly actionFact: ActionFact | null;
  readonly baseline: AgentBaseline;
  readonly hearsDecisions: boolean;
  readonly #tenant: TenantState;
  readonly #keys: EventKeys;
  readonly #match: Match | null;
  #chain: string | null = null;
  #breaker: OpenBreaker | null | undefined = undefined;

  constructor(tenant: TenantState, agent: AgentState, grant: AgentGrant | null, given: Given) {
    const { event, logTime } = given;
    const { grants } = tenant;
    this.#tenant = tenant;
    this.#keys = given.keys;
    this.#match = given.breaker;
    this.logTime = logTime;
    this.counted = given.added !== null;
    this.added = given.added ?? NOTHING_ADDED;
    this.grant = grant;
    this.practice = given.practice;
    this.principalGrant = principalGrantOf(grants, event);
    this.resourceFact = resourceFactOf(grants, event);
    this.actionFact = actionFactOf(grants, event);
    this.baseline = viewOf(agent.baseline, windowTimeOf(event, logTime));
    this.hearsDecisions = tenant.chains.sources.decisions.size > 0;
  }

  openBreaker(): OpenBreaker | null {
    if (this.#breaker === undefined) {
      this.#breaker = openBreakerOf(this.#tenant.board, this.#match);
    }
    return this.#breaker;
  }

  chainId(): string {
    this.#chain ??= presentChainOf(this.#tenant.chains, this.#keys);
    return this.#chain;
  }
}
