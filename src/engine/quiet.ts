import type { Finding } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import { type EpochMs, MINUTE_MS, SECOND_MS } from '../core/time.ts';
import { viewOf } from './baseline/baseline.ts';
import type { AnyDetector, DetectorVerdict } from './detect/detector.ts';
import type { Effects } from './effects.ts';
import { forgetState } from './judge.ts';
import { errorClassOf, tellFailure } from './notices.ts';
import { modeOf, type Registry, settingOf } from './registry.ts';
import { isSetAside } from './set-aside.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/** How often agents are looked at that say nothing, and who was heard within it is left out. */
const LOOK_MS = 10 * MINUTE_MS;

interface Told {
  readonly id: string;
  readonly agent: AgentState;
  readonly detector: AnyDetector;
  readonly verdict: DetectorVerdict;
}

/**
 * Asks the detectors that care about agents that were not heard of. Ticks come every second of log
 * time; the one that begins ten minutes looks. Of a tenant most of whose known agents fall silent
 * at once nothing is told: then it is their source that stopped (see src/engine/source).
 */
export function checkQuiet(
  registry: Registry,
  tenant: TenantState,
  logTime: EpochMs,
  effects: Effects,
): void {
  if (logTime % LOOK_MS >= SECOND_MS) return;
  for (const detector of registry.detectors) {
    if (detector.quiet !== undefined) look(detector, tenant, logTime, effects);
  }
}

function look(
  detector: AnyDetector,
  tenant: TenantState,
  logTime: EpochMs,
  effects: Effects,
): void {
  const told: Told[] = [];
  let known = 0;
  for (const [id, agent] of tenant.agents) {
    const state = agent.memory.stateOf(detector.id);
    if (state === undefined || modeOf(detector, tenant.config, id) === 'off') continue;
    if (isSetAside(tenant, detector)) return;
    known += 1;
    if (logTime - agent.lastSeen < LOOK_MS) continue;
    tenant.cut?.keep(agent);
    const asked = { id, agent, detector, state, logTime };
    const verdict = ask(tenant, asked, effects);
    if (verdict) told.push({ id, agent, detector, verdict });
  }
  if (told.length > 1 && told.length * 2 > known) return;
  for (const one of told.slice(0, LIMITS.quietAgentsTold)) {
    effects.finding(tenant.tenant, findingOf(one, tenant, logTime, effects.nextId));
  }
}

/** A detector that throws must not keep the tick from those behind it, least of all breakers. */
function ask(
  tenant: TenantState,
  { id, agent, detector, state, logTime }: Omit<Told, 'verdict'> & Asked,
  effects: Effects,
): DetectorVerdict | null {
  try {
    const { options } = settingOf(detector, tenant.config, id);
    const baseline = viewOf(agent.baseline, logTime);
    return detector.quiet?.(state, { config: options, logTime, baseline }) ?? null;
  } catch (error) {
    forgetState(detector, tenant, agent);
    const subject = { id: '', time: logTime, tenant: { id: tenant.tenant }, agent: { id } };
    const occasion = { event: subject, loggedAt: logTime, chain: '' };
    tellFailure(tenant, occasion, { detector, errorClass: errorClassOf(error) }, effects);
    return null;
  }
}

interface Asked {
  readonly state: unknown;
  readonly logTime: EpochMs;
}

function findingOf(
  { id: agent, detector, verdict }: Told,
  tenant: TenantState,
  time: EpochMs,
  id: string,
): Finding {
  const mode = modeOf(detector, tenant.config, agent);
  const eventId = verdict.facts?.['last_event'] ?? '';
  return {
    ...{ id, time, eventId, tenant: tenant.tenant, agent, chain: '' },
    ...{ detector: detector.id, detectorVersion: detector.version, family: detector.family, mode },
    ...{ level: verdict.level, score: verdict.score, actual: verdict.actual },
    ...{ typical: verdict.typical, probability: verdict.probability },
    ...{ title: verdict.title, explanation: verdict.explanation },
    evidence: {
      events: eventId === '' ? [] : [eventId],
      measures: verdict.measures ?? {},
      facts: verdict.facts ?? {},
    },
    decision: { tripped: false, why: mode === 'shadow' ? 'shadow' : 'alert_only' },
  };
}
