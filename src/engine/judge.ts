import type { AccessEvent } from '../core/access-event.ts';
import type { Finding, TripDecision } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import type { Redacted } from '../core/redacted.ts';
import type { EpochMs } from '../core/time.ts';
import { type Measure, NOTHING_ADDED } from './baseline/agent-baseline.ts';
import { viewOf } from './baseline/baseline.ts';
import { persisted } from './breaker/persistence.ts';
import { openBreakerOver } from './breaker/subject.ts';
import { presentChainOf } from './chain/chain-index.ts';
import type {
  AnyDetector,
  DetectorContext,
  DetectorVerdict,
  NotJudged,
} from './detect/detector.ts';
import { windowTimeOf } from './event-time.ts';
import { actionFactOf, grantOf, principalGrantOf, resourceFactOf } from './grants.ts';
import { errorClassOf } from './notices.ts';
import type { AgentPractice } from './practice/agent-practice.ts';
import { judgingOf, modeOf, type Registry } from './registry.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/** A verdict worth telling, with the detector and mode it came from. */
export interface Judgement {
  readonly detector: AnyDetector;
  readonly mode: Finding['mode'];
  readonly verdict: DetectorVerdict;
}

/** A detector that threw; of the error only its class is kept. */
export interface Failure {
  readonly detector: AnyDetector;
  readonly errorClass: string;
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
  event: Redacted<AccessEvent>,
  practice: AgentPractice,
  added: Readonly<Record<Measure, number>> | null,
  logTime: EpochMs,
): Judged {
  const judgements: Judgement[] = [];
  const failures: Failure[] = [];
  // One for all detectors, but for their options: none of them keeps it.
  const context = {
    config: undefined as unknown,
    logTime,
    counted: added !== null,
    added: added ?? NOTHING_ADDED,
    grant: resolvedGrant(tenant, agent, event.agent.id),
    principalGrant: principalGrantOf(tenant.grants, event),
    resourceFact: resourceFactOf(tenant.grants, event),
    actionFact: actionFactOf(tenant.grants, event),
    baseline: viewOf(agent.baseline, windowTimeOf(event, logTime)),
    practice,
    hearsDecisions: tenant.chains.sources.decisions.size > 0,
    openBreaker: () => openBreakerOver(tenant.board, event),
    chainId: () => presentChainOf(tenant.chains, event),
  };
  const { id: agentId } = event.agent;
  const detectors = judgingOf(registry, tenant.config, event.kind);
  for (const { detector, mode: ofTenant, agents, options, fault } of detectors) {
    if (isDisabled(tenant, detector)) {
      agent.coverage[detector.id] = FAILED_BLIND;
      continue;
    }
    try {
      if (fault !== null) throw fault.error;
      const mode = agents?.[agentId]?.mode ?? ofTenant;
      if (mode === 'off' || detector.applies?.(event) === false) continue;
      context.config = options;
      const verdicts = ask(detector, tenant, agent, event, context);
      registry.watch?.(detector.id, agent.coverage[detector.id] ?? null);
      for (const given of verdicts) {
        const verdict =
          detector.family === 'statistical' ? raised(agent, detector, given, logTime) : given;
        // Each proposal is answered by itself, and leaves the news of the act to the act.
        const told = event.phase === 'proposed' || isNews(agent, detector, verdict, event, logTime);
        if (told) judgements.push({ detector, mode, verdict });
      }
    } catch (error) {
      delete statesOf(detector, tenant, agent)[detector.id];
      agent.coverage[detector.id] = FAILED_BLIND;
      failures.push({ detector, errorClass: errorClassOf(error) });
    }
  }
  return { judgements, failures };
}

function ask(
  detector: AnyDetector,
  tenant: TenantState,
  agent: AgentState,
  event: Redacted<AccessEvent>,
  context: DetectorContext<unknown>,
): readonly DetectorVerdict[] {
  const { id } = detector;
  const blind = detector.judges(event, context);
  // Most events change neither: what is written again would be a write to old memory all the same.
  if (agent.coverage[id] !== blind) agent.coverage[id] = blind;
  if (blind) return [];
  const states = statesOf(detector, tenant, agent);
  const state = states[id] ?? detector.init();
  if (states[id] !== state) states[id] = state;
  return detector.observe(event, state, context);
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
export function statesOf(
  { scope }: AnyDetector,
  tenant: TenantState,
  agent: AgentState,
): Record<string, unknown> {
  return scope === 'agent' ? agent.detectors : tenant.detectors;
}

const FAILED_BLIND: NotJudged = {
  field: 'detector',
  cure: 'The detector failed: see its detector_failed finding, and report the bug.',
};

/** Counts a failure; true when it is the one that switches the detector off in this tenant. */
export function countFailure({ failures }: TenantState, detector: AnyDetector): boolean {
  const count = (failures.get(versionOf(detector)) ?? 0) + 1;
  failures.set(versionOf(detector), count);
  return count === LIMITS.detectorFailures;
}

function isDisabled({ failures }: TenantState, detector: AnyDetector): boolean {
  if (failures.size === 0) return false;
  return (failures.get(versionOf(detector)) ?? 0) >= LIMITS.detectorFailures;
}

/** Another version has its own failures: an upgrade may have mended it. */
function versionOf({ id, version }: AnyDetector): string {
  return `${id}@${version}`;
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
    if (modeOf(detector, tenant.config, id) !== 'off') agent.coverage[detector.id] = blind;
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
  const key = `${detector.id}\n${verdict.dedupKey}`;
  const level = verdict.trip?.level ?? 0;
  const told = agent.openFindings.get(key);
  const open = told && told.until > logTime ? told : undefined;
  const vouched = event.source.trust !== 'agent';
  if (open && level <= open.level && (open.vouched || !vouched)) return false;
  const until = logTime + verdict.dedupMs;
  const known = vouched || (open?.vouched ?? false);
  agent.openFindings.delete(key);
  agent.openFindings.set(key, { until, score: verdict.score, level, vouched: known });
  if (agent.openFindings.size > LIMITS.openFindingsPerAgent) {
    for (const oldest of agent.openFindings.keys()) {
      agent.openFindings.delete(oldest);
      break;
    }
  }
  return true;
}

/** Lets a finding that an exception held be told again once the exception has run out. */
export function tellAgainFrom(
  time: EpochMs,
  agent: AgentState,
  { detector, verdict }: Judgement,
): void {
  const key = `${detector.id}\n${verdict.dedupKey}`;
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
