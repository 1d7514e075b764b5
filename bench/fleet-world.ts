import type { AccessEvent, Operation } from '../src/core/access-event.ts';
import type { AgentGrant } from '../src/core/grant.ts';
import { MINUTE_MS } from '../src/core/time.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import { VolumeStream } from './volume-streams.ts';

/** An event of a simulated agent, its id still to be given. */
export type FleetCall = Omit<Partial<AccessEvent>, 'time'> & { readonly time: number };

export interface FleetTool {
  readonly name: string;
  readonly op: Operation;
  readonly type: string;
  /** Type of where its calls go, if anywhere. */
  readonly to?: 'email' | 'host';
}

/** What agents of each role do; the first tool is the one used most. */
export const ROLES: Readonly<Record<string, readonly FleetTool[]>> = {
  billing: [
    { name: 'list_invoices', op: 'list', type: 'invoice' },
    { name: 'read_invoice', op: 'read', type: 'invoice' },
    { name: 'send_reminder', op: 'write', type: 'mailbox', to: 'email' },
    { name: 'update_payment', op: 'write', type: 'payment' },
  ],
  support: [
    { name: 'search_tickets', op: 'read', type: 'ticket' },
    { name: 'read_account', op: 'read', type: 'account' },
    { name: 'send_email', op: 'write', type: 'mailbox', to: 'email' },
    { name: 'update_ticket', op: 'write', type: 'ticket' },
  ],
  research: [
    { name: 'search_wiki', op: 'read', type: 'page' },
    { name: 'fetch_page', op: 'read', type: 'page', to: 'host' },
    { name: 'write_note', op: 'write', type: 'note' },
    { name: 'send_summary', op: 'write', type: 'mailbox', to: 'email' },
  ],
  operations: [
    { name: 'read_metrics', op: 'read', type: 'metric' },
    { name: 'list_services', op: 'list', type: 'service' },
    { name: 'call_webhook', op: 'write', type: 'service', to: 'host' },
    { name: 'restart_service', op: 'execute', type: 'service' },
  ],
};

/** Mean calls a minute, and of a hundred agents how many are as busy: most are not. */
const RATES = [
  { perMinute: 0.05, share: 40 },
  { perMinute: 0.2, share: 30 },
  { perMinute: 0.7, share: 18 },
  { perMinute: 3, share: 10 },
  { perMinute: 10, share: 2 },
] as const;
const TOOL_SHARES = [0.45, 0.3, 0.15, 0.1];
const TASKS = 3;
const PEOPLE = 12;
/** Addresses a role of a tenant deals with; each agent uses some more than others. */
const ADDRESSES = 12;
const SESSION_CALLS = 15;
const SESSION_MINUTES = 90;
const FAILED_SHARE = 0.02;
const DENIED_SHARE = 0.005;
/** Shares wander over hours, by about a factor of two. */
const WANDER_KEEP = 0.9;
const WANDER_STEP = 0.3;
const WANDER_MINUTES = 15;
/** Days on which a service of a role is in trouble, for how long, and how many calls then fail. */
const TROUBLE_PER_DAY = 0.03;
const TROUBLE_MINUTES = 8;
const TROUBLE_FAILED_SHARE = 0.4;
/** Addresses an honest agent meets for the first time, a day. */
export const HONEST_NEWS_PER_DAY = 0.02;

/** What each role of a tenant is granted. */
export function fleetGrants(tenant: string): readonly AgentGrant[] {
  return Object.entries(ROLES).map(([role, tools]) => ({
    tenant,
    agent: `${role}-*`,
    role,
    scopes: tools.map(({ name }) => name),
    tools: tools.map(({ name }) => name),
  }));
}

/** Calls a minute of the agent at this place in the fleet: every hundred are mixed alike. */
export function rateOf(index: number): number {
  let rest = (index * 37) % 100;
  for (const { perMinute, share } of RATES) {
    if (rest < share) return perMinute;
    rest -= share;
  }
  return RATES[0].perMinute;
}

/** One agent of the fleet: over-dispersed counts, a day and a week, sessions, tasks, addresses. */
export class FleetAgent {
  readonly tenant: string;
  readonly id: string;
  readonly rate: number;
  readonly tools: readonly FleetTool[];
  readonly random: SeededRandom;
  readonly #role: string;
  readonly #stream: VolumeStream;
  readonly #start: number;
  #session = 0;
  #sessionCalls = 0;
  #sessionMinute = 0;
  #news = 0;
  #wander = 0;
  #wandered = 0;
  #troubleDay = -1;
  #troubleFrom = -1;
  readonly #troubleSeed: number;

