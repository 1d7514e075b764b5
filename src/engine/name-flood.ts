import type { AccessEvent } from '../core/access-event.ts';
import { hashOf } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import { type EpochMs, HOUR_MS } from '../core/time.ts';
import {
  addDistinct,
  clearDistinct,
  createDistinctCount,
  type DistinctCount,
  distinctOf,
} from './detect/distinct-count.ts';
import type { AgentPractice } from './practice/agent-practice.ts';

/** Tools and destinations new to an agent in this hour of log time, roughly counted. Plain. */
export interface NameFlood {
  hour: number;
  readonly names: DistinctCount;
}

export function createNameFlood(): NameFlood {
  return { hour: -1, names: createDistinctCount() };
}

/**
 * Counts what neither the agent nor its peers ever used, as far as this event shows any. True where
 * by it there are more than `LIMITS.newNamesPerAgentHour` of them.
 */
export function isNameFlood(
  flood: NameFlood,
  { action, destinations }: AccessEvent,
  practice: AgentPractice,
  loggedAt: EpochMs,
): boolean {
  const isNewTool = !practice.usesTool;
  const found = destinations === undefined ? NONE : practice.firstSeen;
  if (!isNewTool && found.length === 0) return false;
  const hour = Math.floor(loggedAt / HOUR_MS);
  if (hour !== flood.hour) {
    flood.hour = hour;
    clearDistinct(flood.names);
  }
  let rose = isNewTool && addDistinct(flood.names, hashOf(action.name).low);
  for (const { type, value } of found) {
    if (addDistinct(flood.names, hashOf(value, hashOf(type)).low)) rose = true;
  }
  return rose && distinctOf(flood.names) > LIMITS.newNamesPerAgentHour;
}

const NONE: AgentPractice['firstSeen'] = [];
