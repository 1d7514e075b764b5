import { REGISTRY } from '../src/components.ts';
import type { Effect } from '../src/core/entry.ts';
import type { Finding } from '../src/core/finding.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../src/core/time.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import { Shard } from '../src/engine/shard.ts';
import { EntryWriter } from '../src/engine/testing/entries.ts';
import { INCIDENT_KINDS, INCIDENTS, type Incident, type IncidentKind } from './fleet-incidents.ts';
import { FleetAgent, type FleetCall, fleetGrants } from './fleet-world.ts';

/** Size of a simulated fleet; the seed fixes every figure. */
export interface FleetPlan {
  readonly agents: number;
  readonly days: number;
  /** Days of history before anything is scored. */
  readonly warmUpDays: number;
  readonly incidentsPerKind: number;
  readonly seed: number;
}

const DAY_MINUTES = 1_440;
const START = Date.UTC(2026, 0, 5);
/** Alarms of one detector and agent within an hour are one. */
const MERGE_MS = HOUR_MS;
/** What is told this soon after an incident is still of it. */
const GRACE_MINUTES = 10;

/** The tenants of one share of a fleet: they are independent, so the shares run side by side. */
export interface FleetPart {
  readonly index: number;
  readonly of: number;
}

const WHOLE: FleetPart = { index: 0, of: 1 };

/** An incident, and how long after its first call it was told. */
export interface IncidentOutcome {
  readonly kind: IncidentKind;
  /** Seconds to the first trip or finding of level high or above; infinite where none is. */
  readonly delayS: number;
  /** The same with findings of any level. */
  readonly toldDelayS: number;
  /** The same with what detectors in shadow say, too. */
  readonly shadowDelayS: number;
}

export interface FleetOutcome {
  readonly events: number;
  /** Days of agents that nothing had happened to, behind the history. */
  readonly honestAgentDays: number;
  readonly incidents: readonly IncidentOutcome[];
  /** Of honest agents: trips by level, and by detector. */
  readonly tripsByLevel: Readonly<Record<string, number>>;
  readonly tripsByDetector: Readonly<Record<string, number>>;
  /** Of honest agents: findings of level high or above. */
  readonly alarms: Readonly<Record<string, number>>;
  /** Of honest agents: findings of any level, but of detectors in shadow. */
  readonly findings: Readonly<Record<string, number>>;
  /** Of honest agents: findings of detectors in shadow, of any level. */
  readonly shadow: Readonly<Record<string, number>>;
}

interface Member {
  readonly agent: FleetAgent;
  readonly incident: Incident | null;
  delayS: number;
  toldDelayS: number;
  shadowDelayS: number;
  readonly toldAt: Map<string, number>;
}

/** A fleet through the whole engine with the registered detectors, minute by minute. */
export function simulateFleet(plan: FleetPlan, part: FleetPart = WHOLE): FleetOutcome {
  return new Simulation(plan, part).run();
}

/** The outcome of a fleet of which each of these is a share. */
export function mergedOutcome(parts: readonly FleetOutcome[]): FleetOutcome {
  const counts = (of: (part: FleetOutcome) => Readonly<Record<string, number>>) => {
    const sum: Record<string, number> = {};
    for (const part of parts) {
      for (const [name, times] of Object.entries(of(part))) count(sum, name, times);
    }
    return sum;
  };
  const total = (of: (part: FleetOutcome) => number) =>
    parts.reduce((sum, part) => sum + of(part), 0);
  return {
    events: total(({ events }) => events),
    honestAgentDays: total(({ honestAgentDays }) => honestAgentDays),
    incidents: parts.flatMap(({ incidents }) => incidents),
    tripsByLevel: counts(({ tripsByLevel }) => tripsByLevel),
    tripsByDetector: counts(({ tripsByDetector }) => tripsByDetector),
    alarms: counts(({ alarms }) => alarms),
    findings: counts(({ findings }) => findings),
    shadow: counts(({ shadow }) => shadow),
  };
}

class Simulation {
  readonly #plan: FleetPlan;
  readonly #members: readonly Member[];
  readonly #byId = new Map<string, Member>();
  readonly #shard = new Shard({ registry: REGISTRY, initialPosture: 'enforce' });
  readonly #write = new EntryWriter();
  readonly #tripsByLevel: Record<string, number> = {};
  readonly #tripsByDetector: Record<string, number> = {};
  readonly #alarms: Record<string, number> = {};
  readonly #findings: Record<string, number> = {};
  readonly #shadow: Record<string, number> = {};
  #events = 0;
  #honestMinutes = 0;

