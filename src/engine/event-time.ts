import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { NotJudged } from './detect/detector.ts';

/** What is wrong with the time of an event that only deterministic detectors judge. */
export type TimeFault = 'late' | 'ahead';

/**
 * Whether an event lies too far from log time to move anything: more than `latenessMs` behind, or
 * more than `futureSkewMs` ahead of it. History may be of any age; a proposal moves nothing anyway.
 */
export function timeFaultOf(event: AccessEvent, logTime: EpochMs): TimeFault | null {
  if (event.phase === 'proposed') return null;
  if (event.time > logTime + LIMITS.futureSkewMs) return 'ahead';
  if (event.history !== true && event.time < logTime - LIMITS.latenessMs) return 'late';
  return null;
}

/**
 * The time whose windows an event moves: its own, but never later than log time. A sender whose
 * clock runs ahead thus opens no minute that has not begun, and closes none for the others.
 */
export function windowTimeOf(event: AccessEvent, logTime: EpochMs): EpochMs {
  return Math.min(event.time, logTime);
}

/** What coverage says of the other detectors, which an event with this fault kept from judging. */
export const TIME_BLIND: Readonly<Record<TimeFault, NotJudged>> = {
  late: {
    field: 'time',
    cure: 'Deliver events within 15 minutes, or import old ones as history.',
  },
  ahead: { field: 'time', cure: "Set the sender's clock: its events come from the future." },
};
