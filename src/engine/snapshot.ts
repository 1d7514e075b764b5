import type { Approval } from '../core/approval.ts';
import { breakerKeyText, type Transition } from '../core/breaker.ts';
import type { BreakerOrder } from '../core/breaker-order.ts';
import type { TenantConfig } from '../core/entry.ts';
import { assert, TripcoilError } from '../core/errors.ts';
import type { Feedback, FeedbackCounts } from '../core/feedback.ts';
import type { GrantSet } from '../core/grant.ts';
import { LIMITS } from '../core/limits.ts';
import type { Review } from '../core/review.ts';
import type { StreamState } from '../core/signal-stream.ts';
import type { EpochMs } from '../core/time.ts';
import { type PackedAgent, packAgent, unpackAgent } from './agent-snapshot.ts';
import { isGrown } from './baseline/baseline.ts';
import { type BoardEntry, restoreEntry } from './breaker/board.ts';
import type { DelegationState } from './breaker/delegations.ts';
import type { StormState } from './breaker/storm.ts';
import {
  type ChainChunk,
  chainChunks,
  type FrozenChains,
  freezeChains,
  restoreChains,
} from './chain/chain-snapshot.ts';
import { chunked, spans } from './chunks.ts';
import { wordsOf, wordsText } from './hash-text.ts';
import {
  copyPractice,
  type PracticeSnapshot,
  type PracticeState,
  restorePractice,
  snapshotPractice,
} from './practice/practice.ts';
import type { FrozenGeneration } from './recent-hashes.ts';
import type { Shard } from './shard.ts';
import type { SourceState } from './source/source.ts';
import { addSource, sourcesOf } from './source/sources.ts';
import type { AgentState, TenantState, Unjudged } from './tenant-state.ts';

/** Rises when a chunk changes in shape or meaning; another version is not restored but replayed. */
export const SNAPSHOT_VERSION = 17;

const MEMORIES = ['ids', 'historyIds', 'actions'] as const;

/** A shard's state as a sequence of small plain values, so that nothing big is ever stringified. */
export type SnapshotChunk =
  | {
      readonly type: 'shard';
      readonly version: number;
      readonly seq: number;
      readonly term: number;
      readonly logTime: number;
      /** Absent for none. */
      readonly erased?: readonly (readonly [string, number])[];
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
      readonly notices: readonly (readonly [string, EpochMs])[];
      readonly failures: readonly (readonly [string, number])[];
      readonly slow?: readonly string[];
      readonly unjudged: Readonly<Record<Unjudged, number>>;
      readonly storm: StormSnapshot;
      readonly approvals: readonly Approval[];
      readonly grantsSeenAt: EpochMs;
    }
  | { readonly type: 'breakers'; readonly tenant: string; readonly entries: readonly BoardEntry[] }
  | {
      readonly type: 'delegations';
      readonly tenant: string;
      readonly chains: MapEntries<DelegationState>;
    }
  | { readonly type: 'streams'; readonly tenant: string; readonly streams: readonly StreamState[] }
  | { readonly type: 'orders'; readonly tenant: string; readonly orders: readonly BreakerOrder[] }
  | {
      readonly type: 'peers';
      readonly tenant: string;
      readonly role: string;
      readonly practice: PracticeSnapshot;
    }
  | { readonly type: 'ring'; readonly tenant: string; readonly ring: readonly Transition[] }
  | {
      readonly type: 'aliases';
      readonly tenant: string;
      readonly pairs: readonly (readonly [string, string])[];
    }
  | {
      readonly type: 'hashes';
      readonly tenant: string;
      readonly memory: (typeof MEMORIES)[number];
      /** The period of the generation, in the first of its chunks. */
      readonly since?: number;
      /** Sixteen digits of base64url an entry. */
      readonly words: string;
      readonly figures: readonly number[];
    }
  | { readonly type: 'source'; readonly tenant: string; readonly source: SourceState }
  | { readonly type: 'chains'; readonly tenant: string; readonly chunk: ChainChunk }
  | {
      readonly type: 'feedback';
      readonly tenant: string;
      readonly latest: readonly (readonly [string, Feedback])[];
      readonly counts: readonly (readonly [string, FeedbackCounts])[];
    }
  | { readonly type: 'reviews'; readonly tenant: string; readonly reviews: readonly Review[] }
  | {
      readonly type: 'detector';
      readonly tenant: string;
      readonly detector: string;
      readonly state: unknown;
    }
  | {
      readonly type: 'agent';
      readonly tenant: string;
      readonly agent: string;
      readonly state: PackedAgent;
    };

type StormSnapshot = Omit<StormState, 'anomalous'> & {
  readonly anomalous: MapEntries<StormState['anomalous']>;
};

type MapEntries<Kept> =
  Kept extends ReadonlyMap<infer Key, infer Value> ? readonly (readonly [Key, Value])[] : never;

