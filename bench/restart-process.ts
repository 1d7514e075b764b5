import { join } from 'node:path';
import { REGISTRY } from '../src/components.ts';
import { openDataLedger } from '../src/composition/sealed-ledger.ts';
import type { AccessEvent } from '../src/core/access-event.ts';
import type { Redacted } from '../src/core/redacted.ts';
import { createRandom } from '../src/demo/random.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Principal } from '../src/ports/ingest.ts';
import { SILENT_LOG } from '../src/ports/log.ts';
import { SILENT_METRICS } from '../src/ports/metrics.ts';
import { parseNativeValue } from '../src/receivers/audit/native.ts';
import { createRedactor } from '../src/redact/redactor.ts';
import { fixedKeyRing } from '../src/revocation/keys.ts';
import { attribute } from '../src/runtime/attribution.ts';
import { startEngineHost } from '../src/runtime/engine-host.ts';
import { WALL_CLOCK } from '../src/runtime/wall-clock.ts';
import { createMemoryStore } from '../src/store/memory/memory-store.ts';
import { BENCH_AGENTS, BENCH_TENANT, createZipf, nativeEvent } from './workload.ts';

/** Events made beforehand, and a prime by which the writer walks through them. */
const KEPT_EVENTS = 65_536;
const STEP = 7_919;
const BATCH = 500;
const OUTSTANDING = 8;
const EVENTS_PER_LOG_S = 2_000;
const SENDER: Principal = {
  name: 'bench',
  roles: ['ingest'],
  tenants: [BENCH_TENANT],
  trust: 'broker',
};

/**
 * Fills the data directory with so many redacted events, through ledger and engine, and dies by
 * SIGKILL with more under way. Run as `node bench/restart-process.ts DIRECTORY EVENTS`.
 */
async function fill(directory: string, count: number): Promise<void> {
  const kept = keptEvents();
  let made = 0;
  const startMs = Date.now() - Math.floor((count * 1_000) / EVENTS_PER_LOG_S);
  const clock: Clock = {
    ...WALL_CLOCK,
    now: () => startMs + Math.floor((made * 1_000) / EVENTS_PER_LOG_S),
  };
  const common = { clock, log: SILENT_LOG, metrics: SILENT_METRICS };
  const sealed = await openDataLedger({ dataDirectory: directory, publicUrl: null, ...common });
  const memory = createMemoryStore();
  const host = await startEngineHost({
    ...common,
    ledger: sealed.ledger,
    // What search sees is rebuilt by the daemon that starts.
    store: { ...memory, project: async () => {}, projectedSeq: async () => sealed.ledger.head.seq },
    redactor: createRedactor({ keys: fixedKeyRing() }),
    receivers: [],
    shard: { registry: REGISTRY, initialPosture: 'shadow' },
    snapshotDirectory: join(directory, 'snapshots'),
    software: 'bench',
    tenantConfigs: new Map(),
    grants: new Map(),
    jitter: Math.random,
  });
  const next = () => {
    const body = kept[(made * STEP) % KEPT_EVENTS];
    if (body === undefined) throw new Error('there are events');
    made += 1;
    return { kind: 'input', tenant: BENCH_TENANT, body: again(body, made, clock.now()) } as const;
  };
  const sender = async () => {
    while (made < count) await host.partition.append(Array.from({ length: BATCH }, next));
  };
  await Promise.all(Array.from({ length: OUTSTANDING }, sender));
  process.kill(process.pid, 'SIGKILL');
}

function keptEvents(): readonly Redacted<AccessEvent>[] {
  const random = createRandom(23);
  const agentOf = createZipf(random, BENCH_AGENTS);
  const redactor = createRedactor({ keys: fixedKeyRing() });
  return Array.from({ length: KEPT_EVENTS }, (_, index) => {
    // The first of each agent, so that there are as many as promised.
    const agent = index < BENCH_AGENTS ? index : agentOf();
    const read = parseNativeValue(nativeEvent(`evt-${index}`, agent, Date.now(), random), 0);
    if ('reject' in read) throw new Error(read.reject.message);
    const event = attribute(read.event, SENDER, 0, false);
    if ('code' in event) throw new Error(event.message);
    return redactor.redact(event);
  });
}

function again(body: Redacted<AccessEvent>, serial: number, time: number): Redacted<AccessEvent> {
  const { action, decision } = body;
  return {
    ...body,
    ...{ id: `evt-${serial}`, time, action: { ...action, toolCallId: `call-evt-${serial}` } },
    ...(decision ? { decision: { ...decision, id: `d-evt-${serial}` } } : {}),
  } as Redacted<AccessEvent>;
}

await fill(process.argv[2] ?? '', Number(process.argv[3]));
