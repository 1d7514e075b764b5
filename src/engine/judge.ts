import type { AccessEvent } from '../core/access-event.ts';
import { chainIdOf } from '../core/access-event.ts';
import type { Finding, TripDecision } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import type { Redacted } from '../core/redacted.ts';
import type { EpochMs } from '../core/time.ts';
import { viewOf } from './baseline/baseline.ts';
import type { AnyDetector, DetectorContext, DetectorVerdict } from './detect/detector.ts';
import { actionFactOf, grantOf, resourceFactOf } from './grants.ts';
import { type Registry, settingOf } from './registry.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/** A verdict worth telling, with the detector and mode it came from. */
export interface Judgement {
  readonly detector: AnyDetector;
  readonly mode: Finding['mode'];
  readonly verdict: DetectorVerdict;
}

/** Asks every detector about one event; notes who was blind and keeps repeats back. */
export function judge(
  registry: Registry,
  tenant: TenantState,
  agent: AgentState,
  event: Redacted<AccessEvent>,
  counted: boolean,
  logTime: EpochMs,
): readonly Judgement[] {
  const judgements: Judgement[] = [];
  const shared = {
    logTime,
    counted,
    grant: resolvedGrant(tenant, agent, event.agent.id),
    resourceFact: resourceFactOf(tenant.grants, event),
    actionFact: actionFactOf(tenant.grants, event),
    baseline: viewOf(agent.baseline, event.time),
  };
  for (const detector of registry.detectors) {
    const { mode, options } = settingOf(detector, tenant.config, event.agent.id);
    if (mode === 'off' || detector.applies?.(event) === false) continue;
    const context: DetectorContext<unknown> = { config: options, ...shared };
    const blind = detector.judges(event, context);
    agent.coverage[detector.id] = blind;
    if (blind) continue;
    const state = agent.detectors[detector.id] ?? detector.init();
    agent.detectors[detector.id] = state;
    for (const verdict of detector.observe(event, state, context)) {
      // Each proposal is answered by itself, and leaves the news of the act to the act.
      const told = event.phase === 'proposed' || isNews(agent, detector, verdict, logTime);
      if (told) judgements.push({ detector, mode, verdict });
    }
  }
  return judgements;
}

export function resolvedGrant(tenant: TenantState, agent: AgentState, agentId: string) {
  if (agent.grant === undefined) agent.grant = grantOf(tenant.grants, agentId);
  return agent.grant;
}

/** The same verdict again is news only when it would act more strongly than the one told. */
function isNews(
  agent: AgentState,
  detector: AnyDetector,
  verdict: DetectorVerdict,
  logTime: EpochMs,
): boolean {
  const key = `${detector.id}\n${verdict.dedupKey}`;
  const level = verdict.trip?.level ?? 0;
  const open = agent.openFindings.get(key);
  if (open && open.until > logTime && level <= open.level) return false;
  agent.openFindings.delete(key);
  agent.openFindings.set(key, { until: logTime + verdict.dedupMs, score: verdict.score, level });
  if (agent.openFindings.size > LIMITS.openFindingsPerAgent) {
    for (const oldest of agent.openFindings.keys()) {
      agent.openFindings.delete(oldest);
      break;
    }
  }
  return true;
}

/** The finding as recorded. `id` is `<inputSeq>-<ordinal>`. */
export function findingOf(
  id: string,
  event: Redacted<AccessEvent>,
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
    chain: chainIdOf(event),
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
