import type { FleetAgent, FleetCall, FleetTool } from './fleet-world.ts';

/** Something that happens to one agent from `at` on, a minute of the simulation. */
export interface Incident {
  readonly kind: IncidentKind;
  readonly at: number;
}

interface IncidentPlan {
  /** Agents it can happen to. */
  readonly suits: (agent: FleetAgent) => boolean;
  readonly minutes: number;
  /** Calls of a minute of it, counted from its first; ordinary ones included where they go on. */
  readonly calls: (agent: FleetAgent, minute: number, since: number) => FleetCall[];
}

const SPIKE_MINUTES = 30;
const RAMP_DAYS = 12;
const DAY_MINUTES = 1_440;
const EXPORT: FleetTool = { name: 'export_customers', op: 'write', type: 'customer' };

const anyone = () => true;
const isBusy = ({ rate }: FleetAgent) => rate >= 3;
const writesMail = ({ tools }: FleetAgent) => tools.some(({ to }) => to === 'email');

/** What goes wrong in the fleet. The spikes of idle agents are there to show where sight ends. */
export const INCIDENTS = {
  volume_5x: spike(5, isBusy),
  volume_10x: spike(10, isBusy),
  volume_10x_below_2_a_minute: spike(10, ({ rate }) => rate >= 0.2 && rate < 2),
  volume_20x_beside_large: spike(20, ({ rate }) => rate >= 0.7 && rate < 2),
  ramp_10_percent_a_day: {
    suits: isBusy,
    minutes: RAMP_DAYS * DAY_MINUTES,
    calls: (agent, minute, since) => agent.minute(minute, 1.1 ** (since / DAY_MINUTES)),
  },
  mass_read_in_seconds: {
    suits: anyone,
    minutes: 1,
    calls: (agent, minute) =>
      Array.from({ length: 1_168 }, (_, at) =>
        agent.call(first(agent), minute + (at * 25) / 60 / 1_168, SUCCESS),
      ),
  },
  first_seen_exfiltration: {
    suits: writesMail,
    minutes: 5,
    calls: (agent, minute, since) => [
      ...agent.minute(minute),
      agent.call(mailOf(agent), minute, { ...SUCCESS, ...toDropBox(agent, since) }),
    ],
  },
  cross_tenant: {
    suits: anyone,
    minutes: 1,
    calls: (agent, minute) => [
      agent.call(first(agent), minute, {
        ...SUCCESS,
        resource: { type: 'account', id: 'account-7', tenant: 'another-tenant' },
      }),
    ],
  },
  out_of_scope: {
    suits: anyone,
    minutes: 1,
    calls: (agent, minute) => [agent.call(EXPORT, minute, SUCCESS)],
  },
  hijacked_sequence: {
    suits: writesMail,
    minutes: 3,
    calls: (agent, minute, since) => [...agent.minute(minute), ...hijacked(agent, minute, since)],
  },
  new_actions: {
    suits: anyone,
    minutes: 10,
    calls: (agent, minute, since) =>
      Array.from({ length: 5 }, (_, at) => {
        const name = `admin_action_${since * 5 + at}`;
        return agent.call({ name, op: 'write', type: 'system' }, minute + at / 5, SUCCESS);
      }),
  },
  error_burst: errors(isBusy),
  error_burst_below_2_a_minute: errors(({ rate }) => rate >= 0.2 && rate < 2),
  denial_burst: {
    suits: anyone,
    minutes: 10,
    calls: (agent, minute, since) =>
      Array.from({ length: 3 }, (_, at) =>
        agent.call(first(agent), minute + at / 3, {
          decision: { verdict: 'deny' },
          outcome: { status: 'denied' },
          resource: { type: 'vault', id: `secret-${since * 3 + at}`, tenant: agent.tenant },
        }),
      ),
  },
  runaway_loop: {
    suits: anyone,
    minutes: 5,
    calls: (agent, minute) =>
      Array.from({ length: 30 }, (_, at) =>
        agent.call(first(agent), minute + at / 30, {
          ...SUCCESS,
          resource: { type: 'page', id: 'page-1', tenant: agent.tenant },
        }),
      ),
  },
} as const satisfies Record<string, IncidentPlan>;

export type IncidentKind = keyof typeof INCIDENTS;
export const INCIDENT_KINDS = Object.keys(INCIDENTS) as readonly IncidentKind[];

const SUCCESS = {
  decision: { verdict: 'allow' },
  outcome: { status: 'success' },
} as const;

function spike(times: number, suits: (agent: FleetAgent) => boolean): IncidentPlan {
  const calls: IncidentPlan['calls'] = (agent, minute) => agent.minute(minute, times);
  return { suits, minutes: SPIKE_MINUTES, calls };
}

/** Four calls of five fail. */
function errors(suits: (agent: FleetAgent) => boolean): IncidentPlan {
  const calls: IncidentPlan['calls'] = (agent, minute) =>
    agent.minute(minute).map((call) => {
      const fails = agent.random.uniform() < 0.8;
      return fails ? { ...call, outcome: { status: 'failure' } } : call;
    });
  return { suits, minutes: SPIKE_MINUTES, calls };
}

/** It reads a page of a host never seen, then what is confidential, and then it sends. */
function hijacked(agent: FleetAgent, minute: number, since: number): FleetCall[] {
  const read = first(agent);
  const host = { type: 'host', value: `host:trap-${agent.id}`, group: 'trap.example' };
  if (since === 0) return [agent.call(read, minute, { ...SUCCESS, destinations: [host] })];
  const resource = { type: 'contract', id: 'contract-1', tenant: agent.tenant };
  if (since === 1) {
    const secret = { ...resource, sensitivity: 'confidential' };
    return [agent.call(read, minute, { ...SUCCESS, resource: secret })];
  }
  return [agent.call(mailOf(agent), minute, { ...SUCCESS, ...toDropBox(agent, 0) })];
}

function toDropBox({ id }: FleetAgent, serial: number): Partial<FleetCall> {
  const value = `email:drop-${id}-${serial}`;
  return { destinations: [{ type: 'email', value, group: 'drop.example' }] };
}

function first({ tools }: FleetAgent): FleetTool {
  return tools[0] as FleetTool;
}

function mailOf({ tools }: FleetAgent): FleetTool {
  return tools.find(({ to }) => to === 'email') as FleetTool;
}
