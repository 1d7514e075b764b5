import {
  type BreakerKey,
  type BreakerState,
  breakerKeyText,
  type ExemptState,
  type Transition,
  type TransitionClass,
} from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { DAY_MS, type EpochMs } from '../../core/time.ts';
import { type BoardEntry, type BoardState, hasRoom, levelOf, put, stateOf } from './board.ts';
import {
  cleanCall,
  closed,
  displaced,
  exempted,
  exemptionEnded,
  nextStep,
  type Opening,
  onProbation,
  opened,
  postponed,
  prolonged,
  rises,
  stepDone,
} from './breaker.ts';

/** What made a breaker move, in both times. */
export interface Cause {
  readonly time: EpochMs;
  readonly eventId: string | null;
  readonly logTime: EpochMs;
}

/** Who moved it, and by what right. */
export interface Mover {
  readonly class: 'operator' | 'timer';
  readonly reason: string;
  readonly actor: string | null;
  readonly approvedBy?: string;
  readonly singleOperator?: true;
}

const UNSENT = { revocation: null, acknowledgedBy: [], acknowledgedAt: null } as const;

/** The key with the agent of its session, which a person who names the session need not know. */
function wholeKey(board: BoardState, key: BreakerKey): BreakerKey {
  const agent = key.agent ?? board.entries.get(breakerKeyText(key))?.key.agent;
  return agent === undefined ? key : { ...key, agent };
}

/**
 * Opens or raises a breaker. Null when it already stands at that level or above, and when the board
 * is full of open ones; a person's trip finds a place where automation's no longer does.
 */
export function openBreaker(
  board: BoardState,
  named: BreakerKey,
  opening: Opening,
  title: string,
  cause: Cause,
  dwellScale = 1,
): Transition | null {
  const key = wholeKey(board, named);
  const before = stateOf(board, key);
  const entry = board.entries.get(breakerKeyText(key));
  const { logTime } = cause;
  const openings = recent(entry, logTime);
  const standing = { key, logTime, flaps: openings.length, dwellScale };
  if (!rises(before, opening)) {
    const again = { ...standing, flaps: Math.max(0, openings.length - 1) };
    if (entry) put(board, { ...entry, state: prolonged(before, again) });
    return null;
  }
  const reserve = opening.class === 'operator' ? LIMITS.breakersForPeople : 0;
  if (!hasRoom(board, key, LIMITS.breakersPerTenant + reserve)) return null;
  const isRaise = before.phase === 'open' || before.phase === 'isolated';
  const flaps = isRaise ? Math.max(0, openings.length - 1) : openings.length;
  const after = opened(before, opening, { ...standing, flaps });
  const isOwn = after.phase === 'open' && after.cascadeOf === null;
  const counts = isOwn && !isRaise && after.class !== 'lifecycle';
  const kept = counts ? [...openings, logTime].slice(-LIMITS.breakerOpenings) : openings;
  put(board, { key, state: after, title, ...UNSENT, openings: kept });
  const { reason, findingId, actor } = opening;
  return record(board, key, before, after, cause, {
    ...{ reason, class: opening.class, findingId, actor },
  });
}

/** Closes a breaker by a person's word or by its timer. Null when it is closed already. */
export function closeBreaker(
  board: BoardState,
  named: BreakerKey,
  by: Mover,
  cause: Cause,
): Transition | null {
  const before = stateOf(board, named);
  return before.phase === 'closed' ? null : move(board, named, closed(before), by, cause);
}

/** Lets the subject of an open breaker back in by steps. Null where nothing is open. */
export function probeBreaker(
  board: BoardState,
  key: BreakerKey,
  usualPerMin: number | null,
  by: Mover,
  cause: Cause,
): Transition | null {
  const before = stateOf(board, key);
  if (before.phase !== 'open' && before.phase !== 'isolated') return null;
  return move(board, key, onProbation(before, cause.logTime, usualPerMin), by, cause);
}

/** The next step of probation, or the end of it, if this one is done; null otherwise. */
export function advanceProbation(
  board: BoardState,
  key: BreakerKey,
  usualPerMin: number | null,
  cause: Cause,
): Transition | null {
  const before = stateOf(board, key);
  if (before.phase !== 'probation' || !stepDone(before, cause.logTime)) return null;
  const after = nextStep(before, cause.logTime, usualPerMin) ?? closed(before);
  const reason = after.phase === 'closed' ? 'probation_passed' : 'probation_step_passed';
  return move(board, key, after, { class: 'timer', reason, actor: null }, cause);
}

