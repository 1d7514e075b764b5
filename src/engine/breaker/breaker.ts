import type { BreakerLevel, BreakerState, TransitionClass } from '../../core/breaker.ts';
import { assert } from '../../core/errors.ts';
import { type EpochMs, HOUR_MS, MINUTE_MS } from '../../core/time.ts';

/** What opens a breaker. */
export interface Opening {
  readonly level: BreakerLevel;
  readonly reason: string;
  readonly class: Exclude<TransitionClass, 'timer'>;
  readonly findingId: string | null;
  /** The named person, for class `operator`. */
  readonly actor: string | null;
}

/**
 * How long a breaker of each level stays open without new evidence. Deterministic trips and
 * operators' holds wait for a person: opening is safe, closing is guarded.
 */
const DWELL_MS: Readonly<Record<BreakerLevel, number>> = {
  0: 0,
  1: 5 * MINUTE_MS,
  2: 15 * MINUTE_MS,
  3: 30 * MINUTE_MS,
  4: 1 * HOUR_MS,
  5: 1 * HOUR_MS,
  6: 1 * HOUR_MS,
  7: 1 * HOUR_MS,
};

/**
 * Whether an opening would change the state: a breaker only ever rises while it is not closed, but
 * a person's hold takes over from an automatic opening at any level.
 */
export function rises(state: BreakerState, { level, class: by }: Opening): boolean {
  if (level === 0) return false;
  if (state.phase === 'closed' || level > state.level) return true;
  return by === 'operator' && state.phase === 'open';
}

/**
 * The state after an opening that `rises`, one epoch on; never lower than before. A person's hold
 * stays one when new evidence raises it: nothing automatic may close it.
 */
export function opened(
  state: BreakerState,
  opening: Opening,
  logTime: EpochMs,
): Exclude<BreakerState, { readonly phase: 'closed' }> {
  assert(rises(state, opening), 'a breaker opens only upwards');
  const epoch = state.epoch + 1;
  if (opening.class === 'operator' || state.phase === 'isolated') {
    const before = state.phase === 'closed' ? 0 : state.level;
    const holder = state.phase === 'isolated' ? state.by : 'unknown';
    return {
      phase: 'isolated',
      epoch,
      level: Math.max(before, opening.level) as BreakerLevel,
      reason: opening.reason,
      by: opening.actor ?? holder,
      openedAt: logTime,
    };
  }
  return {
    phase: 'open',
    epoch,
    level: opening.level,
    reason: opening.reason,
    class: opening.class,
    openedAt: logTime,
    closesAt: waitsForAPerson(opening) ? null : logTime + DWELL_MS[opening.level],
    findingId: opening.findingId,
  };
}

/** New evidence for an open breaker puts its closing off; the epoch stays, nothing is sent. */
export function prolonged(state: BreakerState, logTime: EpochMs): BreakerState {
  if (state.phase !== 'open' || state.closesAt === null) return state;
  return { ...state, closesAt: Math.max(state.closesAt, logTime + DWELL_MS[state.level]) };
}

/** The closed state, one epoch on, so that a late re-delivery of the opening cannot win. */
export function closed(state: BreakerState): BreakerState {
  assert(state.phase !== 'closed', 'only an open breaker closes');
  return { phase: 'closed', epoch: state.epoch + 1 };
}

/** What is proven and stops work waits for a person; a step-up cools down like any other. */
function waitsForAPerson(opening: Opening): boolean {
  return opening.class === 'deterministic' && opening.level >= SUSPENDING_LEVEL;
}

const SUSPENDING_LEVEL = 4;
