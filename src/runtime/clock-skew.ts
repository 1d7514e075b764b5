import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reject } from '../core/reject.ts';
import type { EpochMs } from '../core/time.ts';

/** An event from the future may not move a window; one from the distant past is a broken clock. */
export function clockSkew(event: AccessEvent, position: number, now: EpochMs): Reject | null {
  const oldest = now - LIMITS.historyMaxAgeMs;
  if (event.time <= now + LIMITS.futureSkewMs && event.time >= oldest) return null;
  return {
    position,
    code: 'clock_skew',
    path: 'time',
    message: "the event lies too far from now; the sender's clock is off, or its unit is wrong",
  };
}
