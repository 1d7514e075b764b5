import { createHash } from 'node:crypto';
import type { AccessEvent } from '../../core/access-event.ts';
import type { KeyRing } from '../../ports/key-ring.ts';

/** A key per tenant, made from its name. */
export function testKeys(): Pick<KeyRing, 'pseudonymKey'> {
  return {
    pseudonymKey: (tenant) => ({
      id: `k-${tenant}`,
      secret: createHash('sha256').update(`test ${tenant}`).digest(),
    }),
  };
}

/** A clean event of the tenant `acme` with some members replaced. */
export function eventWith(members: Partial<AccessEvent>): AccessEvent {
  return {
    v: 1,
    id: 'evt-1',
    time: 1_763_715_600_000,
    kind: 'tool_call',
    phase: 'executed',
    source: { format: 'native', deliveredBy: 'broker-1', trust: 'broker' },
    tenant: { id: 'acme' },
    agent: { id: 'invoice-bot' },
    action: { name: 'send_email', op: 'write' },
    outcome: { status: 'success' },
    attrs: {},
    ...members,
  };
}