/** The whole state, in a fixed order: equal states give equal chunks. */
export function* snapshot(shard: Shard): Generator<SnapshotChunk> {
  yield shardChunk(shard);
  for (const tenant of shard.tenants.values()) {
    yield* frozenChunks(frozen(tenant));
    for (const [id, agent] of tenant.agents) {
      yield { type: 'agent', tenant: tenant.tenant, agent: id, state: packAgent(agent) };
    }
  }
}

/** What stands first. */
export function shardChunk({ seq, term, logTime, erased }: Shard): SnapshotChunk {
  const known = erased.size === 0 ? {} : { erased: [...erased] };
  return { type: 'shard', version: SNAPSHOT_VERSION, seq, term, logTime, ...known };
}

/** What of a tenant a snapshot tells, held while it is written. */
export interface FrozenTenant {
  readonly tenant: string;
  readonly first: SnapshotChunk;
  readonly breakers: readonly BoardEntry[];
  readonly orders: readonly BreakerOrder[];
  readonly streams: readonly StreamState[];
  readonly delegations: MapEntries<DelegationState>;
  readonly ring: readonly Transition[];
  readonly memories: readonly (readonly [(typeof MEMORIES)[number], readonly FrozenGeneration[]])[];
  readonly aliases: readonly (readonly [string, string])[];
  readonly sources: readonly SourceState[];
  readonly chains: FrozenChains;
  readonly peers: readonly (readonly [string, PracticeState])[];
  readonly feedback: readonly (readonly [string, Feedback])[];
  readonly reviews: readonly Review[];
  readonly feedbackCounts: readonly (readonly [string, FeedbackCounts])[];
  /** State by detector, as text: `LIMITS.detectorBytesPerTenant` each at most. */
  readonly detectors: readonly (readonly [string, string])[];
  /** Each agent's id, and its state, which changes. */
  readonly ids: readonly string[];
  readonly agents: readonly AgentState[];
}

/** References to what does not change in place, and to the agents, which do. */
export function frozen(state: TenantState): FrozenTenant {
  const { tenant, posture, config, grants, board, wouldHaveTripped, reports, storm } = state;
  const { feedSeq, epochFloor } = board;
  return {
    tenant,
    first: {
      type: 'tenant',
      tenant,
      posture,
      config,
      grants,
      feedSeq,
      epochFloor,
      wouldHaveTripped,
      notices: [...state.notices],
      failures: [...state.failures],
      ...(state.slow.size === 0 ? {} : { slow: [...state.slow] }),
      unjudged: { ...state.unjudged },
      approvals: [...state.approvals.values()],
      grantsSeenAt: state.grantsSeenAt,
      storm: { ...storm, rate: { ...storm.rate }, anomalous: [...storm.anomalous] },
    },
    breakers: [...board.entries.values()],
    orders: [...board.orders.values()],
    streams: [...state.streams.values()],
    delegations: [...state.delegations],
    ring: [...board.ring],
    memories: MEMORIES.map((memory) => [memory, reports[memory].freeze()]),
    aliases: [...state.aliases],
    // Few and small, and they change in place: copied.
    sources: JSON.parse(JSON.stringify([...sourcesOf(state.sources)])) as SourceState[],
    chains: freezeChains(state.chains),
    feedback: [...state.feedback.latest],
    reviews: [...state.reviews.values()],
    feedbackCounts: [...state.feedback.counts],
    detectors: Object.entries(state.detectors).map(([id, own]) => [id, JSON.stringify(own)]),
    peers: Array.from(state.peerGroups, ([role, group]) => [role, copyPractice(group)]),
    ids: [...state.agents.keys()],
    agents: [...state.agents.values()],
  };
}

