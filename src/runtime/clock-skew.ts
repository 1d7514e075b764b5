import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reject } from '../core/reject.ts';
import { DAY_MS, type EpochMs } from '../core/time.ts';

/**
 * Refuses what no clock says, however badly it is set: a wrong unit, a wrong year. What lies nearer
 * is taken and recorded; the fold sets aside what is still too far from now to be judged. A
 * proposal is about to happen, so it leads by no more than what is judged.
 */
export function clockSkew(event: AccessEvent, position: number, now: EpochMs): Reject | null {
  const oldest = now - LIMITS.historyMaxAgeMs;
  const lead = event.phase === 'proposed' ? LIMITS.futureSkewMs : LIMITS.futureRefusedMs;
  if (event.time <= now + lead && event.time >= oldest) return null;
  if (event.history && event.time < oldest) {
    const message = `history reaches back ${HISTORY_DAYS} days, and this event is older`;
    return { position, code: 'out_of_range', path: 'time', message };
  }
  return {
    position,
    code: 'clock_skew',
    path: 'time',
    message: "the event lies too far from now; the sender's clock is off, or its unit is wrong",
  };
}

const HISTORY_DAYS = LIMITS.historyMaxAgeMs / DAY_MS;
