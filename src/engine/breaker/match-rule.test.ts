import { describe, expect, it } from 'vitest';
import { MATCH_CASES } from '../../../client/src/match-rule.cases.ts';
import { keyText } from '../../../client/src/messages.ts';
import { breakerKeyText } from '../../core/breaker.ts';
import { START } from '../testing/entries.ts';
import { createBoard } from './board.ts';
import { strictest } from './check.ts';
import { closeBreaker, openBreaker } from './moves.ts';

const CAUSE = { time: START, eventId: null, logTime: START };
const BY = { class: 'operator', reason: 'test', actor: 'kim' } as const;

const BY_ITSELF = { class: 'statistical', reason: 'test', actor: null } as const;

function boardWith(open: (typeof MATCH_CASES)[number]['open']) {
  const board = createBoard();
  for (const { level, byPerson, ...key } of open) {
    const by = byPerson ? BY : BY_ITSELF;
    openBreaker(board, { tenant: 'acme', ...key }, { ...by, level, findingId: null }, '', CAUSE);
  }
  return board;
}

describe('the match rule of the daemon', () => {
  it.each(MATCH_CASES)('finds $what', ({ open, subject, posture, level }) => {
    const board = boardWith(open);
    const asked = { tenant: 'acme', broker: 'gateway', ...subject };
    expect(board.entries.size).toBe(open.length);
    expect(strictest(board, undefined, asked, posture)?.state.level ?? 0).toBe(level);
    for (const { level: _level, byPerson: _by, ...key } of open) {
      closeBreaker(board, { tenant: 'acme', ...key }, BY, CAUSE);
    }
    expect(strictest(board, undefined, asked, posture)).toBeNull();
  });

  it('writes a key as the broker does', () => {
    for (const { level: _level, byPerson: _by, ...key } of MATCH_CASES.flatMap(
      ({ open }) => open,
    )) {
      const whole = { tenant: 'a/cme', ...key };
      expect(breakerKeyText(whole)).toBe(keyText(whole));
    }
    const broken = { tenant: 'acme', kind: 'tool', id: 'x\ud800', agent: '\udfff/' } as const;
    expect(breakerKeyText(broken)).toBe(keyText(broken));
    expect(breakerKeyText(broken)).toBe('acme/tool/%EF%BF%BD%2F/x%EF%BF%BD');
  });

  it('puts a global stop above all, and a graver own breaker above that', () => {
    const system = boardWith([]);
    const key = { tenant: '_system', kind: 'global', id: 'global' } as const;
    openBreaker(system, key, { ...BY, level: 6, findingId: null }, '', CAUSE);
    expect(strictest(undefined, system, { tenant: 'acme' })?.state.level).toBe(6);
    const board = boardWith([{ kind: 'agent', id: 'a', level: 7 }]);
    expect(strictest(board, system, { tenant: 'acme', agent: 'a' })?.state.level).toBe(7);
    expect(strictest(board, system, { tenant: 'acme', agent: 'b' })?.state.level).toBe(6);
  });
});
