import { describe, expect, it } from 'vitest';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import { CAEP_SESSION_REVOKED } from '../../core/revocation.ts';
import { orderOf } from '../actuators/testing/orders.ts';
import { CAEP_RISK_LEVEL_CHANGE, eventTypesOf, RISC_ACCOUNT_ENABLED } from './event-types.ts';
import { setsOf } from './security-event-token.ts';

describe('the events of an order', () => {
  const ADDRESS = { issuer: 'https://t.example', audience: 'https://r.example' };

  it.each(['chain', 'tool', 'broker'] as const)('are none for a %s: no subject is it', (kind) => {
    for (const agent of [undefined, 'invoice-bot']) {
      const key = { tenant: 'acme', kind, id: 'k', ...(agent && { agent }) };
      const order = orderOf({ key, agent: agent ?? null, level: 4 });
      expect([eventTypesOf(order), setsOf(order, ADDRESS, 0)]).toEqual([[], []]);
    }
  });

  it('enable an account at every step after the level that disabled it', () => {
    const steps: readonly Partial<BreakerOrder>[] = [
      { level: 3, previousLevel: 5 },
      { level: 1, previousLevel: 3, peakLevel: 5 },
      { level: 4, previousLevel: 0, peakLevel: 5 },
      { level: 0, previousLevel: 0, peakLevel: 5, phase: 'closed' },
    ];
    for (const step of steps) {
      expect(eventTypesOf(orderOf({ phase: 'probation', ...step }))).toContain(
        RISC_ACCOUNT_ENABLED,
      );
    }
    const lower = orderOf({ level: 1, previousLevel: 4, peakLevel: 4 });
    expect(eventTypesOf(lower)).toEqual([CAEP_RISK_LEVEL_CHANGE]);
  });

  it('end the sessions of a tenant for a tenant key alone', () => {
    const session = { tenant: 'acme', kind: 'session', id: 's-1', agent: 'invoice-bot' } as const;
    const order = orderOf({ key: session, agent: 'invoice-bot', level: 4 });
    const [claims] = setsOf(order, ADDRESS, 0);
    expect(eventTypesOf(order)).toEqual([CAEP_SESSION_REVOKED]);
    expect(claims?.['sub_id']).toMatchObject({
      session: { id: 's-1' },
      user: { sub: 'invoice-bot' },
    });
  });
});
