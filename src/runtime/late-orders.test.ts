import { describe, expect, it } from 'vitest';
import type { BreakerKey } from '../core/breaker.ts';
import { LIMITS } from '../core/limits.ts';
import { LateOrders } from './late-orders.ts';

const keyOf = (id: string): BreakerKey => ({ tenant: 'acme', kind: 'agent', id });
const KEY = keyOf('bot');

describe('LateOrders', () => {
  it('names who is late and still owes, with this epoch alone', () => {
    const late = new LateOrders();
    late.note(KEY, 1, 'gateway');
    late.note(KEY, 1, 'vault');
    expect(late.among(KEY, 1, ['gateway', 'vault', 'prompt'])).toEqual(['gateway', 'vault']);
    expect(late.among(KEY, 1, ['vault'])).toEqual(['vault']);
    expect(late.among(KEY, 2, ['gateway'])).toEqual([]);
    late.note(KEY, 2, 'vault');
    expect(late.among(KEY, 2, ['gateway', 'vault'])).toEqual(['vault']);
  });

  it('counts breakers of a tenant, and forgets those that are over', () => {
    const late = new LateOrders();
    const awaiting: Record<string, string[]> = { bot: ['gateway'], other: ['gateway'] };
    const standing = ({ id }: BreakerKey) => ({ epoch: 1, awaiting: awaiting[id] ?? [] });
    for (const id of ['bot', 'other']) late.note(keyOf(id), 1, 'gateway');
    expect([late.count('acme', standing), late.count('globex', standing)]).toEqual([2, 0]);
    awaiting['bot'] = [];
    expect(late.count('acme', standing)).toBe(1);
    awaiting['bot'] = ['gateway'];
    // It has acknowledged meanwhile: who owes it again is not late yet.
    expect(late.count('acme', standing)).toBe(1);
    expect(late.count('acme', () => null)).toBe(0);
  });

  it('keeps no more than its limit, the latest', () => {
    const late = new LateOrders();
    for (let n = 0; n <= LIMITS.lateOrders; n += 1) late.note(keyOf(`bot-${n}`), 1, 'gateway');
    expect(late.count('acme', () => ({ epoch: 1, awaiting: ['gateway'] }))).toBe(LIMITS.lateOrders);
    expect(late.among(keyOf('bot-0'), 1, ['gateway'])).toEqual([]);
  });
});
