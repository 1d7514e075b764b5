import {
  type BreakerKey,
  type BreakerLevel,
  type BreakerState,
  breakerKeyText,
  type Transition,
} from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import { LIMITS } from '../../core/limits.ts';
import { REVOKING_LEVEL, type Revocation } from '../../core/revocation.ts';
import type { EpochMs } from '../../core/time.ts';
import { movesAt } from './breaker.ts';
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
  /** Log times of its automatic openings, oldest first: `LIMITS.breakerOpenings` at most. */
  readonly openings: readonly EpochMs[];
  /** Of an agent that was revoked, also once it is back. */
  readonly revokedBefore?: RevokedBefore;
  /** Log time at which the latest break-glass was to be over. */
  readonly glassUntil?: EpochMs;
}

/** Tokens that an agent was issued before this epoch of its breaker are dead for good. */
export interface RevokedBefore {
  readonly epoch: number;
  /** Log time at which it was revoked: no token outlives it by `LIMITS.revokedBeforeMs`. */
  readonly at: EpochMs;
}

/** Statistics and novelty share a budget; what is proven has its own, so nobody hides behind it. */
export type BudgetClass = 'proven' | 'statistical';

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
  /** When those move on that do so by themselves. */
  readonly timed: Map<string, EpochMs>;
  /** Texts of those on probation: their calls are counted. */
  readonly probation: Set<string>;
  /** Texts of automatic breakers open at a level that revokes, by whose budget they are in. */
  readonly automatic: Readonly<Record<BudgetClass, Set<string>>>;
  /** Texts of what hangs on the breaker of a parent, by the parent's text. */
  readonly cascades: Map<string, Set<string>>;
  /** Cache of `nextMoveAt`; undefined when a change has made it stale. */
  nextMove: EpochMs | null | undefined;
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
    probation: new Set(),
    automatic: { proven: new Set(), statistical: new Set() },
    cascades: new Map(),
    nextMove: null,
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

export function hasRoom(board: BoardState, key: BreakerKey, most: number): boolean {
  if (board.entries.size < most || board.closed.size > 0) return true;
  return board.entries.has(breakerKeyText(key));
}

/** Whether a person holds this breaker, or that of its agent, closed for now. */
export function isExempt(board: BoardState, key: BreakerKey): boolean {
  if (stateOf(board, key).phase === 'exempt') return true;
  const { tenant, agent } = key;
  if (agent === undefined || key.kind === 'agent') return false;
  return stateOf(board, { tenant, kind: 'agent', id: agent }).phase === 'exempt';
}

export function stateOf(board: BoardState, key: BreakerKey): BreakerState {
  const entry = board.entries.get(breakerKeyText(key));
  return entry?.state ?? { phase: 'closed', epoch: board.epochFloor };
}

/** Attaches the revocation of the epoch just opened. */
export function attachRevocation(board: BoardState, revocation: Revocation): void {
  const entry = board.entries.get(breakerKeyText(revocation.key));
  if (entry) put(board, { ...entry, revocation });
}

/** Notes that receivers applied the current epoch; an older epoch's word is ignored. */
export function acknowledge(
  board: BoardState,
  key: BreakerKey,
  epoch: number,
  receivers: readonly string[],
  logTime: EpochMs,
): boolean {
  const entry = board.entries.get(breakerKeyText(key));
  if (!entry || entry.state.epoch !== epoch) return false;
  const both = new Set([...entry.acknowledgedBy, ...receivers]);
  const acknowledgedBy = [...both].slice(0, LIMITS.acknowledgersPerBreaker);
  if (acknowledgedBy.length === entry.acknowledgedBy.length) return false;
  put(board, { ...entry, acknowledgedBy, acknowledgedAt: entry.acknowledgedAt ?? logTime });
  return true;
}

/** Keys whose timers have run out at `logTime`, changed least lately first. */
export function dueToMove(board: BoardState, logTime: EpochMs): readonly BreakerKey[] {
  const due: BreakerKey[] = [];
  for (const [text, at] of board.timed) {
    const entry = at <= logTime ? board.entries.get(text) : undefined;
    if (entry) due.push(entry.key);
  }
  return due;
}

