import type { BreakerKey } from '../core/breaker.ts';
import type { DetectionFamily, Finding, TripDecision } from '../core/finding.ts';
import { type EpochMs, MINUTE_MS } from '../core/time.ts';
import { type Agreement, agreementWith } from './breaker/agreement.ts';
import { hasRoomFor, levelOf, stateOf } from './breaker/board.ts';
import { openBreaker } from './breaker/moves.ts';
import { decide, decideAgreed, type PolicyAnswer, type PolicyFacts } from './breaker/policy.ts';
import { announce } from './breaker-timers.ts';
import { shownName } from './detect/tool-name.ts';
import type { Effects } from './effects.ts';
import { excepted, exceptionFor } from './exceptions.ts';
import { countIdle, floodOf } from './finding-flood.ts';
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
const SUSPEND = 4;

/** Detector named by the finding that two families agree. */
const FAMILIES_AGREE = 'families_agree';

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
  occasion: Occasion,
  given: Judgement,
  term: number,
  effects: Effects,
): void {
  const { event, loggedAt, chain } = occasion;
  const { exceptions } = tenant.config;
  const exception = exceptionFor(exceptions, given.detector.id, event, loggedAt);
  const judgement = exception === null ? given : excepted(given, exception);
  const { detector, mode, verdict } = judgement;
  const findingId = effects.nextId;
  if (exception !== null) tellAgainFrom(exception.expires, agent, judgement);

  const facts: PolicyFacts = {
    family: detector.family,
    mode,
    posture: tenant.posture,
    trust: event.source.trust,
    registered: resolvedGrant(tenant, agent, event.agent.id) !== null,
    openAutomatic: {
      deterministic: tenant.board.automatic.proven.size,
      statistical: tenant.board.automatic.statistical.size,
      novelty: tenant.board.automatic.statistical.size,
    },
    hasRoomFor: (key) => hasRoomFor(tenant.board, key),
    agentsInTenant: tenant.agents.size,
    isExcepted: exception !== null,
  };
  const answer = decide(event, verdict, facts);
  const decision = decisionOf(tenant, answer);
  const told = findingOf(findingId, event, chain, judgement, decision);
  const count = decision.tripped ? 'told' : countIdle(agent.flood, detector.id, loggedAt);
  if (exception === null) markAnomaly(agent, occasion, judgement, findingId, count === 'told');
  if (count !== 'told') {
    if (!answer.trip && answer.why === 'shadow') tenant.wouldHaveTripped += 1;
    if (count === 'first') effects.finding(tenant.tenant, floodOf(told));
    return;
  }
  const { family } = detector;
  act(tenant, occasion, told, { answer, family, title: verdict.title }, term, effects);
  const key = keyAsked(answer);
  if (key === null || mode !== 'enforce' || facts.trust === 'agent' || exception !== null) return;
  const witness = {
    ...{ family, detector: detector.id, finding: findingId, key, at: loggedAt },
  };
  const agreement = agreementWith(agent.agreement, witness);
  if (agreement !== null) suspend(tenant, occasion, agreement, facts, term, effects);
}

/** What the finding asked for; null where it asked for nothing or was held for its own reasons. */
function keyAsked(answer: PolicyAnswer): BreakerKey | null {
  return answer.trip ? answer.key : (answer.would?.key ?? null);
}

/** What is new, and what another family found of the same agent, are one incident. */
function suspend(
  tenant: TenantState,
  occasion: Occasion,
  agreement: Agreement,
  facts: PolicyFacts,
  term: number,
  effects: Effects,
): void {
  const { key } = agreement.novelty;
  if (levelOf(stateOf(tenant.board, key)) >= SUSPEND) return;
  const answer = decideAgreed(key, facts);
  const decision = decisionOf(tenant, answer);
  const told = agreedFinding(effects.nextId, occasion, agreement, decision);
  const { title } = told;
  act(tenant, occasion, told, { answer, family: 'novelty', title }, term, effects);
}

function agreedFinding(
  id: string,
  { event, chain }: Occasion,
  { novelty, other }: Agreement,
  decision: TripDecision,
): Finding {
  const [one, two] = [shownName(novelty.detector), shownName(other.detector)];
  return {
    ...{ id, time: event.time, eventId: event.id, tenant: event.tenant.id, agent: event.agent.id },
    ...(event.session?.id === undefined ? {} : { session: event.session.id }),
    ...{ chain, detector: FAMILIES_AGREE, detectorVersion: 1 },
    ...{ family: 'novelty', mode: 'enforce', level: 'critical', score: 85 },
    ...{ actual: null, typical: null, probability: null },
    title: `Something new, and ${two} at the same time: the ${novelty.key.kind} is suspended`,
    explanation:
      `${one} found something this agent never did before, which alone only asks a person. ` +
      `Within minutes ${two}, which looks at other things, found something too.`,
    evidence: {
      events: [event.id],
      measures: { apart_s: Math.round(Math.abs(novelty.at - other.at) / 1_000) },
      facts: {
        novelty: novelty.detector,
        novelty_finding: novelty.finding,
        other: other.detector,
        other_family: other.family,
        other_finding: other.finding,
      },
    },
    decision,
  };
}

function decisionOf(tenant: TenantState, answer: PolicyAnswer): TripDecision {
  if (!answer.trip) {
    const { why, would } = answer;
    return { tripped: false, why, ...(would ? { would } : {}) };
  }
  const { key, level, cappedBy } = answer;
  return levelOf(stateOf(tenant.board, key)) >= level
    ? { tripped: false, why: 'already_open', would: { key, level } }
    : { tripped: true, key, level, ...(cappedBy ? { cappedBy } : {}) };
}

/** Records the finding, and what it opens with what that revokes. */
function act(
  tenant: TenantState,
  { event, loggedAt }: Occasion,
  told: Finding,
  by: {
    readonly answer: PolicyAnswer;
    readonly family: DetectionFamily;
    readonly title: string;
  },
  term: number,
  effects: Effects,
): void {
  const { answer, family, title } = by;
  effects.finding(tenant.tenant, told);
  if (!answer.trip) {
    if (answer.why === 'shadow') tenant.wouldHaveTripped += 1;
    return;
  }
  const { key, level } = answer;
  const transition = openBreaker(
    tenant.board,
    key,
    { level, reason: told.detector, class: family, findingId: told.id, actor: null },
    title,
    { time: event.time, eventId: event.id, logTime: loggedAt },
  );
  if (transition) announce(tenant, transition, title, term, effects);
}

/**
 * Raises the risk and keeps the anomaly out of the baseline. Shadow detectors do neither; an
 * agent's own word, which anybody may put into its mouth, raises a bounded risk, freezes nothing.
 */
function markAnomaly(
  agent: AgentState,
  { event, loggedAt, chain }: Occasion,
  { detector, mode, verdict }: Judgement,
  finding: string,
  isTold: boolean,
): void {
  if (mode === 'shadow') return;
  const vouched = event.source.trust !== 'agent';
  const score = vouched ? verdict.score : Math.min(verdict.score, UNVOUCHED_SCORE_MAX);
  const { id, family } = detector;
  const { dedupKey } = verdict;
  const told = { detector: id, family, finding, dedupKey, chain, score, vouched };
  if (isTold) addRisk(agent.risk, told, loggedAt);
  if (score >= ANOMALOUS_SCORE) agent.quarantinedUntil = loggedAt + QUARANTINE_MS;
}
