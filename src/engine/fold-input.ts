import type { AccessEvent, EventKind } from '../core/access-event.ts';
import { type InputEntry, OWN_FORMAT } from '../core/entry.ts';
import type { TripDecision } from '../core/finding.ts';
import { MINUTE_MS } from '../core/time.ts';
import { isGrown, observeBaseline } from './baseline/baseline.ts';
import {
  attachRevocation,
  hasRoomFor,
  isQuiet,
  levelOf,
  openBreaker,
  stateOf,
} from './breaker/board.ts';
import { strictest } from './breaker/check.ts';
import type { Subject } from './breaker/match-index.ts';
import { decide } from './breaker/policy.ts';
import { assignChain } from './chain/chain-index.ts';
import { holdStep } from './chain/held-steps.ts';
import { hear } from './chain/sources.ts';
import { wentThrough } from './detect/outcome.ts';
import { type Effects, revocationOf } from './effects.ts';
import { TIME_BLIND, type TimeFault, timeFaultOf, windowTimeOf } from './event-time.ts';
import { excepted, exceptionFor } from './exceptions.ts';
import { addedBy, type Novelty, noveltyOf } from './idempotency.ts';
import {
  countFailure,
  type Failure,
  findingOf,
  type Judgement,
  judge,
  markBlind,
  resolvedGrant,
  tellAgainFrom,
} from './judge.ts';
import {
  agentFlood,
  clockSkewed,
  detectorFailed,
  idConflict,
  tell,
  tellHourly,
} from './notices.ts';
import { agentOf, countOther, FLOOD_BLIND, OTHER_AGENTS } from './population.ts';
import { PracticeReading } from './practice/practice.ts';
import { byTime, type Registry } from './registry.ts';
import { addRisk } from './risk.ts';
import { withRules } from './rules/rule-registry.ts';
import { observeSource } from './source/watch.ts';
import { type AgentState, peersOf, type TenantState, takeGrants } from './tenant-state.ts';
import { learnAliases, underFirstNames } from './token-aliases.ts';

/** Score from which an agent counts as anomalous, and how long its baseline then learns nothing. */
const ANOMALOUS_SCORE = 70;
const UNVOUCHED_SCORE_MAX = 49;
const QUARANTINE_MS = 10 * MINUTE_MS;

/** Folds one event into its tenant. */
export function foldInput(
  detectors: Registry,
  tenant: TenantState,
  given: InputEntry,
  term: number,
  effects: Effects,
): void {
  learnTokens(tenant, given.body);
  const entry = underFirstNames(tenant.aliases, given);
  const { body: event } = entry;
  if (event.source.format === OWN_FORMAT) return;
  const novelty = noveltyOf(tenant.reports, entry);
  observeSource(tenant, entry, novelty, effects);
  if (novelty === 'duplicate') return;
  foldJudged(withRules(detectors, tenant.config), tenant, entry, novelty, term, effects);
  // History is the past of a baseline, and no part of what is being asked now.
  if (!event.history) foldChain(tenant, entry, effects);
}

/** Puts the event into its chain; what is joined by it follows what was decided about it. */
function foldChain(tenant: TenantState, entry: InputEntry, effects: Effects): void {
  const { body: event, loggedAt } = entry;
  const { chains } = tenant;
  // A clock that is ahead would say that its source has told of what is still to come.
  if (timeFaultOf(event, loggedAt) === null) hear(chains.sources, event, loggedAt);
  const chain = assignChain(chains, event, entry, (link) => effects.chain(tenant.tenant, link));
  holdStep(chains, chain, event, entry);
}

function foldJudged(
  registry: Registry,
  tenant: TenantState,
  entry: InputEntry,
  novelty: Novelty,
  term: number,
  effects: Effects,
): void {
  const { body: event, loggedAt } = entry;
  const agent = agentOf(tenant, event, loggedAt);
  if (!agent) {
    turnAway(registry, tenant, entry, effects);
    return;
  }
  if (novelty === 'id_conflict') tell(tenant, event, idConflict(event), effects);
  const fault = timeFaultOf(event, loggedAt);
  if (fault !== null) {
    setAside(registry, tenant, agent, entry, fault, term, effects);
    return;
  }
  const added = event.phase === 'proposed' ? null : addedBy(tenant.reports, event, loggedAt);
  // Nothing is opened or closed before `conclude`: what holds here holds for what is learned, too.
  const isSuspect =
    added !== null && (loggedAt < agent.quarantinedUntil || isTripped(tenant, event));
  if (added) {
    agent.calls += added.calls;
    const learn = !isSuspect;
    observeBaseline(agent.baseline, added, windowTimeOf(event, loggedAt), { learn });
    tenant.hasGrown ||= isGrown(agent.baseline);
  }
  const { role } = resolvedGrant(tenant, agent, event.agent.id) ?? {};
  const practice = new PracticeReading(agent.practice, peersOf(tenant, role), event);
  const { judgements, failures } = judge(registry, tenant, agent, event, practice, added, loggedAt);
  if (added !== null && added.calls > 0) {
    const wouldTrip = judgements.some(
      ({ mode, verdict }) => mode !== 'shadow' && verdict.trip !== null,
    );
    const isDangerous = tenant.posture === 'enforce' && wouldTrip;
    learnPractice(entry.body, practice, { wouldTrip, isSuspect: isSuspect || isDangerous });
  }
  for (const failure of failures) tellFailure(tenant, entry, failure, effects);
  if (event.history) {
    agent.openFindings.clear();
    return;
  }
  for (const judgement of judgements) {
    conclude(tenant, agent, entry, judgement, term, effects);
  }
}

