import { describe, expect, it } from 'vitest';
import type { BreakerBody } from '../../../../src/api/breaker-contract.ts';
import { ordersFor, questionOf, standingOf, waitsForSecond } from './breaker.ts';

function breaker(own: Partial<BreakerBody>): BreakerBody {
  return {
    key: { tenant: 'acme', kind: 'agent', id: 'invoice-bot' },
    ...{
      phase: 'open',
      level: 4,
      level_name: 'suspend',
      epoch: 1,
      term: 1,
      reason: 'volume_spike',
    },
    ...{ title: null, class: 'statistical', opened_at: null, closes_at: null, finding_id: null },
    ...{ needs_two_persons: false, acknowledged_by: [], awaiting: [], late: [] },
    ...own,
  };
}

describe('a breaker in words', () => {
  it('tells why it is latched, who holds it, and what probation lets through', () => {
    expect(standingOf(breaker({ latch: 'repeat' }))).toMatch(/came back too often/);
    expect(standingOf(breaker({ latch: null }))).toBe('');
    expect(standingOf(breaker({ phase: 'isolated', by: 'kim' }))).toBe('held by kim');
    expect(standingOf(breaker({ phase: 'probation', step: 25, rate_per_min: 12.04 }))).toBe(
      'up to 12 calls a minute, reads only',
    );
    expect(standingOf(breaker({ phase: 'probation', step: 50, rate_per_min: null }))).toBe(
      'of its usual rate',
    );
    expect(standingOf(breaker({ phase: 'exempt', by: 'kim', ticket: 'INC-7' }))).toBe(
      'by kim, ticket INC-7',
    );
  });

  it('says of each order whether a second person is needed', () => {
    const alone = breaker({});
    const grave = breaker({ level: 5, needs_two_persons: true });
    expect(waitsForSecond(alone, 'reset', 0, false)).toBe(false);
    expect(waitsForSecond(grave, 'reset', 0, false)).toBe(true);
    expect(waitsForSecond(grave, 'release', 0, true)).toBe(false);
    expect(waitsForSecond(alone, 'exempt', 15, false)).toBe(false);
    expect(waitsForSecond(alone, 'exempt', 16, false)).toBe(true);
    expect(waitsForSecond(breaker({ phase: 'exempt' }), 'exempt', 5, false)).toBe(true);
    expect(waitsForSecond(grave, 'break_glass', 30, false)).toBe(false);
  });

  it('offers what the phase allows, and never lets a whole tenant be exempt', () => {
    const names = (one: BreakerBody) => ordersFor(one, false).map(([order]) => order);
    expect(names(breaker({}))).toEqual(['reset', 'release', 'exempt', 'break_glass']);
    expect(names(breaker({ phase: 'probation' }))).toEqual(['reset', 'exempt', 'break_glass']);
    expect(names(breaker({ phase: 'exempt' }))).toEqual(['reset', 'exempt']);
    expect(names(breaker({ phase: 'closed' }))).toEqual(['exempt']);
    const key = { tenant: 'acme', kind: 'tenant', id: 'acme' };
    expect(names(breaker({ key }))).toEqual(['reset', 'release']);
  });

  it('names the length of an exemption', () => {
    expect(questionOf({ order: 'reset', minutes: null })).toBe('reset');
    expect(questionOf({ order: 'exempt', minutes: 60 })).toBe('exempt for 60 min');
  });
});
