import type { BreakerLevel } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { type EpochMs, MINUTE_MS } from '../../core/time.ts';
import type { DetectorVerdict } from '../detect/detector.ts';
import { minutesText } from '../detect/figures.ts';

/** Soft statistical evidence that goes on, by group: log times of its first and latest sight. */
export type PersistingState = Map<string, { readonly since: EpochMs; readonly lastAt: EpochMs }>;

/** Evidence that pauses for longer has passed, and what comes then begins anew. */
const PAUSE_MS = 10 * MINUTE_MS;
const ESCALATE_AFTER_MS = 30 * MINUTE_MS;
const THROTTLE: BreakerLevel = 1;
const STEP_UP: BreakerLevel = 2;

/**
 * A statistical verdict that throttles is raised to step-up approval once the same has been seen
 * for half an hour, or for as long as its detector says, without a pause of ten minutes. All other
 * verdicts come back as they are. By log time, so that no sender can hurry it or put it off.
 */
export function persisted(
  state: PersistingState,
  group: string,
  verdict: DetectorVerdict,
  logTime: EpochMs,
): DetectorVerdict {
  const { trip, escalateAfterMs = ESCALATE_AFTER_MS } = verdict;
  if (trip?.level !== THROTTLE || escalateAfterMs === null) return verdict;
  const known = state.get(group);
  const goesOn = known !== undefined && logTime - known.lastAt <= PAUSE_MS;
  const since = goesOn ? known.since : logTime;
  state.delete(group);
  state.set(group, { since, lastAt: logTime });
  forgetOldest(state);
  const lasted = logTime - since;
  if (lasted < escalateAfterMs) return verdict;
  const minutes = Math.floor(lasted / MINUTE_MS);
  return {
    ...verdict,
    explanation:
      `${verdict.explanation} It has gone on for ${minutesText(minutes)} in spite of that, so ` +
      'further calls need approval by a person.',
    measures: { ...verdict.measures, persisted_minutes: minutes },
    trip: { ...trip, level: STEP_UP },
  };
}

function forgetOldest(state: PersistingState): void {
  if (state.size <= LIMITS.persistingPerAgent) return;
  const [oldest] = state.keys();
  if (oldest !== undefined) state.delete(oldest);
}
