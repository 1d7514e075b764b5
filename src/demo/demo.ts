import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseGrants } from '../config/grants.ts';
import { loadConfig, type TripcoilConfig } from '../config/load.ts';
import type { ReceivedEvent } from '../core/access-event.ts';
import type { Transition } from '../core/breaker.ts';
import { TripcoilError } from '../core/errors.ts';
import type { GrantSet } from '../core/grant.ts';
import { type Daemon, startDaemon } from '../daemon.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { parseNativeValue } from '../receivers/audit/native.ts';
import { DEMO_AUDIENCE, type DemoBroker, startDemoBroker } from './broker.ts';
import { INCIDENTS, type Incident } from './incidents.ts';
import { createRandom, type Random } from './random.ts';
import { history, type NativeEvent, ongoing, ordinary, timeOf } from './traffic.ts';
import { DEMO_AGENTS, DEMO_TENANTS, demoGrants } from './world.ts';

export interface DemoOptions {
  readonly seed: number;
  readonly port: number;
  readonly otlpPort: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly webDirectory: string;
  readonly talk: (line: string) => void;
  /** Milliseconds between incidents, so that a person can follow. */
  readonly paceMs: number;
}

/** What came of one planted incident. */
export interface IncidentOutcome {
  readonly incident: Incident;
  readonly tripped: boolean;
  readonly obeyed: boolean;
  /** From sending the events to the broker's having verified and applied the revocation. */
  readonly tookMs: number | null;
}

export interface DemoResult {
  readonly outcomes: readonly IncidentOutcome[];
  /** Breakers that opened although nothing was planted there. */
  readonly unplanted: readonly Transition[];
}

export interface Demo extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly broker: DemoBroker;
  /** Where the daemon keeps its data, credentials for the CLI among them; gone at the end. */
  readonly directory: string;
  /** Plants the incidents and waits for what comes of them. */
  play(): Promise<DemoResult>;
  /** Resolves once everything so far can be looked up, or after `withinMs`. */
  readable(withinMs: number): Promise<void>;
  /** Ordinary traffic until the signal, through the broker's own checks. */
  keepWorking(signal: AbortSignal): Promise<void>;
}

const HISTORY_BATCH = 2_000;
const OUTCOME_WITHIN_MS = 10_000;
const POLL_MS = 5;

/**
 * Starts a whole Tripcoil on synthetic agents in a temporary directory; nothing leaves the machine.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { clock, log, talk } = options;
  const random = createRandom(options.seed);
  await using undo = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'tripcoil-demo-'));
  undo.defer(() => rm(directory, { recursive: true, force: true }));
  const broker = await startDemoBroker(DEMO_TENANTS);
  undo.defer(() => broker.close());
  const token = randomBytes(24).toString('base64url');
  const daemon = await startDaemon({
    config: demoConfig(options, directory, token, broker.setUrl),
    grants: grantsOfDemo(),
    initialPosture: 'enforce',
    demo: true,
    ...{ clock, log, webDirectory: options.webDirectory },
  });
  undo.defer(() => daemon.close());
  await broker.connect(daemon.urls.main, token);
  await learn(daemon, random, clock, talk);
  const running = undo.move();
  const send = sender(daemon.urls.main, token);
  return {
    daemon,
    broker,
    directory,
    play: () => play(options, daemon, broker, random, send),
    readable: (withinMs) => readable(daemon, clock, withinMs),
    keepWorking: (signal) => keepWorking(options, broker, random, send, signal),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Two weeks of history, through the real redactor, ledger and engine. */
async function learn(
  daemon: Daemon,
  random: Random,
  clock: Clock,
  talk: (line: string) => void,
): Promise<void> {
  const startedAt = clock.monotonicMs();
  const operator = { name: 'demo', roles: ['operator'], tenants: '*', trust: 'broker' } as const;
  let batch: ReceivedEvent[] = [];
  let events = 0;
  const flush = async (): Promise<void> => {
    events += batch.length;
    const sent = batch;
    batch = [];
    await daemon.host.ingest.submit({ sender: operator, events: sent, history: true });
  };
  for (const native of history(random, clock.now())) {
    batch.push(received(native));
    if (batch.length >= HISTORY_BATCH) await flush();
  }
  await flush();
  const seconds = ((clock.monotonicMs() - startedAt) / 1_000).toFixed(1);
  talk(`learned two weeks of ${DEMO_AGENTS.length} agents: ${events} events in ${seconds} s`);
}

async function play(
  options: DemoOptions,
  daemon: Daemon,
  broker: DemoBroker,
  random: Random,
  send: Send,
): Promise<DemoResult> {
  const { clock, talk, paceMs } = options;
  const opened: Transition[] = [];
  const unsubscribe = daemon.host.breakers.subscribe(({ transition }) => {
    if (transition.to === 'open' || transition.to === 'isolated') opened.push(transition);
  });
  const outcomes: IncidentOutcome[] = [];
  await send(ordinaryBurst(random, clock.now(), 'before'));
  for (const incident of INCIDENTS) {
    await clock.sleep(paceMs);
    talk(`· ${incident.story}`);
    const startedAt = clock.monotonicMs();
    await send(incident.events(clock.now()));
    const outcome = await outcomeOf(incident, opened, broker, clock, startedAt);
    outcomes.push(outcome);
    talk(outcomeLine(outcome));
  }
  await send(ordinaryBurst(random, clock.now(), 'after'));
  unsubscribe();
  const planted = (transition: Transition): boolean =>
    INCIDENTS.some((incident) => matches(incident, transition) || isStepTo(incident, transition));
  return { outcomes, unplanted: opened.filter((transition) => !planted(transition)) };
}