/** The earliest log time at which something moves on by itself; null when nothing will. */
export function nextMoveAt(board: BoardState): EpochMs | null {
  if (board.nextMove !== undefined) return board.nextMove;
  let next: EpochMs | null = null;
  for (const at of board.timed.values()) {
    if (next === null || at < next) next = at;
  }
  board.nextMove = next;
  return next;
}

/** The level that a key holds at now; 0 when closed. */
export function levelOf(state: BreakerState): BreakerLevel {
  return state.phase === 'closed' ? 0 : state.level;
}

/** Replaces a breaker, and all that is derived from it. */
export function put(board: BoardState, entry: BoardEntry): void {
  const text = breakerKeyText(entry.key);
  const { key, state } = entry;
  const before = entry.revokedBefore ?? board.entries.get(text)?.revokedBefore;
  const revokedBefore = revokedBeforeOf(key, state) ?? before;
  const glassUntil = glassUntilOf(state) ?? board.entries.get(text)?.glassUntil;
  remove(board, text);
  board.entries.set(text, {
    ...entry,
    ...(revokedBefore !== undefined && { revokedBefore }),
    ...(glassUntil !== undefined && { glassUntil }),
  });
  if (state.phase === 'closed') board.closed.add(text);
  // An exemption holds nothing back, so no question is answered by it.
  else if (state.phase !== 'exempt') board.index.add(text, { key, state });
  if (state.phase === 'probation') board.probation.add(text);
  const budget = budgetOf(state);
  if (budget !== null) board.automatic[budget].add(text);
  const parent = parentOf(state);
  if (parent !== null) {
    board.cascades.set(parent, (board.cascades.get(parent) ?? new Set()).add(text));
  }
  const at = movesAt(state);
  if (at !== null) {
    board.timed.set(text, at);
    const { nextMove } = board;
    if (nextMove === null) board.nextMove = at;
    else if (nextMove !== undefined) board.nextMove = Math.min(nextMove, at);
  }
  if (board.entries.size > LIMITS.breakersPerTenant) forgetOneClosed(board, text);
}

/** Restoring an agent means new tokens: CAEP knows no un-revoking of a session. */
function revokedBeforeOf({ kind }: BreakerKey, state: BreakerState): RevokedBefore | undefined {
  if (kind !== 'agent' || (state.phase !== 'open' && state.phase !== 'isolated')) return undefined;
  if (state.level < REVOKING_LEVEL) return undefined;
  return { epoch: state.epoch, at: state.openedAt };
}

function glassUntilOf(state: BreakerState): EpochMs | undefined {
  return state.phase === 'exempt' && state.ticket !== null ? state.until : undefined;
}

function remove(board: BoardState, text: string): void {
  const before = board.entries.get(text);
  if (!before) return;
  board.entries.delete(text);
  board.closed.delete(text);
  board.probation.delete(text);
  board.index.remove(text, before.key);
  if (board.timed.get(text) === board.nextMove) board.nextMove = undefined;
  board.timed.delete(text);
  board.automatic.proven.delete(text);
  board.automatic.statistical.delete(text);
  const parent = parentOf(before.state);
  const siblings = parent === null ? undefined : board.cascades.get(parent);
  siblings?.delete(text);
  if (parent !== null && siblings?.size === 0) board.cascades.delete(parent);
}

function parentOf(state: BreakerState): string | null {
  return state.phase === 'open' ? state.cascadeOf : null;
}

/**
 * Whose budget a state is in; null for none. What hangs on another breaker is part of that
 * incident, and what was taken back at the end of a task is no suspicion.
 */
function budgetOf(state: BreakerState): BudgetClass | null {
  if (state.phase !== 'open' || state.level < REVOKING_LEVEL || state.cascadeOf !== null) {
    return null;
  }
  if (state.class === 'deterministic') return 'proven';
  return state.class === 'statistical' || state.class === 'novelty' ? 'statistical' : null;
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
