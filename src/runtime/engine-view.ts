import { type BreakerKey, breakerKeyText } from '../core/breaker.ts';
import type { BreakerOrder } from '../core/breaker-order.ts';
import type { ChainClock } from '../core/chain-links.ts';
import type { Effect } from '../core/entry.ts';
import type { Finding } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import { DAY_MS, type EpochMs } from '../core/time.ts';
import { viewOf } from '../engine/baseline/baseline.ts';
import type { BoardEntry } from '../engine/breaker/board.ts';
import { strictest } from '../engine/breaker/check.ts';
import { standingOrder } from '../engine/breaker/orders.ts';
import { chainClock, createSources } from '../engine/chain/sources.ts';
import { countsOf } from '../engine/feedback.ts';
import { resolvedGrant } from '../engine/judge.ts';
import { modeOf } from '../engine/registry.ts';
import { explainRisk, readRisk, riskScore } from '../engine/risk.ts';
import { withRules } from '../engine/rules/rule-registry.ts';
import { setAsideOf } from '../engine/set-aside.ts';
import type { Shard } from '../engine/shard.ts';
import type { AgentState, TenantState } from '../engine/tenant-state.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  AgentRisk,
  AgentView,
  BreakerDetail,
  DetectorView,
  EngineView,
  TenantView,
} from '../ports/engine-view.ts';
import type { Ledger } from '../ports/ledger.ts';
import { previewOf } from './breaker-preview.ts';
import type { FeedReaders } from './feed-readers.ts';
import type { IngestCounters } from './ingest.ts';
import type { LateOrders } from './late-orders.ts';
import type { Outbox } from './outbox.ts';
import type { Partition } from './partition.ts';
import { createRateMeter } from './rate-meter.ts';

export interface EngineViewOptions {
  readonly partition: Partition;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly readers: FeedReaders;
  readonly late: LateOrders;
  readonly counters: IngestCounters;
  readonly clock: Clock;
}

/** Who is told of breakers, and who has not answered. */
type Points = Pick<EngineViewOptions, 'outbox' | 'readers' | 'late'>;

/** History shorter than this is still being learned. */
const LEARNING_MS = DAY_MS;

/** Reads of the live engine, as plain values. */
export function createEngineView(options: EngineViewOptions): EngineView {
  const { partition, ledger, outbox, readers, late, counters, clock } = options;
  const points = { outbox, readers, late };
  const { shard } = partition;
  const findingListeners = new Set<(finding: Finding) => void>();
  const delays: number[] = [];
  let delivered = 0;
  const rate = createRateMeter(clock);

  partition.onCommitted(({ effects, folded }) => {
    let inputs = 0;
    for (const entry of folded) {
      if (entry.kind === 'input') inputs += 1;
      if (entry.kind !== 'ack') continue;
      delivered += 1 + (entry.body.others?.length ?? 0);
      const openedAt = shard.openedAt(entry.body.key, entry.body.epoch);
      if (openedAt === null) continue;
      delays.push(Math.max(0, entry.loggedAt - openedAt));
      if (delays.length > LIMITS.acknowledgeDelaysKept) delays.shift();
    }
    rate.add(inputs);
    tellFindings(effects, findingListeners);
  });

  return {
    get term() {
      return shard.term;
    },
    get ledgerHead() {
      const { seq, hash } = ledger.head;
      return { seq, hash, unrecorded: partition.unrecorded };
    },
    tenants: () => tenantViews(shard, points),
    agents: (tenants) => agentViews(shard, tenants),
    agent: (tenantId, id) => agentOf(shard, tenantId, id),
    risks: (tenantId) => agentRisks(shard, tenantId),
    detectors: (tenants) =>
      selected(shard, tenants).flatMap((tenant) => detectorViews(shard, tenant)),
    feedback: (tenant, finding) => shard.tenants.get(tenant)?.feedback.latest.get(finding) ?? null,
    chainClock: (tenant) => chainClockOf(shard, tenant, clock.now()),
    breakers: (tenants, includeClosed) =>
      [...shard.tenants.values()]
        .filter(({ tenant }) => tenants === '*' || tenants.includes(tenant))
        .flatMap((tenant) => breakerDetails(shard, tenant, points, includeClosed)),
    breaker: (key) => breakerOf(shard, points, key),
    preview: (key, level) => {
      const told = new Set([...outbox.serving(key), ...readers.of(key.tenant)]);
      return previewOf(shard, key, level, [...told]);
    },
    approvals: (tenants) => approvalsOf(shard, tenants, clock.now()),
    onFinding(listener) {
      findingListeners.add(listener);
      return () => findingListeners.delete(listener);
    },
    counters: () => ({
      ...counters,
      perSecond: rate.perSecond(),
      delivered,
      unacknowledged: outbox.unacknowledged,
      acknowledgeDelaysMs: [...delays],
    }),
  };
}

