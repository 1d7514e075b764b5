import type { AccessEvent, EventKind } from '../core/access-event.ts';
import { type ChainLink, chainIdOf } from '../core/chain.ts';
import { type InputEntry, OWN_FORMAT } from '../core/entry.ts';
import { hashOf } from '../core/hash.ts';
import { isGrown, observeBaseline } from './baseline/baseline.ts';
import { namesOf } from './baseline/names.ts';
import { breakerOver, isUnderSuspicion } from './breaker/subject.ts';
import { announce, passProbation } from './breaker-timers.ts';
import { foldDelegation } from './cascade.ts';
import { assignChain } from './chain/chain-index.ts';
import { EventKeys } from './chain/event-keys.ts';
import { holdStep } from './chain/held-steps.ts';
import { hear } from './chain/sources.ts';
import { conclude } from './conclude.ts';
import { wentThrough } from './detect/outcome.ts';
import type { Effects } from './effects.ts';
import { TIME_BLIND, type TimeFault, timeFaultOf, windowTimeOf } from './event-time.ts';
import { addedBy, type Novelty, noveltyOf } from './idempotency.ts';
import { judge, markBlind, resolvedGrant } from './judge.ts';
import { endTask } from './lifecycle.ts';
import { noteLive } from './live-names.ts';
import { isNameFlood } from './name-flood.ts';
import {
  agentFlood,
  agentsForgotten,
  clockSkewed,
  idConflict,
  nameFlood,
  occasionOf,
  tell,
  tellFailure,
  tellHourly,
} from './notices.ts';
import { agentOf, countOther, FLOOD_BLIND, isFull, OTHER_AGENTS } from './population.ts';
import { PracticeReading } from './practice/practice.ts';
import { byTime, type Registry } from './registry.ts';
import { withRules } from './rules/rule-registry.ts';
import { settleTenant } from './settle.ts';
import { observeSource } from './source/watch.ts';
import { type AgentState, peersOf, type TenantState, takeGrants } from './tenant-state.ts';
import { learnAliases, underFirstNames } from './token-aliases.ts';

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
  const registry = withRules(detectors, tenant.config);
  const keys = new EventKeys(event);
  foldJudged(registry, tenant, entry, { novelty, keys }, term, effects);
  // History is the past of a baseline, and no part of what is being asked now.
  if (event.history) return;
  endTask(tenant, event, { logTime: entry.loggedAt, term, effects });
  foldDelegation(tenant, event, entry.loggedAt, (transition, title) => {
    announce(tenant, transition, title, term, effects);
  });
  foldChain(tenant, entry, keys, effects);
  settleTenant(registry, tenant, entry.loggedAt, term, effects);
}

/** Puts the event into its chain; what is joined by it follows what was decided about it. */
function foldChain(
  tenant: TenantState,
  entry: InputEntry,
  keys: EventKeys,
  effects: Effects,
): void {
  const { body: event, loggedAt } = entry;
  const { chains } = tenant;
  // A clock that is ahead would say that its source has told of what is still to come.
  if (timeFaultOf(event, loggedAt) === null) hear(chains.sources, event, loggedAt);
  const tell = (link: ChainLink): void => effects.chain(tenant.tenant, link);
  const chain = assignChain(chains, event, entry, tell, keys);
  holdStep(chains, chain, event, entry, tenant.config.chains?.decisionGraceMs);
}

function foldJudged(
  registry: Registry,
  tenant: TenantState,
  entry: InputEntry,
  { novelty, keys }: { readonly novelty: Novelty; readonly keys: EventKeys },
  term: number,
  effects: Effects,
): void {
  const { body: event, loggedAt } = entry;
  const isNewcomer = isFull(tenant) && !tenant.agents.has(event.agent.id);
  const agent = agentOf(tenant, event, loggedAt);
  if (!agent) {
    turnAway(registry, tenant, entry, effects);
    return;
  }
  if (isNewcomer) tellHourly(tenant, 'forgotten', entry, agentsForgotten(), effects);
  if (novelty === 'id_conflict') tell(tenant, occasionOf(entry), idConflict(event), effects);
  const fault = timeFaultOf(event, loggedAt);
  if (fault !== null) {
    setAside(registry, tenant, agent, entry, { fault, keys }, term, effects);
    return;
  }
  const added = event.phase === 'proposed' ? null : addedBy(tenant.reports, event, loggedAt);
  // Nothing is opened or closed before `conclude`: what holds here holds for what is learned, too.
  const breaker = breakerOver(tenant.board, event);
  const isHeld = breaker !== null && isUnderSuspicion(breaker);
  const isSuspect = added !== null && (loggedAt < agent.quarantinedUntil || isHeld);
  if (added) {
    agent.calls += added.calls;
    const learn = !isSuspect;
    const version = vouchedVersion(event);
    const names = added.calls > 0 ? namesOf(event) : null;
    const time = windowTimeOf(event, loggedAt);
    observeBaseline(agent.baseline, added, time, { learn, version, names });
    tenant.hasGrown ||= isGrown(agent.baseline);
  }
  const { role } = resolvedGrant(tenant, agent, event.agent.id) ?? {};
  const practice = new PracticeReading(agent.practice, peersOf(tenant, role), event);
  const given = { event, keys, breaker, practice, added, logTime: loggedAt };
  const { judgements, failures } = judge(registry, tenant, agent, given);
  if (added !== null && added.calls > 0) {
    if (!event.history && isNameFlood(agent.newNames, event, practice, loggedAt)) {
      tellHourly(tenant, event.agent.id, entry, nameFlood(), effects);
    }
    const wouldTrip = judgements.some(
      ({ mode, verdict }) => mode !== 'shadow' && verdict.trip !== null,
    );
    const isDangerous = tenant.posture === 'enforce' && wouldTrip;
    learnPractice(entry.body, practice, { wouldTrip, isSuspect: isSuspect || isDangerous });
  }
  for (const failure of failures) tellFailure(tenant, occasionOf(entry), failure, effects);
  if (event.history) {
    agent.openFindings.clear();
    return;
  }
  noteLive(agent.live, event, loggedAt);
  const occasion = { event, loggedAt, chain: chainIdOf(event) };
  for (const judgement of judgements) {
    conclude(tenant, agent, occasion, judgement, term, effects);
  }
  const isClean = judgements.every(({ verdict }) => verdict.trip === null);
  if (isClean && added !== null && added.calls > 0 && wentThrough(event)) {
    passProbation(tenant, event, loggedAt, term, effects);
  }
}

/** An agent's own word on its version is none: it would be a way to be judged less strictly. */
function vouchedVersion({ agent, source }: AccessEvent): number | null {
  const { version } = agent;
  return version === undefined || source.trust === 'agent' ? null : hashOf(version).low;
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
  { fault, keys }: { readonly fault: TimeFault; readonly keys: EventKeys },
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
  const breaker = breakerOver(tenant.board, event);
  const given = { event, keys, breaker, practice, added: null, logTime: loggedAt };
  const { judgements, failures } = judge(timeless, tenant, agent, given);
  for (const failure of failures) tellFailure(tenant, occasionOf(entry), failure, effects);
  const occasion = { event, loggedAt, chain: chainIdOf(event) };
  for (const judgement of judgements) conclude(tenant, agent, occasion, judgement, term, effects);
}

/** Grants that came under a newer key are held under first names once these are known. */
function learnTokens(tenant: TenantState, event: AccessEvent): void {
  if (event.tokenAliases === undefined || !learnAliases(tenant.aliases, event)) return;
  takeGrants(tenant, tenant.grants);
}
