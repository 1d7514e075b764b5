import type { Finding } from '../core/finding.ts';
import { DAY_MS, type EpochMs, MINUTE_MS } from '../core/time.ts';
import {
  endStorm,
  isWidespread,
  noteAnomalous,
  STORM_QUIET_MS,
  type StormCause,
  signOfStorm,
  stormEndsAt,
} from './breaker/storm.ts';
import type { Effects } from './effects.ts';
import type { TenantState } from './tenant-state.ts';

/** Detector named by the findings that tell when a storm begins and ends. */
const STORM_MODE = 'storm_mode';

/** Agents heard of within the last day of log time. */
export function activeAgents({ agents }: TenantState, logTime: EpochMs): number {
  let idle = 0;
  // They stand in the order in which they were last heard of.
  for (const { touchedAt } of agents.values()) {
    if (touchedAt > logTime - DAY_MS) break;
    idle += 1;
  }
  return agents.size - idle;
}

/** Notes an agent that statistics find anomalous; most of them at once is a storm. */
export function watchForStorm(
  tenant: TenantState,
  agent: string,
  until: EpochMs,
  logTime: EpochMs,
  effects: Effects,
): void {
  const { storm } = tenant;
  const isNew = !storm.anomalous.has(agent);
  noteAnomalous(storm, agent, until);
  if (!isNew && storm.since === null) return;
  if (!isWidespread(storm, activeAgents(tenant, logTime), logTime)) return;
  raiseStorm(tenant, 'most_agents_anomalous', logTime, effects);
}

/** A sign of a storm, told where it begins with it. */
export function raiseStorm(
  tenant: TenantState,
  cause: StormCause,
  logTime: EpochMs,
  effects: Effects,
): void {
  if (tenant.posture !== 'enforce' || !signOfStorm(tenant.storm, cause, logTime)) return;
  const size = tenant.storm.anomalous.size;
  const why =
    cause === 'budget_spent'
      ? 'More agents would have been stopped than the budget for automation allows.'
      : `${size} of ${activeAgents(tenant, logTime)} active agents look anomalous at once.`;
  effects.finding(tenant.tenant, {
    ...frameOf(tenant, effects.nextId, logTime),
    level: 'critical',
    score: 90,
    title: 'Storm mode: statistics stop nothing until a person looks',
    explanation:
      `${why} Then a detector, or what it is fed, is more likely wrong than the agents. ` +
      'Statistics and novelty throttle and ask people meanwhile; what is proven still trips. ' +
      `It ends after ${STORM_QUIET_MS / MINUTE_MS} quiet minutes, or by a person.`,
    evidence: {
      events: [],
      measures: { anomalous_agents: size },
      facts: { state: 'begun', cause },
    },
  });
}

/** Ends a storm that has been quiet for long enough. */
export function tickStorm(tenant: TenantState, logTime: EpochMs, effects: Effects): void {
  const { storm } = tenant;
  const endsAt = stormEndsAt(storm);
  if (endsAt === null || endsAt > logTime) return;
  if (isWidespread(storm, activeAgents(tenant, logTime), logTime)) storm.lastSignAt = logTime;
  else calmStorm(tenant, 'quiet', logTime, effects);
}

/** Ends a storm, and tells by what; false where there is none. */
export function calmStorm(
  tenant: TenantState,
  by: string,
  logTime: EpochMs,
  effects: Effects,
): boolean {
  const { since } = tenant.storm;
  if (since === null) return false;
  endStorm(tenant.storm);
  const minutes = Math.round((logTime - since) / MINUTE_MS);
  effects.finding(tenant.tenant, {
    ...frameOf(tenant, effects.nextId, logTime),
    level: 'informational',
    score: 0,
    title: 'Storm mode is over',
    explanation: `It lasted ${minutes} minutes. All detectors act again.`,
    evidence: {
      events: [],
      measures: { lasted_ms: logTime - since },
      facts: { state: 'ended', by },
    },
  });
  return true;
}

type Told = 'level' | 'score' | 'title' | 'explanation' | 'evidence';

function frameOf({ tenant }: TenantState, id: string, time: EpochMs): Omit<Finding, Told> {
  return {
    ...{ id, time, eventId: '', tenant, agent: '', subject: { kind: 'tenant', id: tenant } },
    ...{ chain: '', detector: STORM_MODE, detectorVersion: 1, family: 'deterministic' },
    ...{ mode: 'alert', actual: null, typical: null, probability: null },
    decision: { tripped: false, why: 'alert_only' },
  };
}
