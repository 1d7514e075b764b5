import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REGISTRY } from '../src/components.ts';
import { openDataLedger } from '../src/composition/sealed-ledger.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Principal } from '../src/ports/ingest.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import { type Log, SILENT_LOG } from '../src/ports/log.ts';
import { type Metrics, SILENT_METRICS } from '../src/ports/metrics.ts';
import { decodeOtlpTraces } from '../src/receivers/otlp/decode.ts';
import { createRedactor } from '../src/redact/redactor.ts';
import { fixedKeyRing } from '../src/revocation/keys.ts';
import { type EngineHost, startEngineHost } from '../src/runtime/engine-host.ts';
import { WALL_CLOCK } from '../src/runtime/wall-clock.ts';
import { createMemoryStore } from '../src/store/memory/memory-store.ts';
import { spanBodies } from './span-bodies.ts';
import { BENCH_TENANT, SPANS_PER_BODY } from './workload.ts';

/** Bodies sent again and again with fresh ids: 400 × 100 spans are 36 MB of protobuf. */
const BODIES = 400;
/** Requests under way at once, each waiting for its acknowledgement. */
export const OUTSTANDING = 16;
const SENDER: Principal = {
  name: 'bench',
  roles: ['ingest'],
  tenants: [BENCH_TENANT],
  trust: 'broker',
};

/**
 * OTLP bodies through decoding, normalising, redaction, the fsynced ledger, the engine and the
 * projection to the memory store, in this process and without HTTP.
 */
export interface IngestPipeline {
  readonly host: EngineHost;
  readonly commits: CommitSizes;
  /** How long each request waited for its acknowledgement; the caller may empty it. */
  readonly acksMs: number[];
  /** Sends for so long, or until so many spans are under way; returns the spans that were taken. */
  sendFor(seconds: number, spansMax?: number): Promise<number>;
  close(): Promise<void>;
}

/** `clock` tells log time and that of the spans. */
export async function openPipeline(
  encoding: 'protobuf' | 'json',
  clock: Clock = WALL_CLOCK,
): Promise<IngestPipeline> {
  const bodies = spanBodies(BODIES, encoding);
  const root = process.env['TRIPCOIL_BENCH_DIR'] ?? tmpdir();
  const directory = await mkdtemp(join(root, 'tripcoil-bench-ingest-'));
  const commits = new CommitSizes();
  const common = { log: SILENT_LOG, clock, metrics: commits };
  const sealed = await openDataLedger({ dataDirectory: directory, publicUrl: null, ...common });
  const { ledger } = sealed;
  const host = await startHost(directory, ledger, common);
  const acksMs: number[] = [];
  let next = 0;
  const sender = async (more: () => boolean): Promise<number> => {
    let spans = 0;
    while (more()) {
      const body = bodies[next % BODIES];
      body?.freshen(Math.floor(next / BODIES) + 1, clock.now());
      next += 1;
      const sentMs = performance.now();
      spans += await send(host, body?.bytes ?? Buffer.alloc(0), encoding);
      acksMs.push(performance.now() - sentMs);
    }
    return spans;
  };
  return {
    host,
    commits,
    acksMs,
    sendFor: async (seconds, spansMax = Number.POSITIVE_INFINITY) => {
      const untilMs = performance.now() + seconds * 1_000;
      const last = next + spansMax / SPANS_PER_BODY;
      const more = (): boolean => next < last && performance.now() < untilMs;
      const counts = Array.from({ length: OUTSTANDING }, () => sender(more));
      return (await Promise.all(counts)).reduce((sum, spans) => sum + spans, 0);
    },
    close: async () => {
      await host.close();
      await sealed.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function send(
  host: EngineHost,
  bytes: Buffer,
  encoding: 'protobuf' | 'json',
): Promise<number> {
  const { events, positions, rejects } = decodeOtlpTraces(bytes, encoding);
  if (rejects.length > 0) throw new Error(`rejected: ${JSON.stringify(rejects[0])}`);
  const result = await host.ingest.submit({ sender: SENDER, events, positions });
  if (result.rejects.length > 0) throw new Error(`rejected: ${JSON.stringify(result.rejects[0])}`);
  return result.accepted;
}

function startHost(
  directory: string,
  ledger: Ledger,
  common: { readonly log: Log; readonly clock: Clock; readonly metrics: Metrics },
): Promise<EngineHost> {
  return startEngineHost({
    ledger,
    store: createMemoryStore(),
    redactor: createRedactor({ keys: fixedKeyRing(), metrics: common.metrics }),
    receivers: [],
    shard: { registry: REGISTRY, initialPosture: 'shadow' },
    snapshotDirectory: join(directory, 'snapshots'),
    software: 'bench',
    tenantConfigs: new Map(),
    grants: new Map(),
    jitter: Math.random,
    ...common,
  });
}

/** Counts entries per group commit as the ledger reports them. */
export class CommitSizes implements Metrics {
  #commits = 0;
  #entries = 0;

  get mean(): number {
    return this.#commits === 0 ? 0 : Math.round(this.#entries / this.#commits);
  }

  count = SILENT_METRICS.count;
  gauge = SILENT_METRICS.gauge;

  observe(name: string, value: number): void {
    if (name !== 'tripcoil_ledger_commit_entries') return;
    this.#commits += 1;
    this.#entries += value;
  }

  reset(): void {
    this.#commits = 0;
    this.#entries = 0;
  }
}
