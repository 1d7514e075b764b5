import type {
  ChainBody,
  ChainExecutionBody,
  ChainStepBody,
  FindingBody,
} from '../../src/api/contract.ts';

/** The chain every finding of the fixture leads to. */
export const FIXTURE_CHAIN = '4bf92f3577b34da6a3ce929d0e0e4736';

const BASE = {
  session: 's-91',
  chain: FIXTURE_CHAIN,
  mode: 'enforce',
  level: 'high',
  actual: null,
  typical: null,
  probability: null,
  evidence: { events: ['evt-9'], measures: {}, facts: {} },
} as const;

/** One finding of each outcome and family, newest first. */
export function fixtureFindings(now: number): readonly FindingBody[] {
  const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();
  return [
    crossTenant(ago(41)),
    {
      ...BASE,
      id: '930-0',
      time: ago(66),
      event_id: 'evt-930',
      tenant: 'acme',
      agent: 'lead-enricher',
      detector: 'volume_spike',
      family: 'statistical',
      score: 88,
      actual: 2_140,
      typical: 310,
      probability: 4e-7,
      title: 'Calls far above usual',
      explanation: 'In five minutes this agent made 2,140 calls; it usually makes up to 455.',
      evidence: {
        events: ['evt-930'],
        measures: { usual_up_to: 455, window_s: 300 },
        facts: { measure: 'calls' },
      },
      decision: {
        tripped: false,
        why: 'shadow',
        would: { key: { tenant: 'acme', kind: 'agent', id: 'lead-enricher' }, level: 4 },
      },
    },
    spike(ago(74)),
    {
      ...BASE,
      id: '512-1',
      time: ago(612),
      event_id: 'evt-512',
      tenant: 'initech',
      agent: 'refund-clerk',
      detector: 'out_of_scope_access',
      family: 'deterministic',
      score: 90,
      title: 'Called delete_customer outside its scopes',
      explanation: 'The call needed crm.delete and the agent holds crm.read and refund.write.',
      decision: {
        tripped: true,
        key: { tenant: 'initech', kind: 'agent', id: 'refund-clerk' },
        level: 4,
      },
    },
    {
      ...BASE,
      id: '480-0',
      time: ago(1_900),
      event_id: 'evt-480',
      tenant: 'acme',
      agent: 'warehouse-planner',
      detector: 'volume_spike',
      family: 'statistical',
      level: 'medium',
      score: 61,
      actual: 84_200_000,
      typical: 9_000_000,
      probability: 0.0004,
      title: 'Bytes above usual',
      explanation: 'In one hour this agent moved 84 MB; it usually moves up to 22 MB.',
      evidence: {
        events: ['evt-480'],
        measures: { usual_up_to: 22_000_000, window_s: 3_600 },
        facts: { measure: 'bytes' },
      },
      decision: {
        tripped: false,
        why: 'shadow',
        would: { key: { tenant: 'acme', kind: 'agent', id: 'warehouse-planner' }, level: 1 },
      },
    },
    {
      ...BASE,
      id: '455-0',
      time: ago(2_600),
      event_id: 'evt-455',
      tenant: 'globex',
      agent: 'contract-reader',
      detector: 'out_of_scope_access',
      family: 'deterministic',
      level: 'medium',
      score: 40,
      title: 'Denied: export_contract is outside its scopes',
      explanation: 'The broker refused the call; a refused attempt only adds to the score.',
      decision: { tripped: false, why: 'below_threshold' },
      feedback: {
        ...{ verdict: 'false', actor: 'kim (ops)', at: ago(1_200) },
        reason: 'The scope was granted an hour before; the file came late.',
      },
    },
    {
      ...BASE,
      id: '401-0',
      time: ago(90_000),
      event_id: 'evt-401',
      tenant: 'acme',
      agent: 'onboarding-guide',
      detector: 'volume_spike',
      family: 'statistical',
      level: 'low',
      score: 22,
      actual: 64,
      typical: 18,
      probability: 0.012,
      title: 'Records above usual',
      explanation: 'Two days of history are too few to judge by.',
      evidence: { events: [], measures: { usual_up_to: 40 }, facts: { measure: 'records' } },
      decision: { tripped: false, why: 'cold_start' },
    },
  ];
}

function spike(time: string): FindingBody {
  return {
    ...BASE,
    id: '901-0',
    time,
    event_id: 'evt-9',
    tenant: 'globex',
    agent: 'invoice-bot',
    detector: 'volume_spike',
    family: 'statistical',
    level: 'critical',
    score: 97,
    actual: 4812,
    typical: 120,
    probability: 1e-9,
    title: 'Records far above usual',
    explanation: 'In five minutes this agent read 4,812 records; it usually reads up to 210.',
    evidence: {
      events: ['evt-9'],
      measures: { usual_up_to: 210, window_s: 300 },
      facts: { measure: 'records' },
    },
    decision: {
      tripped: true,
      key: { tenant: 'globex', kind: 'agent', id: 'invoice-bot' },
      level: 5,
    },
  };
}

function crossTenant(time: string): FindingBody {
  return {
    ...BASE,
    id: '955-0',
    time,
    event_id: 'evt-6',
    tenant: 'globex',
    agent: 'crm-summarizer',
    detector: 'cross_tenant_access',
    family: 'deterministic',
    level: 'critical',
    score: 99,
    title: 'Read of another tenant’s records succeeded',
    explanation: 'An agent of globex read crm:account/7781, which belongs to initech.',
    evidence: { events: ['evt-6'], measures: {}, facts: { owner: 'initech' } },
    decision: {
      tripped: true,
      key: { tenant: 'globex', kind: 'session', id: 's-91', agent: 'crm-summarizer' },
      level: 4,
    },
  };
}