  constructor(plan: FleetPlan, { index, of }: FleetPart) {
    this.#plan = plan;
    const tenants = new Map<string, number>();
    this.#members = membersOf(plan).filter(({ agent }) => {
      const tenant = tenants.get(agent.tenant) ?? tenants.size;
      tenants.set(agent.tenant, tenant);
      return tenant % of === index;
    });
    this.#shard.apply([this.#write.term(1)]);
    for (const member of this.#members) {
      const { tenant, id } = member.agent;
      this.#byId.set(id, member);
      if (this.#shard.tenants.has(tenant)) continue;
      this.#shard.apply([this.#write.grant(tenant, fleetGrants(tenant), START)]);
    }
  }

  run(): FleetOutcome {
    const end = this.#plan.days * DAY_MINUTES;
    for (let minute = 0; minute < end; minute += 1) this.#minute(minute);
    return {
      events: this.#events,
      honestAgentDays: this.#honestMinutes / DAY_MINUTES,
      incidents: this.#members.flatMap(({ incident, delayS, toldDelayS, shadowDelayS }) =>
        incident ? [{ kind: incident.kind, delayS, toldDelayS, shadowDelayS }] : [],
      ),
      tripsByLevel: this.#tripsByLevel,
      tripsByDetector: this.#tripsByDetector,
      alarms: this.#alarms,
      findings: this.#findings,
      shadow: this.#shadow,
    };
  }

  #minute(minute: number): void {
    const calls: FleetCall[] = [];
    for (const { agent, incident } of this.#members) {
      const since = incident ? minute - incident.at : -1;
      if (incident && since >= 0) calls.push(...incidentCalls(agent, incident, minute, since));
      else {
        calls.push(...agent.minute(minute));
        if (minute >= this.#plan.warmUpDays * DAY_MINUTES) this.#honestMinutes += 1;
      }
    }
    calls.sort((one, other) => one.time - other.time);
    for (const call of calls) {
      this.#events += 1;
      const entry = this.#write.input({ ...call, id: `e-${this.#events}` }, call.time);
      this.#take(this.#shard.apply([entry]), call.agent?.id ?? '', call.time);
    }
    const time = START + (minute + 1) * MINUTE_MS;
    this.#take(this.#shard.apply([this.#write.tick(time)]), '', time);
  }

  #take(effects: readonly Effect[], agent: string, time: number): void {
    for (const effect of effects) {
      if (effect.kind === 'finding') {
        const member = this.#byId.get(effect.decision.agent);
        if (member) this.#found(member, effect.decision, time);
      } else if (effect.kind === 'transition' && effect.decision.to === 'open') {
        const member = this.#byId.get(agent);
        const { level, reason } = effect.decision;
        if (member) this.#tripped(member, level, reason, time);
      }
    }
  }

  #found(member: Member, { detector, mode, level }: Finding, time: number): void {
    const isShadow = mode === 'shadow';
    const isAlarm = !isShadow && (level === 'high' || level === 'critical');
    const since = sinceIncident(member, time);
    if (since >= 0) {
      sighted(member, since, isShadow ? 'shadow' : isAlarm ? 'alarm' : 'told');
      return;
    }
    if (!this.#isScored(time)) return;
    for (const counts of isShadow ? [this.#shadow] : [this.#findings, this.#alarms]) {
      if (counts === this.#alarms && !isAlarm) continue;
      const key = counts === this.#alarms ? `${detector} alarm` : detector;
      const before = member.toldAt.get(key) ?? Number.NEGATIVE_INFINITY;
      member.toldAt.set(key, time);
      if (time - before >= MERGE_MS) count(counts, detector);
    }
  }

  #tripped(member: Member, level: number, reason: string, time: number): void {
    const since = sinceIncident(member, time);
    if (since >= 0) {
      sighted(member, since, 'alarm');
    } else if (this.#isScored(time)) {
      count(this.#tripsByLevel, `L${level}`);
      count(this.#tripsByDetector, reason);
    }
  }

  #isScored(time: number): boolean {
    return time >= START + this.#plan.warmUpDays * DAY_MS;
  }
}

/** What is an alarm is told, and what is told counts beside what detectors in shadow say. */
function sighted(member: Member, sinceMs: number, by: 'alarm' | 'told' | 'shadow'): void {
  const since = sinceMs / 1_000;
  member.shadowDelayS = Math.min(member.shadowDelayS, since);
  if (by === 'shadow') return;
  member.toldDelayS = Math.min(member.toldDelayS, since);
  if (by === 'alarm') member.delayS = Math.min(member.delayS, since);
}

/** An agent is silent once its incident is over: what it learned of it is no matter here. */
function incidentCalls(agent: FleetAgent, { kind }: Incident, minute: number, since: number) {
  const { minutes, calls } = INCIDENTS[kind];
  return since < minutes ? calls(agent, minute, since) : [];
}

/** Milliseconds into its incident: negative before it, infinite once it is over. */
function sinceIncident({ incident }: Member, time: number): number {
  if (incident === null) return -1;
  const since = time - START - incident.at * MINUTE_MS;
  const most = (INCIDENTS[incident.kind].minutes + GRACE_MINUTES) * MINUTE_MS;
  if (since < 0) return -1;
  return since > most ? Number.POSITIVE_INFINITY : since;
}

/** Incidents fall in the last third, each on an agent of its own that it suits. */
function membersOf({ agents, days, incidentsPerKind, seed }: FleetPlan): readonly Member[] {
  const fleet = Array.from({ length: agents }, (_, index) => new FleetAgent(index, seed, START));
  const random = new SeededRandom(seed);
  const from = Math.floor((days * DAY_MINUTES * 2) / 3);
  const planned = new Map<FleetAgent, Incident>();
  for (const kind of INCIDENT_KINDS) {
    const { suits, minutes } = INCIDENTS[kind];
    const latest = days * DAY_MINUTES - minutes - GRACE_MINUTES;
    const first = Math.min(from, latest - DAY_MINUTES / 2);
    if (first < (days * DAY_MINUTES) / 2) continue;
    const free = fleet.filter((agent) => suits(agent) && !planned.has(agent));
    for (let at = 0; at < incidentsPerKind && free.length > 0; at += 1) {
      const [agent] = free.splice(random.integer(free.length), 1);
      if (agent) planned.set(agent, { kind, at: first + random.integer(latest - first) });
    }
  }
  return fleet.map((agent) => ({
    agent,
    incident: planned.get(agent) ?? null,
    delayS: Number.POSITIVE_INFINITY,
    toldDelayS: Number.POSITIVE_INFINITY,
    shadowDelayS: Number.POSITIVE_INFINITY,
    toldAt: new Map(),
  }));
}

function count(counts: Record<string, number>, name: string, times = 1): void {
  counts[name] = (counts[name] ?? 0) + times;
}
