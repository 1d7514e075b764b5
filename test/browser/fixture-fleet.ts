import type { BreakerBody } from '../../src/api/breaker-contract.ts';
import type { AgentBody, AgentCoverage, AgentState, StatusBody } from '../../src/api/contract.ts';
import type { RiskPartBody } from '../../src/api/risk-contract.ts';

const DAY_MS = 86_400_000;
const DETECTORS = ['volume_spike', 'out_of_scope_access', 'cross_tenant_access'];
const IN_SHADOW = ['data_residency', 'token_replay', 'off_hours'];

/** Tenant, agent, role, state, risk, level, calls, seconds since last seen. */
type AgentLine = readonly [string, string, string, AgentState, number, number, number, number];

const AGENTS: readonly AgentLine[] = [
  ['globex', 'invoice-bot', 'billing', 'tripped', 97, 5, 18_204, 2],
  ['globex', 'crm-summarizer', 'sales', 'tripped', 91, 4, 9_871, 41],
  ['initech', 'refund-clerk', 'support', 'tripped', 84, 4, 4_410, 8],
  ['acme', 'lead-enricher', 'sales', 'at_risk', 74, 0, 12_066, 5],
  ['acme', 'warehouse-planner', 'logistics', 'at_risk', 58, 1, 7_302, 11],
  ['globex', 'contract-reader', 'legal', 'at_risk', 52, 2, 1_944, 130],
  ['initech', 'nightly-export', 'data', 'unregistered', 33, 0, 211, 3_700],
  ['acme', 'shipping-notifier', 'logistics', 'normal', 21, 0, 31_577, 1],
  ['globex', 'payroll-checker', 'finance', 'normal', 14, 0, 902, 940],
  ['initech', 'ticket-triage', 'support', 'normal', 12, 0, 22_019, 3],
  ['acme', 'price-watcher', 'purchasing', 'normal', 9, 0, 48_330, 1],
  ['acme', 'onboarding-guide', 'people', 'learning', 8, 0, 402, 66],
  [
    'initech',
    'release-notes-writer-with-a-rather-long-name',
    'engineering',
    'normal',
    6,
    0,
    118,
    7_200,
  ],
  ['globex', 'calendar-broker', 'office', 'normal', 4, 0, 15_400, 4],
  ['globex', 'mail-sorter', 'office', 'normal', 3, 0, 66_120, 1],
  ['initech', 'faq-answerer', 'support', 'learning', 2, 0, 96, 18],
  ['acme', 'returns-desk', 'support', 'normal', 1, 0, 5_005, 22],
  ['acme', 'supplier-onboarder', 'purchasing', 'normal', 0, 0, 640, 310],
];

const BLIND: AgentCoverage = {
  detector: 'cross_tenant_access',
  mode: 'enforce',
  verdict: 'blind',
  field: 'resource.tenant',
  cure: 'Send the owner of each resource, or list it under resources in the grants file.',
};

const BLIND_IN_SHADOW: AgentCoverage = {
  detector: 'data_residency',
  mode: 'shadow',
  verdict: 'blind',
  field: 'grants.jurisdiction',
  cure: 'Name the jurisdiction of the agent in the grants file.',
};

function agentBody(line: AgentLine, position: number, now: number): AgentBody {
  const [tenant, agent, role, state, risk, level, calls, secondsAgo] = line;
  const at = new Date(now - secondsAgo * 1000).toISOString();
  const coverage: AgentCoverage[] = [
    ...DETECTORS.map((detector) => ({ detector, mode: 'enforce', verdict: 'judged' }) as const),
    ...IN_SHADOW.map((detector) => ({ detector, mode: 'shadow', verdict: 'judged' }) as const),
  ];
  if (position % 5 === 3) coverage[2] = BLIND;
  if (position % 3 === 0) coverage[3] = BLIND_IN_SHADOW;
  if (state === 'unregistered') {
    coverage[1] = {
      detector: 'out_of_scope_access',
      mode: 'enforce',
      verdict: 'blind',
      field: 'scopes.granted',
      cure: 'Register the agent in the grants file, or send the scopes it was granted.',
    };
  }
  return {
    tenant,
    agent,
    state,
    posture: tenant === 'acme' ? 'shadow' : 'enforce',
    risk,
    risk_parts:
      risk < 10
        ? []
        : [
            riskPart('volume_spike', 'statistical', risk * 0.8, at),
            riskPart('out_of_scope_access', 'deterministic', risk * 0.2, at),
          ],
    risk_explanation:
      risk < 10
        ? 'Nothing that was found raises the risk of this agent.'
        : `Risk ${risk} of 100: most of it from volume_spike (finding 7-0).`,
    level,
    role: state === 'unregistered' ? null : role,
    owners: state === 'unregistered' ? null : { business: `${role}-ops`, technical: 'platform' },
    first_seen: new Date(now - 14 * DAY_MS).toISOString(),
    last_seen: at,
    baseline_age_ms: state === 'learning' ? 2.2 * DAY_MS : 14 * DAY_MS,
    calls,
    coverage,
  };
}

function riskPart(detector: string, family: string, points: number, at: string): RiskPartBody {
  const score = Math.min(100, points * 1.2);
  const times = { since: at, at, half_life_ms: family === 'statistical' ? 14_400_000 : DAY_MS };
  return { finding_id: '7-0', detector, family, points, value: points, score, ...times, share: 1 };
}

