import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLedger } from '../src/ledger/ledger.ts';
import { verifyLedger } from '../src/ledger/verify.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Ledger, UnsequencedEntry } from '../src/ports/ledger.ts';
import { SILENT_LOG } from '../src/ports/log.ts';
import { type Metrics, SILENT_METRICS } from '../src/ports/metrics.ts';

const BODY_BYTES = 600;
const AGENTS = 10_000;
/** Appends outstanding at once, as from many senders that each wait for their acknowledgement. */
const OUTSTANDING = 8_192;
const PACED_PER_S = 10_000;

/**
 * Measures the ledger on a real directory (`TRIPCOIL_BENCH_DIR`, else the temporary one). `_core`
 * figures divide by the CPU time of the whole process, kernel and thread pool included.
 */
export async function ledgerBench(options: {
  quick: boolean;
}): Promise<{ figures: Record<string, number>; notes: string[] }> {
  const root = process.env['TRIPCOIL_BENCH_DIR'] ?? tmpdir();
  const directory = await mkdtemp(join(root, 'tripcoil-bench-ledger-'));
  try {
    const bodies = benchBodies();
    const throughput = await appendAtFullSpeed(directory, bodies, options.quick ? 200_000 : 1e6);
    const verification = await verifyAll(directory, throughput.entries);
    const paced = await appendPaced(directory, bodies, options.quick ? 3 : 20);
    const { figures: burst } = throughput;
    return {
      figures: { ...burst, ...paced, ...verification },
      notes: [
        `${BODY_BYTES}-byte bodies, one entry an append, ${OUTSTANDING} outstanding`,
        `append_ms_* at ${PACED_PER_S}/s for ${options.quick ? 3 : 20} s`,
        'hash chain and fdatasync group commit on; no compression, sealing or tiles yet',
      ],
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}

const BENCH_CLOCK: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};

function openBenchLedger(directory: string, metrics: Metrics): Promise<Ledger> {
  return openLedger({ directory, log: SILENT_LOG, metrics, clock: BENCH_CLOCK });
}

async function appendAtFullSpeed(directory: string, bodies: readonly string[], entries: number) {
  let commits = 0;
  const metrics: Metrics = {
    ...SILENT_METRICS,
    observe(name) {
      if (name === 'tripcoil_ledger_commit_entries') commits += 1;
    },
  };
  const ledger = await openBenchLedger(directory, metrics);
  let next = 0;
  const sender = async () => {
    while (next < entries) {
      next += 1;
      await ledger.append([benchEntry(bodies, next)]);
    }
  };
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await Promise.all(Array.from({ length: OUTSTANDING }, sender));
  const wallS = (performance.now() - startMs) / 1_000;
  const cpuS = cpuSeconds(cpu);
  await ledger.close();
  const figures = {
    appends_per_s_core: Math.round(entries / cpuS),
    appends_per_s_wall: Math.round(entries / wallS),
    append_batch_entries: Math.round(entries / commits),
  };
  return { figures, entries };
}

async function appendPaced(directory: string, bodies: readonly string[], seconds: number) {
  const ledger = await openBenchLedger(directory, SILENT_METRICS);
  const delaysMs: number[] = [];
  const appends: Promise<void>[] = [];
  const startMs = performance.now();
  for (let sent = 0; sent < PACED_PER_S * seconds; ) {
    const due = Math.floor(((performance.now() - startMs) / 1_000) * PACED_PER_S);
    for (; sent < Math.min(due, PACED_PER_S * seconds); sent += 1) {
      // From when it was due, so that a stall of the sender itself is not forgotten.
      const dueMs = startMs + (sent * 1_000) / PACED_PER_S;
      const appended = ledger.append([benchEntry(bodies, sent)]);
      appends.push(appended.then(() => void delaysMs.push(performance.now() - dueMs)));
    }
    await sleep(1);
  }
  await Promise.all(appends);
  await ledger.close();
  delaysMs.sort((a, b) => a - b);
  const at = (share: number) => round(delaysMs[Math.floor(delaysMs.length * share)] ?? 0);
  return { append_ms_p50: at(0.5), append_ms_p99: at(0.99) };
}

async function verifyAll(directory: string, expected: number) {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const result = await verifyLedger(directory);
  const wallS = (performance.now() - startMs) / 1_000;
  if (!result.ok || result.entries !== expected) throw new Error('the ledger does not verify');
  return {
    verify_entries_per_s_core: Math.round(expected / cpuSeconds(cpu)),
    verify_entries_per_s_wall: Math.round(expected / wallS),
  };
}

function benchBodies(): readonly string[] {
  return Array.from({ length: AGENTS }, (_, agent) => {
    const head = `{"v":1,"id":"evt-${agent}","agent":{"id":"agent-${agent}"},"attrs":{"note":"`;
    return `${head}${'abcdefghij'.repeat(60).slice(0, BODY_BYTES - head.length - 3)}"}}`;
  });
}

function benchEntry(bodies: readonly string[], index: number): UnsequencedEntry {
  const body = bodies[(index * 7_919) % bodies.length] ?? '{}';
  return { loggedAt: 1_795_000_000_000, kind: 'input', tenant: 'acme', engineVersion: 1, body };
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
