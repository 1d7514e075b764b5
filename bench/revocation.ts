import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { quantileSorted } from 'simple-statistics';
import { call, type ServedDaemon, serve } from '../test/integration/served-daemon.ts';
import { checkHttp } from './check-http.ts';
import { checkMicroseconds } from './check-memory.ts';
import type { LoadOrder } from './load-worker.ts';
import { restartRedelivery } from './restart-redelivery.ts';
import {
  createSite,
  enforce,
  offend,
  startReceiver,
  startSubscribers,
  TOKEN,
  type Witness,
  wallMs,
} from './revocation-site.ts';
import type { AppliedTimes } from './revocation-subscribers.ts';
import { rounded } from './rounded.ts';
import { BENCH_AGENTS, BENCH_TENANT } from './workload.ts';

const SUBSCRIBERS = 100;
const RECEIVERS = 2;
const BURST = 1_000;
const BURST_CONNECTIONS = 32;
const EVENTS_PER_S = 1_000;
const WARM_UP_MS = 3_000;
const PLANT_EVERY_MS = 100;
/** A trip that takes longer counts as lost, and fails the benchmark. */
const LOST_AFTER_MS = 30_000;

/**
 * How fast trips reach those who act on them, through a real `serve`: a hundred brokers that follow
 * the feed, two receivers that verify signed events, and other traffic all the while.
 */
export async function revocationBench({ quick }: { quick: boolean }): Promise<{
  figures: Record<string, number>;
  notes: string[];
}> {
  const spread = await revocationSpread(quick);
  const checkUs = checkMicroseconds(quick ? 200_000 : 1_000_000);
  const http = await measureCheck(quick ? 5 : 15);
  const restart = await restartRedelivery(quick ? 3 : 10);
  return {
    figures: {
      ...spread,
      check_us: await checkUs,
      check_http_per_s: http.perS,
      check_http_per_s_core: http.perCpuS,
      ...restart,
    },
    notes: [
      `${SUBSCRIBERS} brokers, each with a token and a client of its own, in two processes; ` +
        `${RECEIVERS} push receivers in processes of their own that verify RS256; ` +
        `${EVENTS_PER_S} wanted events a second beside it; all share the machine`,
      'client_ms: from just before an offending event is sent over HTTP until a broker has it ' +
        'applied, over every broker and trip; ssf_ms: until a receiver has verified it',
      `burst_1000_ms: from the first of ${BURST} orders of an operator, over ` +
        `${BURST_CONNECTIONS} connections, until the last broker has the last trip applied; ` +
        'tenant_ms: the same for one trip of the whole tenant',
      'check_us: mean of one question with all members, 100,000 agents tripped, nine in ten ' +
        'questions about others',
      'restart_redelivery_ms: worst of several, from spawning the process again after kill -9 ' +
        'until the receiver that was away has verified the revocation',
    ],
  };
}

export async function revocationSpread(
  quick: boolean,
  nodeOptions: readonly string[] = [],
): Promise<Record<string, number>> {
  const planted = quick ? 50 : 200;
  const tokens = Array.from(
    { length: SUBSCRIBERS },
    (_, index) => `broker-token-${index}-0123456789`,
  );
  const receivers = await Promise.all(Array.from({ length: RECEIVERS }, startReceiver));
  const workplace = await createSite(
    tokens,
    receivers.map(({ port }) => port),
  );
  const daemon = await serve(workplace, nodeOptions);
  const witnesses: Witness[] = [...receivers];
  const order: LoadOrder = { url: daemon.main, token: TOKEN, eventsPerS: EVENTS_PER_S };
  let load: Worker | null = null;
  try {
    const operator = await daemon.token('local-operator');
    await enforce(daemon, operator);
    await introduceAgents(daemon);
    const subscribers = await startSubscribers(daemon.main, tokens);
    witnesses.push(...subscribers);
    load = new Worker(new URL('./load-worker.ts', import.meta.url), { workerData: order });
    await sleep(WARM_UP_MS);
    const names = Array.from({ length: planted }, (_, index) => `planted-${index}`);
    const sentMs = await plant(daemon, names);
    const client = await delays(subscribers, (name) => `agent/${name}`, sentMs, SUBSCRIBERS);
    const ssf = await delays(
      receivers,
      (name) => `${BENCH_TENANT}/agent/${name}`,
      sentMs,
      RECEIVERS,
    );
    const burstMs = await measureBurst(daemon, operator, subscribers);
    const tenantMs = await measureTenant(daemon, operator, subscribers);
    return {
      client_ms_p50: rounded(quantileSorted(client, 0.5)),
      client_ms_p99: rounded(quantileSorted(client, 0.99)),
      client_ms_max: rounded(client.at(-1) ?? 0),
      ssf_ms_p50: rounded(quantileSorted(ssf, 0.5)),
      ssf_ms_p99: rounded(quantileSorted(ssf, 0.99)),
      burst_1000_ms: rounded(burstMs),
      tenant_ms: rounded(tenantMs),
    };
  } finally {
    await load?.terminate();
    await Promise.all(witnesses.map((witness) => witness.stop()));
    if (nodeOptions.length > 0) await daemon.stop();
    await daemon.kill();
    await workplace.remove();
  }
}

