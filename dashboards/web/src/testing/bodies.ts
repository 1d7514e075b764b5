import type { ChainStepBody, FindingBody } from '../../../../src/api/contract.ts';

/** A finding as the API sends it, with what the test cares about replaced. */
export function findingBody(own: Partial<FindingBody> = {}): FindingBody {
  return {
    id: '1-0',
    time: '2026-11-21T09:00:00.000Z',
    event_id: 'evt-1',
    tenant: 'acme',
    agent: 'invoice-bot',
    session: null,
    chain: 'chain-1',
    detector: 'volume_spike',
    family: 'statistical',
    mode: 'enforce',
    level: 'high',
    score: 97,
    actual: 4812,
    typical: 120,
    probability: 1e-9,
    title: 'Records far above usual',
    explanation: '',
    evidence: { events: [], measures: { usual_up_to: 210 }, facts: { measure: 'records' } },
    decision: {
      tripped: true,
      key: { tenant: 'acme', kind: 'agent', id: 'invoice-bot' },
      level: 4,
    },
    ...own,
  };
}

/** One step of a chain, with what the test cares about replaced. */
export function stepBody(own: Partial<ChainStepBody> = {}): ChainStepBody {
  return {
    seq: 1,
    event_id: 'evt-1',
    time: '2026-11-21T09:00:00.000Z',
    tenant: 'acme',
    agent: 'planner',
    session: null,
    kind: 'tool_call',
    action: 'search',
    op: 'read',
    resource: null,
    principal: null,
    delegation: [],
    decision: null,
    approval: null,
    token: null,
    outcome: 'success',
    latency_ms: 10,
    records: null,
    trace_id: null,
    span_id: null,
    parent_span_id: null,
    source: 'native',
    trust: 'broker',
    redactions: {},
    role: 'tool_call',
    late_ms: null,
    ...own,
  };
}
