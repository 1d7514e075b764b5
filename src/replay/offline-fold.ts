import type { ReceivedEvent } from '../core/access-event.ts';
import {
  type Effect,
  ENGINE_VERSION,
  type FoldedEntry,
  SYSTEM_TENANT,
  type TenantConfig,
} from '../core/entry.ts';
import type { GrantSet } from '../core/grant.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reject } from '../core/reject.ts';
import type { EpochMs } from '../core/time.ts';
import { Shard, type ShardOptions } from '../engine/shard.ts';
import { restore, type SnapshotChunk, snapshot } from '../engine/snapshot.ts';
import type { Principal } from '../ports/ingest.ts';
import type { Redactor } from '../ports/redactor.ts';
import { attribute } from '../runtime/attribution.ts';
import { contentMarksOf } from '../runtime/entries.ts';
import type { PresentedToken } from '../runtime/presented-token.ts';
import { redactedConfig, redactedGrants } from '../runtime/redacted-orders.ts';

/**
 * The engine driven by event time instead of a clock: log time is the running maximum of event
 * time, ticks are made up only where something waits for one, and idle gaps cost nothing.
 */
export class OfflineFold {
  readonly #shardOptions: ShardOptions;
  readonly #redactor: Redactor;
  readonly #sender: Principal;
  #shard: Shard;
  #seq = 0;
  #logTime: EpochMs = 0;

  constructor(options: {
    readonly shard: ShardOptions;
    readonly redactor: Redactor;
    readonly sender: Principal;
  }) {
    this.#shardOptions = options.shard;
    this.#redactor = options.redactor;
    this.#sender = options.sender;
    this.#shard = new Shard(options.shard);
    this.#entry({ kind: 'config', tenant: SYSTEM_TENANT, body: FIRST_TERM });
  }

  get agents(): number {
    let agents = 0;
    for (const tenant of this.#shard.tenants.values()) agents += tenant.agents.size;
    return agents;
  }

  /** A field for want of which some agent is not judged by this detector by now, if any. */
  blindOf(detector: string): string | null {
    for (const tenant of this.#shard.tenants.values()) {
      for (const agent of tenant.agents.values()) {
        const blind = agent.memory.coverageOf(detector);
        if (blind) return blind.field;
      }
    }
    return null;
  }

  /** Writes the whole state down and reads it back, as a daemon does that starts again. */
  restart(): void {
    const chunks = JSON.parse(JSON.stringify([...snapshot(this.#shard)])) as SnapshotChunk[];
    this.#shard = new Shard(this.#shardOptions);
    restore(this.#shard, chunks);
  }

  /** What a detector remembers of everybody, as JSON. */
  stateTextOf(detector: string): string {
    const states = [...this.#shard.tenants.values()].map((tenant) => [
      tenant.detectors[detector],
      ...Array.from(tenant.agents.values(), (agent) => agent.memory.stateOf(detector)),
    ]);
    return JSON.stringify(states);
  }

  configure(tenant: string, config: TenantConfig): void {
    this.#entry({ kind: 'config', tenant, body: redactedConfig(this.#redactor, tenant, config) });
  }

  grant(tenant: string, grants: GrantSet): void {
    this.#entry({ kind: 'grant', tenant, body: redactedGrants(this.#redactor, tenant, grants) });
  }

  /** Folds one event, and the ticks due before it. */
  event(
    received: ReceivedEvent,
    position: number,
    history: boolean,
    token?: PresentedToken,
  ): readonly Effect[] | Reject {
    const event = attribute(received, this.#sender, position, history, token ?? null);
    if ('code' in event) return event;
    const body = this.#redactor.redact(event);
    const marks = contentMarksOf(body, JSON.stringify(body));
    const input = { kind: 'input', tenant: event.tenant.id, body, ...marks } as const;
    // History moves baselines by event time alone; the log's clock starts with the input.
    if (history) return this.#entry(input, event.time);
    const ticked = this.#ticksUpTo(event.time);
    this.#logTime = Math.max(this.#logTime, event.time);
    const effects = this.#entry(input);
    return ticked.length > 0 ? [...ticked, ...effects] : effects;
  }

  /** The `agentKey` of the agent that reports this: its id as folded, perhaps a pseudonym. */
  keyOf({ tenantClaimed = '', agent }: ReceivedEvent, token?: PresentedToken): string {
    const id = token?.reading.assertions.agent ?? agent.id;
    return agentKey(tenantClaimed, this.#redactor.redactIdentifier(tenantClaimed, id));
  }

  /** A copy of the present state without remembered ids, to judge many sessions from it. */
  freeze(): FrozenState {
    const common: SnapshotChunk[] = [];
    const agents = new Map<string, AgentChunk>();
    for (const chunk of snapshot(this.#shard)) {
      if (chunk.type === 'agent') agents.set(agentKey(chunk.tenant, chunk.agent), chunk);
      else if (!UNSHARED.has(chunk.type)) common.push(chunk);
    }
    return { common, agents };
  }

  /**
   * Goes back to a frozen state, of which only the agents named by `agentKey` are brought along:
   * one session costs a copy of its own agents, however large the fleet is.
   */
  thaw({ common, agents }: FrozenState, named: readonly string[]): void {
    const shard = new Shard(this.#shardOptions);
    const wanted = named.flatMap((key) => agents.get(key) ?? []);
    restore(shard, [...common.map(unshared), ...wanted]);
    this.#shard = shard;
    this.#logTime = 0;
  }

  #ticksUpTo(time: EpochMs): readonly Effect[] {
    const effects: Effect[] = [];
    for (;;) {
      const due = this.#shard.nextTimerAt();
      if (due === null || due > time) return effects;
      const tickAt = Math.ceil(due / LIMITS.tickMs) * LIMITS.tickMs;
      if (tickAt > time) return effects;
      this.#logTime = Math.max(this.#logTime, tickAt);
      effects.push(...this.#entry({ kind: 'tick', tenant: SYSTEM_TENANT, body: {} }));
    }
  }

  #entry(entry: Unstamped, loggedAt: EpochMs = this.#logTime): readonly Effect[] {
    this.#seq += 1;
    const stamped = { ...entry, seq: this.#seq, loggedAt, engineVersion: ENGINE_VERSION };
    return this.#shard.apply([stamped as FoldedEntry]);
  }
}

/** Remembered ids, and sources, which the fold changes and history has none of. */
const UNSHARED: ReadonlySet<SnapshotChunk['type']> = new Set(['hashes', 'source']);

/** Agents of different tenants may share a name. */
export function agentKey(tenant: string, agent: string): string {
  return `${tenant}\n${agent}`;
}

/** The memory of a detector changes in place; each session begins with a copy of its own. */
function unshared(chunk: SnapshotChunk): SnapshotChunk {
  return chunk.type === 'detector' ? { ...chunk, state: structuredClone(chunk.state) } : chunk;
}

/** What is packed is copied by being restored; all else is replaced, never changed, by the fold. */
export interface FrozenState {
  readonly common: readonly SnapshotChunk[];
  readonly agents: ReadonlyMap<string, AgentChunk>;
}

type AgentChunk = Extract<SnapshotChunk, { readonly type: 'agent' }>;

type Unstamped = {
  [Kind in FoldedEntry['kind']]: Omit<
    Extract<FoldedEntry, { kind: Kind }>,
    'seq' | 'loggedAt' | 'engineVersion'
  >;
}[FoldedEntry['kind']];

const FIRST_TERM = { type: 'term', term: 1, software: 'replay' } as const;
