import type { TripDecision } from '../core/finding.ts';
import { type EpochMs, MINUTE_MS } from '../core/time.ts';
import { attachRevocation, hasRoomFor, levelOf, openBreaker, stateOf } from './breaker/board.ts';
import { decide } from './breaker/policy.ts';
import { type Effects, revocationOf } from './effects.ts';
import { excepted, exceptionFor } from './exceptions.ts';
import {
  type FindingSubject,
  findingOf,
  type Judgement,
  resolvedGrant,
  tellAgainFrom,
} from './judge.ts';
import { addRisk } from './risk.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/** Score from which an agent counts as anomalous, and how long its baseline then learns nothing. */
const ANOMALOUS_SCORE = 70;
const UNVOUCHED_SCORE_MAX = 49;
const QUARANTINE_MS = 10 * MINUTE_MS;

/** What a judgement is about, when it was known, and the chain it is part of. */
export interface Occasion {
  readonly event: FindingSubject;
  readonly loggedAt: EpochMs;
  readonly chain: string;
}

/** Turns a judgement into a finding and, where the policy allows, into a trip. */
export function conclude(
  tenant: TenantState,
  agent: AgentState,
  { event, loggedAt, chain }: Occasion,
  given: Judgement,
  term: number,
  effects: Effects,
): void {
  const { exceptions } = tenant.config;
  const exception = exceptionFor(exceptions, given.detector.id, event, loggedAt);
  const judgement = exception === null ? given : excepted(given, exception);
  const { detector, mode, verdict } = judgement;
  if (exception === null) markAnomaly(agent, event, loggedAt, judgement);
  else tellAgainFrom(exception.expires, agent, judgement);

  const answer = decide(event, verdict, {
    family: detector.family,
    mode,
    posture: tenant.posture,
    trust: event.source.trust,
    registered: resolvedGrant(tenant, agent, event.agent.id) !== null,
    openAutomatic: tenant.board.automatic,
    hasRoomFor: (key) => hasRoomFor(tenant.board, key),
    agentsInTenant: tenant.agents.size,
    isExcepted: exception !== null,
  });
  const findingId = effects.nextId;
  if (!answer.trip) {
    if (answer.why === 'shadow') tenant.wouldHaveTripped += 1;
    const { why, would } = answer;
    const decision: TripDecision = { tripped: false, why, ...(would ? { would } : {}) };
    effects.finding(tenant.tenant, findingOf(findingId, event, chain, judgement, decision));
    return;
  }
  const { key, level, cappedBy } = answer;
  const alreadyOpen = levelOf(stateOf(tenant.board, key)) >= level;
  const decision: TripDecision = alreadyOpen
    ? { tripped: false, why: 'already_open', would: { key, level } }
    : { tripped: true, key, level, ...(cappedBy ? { cappedBy } : {}) };
  effects.finding(tenant.tenant, findingOf(findingId, event, chain, judgement, decision));
  const transition = openBreaker(
    tenant.board,
    key,
    { level, reason: detector.id, class: detector.family, findingId, actor: null },
    verdict.title,
    { time: event.time, eventId: event.id, logTime: loggedAt },
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
function markAnomaly(
  agent: AgentState,
  { source }: FindingSubject,
  loggedAt: EpochMs,
  { detector, mode, verdict }: Judgement,
): void {
  if (mode === 'shadow') return;
  const vouched = source.trust !== 'agent';
  const score = vouched ? verdict.score : Math.min(verdict.score, UNVOUCHED_SCORE_MAX);
  addRisk(agent.risk, detector.id, score, loggedAt);
  if (score >= ANOMALOUS_SCORE) agent.quarantinedUntil = loggedAt + QUARANTINE_MS;
}
