import type { AccessEvent } from '../core/access-event.ts';
import { chainIdOf } from '../core/access-event.ts';
import type { InputEntry } from '../core/entry.ts';
import type { DetectionFamily, Finding, TripDecision } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import { MINUTE_MS } from '../core/time.ts';
import { measuresOf } from './baseline/agent-baseline.ts';
import { observeBaseline } from './baseline/baseline.ts';
import { attachRevocation, levelOf, openBreaker, stateOf } from './breaker/board.ts';
import { decide } from './breaker/policy.ts';
import { type Effects, REVOKING_LEVEL, revocationOf } from './effects.ts';
import { firstReport, identityOf, type Novelty, remember } from './idempotency.ts';
import { findingOf, type Judgement, judge, resolvedGrant } from './judge.ts';
import type { Registry } from './registry.ts';
import { addRisk } from './risk.ts';
import { observeSource } from './source/watch.ts';
import { type AgentState, createAgent, type TenantState } from './tenant-state.ts';

/** Score from which an agent counts as anomalous, and how long its baseline then learns nothing. */
const ANOMALOUS_SCORE = 70;
const UNVOUCHED_SCORE_MAX = 49;
const QUARANTINE_MS = 10 * MINUTE_MS;

/** Folds one event into its tenant. */
export function foldInput(
  registry: Registry,
  tenant: TenantState,
  entry: InputEntry,
  term: number,
  effects: Effects,
): void {
  const event = entry.body;
  const novelty = noveltyOf(tenant, entry);
  observeSource(tenant, entry, novelty, effects);
  if (novelty === 'duplicate') return;
  const agent = agentOf(tenant, event, entry.loggedAt);
  if (!agent) return;
  if (novelty === 'id_conflict') effects.finding(tenant.tenant, idConflict(effects.nextId, event));

  const counted = isCounted(tenant, event, entry.loggedAt);
  if (counted) {
    agent.calls += 1;
    const learn = entry.loggedAt >= agent.quarantinedUntil && !isTripped(tenant, event);
    observeBaseline(agent.baseline, measuresOf(event), event.time, { learn });
  }
  const judgements = judge(registry, tenant, agent, event, counted, entry.loggedAt);
  if (event.history) {
    agent.openFindings.clear();
    return;
  }
  for (const judgement of judgements) {
    conclude(tenant, agent, entry, judgement, term, effects);
  }
}

/** A proposal is a question: asked again, it is answered again. */
function noveltyOf({ eventIds }: TenantState, { body, contentHash }: InputEntry): Novelty {
  if (body.phase === 'proposed') return 'new';
  return remember(eventIds, identityOf(body), contentHash);
}

/** Turns a judgement into a finding and, where the policy allows, into a trip. */
function conclude(
  tenant: TenantState,
  agent: AgentState,
  entry: InputEntry,
  judgement: Judgement,
  term: number,
  effects: Effects,
): void {
  const event = entry.body;
  const { detector, mode, verdict } = judgement;
  markAnomaly(agent, entry, judgement);

  const answer = decide(event, verdict, {
    family: detector.family,
    mode,
    posture: tenant.posture,
    trust: event.source.trust,
    registered: resolvedGrant(tenant, agent, event.agent.id) !== null,
    openAutomatic: () => openAutomatic(tenant),
    agentsInTenant: tenant.agents.size,
  });
  const findingId = effects.nextId;
  if (!answer.trip) {
    if (answer.why === 'shadow') tenant.wouldHaveTripped += 1;
    const { why, would } = answer;
    const decision: TripDecision = { tripped: false, why, ...(would ? { would } : {}) };
    effects.finding(tenant.tenant, findingOf(findingId, event, judgement, decision));
    return;
  }
  const { key, level, cappedBy } = answer;
  const alreadyOpen = levelOf(stateOf(tenant.board, key)) >= level;
  const decision: TripDecision = alreadyOpen
    ? { tripped: false, why: 'already_open', would: { key, level } }
    : { tripped: true, key, level, ...(cappedBy ? { cappedBy } : {}) };
  effects.finding(tenant.tenant, findingOf(findingId, event, judgement, decision));
  const transition = openBreaker(
    tenant.board,
    key,
    { level, reason: detector.id, class: detector.family, findingId, actor: null },
    verdict.title,
    { time: event.time, eventId: event.id, logTime: entry.loggedAt },
  );
  if (!transition) return;
  effects.transition(tenant.tenant, transition);
  const revocation = revocationOf(transition, verdict.title, term, effects.nextId);
  if (!revocation) return;
  attachRevocation(tenant.board, revocation);
  effects.revocation(tenant.tenant, revocation);
}