function agentViews(shard: Shard, tenants: readonly string[] | '*'): readonly AgentView[] {
  return selected(shard, tenants)
    .flatMap((tenant) => {
      const levels = levelsByAgent(tenant);
      return [...tenant.agents].map(([id, agent]) =>
        agentView(shard, tenant, id, agent, levels.get(id) ?? 0),
      );
    })
    .sort((a, b) => b.level - a.level || b.risk - a.risk || (a.agent < b.agent ? -1 : 1));
}

function approvalsOf(shard: Shard, tenants: readonly string[] | '*', now: EpochMs) {
  return [...shard.tenants.values()]
    .filter(({ tenant }) => tenants === '*' || tenants.includes(tenant))
    .flatMap(({ approvals }) => [...approvals.values()])
    .filter(({ expiresAt }) => expiresAt > now);
}

/** The log may stand still for want of events while the grace passes. */
function chainClockOf(shard: Shard, id: string, now: number): ChainClock {
  const tenant = shard.tenants.get(id);
  const sources = tenant?.chains.sources ?? createSources();
  const graceMs = tenant?.config.chains?.decisionGraceMs;
  return chainClock(sources, Math.max(shard.logTime, now), graceMs);
}

function selected(shard: Shard, tenants: readonly string[] | '*'): readonly TenantState[] {
  const all = [...shard.tenants.values()].filter(isShown);
  return tenants === '*' ? all : all.filter(({ tenant }) => tenants.includes(tenant));
}

/** The process's own bucket has no agents and is nobody's tenant. */
function isShown(tenant: TenantState): boolean {
  return !tenant.tenant.startsWith('_') || tenant.agents.size > 0;
}

function tenantViews(shard: Shard, points: Points): readonly TenantView[] {
  const standing = (key: BreakerKey) => {
    const found = breakerOf(shard, points, key);
    return found && { epoch: found.state.epoch, awaiting: found.awaiting };
  };
  return [...shard.tenants.values()]
    .filter(isShown)
    .map((each) => tenantView(each, points.late.count(each.tenant, standing)));
}

function tenantView(tenant: TenantState, lateBreakers: number): TenantView {
  const { since, cause } = tenant.storm;
  let openBreakers = 0;
  for (const { state } of tenant.board.entries.values())
    if (state.phase !== 'closed') openBreakers += 1;
  return {
    tenant: tenant.tenant,
    posture: tenant.posture,
    storm: since === null ? null : { since, cause: cause ?? 'unknown' },
    singleOperator: tenant.config.breakers?.singleOperator ?? false,
    agents: tenant.agents.size,
    openBreakers,
    lateBreakers,
    wouldHaveTripped: tenant.wouldHaveTripped,
  };
}

function agentOf(shard: Shard, tenantId: string, id: string): AgentView | null {
  const tenant = shard.tenants.get(tenantId);
  const agent = tenant?.agents.get(id);
  if (!tenant || !agent) return null;
  return agentView(shard, tenant, id, agent, levelsByAgent(tenant).get(id) ?? 0);
}

function agentRisks(shard: Shard, id: string): readonly AgentRisk[] {
  const tenant = shard.tenants.get(id);
  if (!tenant) return [];
  const held = levelsByAgent(tenant);
  const risks: AgentRisk[] = [];
  for (const [agent, { risk: marks }] of tenant.agents) {
    const risk = riskScore(marks, shard.logTime);
    const own = strictest(tenant.board, undefined, { tenant: id, agent });
    const level = Math.max(own?.state.level ?? 0, held.get(agent) ?? 0);
    if (risk > 0 || level > 0) risks.push({ agent, risk, level });
  }
  return risks;
}

/** Highest level of any breaker that names an agent beside its own key: sessions, tools, chains. */
function levelsByAgent(tenant: TenantState): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  for (const { key, state } of tenant.board.entries.values()) {
    if (key.agent === undefined || state.phase === 'closed') continue;
    levels.set(key.agent, Math.max(levels.get(key.agent) ?? 0, state.level));
  }
  return levels;
}

