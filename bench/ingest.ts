import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantileSorted } from 'simple-statistics';
import { REGISTRY } from '../src/components.ts';
import { openLedger } from '../src/ledger/ledger.ts';
import type { Principal } from '../src/ports/ingest.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import { SILENT_LOG } from '../src/ports/log.ts';
import { type Metrics, SILENT_METRICS } from '../src/ports/metrics.ts';
import { decodeOtlpTraces } from '../src/receivers/otlp/decode.ts';
import { createRedactor } from '../src/redact/redactor.ts';
import { fixedKeyRing } from '../src/revocation/keys.ts';
import { type EngineHost, startEngineHost } from '../src/runtime/engine-host.ts';
import { WALL_CLOCK } from '../src/runtime/wall-clock.ts';
import { createMemoryStore } from '../src/store/memory/memory-store.ts';
import { decodeBench } from './decode.ts';
import { cpuSecondsSince } from './machine.ts';
import { spanBodies } from './span-bodies.ts';
import { BENCH_AGENTS, BENCH_TENANT, SPANS_PER_BODY } from './workload.ts';

/** Bodies sent again and again with fresh ids: 400 × 100 spans are 36 MB of protobuf. */
const BODIES = 400;
/** Requests under way at once, each waiting for its acknowledgement. */
const OUTSTANDING = 16;
const SENDER: Principal = {
  name: 'bench',
  roles: ['ingest'],
  tenants: [BENCH_TENANT],
  trust: 'broker',
};

/**
 * OTLP bodies through decoding, normalising, redaction, the fsynced ledger, the engine and the
 * projection to the memory store, in one process and without HTTP. `_core` figures divide by the
 * CPU time of the whole process; the bodies are encoded beforehand.
 */
export async function ingestBench({ quick }: { quick: boolean }): Promise<{
  figures: Record<string, number>;
  notes: string[];
}> {
  const decode = await decodeBench({ quick });
  const seconds = quick ? 5 : 30;
  const protobuf = await measure('protobuf', seconds);
  const json = await measure('json', seconds);
  return {
    figures: {
      otlp_protobuf_spans_per_s_core: protobuf.perCore,
      otlp_json_spans_per_s_core: json.perCore,
      ...decode.figures,
      otlp_protobuf_spans_per_s_wall: protobuf.perWall,
      otlp_json_spans_per_s_wall: json.perWall,
      otlp_protobuf_ack_ms_p50: protobuf.ackP50,
      otlp_protobuf_ack_ms_p99: protobuf.ackP99,
      otlp_json_ack_ms_p50: json.ackP50,
      otlp_json_ack_ms_p99: json.ackP99,
      batch_entries: protobuf.batchEntries,
      agents_seen: protobuf.agents,
    },
    notes: [
      `${SPANS_PER_BODY} spans a body, 20 attributes a span, ${BENCH_AGENTS} agents by Zipf's law`,
      `${OUTSTANDING} requests outstanding for ${seconds} s each; they are acknowledged after ` +
        'fsync, so acknowledgement times are those of a saturated process',
      'hash chain and fdatasync on; no sealing and no Merkle tiles yet; HTTP is not part of it',
      'fairness_p99_ratio and rss_growth_mb_per_million are not measured yet',
      ...decode.notes.map((note) => `decode: ${note}`),
    ],
  };
}

interface Measured {
  readonly perCore: number;
  readonly perWall: number;
  readonly ackP50: number;
  readonly ackP99: number;
  readonly batchEntries: number;
  readonly agents: number;
}

async function measure(encoding: 'protobuf' | 'json', seconds: number): Promise<Measured> {
  const bodies = spanBodies(BODIES, encoding);
  const root = process.env['TRIPCOIL_BENCH_DIR'] ?? tmpdir();
  const directory = await mkdtemp(join(root, 'tripcoil-bench-ingest-'));
  const commits = new CommitSizes();
  const common = { log: SILENT_LOG, clock: WALL_CLOCK, metrics: commits };
  const ledger = await openLedger({ directory: join(directory, 'ledger'), ...common });
  const host = await startHost(directory, ledger, commits);
  try {
    const acksMs: number[] = [];
    let next = 0;
    const sender = async (untilMs: number): Promise<number> => {
      let spans = 0;
      while (performance.now() < untilMs) {
        const body = bodies[next % BODIES];
        body?.freshen(Math.floor(next / BODIES) + 1, Date.now());
        next += 1;
        const sentMs = performance.now();
        spans += await send(host, body?.bytes ?? Buffer.alloc(0), encoding);
        acksMs.push(performance.now() - sentMs);
      }
      return spans;
    };
    const sendFor = async (forS: number): Promise<number> => {
      const untilMs = performance.now() + forS * 1_000;
      const counts = Array.from({ length: OUTSTANDING }, () => sender(untilMs));
      return (await Promise.all(counts)).reduce((sum, spans) => sum + spans, 0);
    };
    await sendFor(2);
    acksMs.length = 0;
    commits.reset();
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    const spans = await sendFor(seconds);
    const wallS = (performance.now() - startMs) / 1_000;
    const cpuS = cpuSecondsSince(cpu);
    acksMs.sort((left, right) => left - right);
    return {
      perCore: Math.round(spans / cpuS),
      perWall: Math.round(spans / wallS),
      ackP50: rounded(quantileSorted(acksMs, 0.5)),
      ackP99: rounded(quantileSorted(acksMs, 0.99)),
      batchEntries: commits.mean,
      agents: host.view.agents([BENCH_TENANT]).length,
    };
  } finally {
    await host.close();
    await ledger.close();
    await rm(directory, { recursive: true });
  }
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

function startHost(directory: string, ledger: Ledger, metrics: Metrics): Promise<EngineHost> {
  return startEngineHost({
    ledger,
    store: createMemoryStore(),
    redactor: createRedactor({ keys: fixedKeyRing(), metrics }),
    receivers: [],
    shard: { registry: REGISTRY, initialPosture: 'shadow' },
    snapshotDirectory: join(directory, 'snapshots'),
    software: 'bench',
    tenantConfigs: new Map(),
    grants: new Map(),
    jitter: Math.random,
    ...{ log: SILENT_LOG, clock: WALL_CLOCK, metrics },
  });
}

/** Counts entries per group commit as the ledger reports them. */
class CommitSizes implements Metrics {
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

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
