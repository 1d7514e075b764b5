import { SYSTEM_TENANT } from '../core/entry.ts';
import { packAgent } from './agent-snapshot.ts';
import type { Shard } from './shard.ts';
import {
  type FrozenTenant,
  frozen,
  frozenChunks,
  type SnapshotChunk,
  shardChunk,
} from './snapshot.ts';
import type { AgentState, Cut } from './tenant-state.ts';

/** A chunk as text, and whose it is. */
export interface SnapshotLine {
  readonly tenant: string;
  readonly text: string;
}

/**
 * The state as of one moment, written down bit by bit while the fold goes on. What changes by
 * replacement (breakers, transitions, configuration) and what only grows (hashes) is held by
 * reference; an agent is written down at its turn, or just before it first changes, whichever comes
 * first. One cut of a shard at a time: the next one finishes the one before it.
 */
export class ShardCut implements Cut {
  readonly seq: number;
  readonly #shard: Shard;
  readonly #first: SnapshotChunk;
  readonly #tenants: readonly FrozenTenant[];
  /** Agents written down: with their text until that is read, then with null. */
  readonly #written = new Map<AgentState, string | null>();
  readonly #forgotten = new Set<string>();

  constructor(shard: Shard) {
    shard.cut?.end();
    this.seq = shard.seq;
    this.#shard = shard;
    this.#first = shardChunk(shard);
    this.#tenants = [...shard.tenants.values()].map(frozen);
    shard.cut = this;
    for (const tenant of shard.tenants.values()) tenant.cut = this;
  }

  /** Whose state it is. */
  get tenants(): readonly string[] {
    return [SYSTEM_TENANT, ...this.#tenants.map(({ tenant }) => tenant)];
  }

  keep(agent: AgentState): void {
    if (!this.#written.has(agent)) this.#written.set(agent, stateText(agent));
  }

  forget(tenant: string): void {
    this.#forgotten.add(tenant);
  }

  /** One chunk a line, in the order of `snapshot`; to be read once. */
  *lines(): Generator<SnapshotLine> {
    yield { tenant: SYSTEM_TENANT, text: JSON.stringify(this.#first) };
    for (const frozen of this.#tenants) {
      const { tenant } = frozen;
      for (const text of this.#linesOf(frozen)) {
        if (this.#forgotten.has(tenant)) break;
        yield { tenant, text };
      }
    }
    this.end();
  }

  *#linesOf(tenant: FrozenTenant): Generator<string> {
    for (const chunk of frozenChunks(tenant)) yield JSON.stringify(chunk);
    for (const [place, agent] of tenant.agents.entries()) {
      const state = this.#written.get(agent) ?? stateText(agent);
      this.#written.set(agent, null);
      yield agentLine(tenant.tenant, tenant.ids[place] ?? '', state);
    }
  }

  /** Lets go of the shard; what is not read yet is written down now. Safe twice. */
  end(): void {
    if (this.#shard.cut !== this) return;
    for (const { agents } of this.#tenants) for (const agent of agents) this.keep(agent);
    this.#release();
  }

  /** As `end`, when nobody will read the rest. */
  drop(): void {
    this.#written.clear();
    if (this.#shard.cut === this) this.#release();
  }

  #release(): void {
    this.#shard.cut = null;
    for (const tenant of this.#shard.tenants.values()) tenant.cut = null;
  }
}

function stateText(agent: AgentState): string {
  return JSON.stringify(packAgent(agent));
}

/** The chunk of an agent as a line, its state being text already. */
function agentLine(tenant: string, agent: string, state: string): string {
  const head = JSON.stringify({ type: 'agent', tenant, agent });
  return `${head.slice(0, -1)},"state":${state}}`;
}