function agentView(
  shard: Shard,
  tenant: TenantState,
  id: string,
  agent: AgentState,
  heldLevel: number,
): AgentView {
  const { logTime } = shard;
  const reading = readRisk(agent.risk, logTime);
  const baseline = viewOf(agent.baseline, agent.lastSeen);
  const own = strictest(tenant.board, undefined, { tenant: tenant.tenant, agent: id });
  const level = Math.max(own?.state.level ?? 0, heldLevel);
  return {
    tenant: tenant.tenant,
    agent: id,
    posture: tenant.posture,
    risk: reading.risk,
    riskParts: reading.parts,
    riskExplanation: explainRisk(reading),
    level,
    grant: resolvedGrant(tenant, agent, id),
    firstSeen: agent.firstSeen,
    lastSeen: agent.lastSeen,
    baselineAgeMs: baseline.ageMs,
    learning: baseline.ageMs < LEARNING_MS,
    calls: agent.calls,
    coverage: withRules(shard.registry, tenant.config)
      .detectors.map((detector) => ({
        detector: detector.id,
        mode: modeOf(detector, tenant.config, id),
        blind: agent.memory.coverageOf(detector.id) ?? null,
      }))
      .filter(({ mode }) => mode !== 'off'),
  };
}

function detectorViews(shard: Shard, tenant: TenantState): readonly DetectorView[] {
  const rules = new Set(tenant.config.rules?.map(({ id }) => id));
  const { detectors } = withRules(shard.registry, tenant.config);
  return detectors.map((detector) => {
    const { id, title, family } = detector;
    let blind = 0;
    let agents = 0;
    for (const { memory } of tenant.agents.values()) {
      const lacking = memory.coverageOf(id);
      if (lacking === undefined) continue;
      agents += 1;
      if (lacking !== null) blind += 1;
    }
    const mode = modeOf(detector, tenant.config, '');
    const source = rules.has(id) ? 'rule' : (shard.registry.sources?.get(id) ?? 'built-in');
    const feedback = countsOf(tenant.feedback, id);
    const setAside = setAsideOf(tenant, detector);
    const named = { tenant: tenant.tenant, id, title, family };
    return { ...named, source, mode, setAside, blind, agents, feedback };
  });
}

/** The enforcement points that have not acknowledged an order and should. */
export function awaitingOf(
  order: BreakerOrder,
  acknowledgedBy: readonly string[],
  outbox: Outbox,
  brokers: readonly string[],
): readonly string[] {
  // The feed tells its brokers of every level, and they acknowledge every opening.
  const owing = new Set([
    ...outbox.receiversOf(order),
    ...(order.phase === 'closed' ? [] : brokers),
  ]);
  for (const name of acknowledgedBy) owing.delete(name);
  return [...owing];
}

function breakerDetails(
  shard: Shard,
  tenant: TenantState,
  points: Points,
  includeClosed: boolean,
): readonly BreakerDetail[] {
  const brokers = points.readers.of(tenant.tenant);
  return [...tenant.board.entries.values()]
    .filter(({ state }) => state.phase !== 'closed' || includeClosed)
    .map((entry) => breakerDetail(shard, tenant, points, brokers, entry));
}

function tellFindings(
  effects: readonly Effect[],
  listeners: ReadonlySet<(finding: Finding) => void>,
): void {
  for (const effect of effects) {
    if (effect.kind !== 'finding') continue;
    for (const listener of listeners) listener(effect.decision);
  }
}

function breakerOf(shard: Shard, points: Points, key: BreakerKey): BreakerDetail | null {
  const tenant = shard.tenants.get(key.tenant);
  const entry = tenant?.board.entries.get(breakerKeyText(key));
  if (!tenant || !entry) return null;
  return breakerDetail(shard, tenant, points, points.readers.of(key.tenant), entry);
}

function breakerDetail(
  shard: Shard,
  tenant: TenantState,
  { outbox, late: lateOrders }: Points,
  brokers: readonly string[],
  { key, state, title, acknowledgedBy }: BoardEntry,
): BreakerDetail {
  const standing = standingOrder(tenant.board, key);
  const awaiting = standing ? awaitingOf(standing.order, acknowledgedBy, outbox, brokers) : [];
  const late = lateOrders.among(key, state.epoch, awaiting);
  return { key, state, title, term: shard.term, acknowledgedBy, awaiting, late };
}