/** Agents in the server's order: by level, then risk. */
export function fixtureAgents(now: number): readonly AgentBody[] {
  return AGENTS.map((line, position) => agentBody(line, position, now));
}

/** Three open, one of them not yet confirmed by every broker; one on probation, one exempt. */
export function fixtureBreakers(now: number): readonly BreakerBody[] {
  const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();
  const shared = { phase: 'open', term: 3, class: 'deterministic', closes_at: null } as const;
  return [
    {
      ...shared,
      key: { tenant: 'globex', kind: 'agent', id: 'invoice-bot' },
      level: 5,
      level_name: 'revoke_agent',
      epoch: 2,
      reason: 'volume_spike',
      title: 'Records far above usual',
      class: 'statistical',
      opened_at: ago(74),
      finding_id: '901-0',
      latch: 'level',
      needs_two_persons: true,
      acknowledged_by: ['broker-eu-1', 'broker-eu-2'],
      awaiting: [],
      late: [],
    },
    {
      ...shared,
      key: { tenant: 'globex', kind: 'session', id: 's-91', agent: 'crm-summarizer' },
      level: 4,
      level_name: 'suspend',
      epoch: 1,
      reason: 'cross_tenant_access',
      title: 'Read of another tenant’s records succeeded',
      opened_at: ago(41),
      finding_id: '955-0',
      needs_two_persons: false,
      acknowledged_by: ['broker-eu-1'],
      awaiting: ['broker-eu-2'],
      late: ['broker-eu-2'],
    },
    {
      ...shared,
      key: { tenant: 'initech', kind: 'agent', id: 'refund-clerk' },
      level: 4,
      level_name: 'suspend',
      epoch: 7,
      reason: 'out_of_scope_access',
      title: 'Called delete_customer outside its scopes',
      opened_at: ago(612),
      closes_at: new Date(now + 288_000).toISOString(),
      finding_id: '512-1',
      needs_two_persons: false,
      acknowledged_by: ['broker-us-1'],
      awaiting: [],
      late: [],
    },
    {
      ...shared,
      key: { tenant: 'globex', kind: 'agent', id: 'contract-reader' },
      phase: 'probation',
      level: 1,
      level_name: 'throttle',
      epoch: 4,
      reason: 'first_seen_destination',
      title: 'A destination nobody used before',
      class: 'novelty',
      opened_at: ago(4_000),
      finding_id: null,
      step: 50,
      rate_per_min: 12.5,
      needs_two_persons: false,
      acknowledged_by: ['broker-eu-1', 'broker-eu-2'],
      awaiting: [],
      late: [],
    },
    {
      ...shared,
      key: { tenant: 'acme', kind: 'agent', id: 'warehouse-planner' },
      phase: 'exempt',
      level: 0,
      level_name: 'observe',
      epoch: 5,
      reason: 'stock count tonight',
      title: null,
      class: 'operator',
      opened_at: ago(300),
      finding_id: null,
      until: new Date(now + 1_500_000).toISOString(),
      by: 'kim (ops)',
      ticket: 'INC-70',
      needs_two_persons: false,
      acknowledged_by: ['broker-eu-1'],
      awaiting: [],
      late: [],
    },
  ];
}

/** Two tenants enforcing, acme in shadow. */
export function fixtureStatus(now: number): StatusBody {
  return {
    version: '0.1.0',
    started_at: new Date(now - 3_600_000).toISOString(),
    term: 3,
    ledger: {
      seq: 412_330,
      hash: '9f2c41d7b0a8e5563f11c9a2d4e8b7706a5c3d2e1f00998877665544332211ff',
      unrecorded: 0,
    },
    store: { kind: 'chdb', healthy: true, projected_seq: 412_328 },
    tenants: [
      {
        tenant: 'acme',
        posture: 'shadow',
        agents: 8,
        open_breakers: 0,
        late_breakers: 0,
        would_have_tripped: 3,
        storm: null,
        single_operator: false,
      },
      {
        tenant: 'globex',
        posture: 'enforce',
        agents: 6,
        open_breakers: 2,
        late_breakers: 0,
        would_have_tripped: 0,
        storm: null,
        single_operator: false,
      },
      {
        tenant: 'initech',
        posture: 'enforce',
        agents: 4,
        open_breakers: 1,
        late_breakers: 0,
        would_have_tripped: 0,
        storm: { since: new Date(now - 240_000).toISOString(), cause: 'too_many_agents' },
        single_operator: false,
      },
    ],
    ingest: {
      events: 411_902,
      rejected: 12,
      per_second: 842,
      last_event_at: new Date(now - 1000).toISOString(),
    },
    revocation: { delivered: 9, unacknowledged: 1, p50_ms: 38, p99_ms: 212 },
    demo: true,
  };
}

/** A server that has received nothing. */
export function emptyStatus(now: number): StatusBody {
  return {
    ...fixtureStatus(now),
    ledger: { seq: 1, hash: '00'.repeat(32), unrecorded: 0 },
    store: { kind: 'memory', healthy: true, projected_seq: 1 },
    tenants: [],
    ingest: { events: 0, rejected: 0, per_second: 0, last_event_at: null },
    revocation: { delivered: 0, unacknowledged: 0, p50_ms: null, p99_ms: null },
    demo: false,
  };
}
