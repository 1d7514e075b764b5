import type { AccessEvent } from '../core/access-event.ts';
import type { Finding, TripDecision } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import type { Redacted } from '../core/redacted.ts';
import type { EpochMs } from '../core/time.ts';
import { persisted } from './breaker/persistence.ts';
import type {
  AnyDetector,
  DetectorContext,
  DetectorVerdict,
  NotJudged,
} from './detect/detector.ts';
import { partsOf } from './detect/event-part.ts';
import { NO_VERDICTS } from './detect/no-state.ts';
import { hashNumber } from './detect/recent-table.ts';
import { EventContext, type Given } from './event-context.ts';
import { grantOf } from './grants.ts';
import { errorClassOf, type Failure } from './notices.ts';
import { type Judging, judgingOf, modeOf, type Registry } from './registry.ts';
import { blindOf, FAILED_BLIND, isSetAside } from './set-aside.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/** A verdict worth telling, with the detector and mode it came from. */
export interface Judgement {
  readonly detector: AnyDetector;
  readonly mode: Finding['mode'];
  readonly verdict: DetectorVerdict;
}

export interface Judged {
  readonly judgements: readonly Judgement[];
  readonly failures: readonly Failure[];
}

/**
 * Asks every detector about one event; notes who was blind and keeps repeats back. A detector that
 * throws loses its memory, shows as blind, and costs the others nothing.
 */
export function judge(
  registry: Registry,
  tenant: TenantState,
  agent: AgentState,
  given: Given,
): Judged {
  const { event, logTime } = given;
  const judgements: Judgement[] = [];
  const failures: Failure[] = [];
  const { id: agentId } = event.agent;
  const grant = resolvedGrant(tenant, agent, agentId);
  const context = new EventContext(tenant, agent, grant, given);
  const parts = partsOf(event);
  const mayBeSetAside = tenant.failures.size > 0 || tenant.slow.size > 0;
  const { watch } = registry;
  for (const judging of judgingOf(registry, tenant, event.kind)) {
    if ((parts & judging.parts) !== judging.parts) continue;
    const { detector, place, agents, fault } = judging;
    if (mayBeSetAside && isSetAside(tenant, detector)) {
      agent.memory.cover(place, blindOf(tenant, detector));
      continue;
    }
    try {
      if (fault !== null) throw fault.error;
      const mode = agents === null ? judging.mode : (agents[agentId]?.mode ?? judging.mode);
      if (mode === 'off' || judging.applies?.call(detector, event) === false) continue;
      context.config = judging.options;
      const blind = judging.judges.call(detector, event, context);
      agent.memory.cover(place, blind);
      const verdicts = blind === null ? ask(judging, tenant, agent, event, context) : NO_VERDICTS;
      if (watch !== undefined) watch(detector.id, blind);
      for (let at = 0; at < verdicts.length; at += 1) {
        const seen = verdicts[at];
        if (seen === undefined) continue;
        const verdict = judging.isStatistical ? raised(agent, detector, seen, logTime) : seen;
        // Each proposal is answered by itself, and leaves the news of the act to the act.
        const told = event.phase === 'proposed' || isNews(agent, detector, verdict, event, logTime);
        if (told) judgements.push({ detector, mode, verdict });
      }
    } catch (error) {
      forgetState(detector, tenant, agent);
      failures.push({ detector, errorClass: errorClassOf(error) });
    }
  }
  return { judgements, failures };
}

function ask(
  { detector, place, observe, isOfAgent }: Judging,
  tenant: TenantState,
  agent: AgentState,
  event: Redacted<AccessEvent>,
  context: DetectorContext<unknown>,
): readonly DetectorVerdict[] {
  if (!isOfAgent) return observe.call(detector, event, stateOf(detector, tenant, agent), context);
  let state = agent.memory.stateAt(place);
  if (state === undefined) {
    state = detector.init();
    agent.memory.setState(place, state);
  }
  return observe.call(detector, event, state, context);
}

/** What throttles and goes on is raised: see `persisted`. */
function raised(
  agent: AgentState,
  { id }: AnyDetector,
  verdict: DetectorVerdict,
  logTime: EpochMs,
): DetectorVerdict {
  return persisted(agent.persisting, `${id}\n${verdict.dedupKey}`, verdict, logTime);
}

