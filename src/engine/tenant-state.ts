import type { Approval } from '../core/approval.ts';
import type { TenantConfig } from '../core/entry.ts';
import type { AgentGrant, GrantSet } from '../core/grant.ts';
import { LIMITS } from '../core/limits.ts';
import type { StreamState } from '../core/signal-stream.ts';
import type { EpochMs } from '../core/time.ts';
import { type BaselineState, createBaselineState } from './baseline/baseline.ts';
import type { PeerPriors } from './baseline/borrowed-rate.ts';
import type { AgreementState } from './breaker/agreement.ts';
import { type BoardState, createBoard } from './breaker/board.ts';
import type { DelegationState } from './breaker/delegations.ts';
import type { PersistingState } from './breaker/persistence.ts';
import { createStorm, type StormState } from './breaker/storm.ts';
import { type ChainIndex, createChainIndex } from './chain/chain-index.ts';
import { DetectorMemory, DetectorPlaces } from './detector-memory.ts';
import { createFeedback, type FeedbackState } from './feedback.ts';
import { createFindingFlood, type FindingFlood } from './finding-flood.ts';
import { createReports, type Reports } from './idempotency.ts';
import type { LiveName } from './live-names.ts';
import { createNameFlood, type NameFlood } from './name-flood.ts';
import { createPractice, type PracticeState } from './practice/practice.ts';
import type { Dispatch, Registry } from './registry.ts';
import type { ReviewState } from './reviews.ts';
import type { RiskState } from './risk.ts';
import { createSources, type SourcesState } from './source/sources.ts';
import { renamed, type TokenAliases } from './token-aliases.ts';

/** A finding still open for its deduplication key: repeats within `until` are not told again. */
export interface OpenFinding {
  readonly until: EpochMs;
  readonly level: number;
  /** Told on more than the agent's own word. */
  readonly vouched: boolean;
}

/** Why an event was recorded but not judged, or not wholly. */
export const UNJUDGED = ['late', 'ahead', 'agents', 'tenants', 'detector', 'entry'] as const;
export type Unjudged = (typeof UNJUDGED)[number];

/** A snapshot being taken: told of an agent before it changes, it writes the agent down first. */
export interface Cut {
  keep(agent: AgentState): void;
  /** Leaves out what is not read yet of an erased tenant. */
  forget(tenant: string): void;
  /** Writes down what is left and lets go of the state. Safe twice. */
  end(): void;
}

/** Everything the engine knows of one agent. Plain and bounded; one snapshot chunk. */
export interface AgentState {
  readonly firstSeen: EpochMs;
  lastSeen: EpochMs;
  /** Log time at which it last moved to the end of the line of agents. */
  touchedAt: EpochMs;
  /** Somebody but the agent itself has reported it. */
  vouched: boolean;
  calls: number;
  baseline: BaselineState;
  practice: PracticeState;
  /** State of each detector whose scope is the agent, and the latest judgement of every one. */
  readonly memory: DetectorMemory;
  readonly risk: RiskState;
  /** By a hash of detector and key: names that a sender chose are longer than all the rest. */
  readonly openFindings: Map<number, OpenFinding>;
  readonly persisting: PersistingState;
  /** What it acts with, the latest last. */
  readonly live: LiveName[];
  readonly agreement: AgreementState;
  readonly flood: FindingFlood;
  readonly newNames: NameFlood;
  /** Log time until which the baseline learns nothing, because the agent looks anomalous. */
  quarantinedUntil: EpochMs;
  /** Resolved grant; undefined until first needed and after the grants change. */
  grant: AgentGrant | null | undefined;
}

