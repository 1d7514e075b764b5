import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS } from '../core/time.ts';
import type { Random } from './random.ts';
import { DEMO_AGENTS, DEMO_PEOPLE, type DemoAgent, type DemoTool } from './world.ts';

/** A native event of the public interface, as a sender would write it. */
export type NativeEvent = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly time: string;
  readonly tenant: string;
  readonly agent: { readonly id: string; readonly version: string };
  readonly session: { readonly id: string };
};

const HISTORY_DAYS = 14;
const NIGHT_SHARE = 0.1;
const OFFICE_HOURS = 10;

/**
 * Two weeks of ordinary work up to `now`, oldest first. The office day is laid so that `now` is
 * mid-morning of a working day: the demo is the same at any hour.
 */
export function* history(random: Random, now: EpochMs): Generator<NativeEvent> {
  const end = now - 2 * MINUTE_MS;
  const minutes = minutesOf(random, now, startOfMinute(now - HISTORY_DAYS * DAY_MS), 'h');
  for (const { time, events } of minutes) {
    if (time >= end) return;
    yield* events;
  }
}

/** The same work from `now` on, without end, in the order of time: what was learned goes on. */
export function* ongoing(random: Random, now: EpochMs): Generator<NativeEvent> {
  for (const { events } of minutesOf(random, now, startOfMinute(now), 'live-')) {
    const due = events.filter((event) => timeOf(event) >= now);
    yield* due.sort((left, right) => timeOf(left) - timeOf(right));
  }
}

/** When an event happened, in epoch milliseconds. */
export function timeOf({ time }: NativeEvent): EpochMs {
  return Date.parse(time);
}

/** What the whole fleet does minute by minute, at the rates of its office hours and nights. */
function* minutesOf(
  random: Random,
  now: EpochMs,
  from: EpochMs,
  prefix: string,
): Generator<{ readonly time: EpochMs; readonly events: NativeEvent[] }> {
  let serial = 0;
  for (let time = from; ; time += MINUTE_MS) {
    const share = isOffice(time, now) ? 1 : NIGHT_SHARE;
    const events: NativeEvent[] = [];
    for (const agent of DEMO_AGENTS) {
      const mean = (agent.callsPerHour * share) / 60;
      // The busy agent works to a timetable; the others come as they come.
      const calls = mean >= 1 ? Math.round(mean) : random.poisson(mean);
      for (let call = 0; call < calls; call += 1) {
        const at = time + random.integer(0, MINUTE_MS - 1);
        events.push(ordinary(random, agent, at, `${prefix}${serial}`));
        serial += 1;
      }
    }
    yield { time, events };
  }
}

function startOfMinute(time: EpochMs): EpochMs {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}

/** One ordinary call. */
export function ordinary(
  random: Random,
  agent: DemoAgent,
  time: EpochMs,
  serial: string,
): NativeEvent {
  const tool = random.pick(agent.tools);
  const person = random.pick(DEMO_PEOPLE);
  const spread = 0.7 + 0.6 * random.next();
  return call(agent, tool, {
    id: `demo-${serial}`,
    time,
    person,
    session: `s-${agent.agent}-${person}-${Math.floor(time / HOUR_MS) % 1_000}`,
    records: Math.max(1, Math.round(tool.records * spread)),
    latencyMs: random.integer(20, 400),
  });
}

export interface CallFacts {
  readonly id: string;
  readonly time: EpochMs;
  readonly person: string;
  readonly session: string;
  readonly records: number;
  readonly latencyMs: number;
  readonly trace?: string;
  readonly resourceTenant?: string;
  readonly resourceId?: string;
  readonly required?: string;
  readonly intent?: string;
}

/** A tool call through the broker, with the decision and token that allowed it. */
export function call(agent: DemoAgent, tool: DemoTool, facts: CallFacts): NativeEvent {
  const [type = 'thing', id = 'unknown'] = tool.resource.split(':');
  const trace = facts.trace ?? traceOf(facts.id);
  return {
    v: 1,
    id: facts.id,
    time: new Date(facts.time).toISOString(),
    kind: 'tool_call',
    tenant: agent.tenant,
    agent: { id: agent.agent, version: '3.1' },
    session: { id: facts.session },
    trace: { trace_id: trace, span_id: traceOf(facts.id).slice(0, 16), parent_span_id: null },
    principal: { sub: facts.person, type: 'user' },
    action: {
      name: tool.name,
      op: tool.op,
      tool_call_id: `call-${facts.id}`,
      arguments: argumentsOf(tool, facts.person),
    },
    resource: {
      type,
      id: facts.resourceId ?? id,
      tenant: facts.resourceTenant ?? agent.tenant,
      server: type,
    },
    scopes: { granted: agent.tools.map((t) => t.scope), required: [facts.required ?? tool.scope] },
    volume: { records: facts.records, bytes_out: facts.records * 320 },
    decision: { verdict: 'allow', id: `d-${facts.id}`, policy: { id: 'tools', version: '12' } },
    token: { jti: `t-${facts.id}`, txn: `x-${trace}` },
    intent: { text: facts.intent ?? `Help ${facts.person} with ${tool.name}`, scope: agent.role },
    outcome: { status: 'success' },
    latency_ms: facts.latencyMs,
  };
}

function argumentsOf(tool: DemoTool, person: string): Readonly<Record<string, unknown>> {
  if (tool.name === 'send_email') {
    return { recipients: [`${person}@example.com`], subject: 'Weekly summary' };
  }
  return { query: 'status:open', limit: 200 };
}

/** Mid-morning at `now`: offices opened on the hour, three to four hours ago, each day. */
function isOffice(time: EpochMs, now: EpochMs): boolean {
  const opening = Math.floor((now - 3 * HOUR_MS) / HOUR_MS) * HOUR_MS;
  const sinceOpening = (((time - opening) % DAY_MS) + DAY_MS) % DAY_MS;
  return sinceOpening < OFFICE_HOURS * HOUR_MS;
}

/** A 16-byte trace id made of the event's id: FNV-1a over it, four times with different seeds. */
function traceOf(id: string): string {
  let text = '';
  for (let part = 1; part <= 4; part += 1) {
    let hash = 0x811c9dc5 ^ part;
    for (let at = 0; at < id.length; at += 1) {
      hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193) >>> 0;
    }
    text += hash.toString(16).padStart(8, '0');
  }
  return text;
}
