import type { BreakerKey } from '../core/breaker.ts';
import type { BreakerConfig } from '../core/entry.ts';
import type { DetectionFamily, Finding, TripDecision } from '../core/finding.ts';
import { type EpochMs, MINUTE_MS } from '../core/time.ts';
import { type Agreement, agreementWith } from './breaker/agreement.ts';
import { hasRoomFor, isExempt, levelOf, stateOf } from './breaker/board.ts';
import { askBudget, budgetOf, spend } from './breaker/budget.ts';
import { displaceBreaker, openBreaker } from './breaker/moves.ts';
import { decide, decideAgreed, type PolicyAnswer, type PolicyFacts } from './breaker/policy.ts';
import { announce } from './breaker-timers.ts';
import { matchesGlob } from './detect/glob.ts';
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
import { activeAgents, raiseStorm, watchForStorm } from './storms.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/** Score from which an agent counts as anomalous, and how long its baseline then learns nothing. */
const ANOMALOUS_SCORE = 70;
const UNVOUCHED_SCORE_MAX = 49;
const QUARANTINE_MS = 10 * MINUTE_MS;
const SUSPEND = 4;
const AGREED_SCORE = 85;

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

  const { score } = verdict;
  const isExcepted = exception !== null;
  const evidence = { family: detector.family, detector: detector.id, score, mode, isExcepted };
  const facts = factsOf(tenant, agent, occasion, evidence);
  const answer = decide(event, verdict, facts);
  const decision = decisionOf(tenant, answer);
  const told = paged(findingOf(findingId, event, chain, judgement, decision), answer);
  // Whoever proposed the act waits for this finding: without it the answer would be yes.
  const isAnswer = event.phase === 'proposed' && detector.family === 'deterministic';
  const isCounted = !decision.tripped && !isAnswer;
  const count = isCounted ? countIdle(agent.flood, detector.id, loggedAt) : 'told';
  if (exception === null) {
    const isAnomalous = markAnomaly(agent, occasion, judgement, findingId, count === 'told');
    if (isAnomalous && detector.family !== 'deterministic') {
      watchForStorm(tenant, event.agent.id, agent.quarantinedUntil, loggedAt, effects);
    }
  }
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
  if (agreement !== null) suspend(tenant, agent, occasion, agreement, term, effects);
}

/** What the finding asked for; null where it asked for nothing or was held for its own reasons. */
function keyAsked(answer: PolicyAnswer): BreakerKey | null {
  return answer.trip ? answer.key : (answer.would?.key ?? null);
}

/** What is new, and what another family found of the same agent, are one incident. */
function suspend(
  tenant: TenantState,
  agent: AgentState,
  occasion: Occasion,
  agreement: Agreement,
  term: number,
  effects: Effects,
): void {
  const { key } = agreement.novelty;
  if (levelOf(stateOf(tenant.board, key)) >= SUSPEND) return;
  const evidence = { family: 'novelty', detector: FAMILIES_AGREE, score: AGREED_SCORE } as const;
  const facts = factsOf(tenant, agent, occasion, {
    ...evidence,
    mode: 'enforce',
    isExcepted: false,
  });
  const answer = decideAgreed(key, facts);
  const decision = decisionOf(tenant, answer);
  const told = paged(agreedFinding(effects.nextId, occasion, agreement, decision), answer);
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
    ...{ family: 'novelty', mode: 'enforce', level: 'critical', score: AGREED_SCORE },
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
  const state = stateOf(tenant.board, key);
  return state.phase !== 'probation' && levelOf(state) >= level
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
  const { key, level, cappedBy, displaces } = answer;
  const { board, storm, config } = tenant;
  const { breakers = {} } = config;
  const { dwellScale = 1 } = breakers;
  const cause = { time: event.time, eventId: event.id, logTime: loggedAt };
  if (cappedBy === 'storm') storm.lastSignAt = loggedAt;
  else if (cappedBy === 'over_budget' && family !== 'deterministic') {
    raiseStorm(tenant, 'budget_spent', loggedAt, effects);
  }
  if (displaces) {
    const yielded = displaceBreaker(board, displaces, cause, dwellScale);
    if (yielded) announce(tenant, yielded, null, term, effects);
  }
  const evidence = { score: told.score, source: event.source.deliveredBy };
  const opening = { level, reason: told.detector, class: family, findingId: told.id, actor: null };
  const held = levelOf(stateOf(board, key));
  const transition = openBreaker(board, key, { ...opening, ...evidence }, title, cause, dwellScale);
  if (!transition) return;
  if (transition.level >= SUSPEND && held < SUSPEND) {
    spend(storm.rate, budgetOf(breakers), family, loggedAt);
  }
  announce(tenant, transition, title, term, effects);
}

/** What the policy must know of the tenant and of the evidence. */
function factsOf(
  tenant: TenantState,
  agent: AgentState,
  { event, loggedAt }: Occasion,
  evidence: Pick<PolicyFacts, 'family' | 'mode' | 'isExcepted'> & {
    readonly detector: string;
    readonly score: number;
  },
): PolicyFacts {
  const { board, storm, posture } = tenant;
  const { breakers = {} } = tenant.config;
  const { family, mode, isExcepted, detector, score } = evidence;
  const grant = resolvedGrant(tenant, agent, event.agent.id);
  const source = event.source.deliveredBy;
  return {
    ...{ family, mode, isExcepted, posture, trust: event.source.trust },
    registered: grant !== null,
    isProtected: grant?.protected === true || isProtected(breakers, event.agent.id),
    inStorm: storm.since !== null,
    isExempt: (key) => isExempt(board, key),
    stateOf: (key) => stateOf(board, key),
    hasRoomFor: (key) => hasRoomFor(board, key),
    budget: (key) => {
      const active = activeAgents(tenant, loggedAt);
      const request = { key, family, detector, source, score };
      return askBudget(board, storm.rate, budgetOf(breakers), active, request, loggedAt);
    },
  };
}

function isProtected({ protectedAgents = [] }: BreakerConfig, agent: string): boolean {
  return protectedAgents.some((glob) => matchesGlob(glob, agent));
}

/** Nobody may find out in the morning that a protected agent should have been stopped. */
function paged(told: Finding, answer: PolicyAnswer): Finding {
  return answer.trip && answer.pages ? { ...told, level: 'critical' } : told;
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
): boolean {
  if (mode === 'shadow') return false;
  const vouched = event.source.trust !== 'agent';
  const score = vouched ? verdict.score : Math.min(verdict.score, UNVOUCHED_SCORE_MAX);
  const { id, family } = detector;
  const { dedupKey } = verdict;
  const told = { detector: id, family, finding, dedupKey, chain, score, vouched };
  if (isTold) addRisk(agent.risk, told, loggedAt);
  if (score < ANOMALOUS_SCORE) return false;
  agent.quarantinedUntil = loggedAt + QUARANTINE_MS;
  return true;
}