/** So that the planted ones are few among the agents of the tenant. */
async function introduceAgents(daemon: ServedDaemon): Promise<void> {
  const size = 1_000;
  for (let from = 0; from < BENCH_AGENTS; from += size) {
    const events = Array.from({ length: size }, (_, index) => ({
      id: `hello-${from + index}`,
      time: Date.now(),
      agent: { id: `agent-${from + index}` },
      action: { name: 'search_orders', op: 'read' },
      outcome: { status: 'success' },
    }));
    const { status } = await call(daemon, TOKEN, 'POST', '/v1/events', events);
    if (status !== 200) throw new Error(`events were answered with ${status}`);
  }
}

/** Sends one offence after the other; when each was about to be sent. */
async function plant(
  daemon: ServedDaemon,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const sentMs = new Map<string, number>();
  const startMs = performance.now();
  for (const [index, name] of names.entries()) {
    sentMs.set(name, wallMs());
    await offend(daemon, name);
    await sleep(Math.max(0, startMs + (index + 1) * PLANT_EVERY_MS - performance.now()));
  }
  return sentMs;
}

/** Delays of every witness, sorted, once all have been told of everything. */
async function delays(
  witnesses: readonly Witness[],
  keyOf: (name: string) => string,
  sentMs: ReadonlyMap<string, number>,
  each: number,
): Promise<number[]> {
  const keys = [...sentMs.keys()].map(keyOf);
  const times = await toldOf(witnesses, keys, each);
  return [...sentMs]
    .flatMap(([name, sent]) => (times.get(keyOf(name)) ?? []).map((time) => time - sent))
    .sort((left, right) => left - right);
}

async function toldOf(
  witnesses: readonly Witness[],
  keys: readonly string[],
  each: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const deadline = performance.now() + LOST_AFTER_MS;
  for (;;) {
    const reports: AppliedTimes[] = [];
    for (const witness of witnesses) reports.push(await witness.times());
    const times = new Map(keys.map((key) => [key, reports.flatMap((one) => one[key] ?? [])]));
    const missing = keys.filter((key) => (times.get(key)?.length ?? 0) < each).length;
    if (missing === 0) return times;
    if (performance.now() > deadline) {
      throw new Error(`${missing} of ${keys.length} trips did not reach everybody in time`);
    }
    await sleep(500);
  }
}

async function measureBurst(
  daemon: ServedDaemon,
  operator: string,
  subscribers: readonly Witness[],
): Promise<number> {
  const names = Array.from({ length: BURST }, (_, index) => `burst-${index}`);
  const startMs = wallMs();
  const rest = names.values();
  const lanes = Array.from({ length: BURST_CONNECTIONS }, async () => {
    for (const id of rest)
      await trip(daemon, operator, { tenant: BENCH_TENANT, kind: 'agent', id }, 4);
  });
  await Promise.all(lanes);
  const times = await toldOf(
    subscribers,
    names.map((name) => `agent/${name}`),
    SUBSCRIBERS,
  );
  return Math.max(...[...times.values()].map((each) => Math.max(...each))) - startMs;
}

async function measureTenant(
  daemon: ServedDaemon,
  operator: string,
  subscribers: readonly Witness[],
): Promise<number> {
  const key = { tenant: BENCH_TENANT, kind: 'tenant', id: BENCH_TENANT };
  const startMs = wallMs();
  await trip(daemon, operator, key, 4);
  const times = await toldOf(subscribers, [`tenant/${BENCH_TENANT}`], SUBSCRIBERS);
  return Math.max(...[...times.values()].flat()) - startMs;
}

async function trip(daemon: ServedDaemon, operator: string, key: object, level: number) {
  const order = { key, level, reason: 'burst of the benchmark', actor: 'bench' };
  const { status } = await call(daemon, operator, 'POST', '/v1/breakers/trip', order);
  if (status !== 200) throw new Error(`a trip was answered with ${status}`);
}

async function measureCheck(seconds: number): Promise<{ perS: number; perCpuS: number }> {
  const workplace = await createSite([], []);
  const daemon = await serve(workplace);
  try {
    const agents = Array.from({ length: 1_000 }, (_, index) => `agent-${index}`);
    return await checkHttp(daemon, TOKEN, agents, seconds);
  } finally {
    await daemon.kill();
    await workplace.remove();
  }
}
