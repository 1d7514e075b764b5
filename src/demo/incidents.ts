import type { EpochMs } from '../core/time.ts';
import { MINUTE_MS } from '../core/time.ts';
import { call, type NativeEvent } from './traffic.ts';
import { DEMO_AGENTS, type DemoAgent, type DemoTool } from './world.ts';

/** One planted incident: what is sent, and what must come of it. */
export interface Incident {
  readonly name: string;
  readonly story: string;
  readonly agent: string;
  readonly detector: string;
  readonly key: {
    readonly tenant: string;
    readonly kind: 'agent' | 'session';
    readonly id: string;
  };
  readonly level: number;
  /** W3C trace id of its calls, by which their chain is found. */
  readonly trace: string;
  readonly events: (now: EpochMs) => readonly NativeEvent[];
}

const EXPORT: DemoTool = {
  name: 'export_customers',
  op: 'write',
  resource: 'crm:customer-base',
  scope: 'crm.export',
  records: 3,
};

const SPIKE_TRACE = 'c0ffee00c0ffee00c0ffee0000000001';
const SCOPE_TRACE = 'c0ffee00c0ffee00c0ffee0000000002';
const TENANT_TRACE = 'c0ffee00c0ffee00c0ffee0000000003';

/** The three that the demo promises. */
export const INCIDENTS: readonly Incident[] = [
  {
    name: 'Five-fold spike',
    story: 'acme/invoice-bot reads five times its usual records in one minute',
    agent: 'invoice-bot',
    detector: 'volume_spike',
    key: { tenant: 'acme', kind: 'agent', id: 'invoice-bot' },
    level: 4,
    trace: SPIKE_TRACE,
    events: spike,
  },
  {
    name: 'Out-of-scope call',
    story: 'globex/support-triage exports the customer base, which no grant of its allows',
    agent: 'support-triage',
    detector: 'out_of_scope_access',
    key: { tenant: 'globex', kind: 'session', id: 's-support-incident' },
    level: 4,
    trace: SCOPE_TRACE,
    events: outOfScope,
  },
  {
    name: 'Cross-tenant read',
    story: 'initech/research-assistant, asked by alice, reads an account that belongs to globex',
    agent: 'research-assistant',
    detector: 'cross_tenant_access',
    key: { tenant: 'initech', kind: 'agent', id: 'research-assistant' },
    level: 5,
    trace: TENANT_TRACE,
    events: crossTenant,
  },
];

/** Six calls a minute are usual: the thirtieth within one minute makes it five-fold. */
function spike(now: EpochMs): readonly NativeEvent[] {
  const agent = agentOf('acme', 'invoice-bot');
  const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  return Array.from({ length: 40 }, (_, index) =>
    call(agent, toolOf(agent, 'list_invoices'), {
      id: `demo-spike-${index}`,
      time: minute + index * 20,
      person: 'bo',
      session: 's-invoice-incident',
      records: 20,
      latencyMs: 40,
      trace: SPIKE_TRACE,
      intent: 'Reconcile the quarter for bo@example.com, card 4111 1111 1111 1111',
    }),
  );
}

function outOfScope(now: EpochMs): readonly NativeEvent[] {
  const agent = agentOf('globex', 'support-triage');
  const common = {
    person: 'chen',
    session: 's-support-incident',
    latencyMs: 60,
    trace: SCOPE_TRACE,
  };
  return [
    call(agent, toolOf(agent, 'search_tickets'), {
      ...common,
      id: 'demo-scope-0',
      time: now - 300,
      records: 9,
      intent: 'Answer the ticket about the broken export',
    }),
    call(agent, EXPORT, { ...common, id: 'demo-scope-1', time: now, records: 3 }),
  ];
}

function crossTenant(now: EpochMs): readonly NativeEvent[] {
  const agent = agentOf('initech', 'research-assistant');
  const common = {
    person: 'alice',
    session: 's-research-incident',
    latencyMs: 90,
    trace: TENANT_TRACE,
  };
  return [
    call(agent, toolOf(agent, 'search_wiki'), {
      ...common,
      id: 'demo-tenant-0',
      time: now - 400,
      records: 6,
    }),
    call(agent, toolOf(agent, 'search_accounts'), {
      ...common,
      id: 'demo-tenant-1',
      time: now,
      records: 14,
      resourceTenant: 'globex',
      resourceId: 'account-list/globex',
    }),
  ];
}

function agentOf(tenant: string, name: string): DemoAgent {
  const agent = DEMO_AGENTS.find((a) => a.tenant === tenant && a.agent === name);
  if (!agent) throw new Error(`assertion failed: the demo has no ${tenant}/${name}`);
  return agent;
}

function toolOf(agent: DemoAgent, name: string): DemoTool {
  const tool = agent.tools.find((t) => t.name === name);
  if (!tool) throw new Error(`assertion failed: ${agent.agent} has no tool ${name}`);
  return tool;
}
