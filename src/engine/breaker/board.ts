import {
  type BreakerKey,
  type BreakerLevel,
  type BreakerState,
  breakerKeyText,
  type Transition,
  type TransitionClass,
} from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Revocation } from '../../core/revocation.ts';
import type { EpochMs } from '../../core/time.ts';
import { closed, type Opening, opened, prolonged, rises } from './breaker.ts';

/** One breaker with what is owed to its brokers. */
export interface BoardEntry {
  readonly key: BreakerKey;
  readonly state: BreakerState;
  readonly title: string | null;
  /** The revocation of the current epoch, until a later epoch supersedes it. */
  readonly revocation: Revocation | null;
  readonly acknowledgedBy: readonly string[];
}

/** Plain state of one tenant's breakers, as snapshotted. */
export interface BoardState {
  readonly entries: Map<string, BoardEntry>;
  /** Recent transitions for resuming brokers, oldest first. */
  readonly ring: Transition[];
  feedSeq: number;
  /** Highest epoch of any forgotten breaker, so that a returning key never falls behind. */
  epochFloor: number;
  /** Cache of `nextCloseAt`; undefined when a change has made it stale. */
  nextClose: EpochMs | null | undefined;
}

export function createBoard(): BoardState {
  return { entries: new Map(), ring: [], feedSeq: 0, epochFloor: 0, nextClose: null };
}

interface Cause {
  readonly time: EpochMs;
  readonly eventId: string | null;
  readonly logTime: EpochMs;
}

export function stateOf(board: BoardState, key: BreakerKey): BreakerState {
  const entry = board.entries.get(breakerKeyText(key));
  return entry?.state ?? { phase: 'closed', epoch: board.epochFloor };
}

/** The key with the agent of its session, which a person who names the session need not know. */
function wholeKey(board: BoardState, key: BreakerKey): BreakerKey {
  const agent = key.agent ?? board.entries.get(breakerKeyText(key))?.key.agent;
  return agent === undefined ? key : { ...key, agent };
}

/** Opens or raises a breaker. Null when it already stands at that level or above. */
export function openBreaker(
  board: BoardState,
  named: BreakerKey,
  opening: Opening,
  title: string,
  cause: Cause,
): Transition | null {
  const key = wholeKey(board, named);
  const before = stateOf(board, key);
  if (!rises(before, opening)) {
    const entry = board.entries.get(breakerKeyText(key));
    if (entry) put(board, { ...entry, state: prolonged(before, cause.logTime) });
    return null;
  }
  const after = opened(before, opening, cause.logTime);
  put(board, { key, state: after, title, revocation: null, acknowledgedBy: [] });
  return record(board, key, before, after, cause, {
    level: after.level,
    reason: opening.reason,
    class: opening.class,
    findingId: opening.findingId,
    actor: opening.actor,
  });
}

/** Closes a breaker by a person's word or by its timer. Null when it is closed already. */
export function closeBreaker(
  board: BoardState,
  named: BreakerKey,
  by: {
    readonly class: 'operator' | 'timer';
    readonly reason: string;
    readonly actor: string | null;
  },
  cause: Cause,
): Transition | null {
  const key = wholeKey(board, named);
  const before = stateOf(board, key);
  if (before.phase === 'closed') return null;
  const after = closed(before);
  put(board, { key, state: after, title: null, revocation: null, acknowledgedBy: [] });
  return record(board, key, before, after, cause, { level: 0, ...by, findingId: null });
}

/** Attaches the revocation of the epoch just opened. */
export function attachRevocation(board: BoardState, revocation: Revocation): void {
  const entry = board.entries.get(breakerKeyText(revocation.key));
  if (entry) put(board, { ...entry, revocation });
}

/** Notes that a receiver applied the current epoch; an older epoch's word is ignored. */
export function acknowledge(
  board: BoardState,
  key: BreakerKey,
  epoch: number,
  receiver: string,
): boolean {
  const entry = board.entries.get(breakerKeyText(key));
  if (!entry || entry.state.epoch !== epoch || entry.acknowledgedBy.includes(receiver))
    return false;
  if (entry.acknowledgedBy.length >= LIMITS.acknowledgersPerBreaker) return false;
  put(board, { ...entry, acknowledgedBy: [...entry.acknowledgedBy, receiver] });
  return true;
}

/** Keys whose timers have run out at `logTime`, in the order they were opened. */
export function dueToClose(board: BoardState, logTime: EpochMs): readonly BreakerKey[] {
  const due: BreakerKey[] = [];
  for (const { key, state } of board.entries.values()) {
    if (state.phase === 'open' && state.closesAt !== null && state.closesAt <= logTime)
      due.push(key);
  }
  return due;
}

/** The earliest log time at which something closes by itself; null when nothing will. */
export function nextCloseAt(board: BoardState): EpochMs | null {
  if (board.nextClose !== undefined) return board.nextClose;
  let next: EpochMs | null = null;
  for (const { state } of board.entries.values()) {
    if (state.phase !== 'open' || state.closesAt === null) continue;
    if (next === null || state.closesAt < next) next = state.closesAt;
  }
  board.nextClose = next;
  return next;
}

/** The level a key stands at; 0 when closed. */
export function levelOf(state: BreakerState): BreakerLevel {
  return state.phase === 'closed' ? 0 : state.level;
}

function put(board: BoardState, entry: BoardEntry): void {
  const text = breakerKeyText(entry.key);
  board.entries.set(text, entry);
  board.nextClose = undefined;
  if (board.entries.size > LIMITS.breakersPerTenant) forgetOneClosed(board, text);
}

function forgetOneClosed(board: BoardState, keep: string): void {
  for (const [text, { state }] of board.entries) {
    if (text === keep || state.phase !== 'closed') continue;
    board.epochFloor = Math.max(board.epochFloor, state.epoch);
    board.entries.delete(text);
    return;
  }
}

function record(
  board: BoardState,
  key: BreakerKey,
  before: BreakerState,
  after: BreakerState,
  cause: Cause,
  what: {
    readonly level: BreakerLevel;
    readonly reason: string;
    readonly class: TransitionClass;
    readonly findingId: string | null;
    readonly actor: string | null;
  },
): Transition {
  board.feedSeq += 1;
  const transition: Transition = {
    time: cause.time,
    eventId: cause.eventId,
    key,
    from: before.phase,
    to: after.phase,
    level: what.level,
    epoch: after.epoch,
    reason: what.reason,
    class: what.class,
    findingId: what.findingId,
    actor: what.actor,
    feedSeq: board.feedSeq,
  };
  board.ring.push(transition);
  if (board.ring.length > LIMITS.feedRing) board.ring.shift();
  return transition;
}
