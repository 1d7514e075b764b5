import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { quantileSorted } from 'simple-statistics';
import { createBreakerClient } from '../client/src/index.ts';
import {
  call,
  createWorkplace,
  type ServedDaemon,
  serve,
} from '../test/integration/served-daemon.ts';
import type { LoadOrder, LoadReport } from './load-worker.ts';
import { cpuSecondsOf } from './process-cpu.ts';
import { rounded } from './rounded.ts';
import { BENCH_AGENTS, BENCH_TENANT } from './workload.ts';

const TOKEN = 'latency-bench-token-0123456789';
const EVENTS_PER_S = 5_000;
const WARM_UP_MS = 5_000;
const PLANT_EVERY_MS = 100;
/** A planted trip that takes longer counts as lost, and fails the benchmark. */
const LOST_AFTER_MS = 10_000;

/**
 * From just before an offending event is sent over HTTP until a subscribed broker is told, through
 * a `serve` of its own process that takes in other traffic all the while.
 */
export async function latencyBench({ quick }: { quick: boolean }): Promise<{
  figures: Record<string, number>;
  notes: string[];
}> {
  const planted = quick ? 100 : 500;
  const chdb = await measure('chdb', planted);
  const memory = await measure('memory', planted);
  return {
    figures: {
      event_to_client_ms_p50: chdb.p50,
      event_to_client_ms_p99: chdb.p99,
      event_to_client_ms_max: chdb.max,
      background_events_per_s: chdb.eventsPerS,
      serve_events_per_s_core: chdb.eventsPerCpuS,
      ack_ms_p99: chdb.ackP99,
      cold_start_ms: chdb.coldStartMs,
      memory_event_to_client_ms_p50: memory.p50,
      memory_event_to_client_ms_p99: memory.p99,
      memory_event_to_client_ms_max: memory.max,
      memory_background_events_per_s: memory.eventsPerS,
      memory_serve_events_per_s_core: memory.eventsPerCpuS,
      memory_ack_ms_p99: memory.ackP99,
      memory_cold_start_ms: memory.coldStartMs,
    },
    notes: [
      `${planted} cross-tenant reads of fresh agents, one each ${PLANT_EVERY_MS} ms, beside ` +
        `${EVENTS_PER_S} wanted events a second of ${BENCH_AGENTS} agents by Zipf's law over ` +
        'POST /v1/events; background_events_per_s is what was acknowledged',
      'without prefix the store is chDB in its process, with memory_ the one in memory',
      'serve_events_per_s_core: events by CPU seconds of serve with its children, HTTP included',
      'load generator, subscriber and serve share the machine',
      'cold_start_ms: from spawning the process to its listening ports, empty data directory',
    ],
  };
}

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly eventsPerS: number;
  readonly eventsPerCpuS: number;
  readonly ackP99: number;
  readonly coldStartMs: number;
}

async function measure(storeKind: 'chdb' | 'memory', planted: number): Promise<Measured> {
  const token =
    `  - { name: bench, token: ${TOKEN}, roles: [ingest, broker], ` +
    `tenants: [${BENCH_TENANT}], trust: broker }\n`;
  const settings = `grants_file: ./grants.yaml\ntokens:\n${token}`;
  const workplace = await createWorkplace(settings, storeKind);
  const grant = `{ tenant: ${BENCH_TENANT}, agent: "*", tenants: [${BENCH_TENANT}] }`;
  await writeFile(join(workplace.directory, 'grants.yaml'), `agents:\n  - ${grant}\n`);
  const startMs = performance.now();
  const daemon = await serve(workplace);
  const coldStartMs = Math.round(performance.now() - startMs);
  try {
    await enforce(daemon);
    return { ...(await underLoad(daemon, planted)), coldStartMs };
  } finally {
    await daemon.stop();
    await workplace.remove();
  }
}

async function enforce(daemon: ServedDaemon): Promise<void> {
  const operator = await daemon.token('local-operator');
  const order = { reason: 'the benchmark wants trips', actor: 'bench' };
  const path = `/v1/tenants/${BENCH_TENANT}/enforce`;
  const { status } = await call(daemon, operator, 'POST', path, order);
  if (status !== 200) throw new Error(`enforce was answered with ${status}`);
}

async function underLoad(
  daemon: ServedDaemon,
  planted: number,
): Promise<Omit<Measured, 'coldStartMs'>> {
  const waiting = new Map<string, (ms: number) => void>();
  const client = createBreakerClient({
    url: daemon.main,
    token: TOKEN,
    tenant: BENCH_TENANT,
    onTrip: ({ key }) => waiting.get(key.id)?.(performance.now()),
  });
  const order: LoadOrder = { url: daemon.main, token: TOKEN, eventsPerS: EVENTS_PER_S };
  const load = new Worker(new URL('./load-worker.ts', import.meta.url), { workerData: order });
  try {
    if (!(await client.ready())) throw new Error('the feed did not become fresh');
    await sleep(WARM_UP_MS);
    const before = await reportOf(load);
    const cpuBefore = await cpuSecondsOf(daemon.process.pid ?? 0);
    const startMs = performance.now();
    const delays: Promise<number>[] = [];
    for (let index = 0; index < planted; index += 1) {
      delays.push(plant(daemon, `planted-${index}`, waiting));
      await sleep(Math.max(0, startMs + (index + 1) * PLANT_EVERY_MS - performance.now()));
    }
    const sorted = (await Promise.all(delays)).sort((left, right) => left - right);
    const wallS = (performance.now() - startMs) / 1_000;
    const after = await reportOf(load);
    const cpuS = ((await cpuSecondsOf(daemon.process.pid ?? 0)) ?? 0) - (cpuBefore ?? 0);
    const accepted = after.accepted - before.accepted;
    const acks = [...after.ackMs].sort((left, right) => left - right);
    return {
      p50: rounded(quantileSorted(sorted, 0.5)),
      p99: rounded(quantileSorted(sorted, 0.99)),
      max: rounded(sorted.at(-1) ?? 0),
      eventsPerS: Math.round(accepted / wallS),
      eventsPerCpuS: cpuS > 0 ? Math.round(accepted / cpuS) : 0,
      ackP99: rounded(quantileSorted(acks, 0.99)),
    };
  } finally {
    await load.terminate();
    await client.close();
  }
}

/** Sends one read across tenants of an agent never seen; resolves when the broker is told. */
async function plant(
  daemon: ServedDaemon,
  agent: string,
  waiting: Map<string, (ms: number) => void>,
): Promise<number> {
  const told = Promise.withResolvers<number>();
  waiting.set(agent, told.resolve);
  const event = {
    id: `evt-${agent}`,
    time: Date.now(),
    agent: { id: agent },
    action: { name: 'read_account', op: 'read' },
    resource: { type: 'crm', id: 'account', tenant: 'globex' },
    outcome: { status: 'success' },
  };
  const sentMs = performance.now();
  const { status } = await call(daemon, TOKEN, 'POST', '/v1/events', event);
  if (status !== 200) throw new Error(`a planted event was answered with ${status}`);
  const lost = sleep(LOST_AFTER_MS, null, { ref: false });
  const toldMs = await Promise.race([told.promise, lost]);
  waiting.delete(agent);
  if (toldMs === null) throw new Error(`no trip of ${agent} within ${LOST_AFTER_MS} ms`);
  return toldMs - sentMs;
}

async function reportOf(load: Worker): Promise<LoadReport> {
  const answered = once(load, 'message');
  load.postMessage('report');
  const [report] = await answered;
  return report as LoadReport;
}