/** Counts a call that went by without a violation towards the steps of these keys. */
export function countCleanCall(board: BoardState, texts: readonly string[]): void {
  for (const text of texts) {
    const entry = board.probation.has(text) ? board.entries.get(text) : undefined;
    if (entry?.state.phase !== 'probation') continue;
    if (entry.state.cleanCalls >= LIMITS.probationCleanCalls) continue;
    put(board, { ...entry, state: cleanCall(entry.state) });
  }
}

/** Puts off what is due because its agent is still conspicuous; nothing is told of it. */
export function postponeClosing(board: BoardState, key: BreakerKey, logTime: EpochMs): void {
  const entry = board.entries.get(breakerKeyText(key));
  if (entry?.state.phase !== 'open') return;
  put(board, { ...entry, state: postponed(entry.state, logTime) });
}

/** Lowers a breaker to step-up approval in favour of graver evidence. */
export function displaceBreaker(
  board: BoardState,
  key: BreakerKey,
  cause: Cause,
  dwellScale: number,
): Transition | null {
  const before = stateOf(board, key);
  if (before.phase !== 'open') return null;
  const entry = board.entries.get(breakerKeyText(key));
  const flaps = Math.max(0, recent(entry, cause.logTime).length - 1);
  const after = displaced(before, { key, logTime: cause.logTime, flaps, dwellScale });
  return move(board, key, after, { class: 'timer', reason: 'displaced', actor: null }, cause);
}

/** Holds a breaker closed for a time, by a person's word. */
export function exemptBreaker(
  board: BoardState,
  key: BreakerKey,
  order: Pick<ExemptState, 'reason' | 'by' | 'until' | 'ticket'>,
  by: Mover,
  cause: Cause,
): Transition | null {
  if (!hasRoom(board, key, LIMITS.breakersPerTenant + LIMITS.breakersForPeople)) return null;
  return move(board, key, exempted(stateOf(board, key), order, cause.logTime), by, cause);
}

/** The end of an exemption: one that has run out, or at any time by a person's word. */
export function endExemption(
  board: BoardState,
  key: BreakerKey,
  cause: Cause,
  by: Mover = { class: 'timer', reason: 'exemption_ended', actor: null },
): Transition | null {
  const before = stateOf(board, key);
  if (before.phase !== 'exempt') return null;
  if (by.class === 'timer' && before.until > cause.logTime) return null;
  return move(board, key, exemptionEnded(before, cause.logTime), by, cause);
}

function move(
  board: BoardState,
  named: BreakerKey,
  after: BreakerState,
  by: Mover,
  cause: Cause,
): Transition {
  const key = wholeKey(board, named);
  const before = stateOf(board, key);
  const entry = board.entries.get(breakerKeyText(key));
  const title = after.phase === 'closed' ? null : (entry?.title ?? by.reason);
  put(board, { key, state: after, title, ...UNSENT, openings: recent(entry, cause.logTime) });
  return record(board, key, before, after, cause, { ...by, findingId: null });
}

/** Its automatic openings of the last day. */
function recent(entry: BoardEntry | undefined, logTime: EpochMs): readonly EpochMs[] {
  const openings = entry?.openings ?? [];
  const [oldest] = openings;
  if (oldest === undefined || oldest > logTime - DAY_MS) return openings;
  return openings.filter((at) => at > logTime - DAY_MS);
}

function record(
  board: BoardState,
  key: BreakerKey,
  before: BreakerState,
  after: BreakerState,
  cause: Cause,
  what: {
    readonly reason: string;
    readonly class: TransitionClass;
    readonly findingId: string | null;
    readonly actor: string | null;
    readonly approvedBy?: string;
    readonly singleOperator?: true;
  },
): Transition {
  board.feedSeq += 1;
  const transition: Transition = {
    time: cause.time,
    eventId: cause.eventId,
    key,
    from: before.phase,
    to: after.phase,
    level: levelOf(after),
    epoch: after.epoch,
    reason: what.reason,
    class: what.class,
    findingId: what.findingId,
    actor: what.actor,
    feedSeq: board.feedSeq,
    ...(after.phase === 'probation' && {
      probation: { step: after.step, ratePerMin: after.ratePerMin },
    }),
    ...(after.phase === 'exempt' && { until: after.until }),
    ...(after.phase === 'exempt' && after.ticket !== null && { ticket: after.ticket }),
    ...(what.approvedBy !== undefined && { approvedBy: what.approvedBy }),
    ...(what.singleOperator && { singleOperator: what.singleOperator }),
  };
  board.ring.push(transition);
  if (board.ring.length > LIMITS.feedRing) board.ring.shift();
  return transition;
}
