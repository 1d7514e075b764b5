import { LIMITS } from '../../core/limits.ts';
import { type EpochMs, MINUTE_MS } from '../../core/time.ts';
import { createLeakyBucket, type LeakyBucket } from '../detect/leaky-bucket.ts';

/** Why a tenant is in storm mode. */
export type StormCause = 'budget_spent' | 'most_agents_anomalous';

/**
 * When much looks wrong at once, the detectors or what they are fed are more likely wrong than the
 * agents (Kubernetes stops evicting from a zone that is 55 % unhealthy for the same reason): then
 * statistics ask people and stop nothing. What is proven goes on.
 */
export interface StormState {
  /** Log time at which it began; null in calm. */
  since: EpochMs | null;
  cause: StormCause | null;
  /** Log time of the latest sign of it. */
  lastSignAt: EpochMs;
  /** Agents that look anomalous, with the log time until which; soonest over first. */
  readonly anomalous: Map<string, EpochMs>;
  /** Openings by statistics, as a rate. */
  readonly rate: LeakyBucket;
}

/** Share of a tenant's active agents that must look anomalous at once, and at least how many. */
const STORM_SHARE = 0.55;
const STORM_AGENTS = 5;
/** A storm is over after so long without a sign. */
export const STORM_QUIET_MS = 10 * MINUTE_MS;

export function createStorm(): StormState {
  return {
    since: null,
    cause: null,
    lastSignAt: 0,
    anomalous: new Map(),
    rate: createLeakyBucket(),
  };
}

/** Notes that statistics or novelty find an agent anomalous until `until`. */
export function noteAnomalous(storm: StormState, agent: string, until: EpochMs): void {
  storm.anomalous.delete(agent);
  storm.anomalous.set(agent, until);
  if (storm.anomalous.size <= LIMITS.agentsPerTenant) return;
  const [first] = storm.anomalous.keys();
  if (first !== undefined) storm.anomalous.delete(first);
}

/** Whether most of the active agents look anomalous at once. */
export function isWidespread(storm: StormState, activeAgents: number, logTime: EpochMs): boolean {
  for (const [agent, until] of storm.anomalous) {
    if (until > logTime) break;
    storm.anomalous.delete(agent);
  }
  const { size } = storm.anomalous;
  return size >= STORM_AGENTS && size >= STORM_SHARE * activeAgents;
}

/** A sign of a storm; true where it begins with it. */
export function signOfStorm(storm: StormState, cause: StormCause, logTime: EpochMs): boolean {
  storm.lastSignAt = Math.max(storm.lastSignAt, logTime);
  if (storm.since !== null) return false;
  storm.since = logTime;
  storm.cause = cause;
  return true;
}

/** Log time at which it ends unless another sign comes; null in calm. */
export function stormEndsAt({ since, lastSignAt }: StormState): EpochMs | null {
  return since === null ? null : lastSignAt + STORM_QUIET_MS;
}

export function endStorm(storm: StormState): void {
  storm.since = null;
  storm.cause = null;
}
