import { describe, expect, it } from 'vitest';
import type { BreakerKey } from '../core/breaker.ts';
import type { BreakerOrder } from '../core/breaker-order.ts';
import type { CheckAnswer } from '../ports/breakers.ts';
import type { Control } from '../ports/control.ts';
import type { Identifiers } from '../ports/identifiers.ts';
import { createFakeView } from '../revocation/testing/fakes.ts';
import { createBrokerControl, createBrokerView, plainOrder } from './plain-names.ts';

const ALICE: BreakerKey = { tenant: 'acme', kind: 'agent', id: '<alice>' };
const GONE: BreakerKey = { tenant: 'acme', kind: 'session', id: 's-1', agent: '<gone>' };
const BOT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'bot' };
const PLAIN = { ...ALICE, id: 'alice@example.com' };

const identifiers: Identifiers = {
  plainOf: (tenant, id) => {
    if (id === '<gone>') return null;
    return id === '<alice>' && tenant === 'acme' ? PLAIN.id : id;
  },
  erasures: 3,
};

const ORDER: BreakerOrder = {
  ...{ jti: 'j', time: 1, eventId: null, key: BOT, agent: null, level: 4, term: 1, epoch: 1 },
  ...{ class: 'operator', reason: 'r', title: 't', findingId: null, txn: 'x' },
  ...{ phase: 'open', previousLevel: 0 },
};

describe('what brokers are told', () => {
  it('has the ids that they know, and says where nobody knows one any more', () => {
    const view = createFakeView();
    const broker = createBrokerView(view, identifiers);
    const heard: unknown[] = [];
    broker.subscribe(({ transition, unresolvable }) => heard.push([transition.key, unresolvable]));
    for (const key of [ALICE, GONE, BOT]) view.trip(key, 4);
    const expected = [
      [PLAIN, undefined],
      [GONE, true],
      [BOT, undefined],
    ];
    expect(heard).toEqual(expected);
    const { breakers } = broker.snapshot('acme');
    expect(breakers.map(({ key, unresolvable }) => [key, unresolvable])).toEqual(expected);
    const missed = broker.since('acme', 0) ?? [];
    expect(missed.map(({ transition, unresolvable }) => [transition.key, unresolvable])).toEqual(
      expected,
    );
    expect(broker.check({ tenant: 'acme', agent: '<alice>' }).key).toEqual(PLAIN);
    expect(broker.check({ tenant: 'acme', agent: 'nobody' }).key).toBeNull();
    expect(broker.renamings).toBe(3);
    expect(view.snapshot('acme').breakers[0]?.key).toEqual(ALICE);
  });

  it('is for the role broker alone when an event is proposed', async () => {
    const answer = { allow: false, key: ALICE } as unknown as CheckAnswer;
    const control = createBrokerControl(
      { propose: async () => answer } as unknown as Control,
      identifiers,
    );
    const asked = async (role: 'broker' | 'operator') => {
      const sender = { name: 'x', roles: [role], tenants: ['acme'], trust: 'broker' } as const;
      return (await control.propose(sender, {} as never)).key;
    };
    expect([await asked('broker'), await asked('operator')]).toEqual([PLAIN, ALICE]);
  });

  it('is what a revocation says when it is sent', () => {
    const named = (change: Partial<BreakerOrder>) =>
      plainOrder(identifiers, { ...ORDER, ...change });
    expect(plainOrder(identifiers, ORDER)).toBe(ORDER);
    expect(named({ key: ALICE })).toEqual({ ...ORDER, key: PLAIN });
    expect(named({ agent: '<alice>' })).toEqual({ ...ORDER, agent: PLAIN.id });
    expect(named({ agent: '<gone>' })).toMatchObject({ agent: '<gone>', unresolvable: true });
    expect(named({ key: GONE })).toMatchObject({ key: GONE, unresolvable: true });
    const tenant: BreakerKey = { tenant: 'acme', kind: 'tenant', id: '<alice>' };
    expect(named({ key: tenant }).key).toBe(tenant);
  });
});