/** All chunks of a tenant but those of its agents. */
export function* frozenChunks(state: FrozenTenant): Generator<SnapshotChunk> {
  const { tenant } = state;
  yield state.first;
  for (const entries of chunked(state.breakers)) yield { type: 'breakers', tenant, entries };
  for (const orders of chunked(state.orders)) yield { type: 'orders', tenant, orders };
  for (const streams of chunked(state.streams)) yield { type: 'streams', tenant, streams };
  for (const chains of chunked(state.delegations)) {
    yield { type: 'delegations', tenant, chains };
  }
  for (const ring of chunked(state.ring)) yield { type: 'ring', tenant, ring };
  for (const [memory, generations] of state.memories) {
    for (const generation of generations) {
      const each = generation.figures.length / (generation.words.length / 3);
      for (const [from, until] of spans(generation.count)) {
        const words = wordsText(generation, from, until);
        const figures = [...generation.figures.subarray(from * each, until * each)];
        const since = from === 0 ? { since: generation.since } : {};
        yield { type: 'hashes', tenant, memory, ...since, words, figures };
      }
    }
  }
  for (const pairs of chunked(state.aliases)) yield { type: 'aliases', tenant, pairs };
  for (const source of state.sources) yield { type: 'source', tenant, source };
  for (const chunk of chainChunks(state.chains)) yield { type: 'chains', tenant, chunk };
  for (const latest of chunked(state.feedback)) {
    yield { type: 'feedback', tenant, latest, counts: [] };
  }
  for (const counts of chunked(state.feedbackCounts)) {
    yield { type: 'feedback', tenant, latest: [], counts };
  }
  for (const reviews of chunked(state.reviews)) yield { type: 'reviews', tenant, reviews };
  for (const [detector, text] of state.detectors) {
    yield { type: 'detector', tenant, detector, state: JSON.parse(text) };
  }
  for (const [role, group] of state.peers) {
    yield { type: 'peers', tenant, role, practice: snapshotPractice(group) };
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

function restoreTenant(
  tenant: TenantState,
  chunk: Extract<SnapshotChunk, { readonly type: 'tenant' }>,
): void {
  tenant.posture = chunk.posture;
  tenant.config = chunk.config;
  tenant.grants = chunk.grants;
  tenant.wouldHaveTripped = chunk.wouldHaveTripped;
  for (const [key, until] of chunk.notices) tenant.notices.set(key, until);
  for (const [detector, count] of chunk.failures) tenant.failures.set(detector, count);
  for (const detector of chunk.slow ?? []) tenant.slow.add(detector);
  Object.assign(tenant.unjudged, chunk.unjudged);
  restoreStorm(tenant.storm, chunk.storm);
  tenant.grantsSeenAt = chunk.grantsSeenAt;
  for (const approval of chunk.approvals) tenant.approvals.set(approval.id, approval);
  tenant.board.feedSeq = chunk.feedSeq;
  tenant.board.epochFloor = chunk.epochFloor;
}

function restoreStorm(storm: StormState, { anomalous, rate, ...rest }: StormSnapshot): void {
  Object.assign(storm, rest);
  Object.assign(storm.rate, rate);
  for (const [agent, until] of anomalous) storm.anomalous.set(agent, until);
}

type BoardChunk = Extract<
  SnapshotChunk,
  { readonly type: 'breakers' | 'orders' | 'ring' | 'streams' }
>;

function restoreBoard({ board, streams }: TenantState, chunk: BoardChunk): void {
  if (chunk.type === 'breakers') for (const entry of chunk.entries) restoreEntry(board, entry);
  else if (chunk.type === 'ring') board.ring.push(...chunk.ring);
  else if (chunk.type === 'streams') {
    for (const state of chunk.streams) streams.set(state.stream.id, state);
  } else for (const order of chunk.orders) board.orders.set(breakerKeyText(order.key), order);
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
    for (const [tenant, seq] of chunk.erased ?? []) shard.erased.set(tenant, seq);
    return;
  }
  const tenant = shard.tenant(chunk.tenant, 'order');
  switch (chunk.type) {
    case 'tenant':
      restoreTenant(tenant, chunk);
      return;
    case 'breakers':
    case 'orders':
    case 'ring':
    case 'streams':
      restoreBoard(tenant, chunk);
      return;
    case 'delegations':
      for (const [chain, links] of chunk.chains) tenant.delegations.set(chain, links);
      return;
    case 'aliases':
      for (const [token, first] of chunk.pairs) tenant.aliases.set(token, first);
      return;
    case 'hashes':
      tenant.reports[chunk.memory].restore(
        {
          since: chunk.since ?? 0,
          count: chunk.words.length / 16,
          words: wordsOf(chunk.words),
          figures: Float64Array.from(chunk.figures),
        },
        chunk.since !== undefined,
      );
      return;
    case 'source':
      addSource(tenant.sources, chunk.source);
      return;
    case 'chains':
      restoreChains(tenant.chains, chunk.chunk);
      return;
    case 'feedback':
      for (const [finding, word] of chunk.latest) tenant.feedback.latest.set(finding, word);
      for (const [detector, counts] of chunk.counts) tenant.feedback.counts.set(detector, counts);
      return;
    case 'reviews':
      for (const review of chunk.reviews) tenant.reviews.set(review.id, review);
      return;
    case 'detector':
      tenant.detectors[chunk.detector] = chunk.state;
      return;
    case 'peers':
      tenant.peerGroups.set(
        chunk.role,
        restorePractice(LIMITS.practiceSlotsPerGroup, chunk.practice),
      );
      return;
    case 'agent':
      restoreAgent(tenant, chunk.agent, chunk.state);
  }
}

function restoreAgent(tenant: TenantState, id: string, state: PackedAgent): void {
  const agent = unpackAgent(state, tenant.places);
  tenant.hasGrown ||= isGrown(agent.baseline);
  tenant.agents.set(id, agent);
}
