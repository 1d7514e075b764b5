import { describe, expect, it } from 'vitest';
import type { BreakerKey, BreakerLevel, BreakerPhase } from '../../core/breaker.ts';
import type { Effect } from '../../core/entry.ts';
import { LIMITS } from '../../core/limits.ts';
import { createBoard } from './board.ts';
import { noteOrder, standingOrder } from './orders.ts';

const KEY: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'a' };

/** Moves the key by hand through phases and levels, and tells the order at each. */
function orders(...moves: readonly (readonly [BreakerPhase, BreakerLevel, number])[]) {
  const board = createBoard();
  let from: BreakerPhase = 'closed';
  return moves.map(([phase, level, time], index) => {
    const epoch = index + 1;
    board.entries.set('acme/agent/a', {
      ...{ key: KEY, state: { phase, level, epoch }, title: null, revocation: null },
      ...{ acknowledgedBy: [] },
    } as never);
    const decision = { key: KEY, from, to: phase, level, epoch, time, reason: 'r', class: 'timer' };
    const effect = { kind: 'transition', tenant: 'acme', inputSeq: 1, ordinal: index, decision };
    noteOrder(board, effect as unknown as Effect, 1);
    from = phase;
    return standingOrder(board, KEY)?.order.peakLevel;
  });
}

describe('noteOrder', () => {
  it('tells how high a key was, until it was closed for long', () => {
    const later = LIMITS.orderPeakKeptMs;
    expect(
      orders(
        ['open', 1, 0],
        ['open', 5, 1],
        ['open', 3, 2],
        ['closed', 0, 3],
        ['open', 1, 4],
        ['closed', 0, 5],
        ['open', 1, 6 + later],
      ),
    ).toEqual([undefined, undefined, 5, 5, 5, 5, undefined]);
  });
});
