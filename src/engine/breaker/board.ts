import {
  type BreakerKey,
  type BreakerLevel,
  type BreakerState,
  breakerKeyText,
  type Transition,
  type TransitionClass,
} from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import type { DetectionFamily } from '../../core/finding.ts';
import { LIMITS } from '../../core/limits.ts';
import { REVOKING_LEVEL, type Revocation } from '../../core/revocation.ts';
import type { EpochMs } from '../../core/time.ts';
import { closed, type Opening, opened, prolonged, rises } from './breaker.ts';
import { MatchIndex } from './match-index.ts';

/** One breaker with what is owed to its brokers. */
export interface BoardEntry {
  readonly key: BreakerKey;
  readonly state: BreakerState;
  readonly title: string | null;
  /** The revocation of the current epoch, until a later epoch supersedes it. */
  readonly revocation: Revocation | null;
  readonly acknowledgedBy: readonly string[];
  /** Log time of the first acknowledgement of the current epoch; null before. */
  readonly acknowledgedAt: EpochMs | null;
}

/** State of one tenant's breakers; all but the first three and the numbers is derived. */
export interface BoardState {
  /** Changed least lately first. */
  readonly entries: Map<string, BoardEntry>;
  /** What enforcement points are to be told of each; see orders.ts. */
  readonly orders: Map<string, BreakerOrder>;
  /** Recent transitions for resuming brokers, oldest first. */
  readonly ring: Transition[];
  feedSeq: number;
  /** Highest epoch of any forgotten breaker, so that a returning key never falls behind. */
  epochFloor: number;
  /** What is open, by whom it holds. */
  readonly index: MatchIndex;
  /** Texts of the closed ones, changed least lately first: the first to be forgotten. */
  readonly closed: Set<string>;
  /** When those close that close by themselves. */
  readonly timed: Map<string, EpochMs>;
  /** Automatic breakers open at a level that revokes, by family. */
  readonly automatic: Record<DetectionFamily, number>;
  /** Cache of `nextCloseAt`; undefined when a change has made it stale. */
  nextClose: EpochMs | null | undefined;
}

export function createBoard(): BoardState {
  return {
    entries: new Map(),
    orders: new Map(),
    ring: [],
    feedSeq: 0,
    epochFloor: 0,
    index: new MatchIndex(),
    closed: new Set(),
    timed: new Map(),
    automatic: { deterministic: 0, statistical: 0, novelty: 0 },
    nextClose: null,
  };
}

/** Takes an entry back from a snapshot, in the order they were written. */
export function restoreEntry(board: BoardState, entry: BoardEntry): void {
  put(board, entry);
}

/** Whether a breaker of the agent, or of a session of its, is open. */
export function isHeld(board: BoardState, agent: string): boolean {
  return board.index.names(agent);
}

/** Whether nothing is open. */
export function isQuiet(board: BoardState): boolean {
  return board.closed.size === board.entries.size;
}

/**
 * Whether automation may open this breaker: it has a place already, one that is closed can be
 * forgotten for it, or there is room.
 */
export function hasRoomFor(board: BoardState, key: BreakerKey): boolean {
  return hasRoom(board, key, LIMITS.breakersPerTenant);
}

function hasRoom(board: BoardState, key: BreakerKey, most: number): boolean {
  if (board.entries.size < most || board.closed.size > 0) return true;
  return board.entries.has(breakerKeyText(key));
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
): Transition | null {
  const key = wholeKey(board, named);
  const before = stateOf(board, key);
  if (!rises(before, opening)) {
    const entry = board.entries.get(breakerKeyText(key));
    if (entry) put(board, { ...entry, state: prolonged(before, cause.logTime) });
    return null;
  }
  const reserve = opening.class === 'operator' ? LIMITS.breakersForPeople : 0;
  if (!hasRoom(board, key, LIMITS.breakersPerTenant + reserve)) return null;
  const after = opened(before, opening, cause.logTime);
  put(board, { key, state: after, title, ...UNSENT });
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
  put(board, { key, state: after, title: null, ...UNSENT });
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
  logTime: EpochMs,
): boolean {
  const entry = board.entries.get(breakerKeyText(key));
  if (!entry || entry.state.epoch !== epoch || entry.acknowledgedBy.includes(receiver))
    return false;
  if (entry.acknowledgedBy.length >= LIMITS.acknowledgersPerBreaker) return false;
  const acknowledgedBy = [...entry.acknowledgedBy, receiver];
  put(board, { ...entry, acknowledgedBy, acknowledgedAt: entry.acknowledgedAt ?? logTime });
  return true;
}

/** Keys whose timers have run out at `logTime`, changed least lately first. */
export function dueToClose(board: BoardState, logTime: EpochMs): readonly BreakerKey[] {
  const due: BreakerKey[] = [];
  for (const [text, closesAt] of board.timed) {
    const entry = closesAt <= logTime ? board.entries.get(text) : undefined;
    if (entry) due.push(entry.key);
  }
  return due;
}

/** The earliest log time at which something closes by itself; null when nothing will. */
export function nextCloseAt(board: BoardState): EpochMs | null {
  if (board.nextClose !== undefined) return board.nextClose;
  let next: EpochMs | null = null;
  for (const closesAt of board.timed.values()) {
    if (next === null || closesAt < next) next = closesAt;
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
  remove(board, text);
  board.entries.set(text, entry);
  const { key, state } = entry;
  if (state.phase === 'closed') board.closed.add(text);
  else board.index.add(text, { key, state });
  if (state.phase === 'open' && state.closesAt !== null) {
    board.timed.set(text, state.closesAt);
    const { nextClose } = board;
    if (nextClose === null) board.nextClose = state.closesAt;
    else if (nextClose !== undefined) board.nextClose = Math.min(nextClose, state.closesAt);
  }
  count(board, state, 1);
  if (board.entries.size > LIMITS.breakersPerTenant) forgetOneClosed(board, text);
}

function remove(board: BoardState, text: string): void {
  const before = board.entries.get(text);
  if (!before) return;
  board.entries.delete(text);
  board.closed.delete(text);
  board.index.remove(text, before.key);
  if (board.timed.get(text) === board.nextClose) board.nextClose = undefined;
  board.timed.delete(text);
  count(board, before.state, -1);
}

function count({ automatic }: BoardState, state: BreakerState, by: 1 | -1): void {
  if (state.phase !== 'open' || state.level < REVOKING_LEVEL) return;
  if (state.class in automatic) automatic[state.class as DetectionFamily] += by;
}

function forgetOneClosed(board: BoardState, keep: string): void {
  for (const text of board.closed) {
    if (text === keep) continue;
    const epoch = board.entries.get(text)?.state.epoch ?? 0;
    board.epochFloor = Math.max(board.epochFloor, epoch);
    remove(board, text);
    board.orders.delete(text);
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