/** Everything of one tenant. Nothing here is ever read for another tenant (invariant 10). */
export interface TenantState {
  readonly tenant: string;
  posture: 'shadow' | 'enforce';
  config: TenantConfig;
  grants: GrantSet;
  /** Heard of least lately first, by log time. */
  readonly agents: Map<string, AgentState>;
  /** What the agents of a role are known to do, by role. */
  readonly peerGroups: Map<string, PracticeState>;
  readonly board: BoardState;
  readonly storm: StormState;
  /** Orders that wait for a second person, by id, the oldest first. */
  readonly approvals: Map<string, Approval>;
  /** Log time up to which grants that ended have been looked at. */
  grantsSeenAt: EpochMs;
  readonly reports: Reports;
  /** Pseudonyms by the key that gave them first; empty until a key rotates. */
  readonly aliases: TokenAliases;
  readonly sources: SourcesState;
  /** Log time until which the engine does not tell a thing again. */
  readonly notices: Map<string, EpochMs>;
  /** Failures by detector and version since the configuration changed. */
  readonly failures: Map<string, number>;
  /** Detectors with their versions that the log says took too long, as long. */
  readonly slow: Set<string>;
  /** Whether any agent ever had a day of its own: until then none can lend its rates. Derived. */
  hasGrown: boolean;
  /** Events that were recorded but not judged, by reason. */
  readonly unjudged: Record<Unjudged, number>;
  /** The snapshot being taken, if any; no part of the state. */
  cut: Cut | null;
  readonly chains: ChainIndex;
  /** Who works for whom, by chain. */
  readonly delegations: DelegationState;
  /** Where detectors have their places in the memory of agents. Derived. */
  readonly places: DetectorPlaces;
  /** How the detectors of each registry are set. Derived. */
  readonly dispatches: Map<Registry, Dispatch>;
  /** State of each detector whose scope is the tenant or the chain, by its id. */
  readonly detectors: Record<string, unknown>;
  /** Findings that enforcement would have acted on, while in shadow. */
  wouldHaveTripped: number;
  /** What people said of findings. */
  readonly feedback: FeedbackState;
  /** Requests that people are asked to look at. */
  readonly reviews: ReviewState;
  /** Streams of security events, by id. */
  readonly streams: Map<string, StreamState>;
}

export function createTenant(
  tenant: string,
  posture: 'shadow' | 'enforce',
  given: Pick<TenantState, 'config' | 'grants'>,
): TenantState {
  return {
    tenant,
    posture,
    ...given,
    agents: new Map(),
    peerGroups: new Map(),
    board: createBoard(),
    storm: createStorm(),
    approvals: new Map(),
    grantsSeenAt: 0,
    reports: createReports(),
    aliases: new Map(),
    sources: createSources(),
    notices: new Map(),
    failures: new Map(),
    slow: new Set(),
    unjudged: { late: 0, ahead: 0, agents: 0, tenants: 0, detector: 0, entry: 0 },
    hasGrown: false,
    cut: null,
    chains: createChainIndex(),
    delegations: new Map(),
    places: new DetectorPlaces(),
    dispatches: new Map(),
    detectors: {},
    wouldHaveTripped: 0,
    feedback: createFeedback(),
    reviews: new Map(),
    streams: new Map(),
  };
}

/** Sets the grants, their tokens under first names; agents look their own up again. */
export function takeGrants(tenant: TenantState, given: GrantSet): void {
  const grants = renamed(tenant.aliases, given) as GrantSet;
  if (grants === tenant.grants) return;
  tenant.grants = grants;
  for (const agent of tenant.agents.values()) agent.grant = undefined;
}

export function createAgent(
  firstSeen: EpochMs,
  touchedAt: EpochMs,
  vouched: boolean,
  peers: PeerPriors | null = null,
  places: DetectorPlaces = new DetectorPlaces(),
): AgentState {
  return {
    firstSeen,
    lastSeen: firstSeen,
    touchedAt,
    vouched,
    calls: 0,
    baseline: createBaselineState(peers),
    practice: createPractice(LIMITS.practiceSlotsPerAgent),
    memory: new DetectorMemory(places),
    risk: [],
    openFindings: new Map(),
    persisting: new Map(),
    live: [],
    agreement: { novelty: null, other: null },
    flood: createFindingFlood(),
    newNames: createNameFlood(),
    quarantinedUntil: 0,
    grant: undefined,
  };
}

/** The peers of a role, or null where there is no role or no room for another one. */
export function peersOf(tenant: TenantState, role: string | undefined): PracticeState | null {
  if (role === undefined) return null;
  const known = tenant.peerGroups.get(role);
  if (known) return known;
  if (tenant.peerGroups.size >= LIMITS.peerGroupsPerTenant) return null;
  const group = createPractice(LIMITS.practiceSlotsPerGroup);
  tenant.peerGroups.set(role, group);
  return group;
}