  constructor(index: number, seed: number, start: number) {
    const roles = Object.keys(ROLES);
    this.#role = roles[index % roles.length] ?? '';
    this.tools = ROLES[this.#role] ?? [];
    this.tenant = `tenant-${Math.floor(index / 50)}`;
    this.id = `${this.#role}-${index}`;
    this.rate = rateOf(index);
    this.random = new SeededRandom(seed + index * 7_919);
    this.#stream = new VolumeStream('over_dispersed', this.rate, seed + index * 104_729);
    this.#start = start;
    const service = Math.floor(index / 50) * roles.length + (index % roles.length);
    this.#troubleSeed = seed + service * 15_485_863;
  }

  /** The ordinary calls of this minute, multiplied by `times`. */
  minute(minute: number, times = 1): FleetCall[] {
    const [volume] = this.#stream.next(minute, times);
    const calls = volume?.calls ?? 0;
    return Array.from({ length: calls }, (_, at) =>
      this.call(this.#tool(), minute + (at + this.random.uniform()) / calls),
    );
  }

  /** One call of a tool at this minute, fractions allowed; `change` wins. */
  call(tool: FleetTool, minute: number, change: Partial<FleetCall> = {}): FleetCall {
    this.#turnSession(minute);
    const { random, id } = this;
    const session = `s-${id}-${this.#session}`;
    const luck = random.uniform();
    const usual = this.#wanderTo(minute);
    const denied = luck < DENIED_SHARE * usual;
    const failing = this.#isTroubled(minute) ? TROUBLE_FAILED_SHARE : FAILED_SHARE * usual;
    const failed = luck < DENIED_SHARE * usual + failing;
    return {
      time: Math.round(this.#start + minute * MINUTE_MS),
      tenant: { id: this.tenant },
      agent: { id },
      session: { id: session },
      principal: { sub: `person-${this.#session % PEOPLE}`, type: 'user' },
      intent: { scope: `${this.#role}-task-${this.#session % TASKS}` },
      action: { name: tool.name, op: tool.op },
      resource: {
        type: tool.type,
        id: `${tool.type}-${random.integer(200)}`,
        tenant: this.tenant,
      },
      scopes: { required: [tool.name] },
      ...(tool.to ? { destinations: [this.#address(tool.to)] } : {}),
      volume: {
        records: Math.ceil(Math.exp(2 + 0.5 * random.normal())),
        bytesOut: Math.ceil(Math.exp(8 + 0.5 * random.normal())),
      },
      decision: { verdict: denied ? 'deny' : 'allow' },
      outcome: { status: denied ? 'denied' : failed ? 'failure' : 'success' },
      latencyMs: Math.ceil(Math.exp(4.5 + 0.4 * random.normal())),
      ...change,
    };
  }

  /** How many times its mean the share of failures and denials is by now. */
  #wanderTo(minute: number): number {
    const steps = Math.min(100, Math.floor((minute - this.#wandered) / WANDER_MINUTES));
    for (let step = 0; step < steps; step += 1) {
      this.#wander = WANDER_KEEP * this.#wander + WANDER_STEP * this.random.normal();
    }
    if (steps > 0) this.#wandered = minute;
    return Math.exp(this.#wander);
  }

  /** Whether a service that all agents of the role use is in trouble: nobody's misuse. */
  #isTroubled(minute: number): boolean {
    const day = Math.floor(minute / 1_440);
    if (day !== this.#troubleDay) {
      this.#troubleDay = day;
      const random = new SeededRandom(this.#troubleSeed + day * 32_452_843);
      const isOne = random.uniform() < TROUBLE_PER_DAY;
      this.#troubleFrom = isOne ? day * 1_440 + random.integer(1_430) : -1;
    }
    const into = minute - this.#troubleFrom;
    return this.#troubleFrom >= 0 && into >= 0 && into < TROUBLE_MINUTES;
  }

  #tool(): FleetTool {
    let rest = this.random.uniform();
    for (const [at, tool] of this.tools.entries()) {
      rest -= TOOL_SHARES[at] ?? 0;
      if (rest < 0) return tool;
    }
    return this.tools[0] as FleetTool;
  }

  #turnSession(minute: number): void {
    const isOld = minute - this.#sessionMinute > SESSION_MINUTES;
    if (this.#sessionCalls < SESSION_CALLS && !isOld) {
      this.#sessionCalls += 1;
      return;
    }
    this.#session += 1;
    this.#sessionCalls = 1;
    this.#sessionMinute = minute;
  }

  #address(type: 'email' | 'host') {
    const perDay = Math.max(1, this.rate * 1_440 * 0.25);
    const isNew = this.random.uniform() < HONEST_NEWS_PER_DAY / perDay;
    if (isNew) this.#news += 1;
    const at = Math.floor(ADDRESSES * this.random.uniform() ** 2);
    const name = isNew ? `new-${this.id}-${this.#news}` : `${this.#role}-${at}`;
    return { type, value: `${type}:${this.tenant}:${name}`, group: `group-${at % 4}.example` };
  }
}