/**
 * Raises the risk and keeps the anomaly out of the baseline. Shadow detectors do neither; an
 * agent's own word, which anybody may put into its mouth, raises a bounded risk, freezes nothing.
 */
function markAnomaly(agent: AgentState, entry: InputEntry, { detector, mode, verdict }: Judgement) {
  if (mode === 'shadow') return;
  const vouched = entry.body.source.trust !== 'agent';
  const score = vouched ? verdict.score : Math.min(verdict.score, UNVOUCHED_SCORE_MAX);
  addRisk(agent.risk, detector.id, score, entry.loggedAt);
  if (score >= ANOMALOUS_SCORE) agent.quarantinedUntil = entry.loggedAt + QUARANTINE_MS;
}

function agentOf(tenant: TenantState, event: AccessEvent, logTime: number): AgentState | null {
  const known = tenant.agents.get(event.agent.id);
  if (known) {
    known.lastSeen = Math.max(known.lastSeen, event.time);
    return known;
  }
  if (tenant.agents.size >= LIMITS.agentsPerTenant && !forgetIdleAgent(tenant, logTime))
    return null;
  const agent = createAgent(event.time);
  tenant.agents.set(event.agent.id, agent);
  return agent;
}

/** Makes room by forgetting the agent that came first, if it is neither tripped nor registered. */
function forgetIdleAgent(tenant: TenantState, logTime: number): boolean {
  for (const [id, agent] of tenant.agents) {
    if (resolvedGrant(tenant, agent, id) || agent.quarantinedUntil > logTime) continue;
    tenant.agents.delete(id);
    return true;
  }
  return false;
}

/** Second reports, proposals and late arrivals are kept for the record but move no window. */
function isCounted(tenant: TenantState, event: AccessEvent, logTime: number): boolean {
  if (event.phase === 'proposed' || !firstReport(tenant.actions, event)) return false;
  return event.history === true || event.time >= logTime - LIMITS.latenessMs;
}

function isTripped(tenant: TenantState, event: AccessEvent): boolean {
  const { id: tenantId } = event.tenant;
  const key = { tenant: tenantId, kind: 'agent', id: event.agent.id } as const;
  return levelOf(stateOf(tenant.board, key)) > 0;
}

function openAutomatic(tenant: TenantState): Record<DetectionFamily, number> {
  const open = { deterministic: 0, statistical: 0, novelty: 0 };
  for (const { state } of tenant.board.entries.values()) {
    if (state.phase !== 'open' || state.level < REVOKING_LEVEL) continue;
    if (state.class in open) open[state.class as DetectionFamily] += 1;
  }
  return open;
}

/** The same id with other content: either a broken sender or somebody rewriting the record. */
function idConflict(id: string, event: AccessEvent): Finding {
  return {
    id,
    time: event.time,
    eventId: event.id,
    tenant: event.tenant.id,
    agent: event.agent.id,
    chain: chainIdOf(event),
    detector: 'id_conflict',
    detectorVersion: 1,
    family: 'deterministic',
    mode: 'alert',
    level: 'medium',
    score: 20,
    actual: null,
    typical: null,
    probability: null,
    title: 'The same event id arrived twice with different content',
    explanation:
      'A sender reported this id before with other content. Both are kept. Either the sender ' +
      'reuses ids, or somebody rewrote a record.',
    evidence: { events: [event.id], measures: {}, facts: { sender: event.source.deliveredBy } },
    decision: { tripped: false, why: 'below_threshold' },
  };
}