/**
 * What went through becomes known; under suspicion, only after it was seen several times. What was
 * imported may hold incidents that nobody noticed, so it is not above suspicion either.
 */
function learnPractice(
  event: AccessEvent,
  practice: PracticeReading,
  suspicion: { readonly wouldTrip: boolean; readonly isSuspect: boolean },
): void {
  practice.keepNote();
  if (!PRACTISED_KINDS.has(event.kind) || !wentThrough(event)) return;
  if (event.approval?.status === 'approved') practice.learn('trusted');
  else if (event.history) practice.learn(suspicion.wouldTrip ? 'imported_suspect' : 'trusted');
  else practice.learn(suspicion.isSuspect ? 'suspect' : 'trusted');
}

const PRACTISED_KINDS: ReadonlySet<EventKind> = new Set<EventKind>(['tool_call', 'data_access']);

/** An event of an agent that no room could be made for: counted, told, not judged. */
function turnAway(
  registry: Registry,
  tenant: TenantState,
  entry: InputEntry,
  effects: Effects,
): void {
  tenant.unjudged.agents += 1;
  const others = countOther(tenant, entry.loggedAt);
  markBlind(registry, tenant, others, OTHER_AGENTS, FLOOD_BLIND);
  tellHourly(tenant, '', entry, agentFlood(), effects);
}

/**
 * An event of another time: counted, told once per source, and it moves neither windows nor what is
 * known of the agent. What needs no statistics is judged all the same, or a sender could escape by
 * dating its events back.
 */
function setAside(
  registry: Registry,
  tenant: TenantState,
  agent: AgentState,
  entry: InputEntry,
  fault: TimeFault,
  term: number,
  effects: Effects,
): void {
  const { body: event, loggedAt } = entry;
  const { source } = event;
  tenant.unjudged[fault] += 1;
  const { timeless, timed } = byTime(registry);
  markBlind(timed, tenant, agent, event.agent.id, TIME_BLIND[fault]);
  const subject = `${fault}\n${source.deliveredBy}\n${source.name ?? ''}`;
  tellHourly(tenant, subject, entry, clockSkewed(entry, fault), effects);
  if (event.history) return;
  const { role } = resolvedGrant(tenant, agent, event.agent.id) ?? {};
  const practice = new PracticeReading(agent.practice, peersOf(tenant, role), event);
  const { judgements, failures } = judge(timeless, tenant, agent, event, practice, null, loggedAt);
  for (const failure of failures) tellFailure(tenant, entry, failure, effects);
  for (const judgement of judgements) conclude(tenant, agent, entry, judgement, term, effects);
}

function tellFailure(
  tenant: TenantState,
  entry: InputEntry,
  { detector, errorClass }: Failure,
  effects: Effects,
): void {
  tenant.unjudged.detector += 1;
  const disabled = countFailure(tenant, detector);
  const subject = `${detector.id}${disabled ? '\ndisabled' : ''}`;
  tellHourly(tenant, subject, entry, detectorFailed(detector.id, errorClass, disabled), effects);
}

/** Grants that came under a newer key are held under first names once these are known. */
function learnTokens(tenant: TenantState, event: AccessEvent): void {
  if (event.tokenAliases === undefined || !learnAliases(tenant.aliases, event)) return;
  takeGrants(tenant, tenant.grants);
}

/** Turns a judgement into a finding and, where the policy allows, into a trip. */
function conclude(
  tenant: TenantState,
  agent: AgentState,
  entry: InputEntry,
  given: Judgement,
  term: number,
  effects: Effects,
): void {
  const event = entry.body;
  const { exceptions } = tenant.config;
  const exception = exceptionFor(exceptions, given.detector.id, event, entry.loggedAt);
  const judgement = exception === null ? given : excepted(given, exception);
  const { detector, mode, verdict } = judgement;
  if (exception === null) markAnomaly(agent, entry, judgement);
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

/** Whether a breaker of the agent, its session or anything else it acts under is open. */
function isTripped({ board }: TenantState, event: AccessEvent): boolean {
  return isQuiet(board) ? false : strictest(board, undefined, subjectOf(event)) !== null;
}

function subjectOf(event: AccessEvent): Subject {
  const session = event.session?.id;
  const chain = event.token?.txn ?? event.trace?.traceId;
  const jti = event.token?.jti;
  return {
    tenant: event.tenant.id,
    agent: event.agent.id,
    // An event without a session is not of every session of its agent.
    session: session ?? '',
    tool: event.action.name,
    ...(chain === undefined ? {} : { chain }),
    ...(jti === undefined ? {} : { jti }),
  };
}
