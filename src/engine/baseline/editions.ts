import { LIMITS } from '../../core/limits.ts';
import { COLD_MINUTES, type MeasureHistory } from './measure-history.ts';

/**
 * The versions of an agent that have worked, so that a new one starts from what the former did:
 * its rates and rhythm count for a day from then on instead of for weeks. Plain and bounded.
 */
export interface Editions {
  /** Hashes of versions, the latest heard of first time last. */
  readonly known: number[];
  /** Minute of event time at which a version last began that was never seen before; -1 for none. */
  renewedAt: number;
}

/** So often at most, or an agent that always calls itself new would never be held to anything. */
const RENEWED_EVERY_MINUTES = 7 * 1_440;
/** For this long a new version is judged as an agent in its first day with peers. */
const RENEWED_MINUTES = 1_440;

export function createEditions(): Editions {
  return { known: [], renewedAt: -1 };
}

/**
 * Notes the version that an event is of; true where it is new and its agent's history should weigh
 * less. Versions that take turns, or come back, are no news. The first is the agent itself.
 */
export function isNewEdition(editions: Editions, version: number, minute: number): boolean {
  const { known } = editions;
  if (known[known.length - 1] === version || known.includes(version)) return false;
  const isFirst = known.length === 0;
  known.push(version);
  if (known.length > LIMITS.baselineVersions) known.shift();
  if (isFirst) return false;
  if (editions.renewedAt >= 0 && minute - editions.renewedAt < RENEWED_EVERY_MINUTES) return false;
  editions.renewedAt = minute;
  return true;
}

/** Whether a new version has worked for less than a day. */
export function isRenewed({ renewedAt }: Editions, minute: number): boolean {
  return renewedAt >= 0 && minute >= renewedAt && minute - renewedAt < RENEWED_MINUTES;
}

/**
 * What was learned of the former version stands for a day of the new one's: it is shrunk towards,
 * and followed or left behind in days. The largest minutes and the slow anchor stay as they are.
 */
export function weighLess({ rate, normal }: MeasureHistory): void {
  const share = COLD_MINUTES / rate.minutes;
  if (!(share < 1)) return;
  for (const sums of [rate.weekSum, rate.weekMinutes, rate.daySum, rate.dayMinutes, normal]) {
    for (let at = 0; at < sums.length; at += 1) sums[at] = (sums[at] ?? 0) * share;
  }
  rate.sum *= share;
  rate.minutes = COLD_MINUTES;
}