const ROLE_BY_KIND: Readonly<Record<string, string>> = {
  agent_run: 'request',
  authz_decision: 'decision',
  token_issue: 'token',
  tool_call: 'tool_call',
};

const GAP = { seq: 954_006, event_id: 'evt-6' } as const;

function executed(
  seq: number,
  action: string,
  own: Partial<ChainExecutionBody['links']>,
): ChainExecutionBody {
  const present = { state: 'present', seq, reason: null };
  const absent = { state: 'not_expected', seq: null, reason: null };
  const links = { request: present, decision: present, approval: absent, token: present };
  return {
    seqs: [seq],
    event_id: `evt-${seq - 954_000}`,
    agent: 'crm-summarizer',
    action,
    links: { ...links, outcome: present, ...own },
  };
}

/** A request from a person through two agents into another tenant, one denial included. */
export function fixtureChain(now: number): ChainBody {
  const start = now - 42_000;
  let seq = 954_000;
  const at = (ms: number): string => new Date(start + ms).toISOString();
  const step = (offset: number, own: Partial<ChainStepBody>): ChainStepBody => {
    seq += 1;
    return {
      seq,
      event_id: `evt-${seq - 954_000}`,
      time: at(offset),
      tenant: 'globex',
      agent: 'crm-summarizer',
      session: 's-91',
      kind: 'tool_call',
      action: 'search_accounts',
      op: 'read',
      resource: null,
      principal: 'tok_alice_7Qx2',
      delegation: [],
      decision: null,
      approval: null,
      token: null,
      outcome: 'success',
      latency_ms: 80,
      records: null,
      trace_id: FIXTURE_CHAIN,
      span_id: `span-${seq}`,
      parent_span_id: 'span-954001',
      source: 'otlp.traces',
      trust: 'broker',
      redactions: {},
      role: ROLE_BY_KIND[own.kind ?? 'tool_call'] ?? 'other',
      late_ms: null,
      ...own,
    };
  };
  const policy = { verdict: 'allow', id: 'd-1', policy: 'crm-read@12' };
  const token = { jti: 't-5c1f0a77e2', txn: FIXTURE_CHAIN };
  return {
    id: FIXTURE_CHAIN,
    tenants: ['globex', 'initech'],
    agents: ['planner', 'crm-summarizer'],
    started_at: at(0),
    ended_at: at(2210),
    steps: [
      step(0, {
        agent: 'planner',
        kind: 'agent_run',
        action: 'weekly-report',
        latency_ms: 2210,
        parent_span_id: null,
        span_id: 'span-954001',
        redactions: { email: 2 },
      }),
      step(40, { agent: 'planner', kind: 'model_call', action: 'chat', latency_ms: 610 }),
      step(660, {
        agent: 'planner',
        kind: 'authz_decision',
        action: 'delegate',
        latency_ms: 6,
        source: 'opa',
        late_ms: 190_000,
        decision: policy,
      }),
      step(672, {
        kind: 'token_issue',
        action: 'issue_token',
        latency_ms: 14,
        token,
        decision: policy,
        approval: { status: 'approved', approver: 'kim' },
      }),
      step(700, {
        resource: { type: 'crm', id: 'account/*', tenant: 'globex', server: 'crm' },
        latency_ms: 240,
        records: 84,
        decision: policy,
        token,
        redactions: { email: 84, phone: 61 },
      }),
      step(980, {
        action: 'read_account',
        resource: { type: 'crm', id: 'account/7781', tenant: 'initech', server: 'crm' },
        latency_ms: 310,
        records: 312,
        redactions: { email: 312 },
      }),
      step(1400, {
        action: 'export_file',
        op: 'write',
        resource: { type: 'bucket', id: 'reports/week-47', tenant: 'globex' },
        outcome: 'denied',
        latency_ms: 9,
        decision: { verdict: 'deny', id: 'd-4', policy: 'export@3' },
        token,
      }),
      step(1450, {
        agent: 'planner',
        kind: 'model_call',
        action: 'chat',
        latency_ms: 720,
        redactions: { email: 3 },
      }),
    ],
    hops: [{ seq: 954_004, from: 'planner', to: 'crm-summarizer', by: 'delegation' }],
    executions: [
      executed(954_005, 'search_accounts', {
        decision: { state: 'late', seq: 954_003, reason: null },
      }),
      executed(954_006, 'read_account', {
        decision: { state: 'missing', seq: null, reason: 'execution_without_decision' },
        token: { state: 'pending', seq: null, reason: 'token_missing' },
      }),
      executed(954_007, 'export_file', {}),
    ],
    gaps: [
      { ...GAP, reason: 'execution_without_decision', state: 'missing' },
      { ...GAP, reason: 'token_missing', state: 'pending' },
    ],
    merged: [{ id: 'd-1', by: 'decision', key: 'd-1', time: at(660) }],
    shared_keys: [{ kind: 'request', key: 'req-constant-4711' }],
    others: [],
    unrelated_tenants: [],
    findings: [crossTenant(at(980))],
    truncated: false,
  };
}
