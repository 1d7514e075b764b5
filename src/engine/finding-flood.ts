import type { Finding } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import { type EpochMs, HOUR_MS } from '../core/time.ts';

/** What detectors found of one agent in this hour of log time that moved no breaker. Plain. */
export interface FindingFlood {
  hour: number;
  /** By detector; at most as many as there are detectors and rules. */
  counts: Record<string, number>;
}

export function createFindingFlood(): FindingFlood {
  return { hour: -1, counts: {} };
}

/**
 * Counts a finding that moves no breaker. From `LIMITS.findingsPerAgentHour` on they are withheld:
 * `first` at the first of an hour, which is told as a flood in its place, and `more` behind it.
 */
export function countIdle(
  flood: FindingFlood,
  detector: string,
  loggedAt: EpochMs,
): 'told' | 'first' | 'more' {
  const hour = Math.floor(loggedAt / HOUR_MS);
  if (hour !== flood.hour) {
    flood.hour = hour;
    flood.counts = {};
  }
  const count = Math.min((flood.counts[detector] ?? 0) + 1, LIMITS.findingsPerAgentHour + 2);
  flood.counts[detector] = count;
  if (count <= LIMITS.findingsPerAgentHour) return 'told';
  return count === LIMITS.findingsPerAgentHour + 1 ? 'first' : 'more';
}

/** Stands for the rest of the hour; it takes the place and the subject of the finding withheld. */
export function floodOf(withheld: Finding): Finding {
  const most = LIMITS.findingsPerAgentHour;
  return {
    ...withheld,
    ...{ detector: 'finding_flood', detectorVersion: 1, family: 'deterministic', mode: 'alert' },
    ...{ level: 'high', score: 0, actual: null, typical: null, probability: null },
    title: `More than ${most} findings of ${withheld.detector} in an hour: the rest are not told`,
    explanation:
      'The agent brings something new with nearly every call: it was taken over, it makes names ' +
      'up, or a source reports it wrongly. Further findings of this kind are told again in the ' +
      'next hour. Whatever opens a breaker is told and acts all the same, and every event is kept.',
    evidence: {
      events: withheld.evidence.events,
      measures: { findings: most },
      facts: { detector: withheld.detector, limit: 'findingsPerAgentHour' },
    },
    decision: { tripped: false, why: 'below_threshold' },
  };
}
