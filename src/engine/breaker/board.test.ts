import { describe, expect, it } from 'vitest';
import type { BreakerKey } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { HOUR_MS } from '../../core/time.ts';
import { Shard } from '../shard.ts';
import { EntryWriter, OBEDIENT, START } from '../testing/entries.ts';
import {
  acknowledge,
  type BoardState,
  createBoard,
  dueToMove,
  hasRoomFor,
  nextMoveAt,
  restoreEntry,
} from './board.ts';
import { closeBreaker, openBreaker } from './moves.ts';

const CAUSE = { time: START, eventId: null, logTime: START };

function keyOf(n: number): BreakerKey {
  return { tenant: 'acme', kind: 'session', id: `s-${n}`, agent: `bot-${n % 7}` };
}

function open(board: BoardState, n: number, by: 'statistical' | 'deterministic' | 'operator') {
  const opening = { level: 4, reason: 'x', class: by, findingId: null, actor: 'kim' } as const;
  return openBreaker(board, keyOf(n), opening, '', CAUSE);
}

function close(board: BoardState, n: number) {
  return closeBreaker(board, keyOf(n), { class: 'timer', reason: 'x', actor: null }, CAUSE);
}

/** What the board should know of its entries, found by looking at each. */
function lookedAt(board: BoardState) {
  const entries = [...board.entries.values()];
  const automatic = { proven: 0, statistical: 0 };
  const closing = entries.flatMap(({ state }) =>
    state.phase === 'open' && state.closesAt !== null ? state.closesAt : [],
  );
  for (const { state } of entries) {
    if (state.phase !== 'open') continue;
    automatic[state.class === 'deterministic' ? 'proven' : 'statistical'] += 1;
  }
  return { automatic, next: closing.length === 0 ? null : Math.min(...closing) };
}

describe('the board', () => {
  it('knows its counts and timers through every change, and after a restart', () => {
    const board = createBoard();
    const classes = ['statistical', 'deterministic', 'operator'] as const;
    for (let step = 0; step < 600; step += 1) {
      const n = (step * 17) % 41;
      if (step % 3 === 2) close(board, n);
      else open(board, n, classes[step % 7 === 0 ? 2 : step % 2] ?? 'operator');
      acknowledge(board, keyOf(n), step % 5, ['broker'], step);
      const { automatic, next } = lookedAt(board);
      const { proven, statistical } = board.automatic;
      expect({ proven: proven.size, statistical: statistical.size }).toEqual(automatic);
      expect(nextMoveAt(board)).toBe(next);
    }
    const twin = createBoard();
    for (const entry of board.entries.values()) restoreEntry(twin, entry);
    expect([...twin.entries.keys()]).toEqual([...board.entries.keys()]);
    expect([...twin.closed]).toEqual([...board.closed]);
    expect(twin.automatic).toEqual(board.automatic);
    const later = START + 2 * HOUR_MS;
    expect(dueToMove(twin, later)).toEqual(dueToMove(board, later));
  });

  it('remembers past its closing, and past a restart, at which epoch an agent was revoked', () => {
    const board = createBoard();
    const key: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'bot' };
    const by = { reason: 'x', class: 'statistical', findingId: null, actor: null } as const;
    const mover = { class: 'timer', reason: 'x', actor: null } as const;
    openBreaker(board, key, { ...by, level: 3 }, '', CAUSE);
    const revokedBefore = () => board.entries.get('acme/agent/bot')?.revokedBefore;
    expect(revokedBefore()).toBeUndefined();
    openBreaker(board, key, { ...by, level: 4 }, '', CAUSE);
    closeBreaker(board, key, mover, CAUSE);
    openBreaker(board, key, { ...by, level: 2 }, '', CAUSE);
    expect(revokedBefore()).toEqual({ epoch: 2, at: START });
    const twin = createBoard();
    for (const entry of board.entries.values()) restoreEntry(twin, entry);
    expect(twin.entries).toEqual(board.entries);
  });

  it('full of open breakers takes no more but a person’s, and forgets what closed first', {
    timeout: 60_000,
  }, () => {
    const shard = new Shard({ registry: { detectors: [OBEDIENT] }, initialPosture: 'enforce' });
    const write = new EntryWriter();
    shard.apply([write.grant('acme', [{ tenant: 'acme', agent: '*' }])]);
    const { board } = shard.tenant('acme');
    for (let n = 0; n < LIMITS.breakersPerTenant; n += 1) open(board, n, 'operator');
    expect(board.entries.size).toBe(LIMITS.breakersPerTenant);
    const effects = shard.apply([write.input({ id: 'a', attrs: { trip: 2 } })]);
    expect(effects.map(({ decision }) => decision)).toMatchObject([
      { decision: { tripped: false, why: 'over_budget', would: { level: 2 } } },
    ]);
    expect(hasRoomFor(board, keyOf(3))).toBe(true);
    expect(open(board, -1, 'operator')).not.toBeNull();
    expect(board.entries.size).toBe(LIMITS.breakersPerTenant + 1);
    close(board, 5);
    close(board, 4);
    expect([board.entries.has('acme/session/s-5'), board.entries.has('acme/session/s-4')]).toEqual([
      false,
      true,
    ]);
    expect(board.epochFloor).toBe(2);
    expect(open(board, -2, 'statistical')).not.toBeNull();
    expect(board.entries.size).toBe(LIMITS.breakersPerTenant);
  });
});
