import type { Transition } from '../core/breaker.ts';
import { breakerKeyText } from '../core/breaker.ts';
import type { TenantConfig } from '../core/entry.ts';
import { assert, TripcoilError } from '../core/errors.ts';
import type { GrantSet } from '../core/grant.ts';
import { restoreBaseline, snapshotBaseline } from './baseline/baseline.ts';
import type { BoardEntry } from './breaker/board.ts';
import type { Shard } from './shard.ts';
import type { SourceState } from './source/source.ts';
import { addSource, sourcesOf } from './source/sources.ts';
import type { AgentState, OpenFinding, TenantState } from './tenant-state.ts';

/** Rises when the shape of a chunk changes; another version is not restored but replayed. */
export const SNAPSHOT_VERSION = 1;

const IDS_PER_CHUNK = 1_000;
const GENERATIONS = ['old', 'young'] as const;

/** A shard's state as a sequence of small plain values, so that nothing big is ever stringified. */
export type SnapshotChunk =
  | {
      readonly type: 'shard';
      readonly version: number;
      readonly seq: number;
      readonly term: number;
      readonly logTime: number;
    }
  | {
      readonly type: 'tenant';
      readonly tenant: string;
      readonly posture: 'shadow' | 'enforce';
      readonly config: TenantConfig;
      readonly grants: GrantSet;
      readonly feedSeq: number;
      readonly epochFloor: number;
      readonly wouldHaveTripped: number;
    }
  | { readonly type: 'breakers'; readonly tenant: string; readonly entries: readonly BoardEntry[] }
  | { readonly type: 'ring'; readonly tenant: string; readonly ring: readonly Transition[] }
  | {
      readonly type: 'ids' | 'actions';
      readonly tenant: string;
      readonly generation: 'old' | 'young';
      readonly pairs: readonly (readonly [string, string])[];
    }
  | { readonly type: 'source'; readonly tenant: string; readonly source: SourceState }
  | {
      readonly type: 'agent';
      readonly tenant: string;
      readonly agent: string;
      readonly state: SnapshotAgent;
    };

type SnapshotAgent = Omit<AgentState, 'baseline' | 'openFindings' | 'grant'> & {
  readonly baseline: unknown;
  readonly openFindings: readonly (readonly [string, OpenFinding])[];
};

/** The whole state, in a fixed order: equal states give equal chunks. */
export function* snapshot(shard: Shard): Generator<SnapshotChunk> {
  const { seq, term, logTime } = shard;
  yield { type: 'shard', version: SNAPSHOT_VERSION, seq, term, logTime };
  for (const tenant of shard.tenants.values()) yield* tenantChunks(tenant);
}

function* tenantChunks(state: TenantState): Generator<SnapshotChunk> {
  const { tenant, posture, config, grants, board, wouldHaveTripped } = state;
  const { feedSeq, epochFloor } = board;
  yield { type: 'tenant', tenant, posture, config, grants, feedSeq, epochFloor, wouldHaveTripped };
  for (const entries of chunked(board.entries.values()))
    yield { type: 'breakers', tenant, entries };
  for (const ring of chunked(board.ring)) yield { type: 'ring', tenant, ring };
  for (const generation of GENERATIONS) {
    for (const pairs of chunked(state.eventIds[generation])) {
      yield { type: 'ids', tenant, generation, pairs };
    }
    for (const pairs of chunked(state.actions[generation])) {
      yield { type: 'actions', tenant, generation, pairs };
    }
  }
  for (const source of sourcesOf(state.sources)) yield { type: 'source', tenant, source };
  for (const [agent, { baseline, openFindings, grant: _resolved, ...rest }] of state.agents) {
    yield {
      type: 'agent',
      tenant,
      agent,
      state: { ...rest, baseline: snapshotBaseline(baseline), openFindings: [...openFindings] },
    };
  }
}

/**
 * Fills an empty shard from chunks.
 * @throws TripcoilError `conflict` when they are of another snapshot version.
 */
export function restore(shard: Shard, chunks: Iterable<SnapshotChunk>): void {
  assert(shard.seq === 0, 'only an empty shard is restored');
  for (const chunk of chunks) restoreChunk(shard, chunk);
}

/** Takes one chunk, in the order they were yielded; the first names the version. */
export function restoreChunk(shard: Shard, chunk: SnapshotChunk): void {
  if (chunk.type === 'shard') {
    if (chunk.version !== SNAPSHOT_VERSION) {
      throw new TripcoilError('conflict', `snapshot version ${chunk.version} is not readable`);
    }
    shard.seq = chunk.seq;
    shard.term = chunk.term;
    shard.logTime = chunk.logTime;
    return;
  }
  const tenant = shard.tenant(chunk.tenant);
  switch (chunk.type) {
    case 'tenant':
      tenant.posture = chunk.posture;
      tenant.config = chunk.config;
      tenant.grants = chunk.grants;
      tenant.wouldHaveTripped = chunk.wouldHaveTripped;
      tenant.board.feedSeq = chunk.feedSeq;
      tenant.board.epochFloor = chunk.epochFloor;
      return;
    case 'breakers':
      for (const entry of chunk.entries) tenant.board.entries.set(breakerKeyText(entry.key), entry);
      tenant.board.nextClose = undefined;
      return;
    case 'ring':
      tenant.board.ring.push(...chunk.ring);
      return;
    case 'ids':
      for (const [id, hash] of chunk.pairs) tenant.eventIds[chunk.generation].set(id, hash);
      return;
    case 'actions':
      for (const [key, value] of chunk.pairs) tenant.actions[chunk.generation].set(key, value);
      return;
    case 'source':
      addSource(tenant.sources, chunk.source);
      return;
    case 'agent': {
      const { baseline, openFindings, ...rest } = chunk.state;
      tenant.agents.set(chunk.agent, {
        ...rest,
        baseline: restoreBaseline(baseline),
        openFindings: new Map(openFindings),
        grant: undefined,
      });
    }
  }
}

function* chunked<Item>(items: Iterable<Item>): Generator<readonly Item[]> {
  let chunk: Item[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < IDS_PER_CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
