import { type BreakerKey, type BreakerLevel, breakerKeyText } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import type { Effect } from '../../core/entry.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Revocation } from '../../core/revocation.ts';
import type { EpochMs } from '../../core/time.ts';
import type { BoardEntry, BoardState } from './board.ts';

/** What enforcement points are to be told of one key, and who has obeyed already. */
export interface StandingOrder {
  readonly order: BreakerOrder;
  readonly acknowledgedBy: readonly string[];
}

/**
 * Keeps the newest order of the key a transition moved, so that a restart knows what is owed. Its
 * `jti` names the place of the decision in the log, as that of a revocation does.
 */
export function noteOrder(board: BoardState, effect: Effect, term: number): void {
  if (effect.kind !== 'transition') return;
  const { key, to, level, epoch, time, eventId, reason, findingId } = effect.decision;
  const text = breakerKeyText(key);
  const entry = board.entries.get(text);
  // A later transition of the same entry has its own turn.
  if (!entry || entry.state.epoch !== epoch) return;
  const before = board.orders.get(text);
  const position = `${effect.inputSeq}-${effect.ordinal}`;
  const { revocation } = entry;
  const peakLevel = peakOf(before, level, time);
  const going = effect.decision.from !== 'closed' ? before?.txn : undefined;
  board.orders.set(text, {
    jti: revocation?.jti ?? `tc-${term}-${position}`,
    txn: revocation?.txn ?? going ?? `trip-${term}-${position}`,
    ...{ time, key, phase: to, level, term, epoch, reason, findingId, eventId },
    agent: key.kind === 'agent' ? key.id : (key.agent ?? null),
    previousLevel: before?.level ?? 0,
    ...(peakLevel > level && { peakLevel }),
    class: effect.decision.class,
    title: entry.title,
    seq: effect.inputSeq,
  });
}

/** What was frozen may still have to be restored after a closing that was not obeyed yet. */
function peakOf(
  before: BreakerOrder | undefined,
  level: BreakerLevel,
  time: EpochMs,
): BreakerLevel {
  if (!before) return level;
  if (before.phase === 'closed' && time - before.time > LIMITS.orderPeakKeptMs) return level;
  const peak = before.peakLevel ?? before.level;
  return peak > level ? peak : level;
}

/** Of one key; null where nothing was ever decided. */
export function standingOrder(board: BoardState, key: BreakerKey): StandingOrder | null {
  const text = breakerKeyText(key);
  const entry = board.entries.get(text);
  return entry ? standing(board, text, entry) : null;
}

/** Of every key, changed least lately first. */
export function* standingOrders(board: BoardState): Generator<StandingOrder> {
  for (const [text, entry] of board.entries) {
    const found = standing(board, text, entry);
    if (found) yield found;
  }
}

function standing(board: BoardState, text: string, entry: BoardEntry): StandingOrder | null {
  const { revocation, acknowledgedBy, state } = entry;
  const order = board.orders.get(text);
  if (order?.epoch === state.epoch) return { order, acknowledgedBy };
  // From before orders were kept: openings that revoke are known all the same.
  return revocation ? { order: orderOf(revocation, entry), acknowledgedBy } : null;
}

function orderOf(revocation: Revocation, { state }: BoardEntry): BreakerOrder {
  const { events: _events, ...rest } = revocation;
  return { ...rest, phase: state.phase, previousLevel: 0 };
}
