import type { AccessEvent } from '../../core/access-event.ts';
import type { Transition } from '../../core/breaker.ts';
import type { Finding } from '../../core/finding.ts';
import type { Redacted } from '../../core/redacted.ts';
import { NOW } from './harness.ts';

export function findingOf(tenant: string, id: string): Finding {
  return {
    id,
    time: NOW,
    eventId: `evt-${id}`,
    tenant,
    agent: `${tenant}-bot`,
    chain: 'chain-1',
    detector: 'volume_spike',
    detectorVersion: 1,
    family: 'statistical',
    mode: 'enforce',
    level: 'high',
    score: 90,
    actual: 500,
    typical: 100,
    probability: 1e-9,
    title: 'Five times the usual records',
    explanation: 'It read 500 records; 100 is usual.',
    evidence: { events: [`evt-${id}`], measures: { records: 500 }, facts: { window: '5 min' } },
    decision: {
      tripped: false,
      why: 'shadow',
      would: { key: { tenant, kind: 'agent', id: `${tenant}-bot` }, level: 4 },
    },
  };
}

export function transitionOf(tenant: string, kind: 'agent' | 'global' = 'agent'): Transition {
  return {
    time: NOW,
    eventId: null,
    key: { tenant, kind, id: `${tenant}-bot` },
    from: 'closed',
    to: 'open',
    level: 4,
    epoch: 1,
    reason: 'volume_spike',
    class: 'statistical',
    findingId: '7-0',
    actor: null,
    feedSeq: 1,
  };
}

export function eventOf(tenant: string, id: string): Redacted<AccessEvent> {
  const event: AccessEvent = {
    v: 1,
    id,
    time: NOW,
    kind: 'tool_call',
    phase: 'executed',
    source: { format: 'otlp.traces', deliveredBy: 'gateway', trust: 'broker' },
    tenant: { id: tenant },
    agent: { id: `${tenant}-bot` },
    trace: { traceId: 'chain-1', spanId: 'b7ad6b7169203331' },
    principal: { sub: '<USER_1>' },
    delegation: [{ sub: 'agent:planner' }],
    action: { name: 'read_account', op: 'read' },
    resource: { type: 'crm', id: 'account/7', tenant, sensitivity: 'high' },
    volume: { records: 5 },
    decision: { verdict: 'allow', id: 'd-1', policy: { id: 'crm', version: '2' } },
    token: { jti: 't-1', iss: 'https://issuer.example' },
    outcome: { status: 'success' },
    latencyMs: 84,
    attrs: {},
    redactions: { email: 2 },
  };
  return event as Redacted<AccessEvent>;
}
