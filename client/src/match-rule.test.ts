import { describe, expect, it } from 'vitest';
import { BreakerMap } from './breaker-map.ts';
import { MATCH_CASES } from './match-rule.cases.ts';

describe('the match rule of the broker', () => {
  it.each(MATCH_CASES)('finds $what', ({ open, subject, posture = 'enforce', level }) => {
    const map = new BreakerMap(() => 'gateway');
    const breakers = open.map(({ level: at, byPerson, ...key }) => ({
      key: { tenant: 'acme', ...key },
      phase: 'open' as const,
      level: at,
      term: 1,
      epoch: 1,
      reason: 'test',
      class: byPerson ? ('operator' as const) : ('statistical' as const),
    }));
    map.applySnapshot({ tenant: 'acme', term: 1, seq: 1, posture, breakers });
    expect(map.open).toBe(open.length);
    expect(map.highest(subject)?.level ?? 0).toBe(level);
  });
});
