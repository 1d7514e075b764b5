import type { BreakerKey, BreakerLevel } from '../../../core/breaker.ts';
import type { BreakerOrder } from '../../../core/breaker-order.ts';

/** An order on `acme/agent/invoice-bot`, changed as given; closed where the level is 0. */
export function orderOf(change: Partial<BreakerOrder> = {}): BreakerOrder {
  const key: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' };
  const level: BreakerLevel = change.level ?? 5;
  const epoch = change.epoch ?? 1;
  return {
    jti: `tc-1-${epoch}-0`,
    txn: 'trip-1',
    time: 1_795_252_020_000,
    key,
    agent: key.id,
    phase: level === 0 ? 'closed' : 'open',
    level,
    previousLevel: 0,
    term: 1,
    epoch,
    class: 'deterministic',
    reason: 'use_after_revoke',
    title: 'A revoked token was used',
    findingId: '9-0',
    eventId: 'evt-9',
    ...change,
  };
}