/** What concerns several agents is remembered once for the tenant, all else by agent. */
export function stateOf(detector: AnyDetector, tenant: TenantState, agent: AgentState): unknown {
  const { id } = detector;
  if (detector.scope !== 'agent') {
    tenant.detectors[id] ??= detector.init();
    return tenant.detectors[id];
  }
  const place = tenant.places.of(id);
  const known = agent.memory.stateAt(place);
  if (known !== undefined) return known;
  const state: unknown = detector.init();
  agent.memory.setState(place, state);
  return state;
}

/** What a detector that threw remembered may be half changed: it begins anew, shown as blind. */
export function forgetState(detector: AnyDetector, tenant: TenantState, agent: AgentState): void {
  const place = tenant.places.of(detector.id);
  if (detector.scope === 'agent') agent.memory.setState(place, undefined);
  else delete tenant.detectors[detector.id];
  agent.memory.cover(place, FAILED_BLIND);
}

/** Marks every active detector as kept from judging an event. */
export function markBlind(
  registry: Registry,
  tenant: TenantState,
  agent: AgentState,
  id: string,
  blind: NotJudged,
): void {
  for (const detector of registry.detectors) {
    if (modeOf(detector, tenant.config, id) === 'off') continue;
    agent.memory.cover(tenant.places.of(detector.id), blind);
  }
}

export function resolvedGrant(tenant: TenantState, agent: AgentState, agentId: string) {
  if (agent.grant === undefined) agent.grant = grantOf(tenant.grants, agentId);
  return agent.grant;
}

/**
 * The same verdict again is news only when it would act more strongly than the one told, or when
 * what was the agent's own word is now somebody else's too.
 */
export function isNews(
  agent: AgentState,
  detector: AnyDetector,
  verdict: DetectorVerdict,
  event: FindingSubject,
  logTime: EpochMs,
): boolean {
  const key = openKeyOf(detector, verdict);
  const level = verdict.trip?.level ?? 0;
  const told = agent.openFindings.get(key);
  const open = told && told.until > logTime ? told : undefined;
  const vouched = event.source.trust !== 'agent';
  if (open && level <= open.level && (open.vouched || !vouched)) return false;
  const until = logTime + verdict.dedupMs;
  const known = vouched || (open?.vouched ?? false);
  agent.openFindings.delete(key);
  agent.openFindings.set(key, { until, level, vouched: known });
  if (agent.openFindings.size > LIMITS.openFindingsPerAgent) {
    for (const oldest of agent.openFindings.keys()) {
      agent.openFindings.delete(oldest);
      break;
    }
  }
  return true;
}

function openKeyOf({ id }: AnyDetector, { dedupKey }: DetectorVerdict): number {
  return hashNumber(`${id}\n${dedupKey}`);
}

/** Lets a finding that an exception held be told again once the exception has run out. */
export function tellAgainFrom(
  time: EpochMs,
  agent: AgentState,
  { detector, verdict }: Judgement,
): void {
  const key = openKeyOf(detector, verdict);
  const told = agent.openFindings.get(key);
  if (told && told.until > time) agent.openFindings.set(key, { ...told, until: time });
}

/** Whom and what a finding is about: of an event, as much as every finding needs. */
export type FindingSubject = Pick<
  AccessEvent,
  | 'id'
  | 'time'
  | 'tenant'
  | 'agent'
  | 'session'
  | 'source'
  | 'phase'
  | 'action'
  | 'resource'
  | 'token'
  | 'trace'
>;

/** The finding as recorded. `id` is `<inputSeq>-<ordinal>`. */
export function findingOf(
  id: string,
  event: FindingSubject,
  chain: string,
  { detector, mode, verdict }: Judgement,
  decision: TripDecision,
): Finding {
  return {
    id,
    time: event.time,
    eventId: event.id,
    tenant: event.tenant.id,
    agent: event.agent.id,
    ...(event.session?.id === undefined ? {} : { session: event.session.id }),
    chain,
    detector: detector.id,
    detectorVersion: detector.version,
    family: detector.family,
    mode,
    level: verdict.level,
    score: verdict.score,
    actual: verdict.actual,
    typical: verdict.typical,
    probability: verdict.probability,
    title: verdict.title,
    explanation: verdict.explanation,
    evidence: {
      events: [event.id],
      measures: verdict.measures ?? {},
      facts: verdict.facts ?? {},
    },
    decision,
  };
}