/** Waits until the breaker is open and the broker has applied it, or long enough. */
async function outcomeOf(
  incident: Incident,
  opened: readonly Transition[],
  broker: DemoBroker,
  clock: Clock,
  startedAt: number,
): Promise<IncidentOutcome> {
  const { tenant, kind, id } = incident.key;
  for (;;) {
    const tripped = opened.some((transition) => matches(incident, transition));
    const applied = broker.obeyed.find(
      (o) => o.tenant === tenant && o.kind === kind && o.id === id,
    );
    const verdict = broker.client(tenant).check({ [kind]: id, op: 'write' });
    const obeyed = applied !== undefined && !verdict.allow;
    const waitedMs = clock.monotonicMs() - startedAt;
    if (tripped && obeyed) return { incident, tripped, obeyed, tookMs: waitedMs };
    if (waitedMs > OUTCOME_WITHIN_MS) return { incident, tripped, obeyed, tookMs: null };
    await clock.sleep(POLL_MS);
  }
}

function matches({ key, detector, level }: Incident, transition: Transition): boolean {
  const { key: actual } = transition;
  const sameKey = actual.tenant === key.tenant && actual.kind === key.kind && actual.id === key.id;
  return sameKey && transition.reason === detector && transition.level === level;
}

/** A gentler step of the same breaker on its way to the planted level. */
function isStepTo(incident: Incident, transition: Transition): boolean {
  const { level } = transition;
  return level < incident.level && matches({ ...incident, level }, transition);
}

function outcomeLine({ incident, tripped, obeyed, tookMs }: IncidentOutcome): string {
  if (!tripped) return `  ✗ ${incident.detector} did not trip`;
  if (!obeyed) return `  ✗ tripped, but the broker did not acknowledge`;
  const { tenant, id } = incident.key;
  const took = tookMs === null ? '' : ` after ${Math.round(tookMs)} ms`;
  const { detector, level } = incident;
  return `  ✓ ${detector} opened ${tenant}/${id} at level ${level}; broker obeyed${took}`;
}

/** Two weeks at once keep the store busy for a while after the engine has learned them. */
async function readable({ host }: Daemon, clock: Clock, withinMs: number): Promise<void> {
  const enough = new AbortController();
  const reached = host.projector.reached(host.partition.shard.seq);
  await Promise.race([reached, clock.sleep(withinMs, enough.signal)]);
  enough.abort();
}

async function keepWorking(
  { clock }: DemoOptions,
  broker: DemoBroker,
  random: Random,
  send: Send,
  signal: AbortSignal,
): Promise<void> {
  for (const event of ongoing(random, clock.now())) {
    await clock.sleep(Math.max(0, timeOf(event) - clock.now()), signal);
    if (signal.aborted) return;
    const { tenant, agent, session } = event;
    const asked = { agent: agent.id, session: session.id, op: 'write' } as const;
    const verdict = broker.client(tenant).check(asked);
    await send([verdict.allow ? event : refused(event, verdict.reason)]).catch(() => undefined);
  }
}

/** What a broker reports when it obeys: the call was tried, denied and not carried out. */
function refused(event: NativeEvent, reason: string): NativeEvent {
  return {
    ...event,
    decision: { verdict: 'deny', id: `d-${event.id}`, reason: `breaker open: ${reason}` },
    outcome: { status: 'denied' },
    volume: {},
  };
}

function ordinaryBurst(random: Random, now: number, name: string): readonly NativeEvent[] {
  const quiet = DEMO_AGENTS.filter((agent) => agent.callsPerHour < 100);
  return quiet.map((agent, index) => ordinary(random, agent, now, `${name}-${index}`));
}

type Send = (events: readonly NativeEvent[]) => Promise<void>;

/** Sends like any sender: over HTTP, as NDJSON, with a token. */
function sender(url: string, token: string): Send {
  return async (events) => {
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      body: events.map((event) => JSON.stringify(event)).join('\n'),
    });
    const answer = (await response.json()) as { readonly accepted?: number };
    if (response.ok && answer.accepted === events.length) return;
    throw new TripcoilError(
      'internal',
      `the daemon refused demo events: ${JSON.stringify(answer)}`,
    );
  };
}

function received(native: NativeEvent): ReceivedEvent {
  const result = parseNativeValue(native, 0);
  if ('event' in result) return result.event;
  throw new Error(`assertion failed: the demo sends sound events (${result.reject.path})`);
}

function grantsOfDemo(): ReadonlyMap<string, GrantSet> {
  const result = parseGrants(demoGrants());
  if ('grants' in result) return result.grants;
  throw new Error(`assertion failed: the demo's grants are sound (${result.problems[0]?.message})`);
}

/** An ordinary configuration file, so that the demo runs what users run. */
function demoConfig(
  { port, otlpPort }: DemoOptions,
  directory: string,
  token: string,
  setUrl: string,
): TripcoilConfig {
  const text = `
listen: { port: ${port} }
otlp: { port: ${otlpPort} }
otlp_grpc: { port: 0 }
data_directory: ${JSON.stringify(directory)}
tokens:
  - name: demo-broker
    token: ${token}
    roles: [ingest, broker]
    tenants: [${DEMO_TENANTS.join(', ')}]
    trust: broker
revocation:
  receivers:
    - name: demo-broker-ssf
      url: ${setUrl}
      tenants: ["*"]
      audience: ${DEMO_AUDIENCE}
      allow_loopback: true
`;
  const result = loadConfig({ text, env: {}, readFile: () => '' });
  if ('config' in result) return result.config;
  throw new Error(
    `assertion failed: the demo's configuration is sound (${result.problems[0]?.message})`,
  );
}
