import { describe, expect, it } from 'vitest';
import type { BreakerKey } from '../../core/breaker.ts';
import { createBoard } from './board.ts';
import { askBudget, budgetOf } from './budget.ts';
import { openBreaker } from './moves.ts';

const keyOf = (id: string): BreakerKey => ({ tenant: 'acme', kind: 'agent', id });
const EVIDENCE = { detector: 'volume', source: 'gateway', score: 50 };

/** Asks for `more` where agents are held with these scores. */
function ask(held: readonly Partial<typeof EVIDENCE>[], more: Partial<typeof EVIDENCE>, share = 1) {
  const board = createBoard();
  held.forEach((given, n) => {
    const { detector, source, score } = { ...EVIDENCE, ...given };
    const opening = { level: 4, reason: detector, class: 'statistical', findingId: null } as const;
    const cause = { time: 0, eventId: null, logTime: 0 };
    const opened = { ...opening, actor: null, source, score };
    openBreaker(board, keyOf(`held-${n}`), opened, 'title', cause);
  });
  const budget = budgetOf({ budget: { floor: 2, share } });
  const request = { key: keyOf('new'), family: 'statistical', ...EVIDENCE, ...more } as const;
  return askBudget(board, { level: 0, at: 0 } as never, budget, 10, request, 0);
}

describe('the budget of statistics', () => {
  const two = [{ score: 40 }, { score: 30 }];

  it('counts what one detector and one source hold', () => {
    expect(ask(two, {})).toEqual({ room: true, displaces: keyOf('held-1') });
    expect(ask(two, { detector: 'cost', source: 'other' })).toEqual({
      room: true,
      displaces: null,
    });
    expect(ask(two, { detector: 'cost', score: 20 })).toEqual({ room: false });
    expect(ask(two, { source: 'other', score: 20 })).toEqual({ room: false });
  });

  it('lets the highest score take the place of the lowest, and no equal one', () => {
    expect(ask(two, { score: 31 }, 0)).toEqual({ room: true, displaces: keyOf('held-1') });
    expect(ask(two, { score: 30 }, 0)).toEqual({ room: false });
  });
});
