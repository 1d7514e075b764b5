import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDataLedger } from '../src/composition/sealed-ledger.ts';
import { BUNDLED_BYTES, encodeBundle } from '../src/ledger/tlog/entry-bundle.ts';
import { LEAF_RECORD_BYTES, writeLeafRecord } from '../src/ledger/tlog/leaf-record.ts';
import { ProofMaker } from '../src/ledger/tlog/proof.ts';
import type { TileName } from '../src/ledger/tlog/tile.ts';
import { leafHash, nodeHash } from '../src/ledger/tlog/tree-hash.ts';
import { placeOf } from '../src/ledger/transparency/place-of.ts';
import type { SealedLedger } from '../src/ledger/transparency/sealed-ledger.ts';
import { verifyEvidence } from '../src/ledger/transparency/verify-evidence.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { UnsequencedEntry } from '../src/ports/ledger.ts';
import { SILENT_LOG } from '../src/ports/log.ts';
import { type Metrics, SILENT_METRICS } from '../src/ports/metrics.ts';
import { PublishDelays } from './publish-delays.ts';
import { restartAfterKill } from './restart.ts';
import { rounded } from './rounded.ts';
import { BENCH_AGENTS } from './workload.ts';

const AGENTS = 10_000;
const TENANTS = 5;
/** Bodies made beforehand, so that making them is not measured. */
const BODIES = 50_000;
/** Appends outstanding at once, as from many senders that each wait for their acknowledgement. */
const OUTSTANDING = 8_192;
const PACED_PER_S = 10_000;
const PROOF_SIZE = 100_000_000;

/**
 * Measures the ledger as a daemon opens it, sealed and with its transparency logs, on a real
 * directory (`TRIPCOIL_BENCH_DIR`, else the temporary one). `_core` figures divide by the CPU time
 * of the whole process, kernel and thread pool included.
 */
export async function ledgerBench(options: {
  quick: boolean;
}): Promise<{ figures: Record<string, number>; notes: string[] }> {
  const root = process.env['TRIPCOIL_BENCH_DIR'] ?? tmpdir();
  const directory = await mkdtemp(join(root, 'tripcoil-bench-ledger-'));
  try {
    const entries = benchEntries();
    const count = options.quick ? 200_000 : 1_000_000;
    const burst = await appendAtFullSpeed(directory, entries, count);
    const verification = await verifyAll(directory, count);
    const restart = await reopen(directory);
    const paced = await appendPaced(directory, entries, options.quick ? 3 : 20);
    const erasure = await eraseTenant(directory);
    const events = restartEvents(options.quick);
    const killed = await restartAfterKill(events);
    return {
      figures: {
        ...{ ...burst, ...paced, ...verification, ...killed, ...restart },
        ...(await prove(directory)),
        ...erasure,
      },
      notes: [
        `bodies of some 600 bytes, ${TENANTS} tenants, ${AGENTS} agents Zipf-distributed`,
        `one entry an append, ${OUTSTANDING} outstanding`,
        'sealing, compression, Merkle trees, signed checkpoints and fdatasync group commit on',
        `append_ms_* at ${PACED_PER_S}/s for ${options.quick ? 3 : 20} s`,
        'publish_ms_p99: in the same run, from the acknowledgement to a signed checkpoint over it',
        `ledger_open_ms: the ledger alone, of ${count} entries, closed in order`,
        `restart_ms: from kill -9 with ${events} events taken (TRIPCOIL_BENCH_RESTART_EVENTS) ` +
          `and ${BENCH_AGENTS} agents to the first 200 of /readyz, the worst of three`,
        'stored_ratio: all files of the ledger, over the bytes of the bodies',
        `proof_ms_p99: a synthetic tree of ${PROOF_SIZE} leaves, tiles and bundles read from files`,
      ],
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Ten million take longer than a bench may, so that they have to be asked for. */
function restartEvents(quick: boolean): number {
  const asked = Number(process.env['TRIPCOIL_BENCH_RESTART_EVENTS'] ?? Number.NaN);
  if (Number.isSafeInteger(asked) && asked > 0) return asked;
  return quick ? 100_000 : 600_000;
}

const BENCH_CLOCK: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};

function openBenchLedger(dataDirectory: string, metrics: Metrics): Promise<SealedLedger> {
  const log = SILENT_LOG;
  return openDataLedger({ dataDirectory, publicUrl: null, log, metrics, clock: BENCH_CLOCK });
}

async function appendAtFullSpeed(
  directory: string,
  entries: readonly UnsequencedEntry[],
  count: number,
) {
  let commits = 0;
  const metrics: Metrics = {
    ...SILENT_METRICS,
    observe(name) {
      if (name === 'tripcoil_ledger_commit_entries') commits += 1;
    },
  };
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const sealed = await openBenchLedger(directory, metrics);
  let next = 0;
  let bytes = 0;
  const sender = async () => {
    while (next < count) {
      const entry = entryAt(entries, next);
      next += 1;
      bytes += entry.body.length;
      await sealed.ledger.append([entry]);
    }
  };
  await Promise.all(Array.from({ length: OUTSTANDING }, sender));
  const wallS = (performance.now() - startMs) / 1_000;
  // Its trees are part of the work.
  await sealed.close();
  const cpuS = cpuSeconds(cpu);
  return {
    appends_per_s_core: Math.round(count / cpuS),
    appends_per_s_wall: Math.round(count / wallS),
    append_batch_entries: Math.round(count / commits),
    stored_ratio: rounded((await bytesBelow(join(directory, 'ledger'))) / bytes),
    body_bytes: Math.round(bytes / count),
  };
}

async function appendPaced(
  directory: string,
  entries: readonly UnsequencedEntry[],
  seconds: number,
) {
  const tenants = Array.from({ length: TENANTS }, (_, index) => `tenant-${index}`);
  const published = await PublishDelays.from(join(directory, 'ledger'), tenants);
  const sealed = await openBenchLedger(directory, published.metrics);
  published.watch((tenant) => sealed.logs.checkpoint(tenant));
  const delaysMs: number[] = [];
  const appends: Promise<void>[] = [];
  const startMs = performance.now();
  for (let sent = 0; sent < PACED_PER_S * seconds; ) {
    const due = Math.floor(((performance.now() - startMs) / 1_000) * PACED_PER_S);
    for (; sent < Math.min(due, PACED_PER_S * seconds); sent += 1) {
      // From when it was due, so that a stall of the sender itself is not forgotten.
      const dueMs = startMs + (sent * 1_000) / PACED_PER_S;
      const entry = entryAt(entries, sent);
      const told = () => {
        delaysMs.push(performance.now() - dueMs);
        published.appended(entry.tenant);
      };
      appends.push(sealed.ledger.append([entry]).then(told));
    }
    await sleep(1);
  }
  await Promise.all(appends);
  await sealed.close();
  return {
    ...{ append_ms_p50: at(delaysMs, 0.5), append_ms_p99: at(delaysMs, 0.99) },
    publish_ms_p99: at(published.delaysMs, 0.99),
  };
}

async function verifyAll(directory: string, expected: number) {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const keysDirectory = join(directory, 'keys');
  const result = await verifyEvidence(join(directory, 'ledger'), { keysDirectory });
  const wallS = (performance.now() - startMs) / 1_000;
  if (!result.ok || result.entries !== expected) throw new Error('the ledger does not verify');
  return {
    verify_entries_per_s_core: Math.round(expected / cpuSeconds(cpu)),
    verify_entries_per_s_wall: Math.round(expected / wallS),
  };
}

async function reopen(directory: string) {
  const startMs = performance.now();
  const sealed = await openBenchLedger(directory, SILENT_METRICS);
  const openMs = performance.now() - startMs;
  await sealed.close();
  return { ledger_open_ms: rounded(openMs) };
}

/** Destroys the keys of one tenant; everything verifies as before. */
async function eraseTenant(directory: string) {
  const sealed = await openBenchLedger(directory, SILENT_METRICS);
  const startMs = performance.now();
  await sealed.transparency.flush();
  await sealed.keys.destroy(sealed.keys.of('tenant-0'), BENCH_CLOCK.now());
  const eraseMs = performance.now() - startMs;
  await sealed.close();
  const keysDirectory = join(directory, 'keys');
  const result = await verifyEvidence(join(directory, 'ledger'), { keysDirectory });
  if (!result.ok) throw new Error('the ledger does not verify after an erasure');
  return { erase_ms: rounded(eraseMs) };
}

/**
 * Inclusion proofs in a tree whose leaves are all alike, so that each tile is known at once and no
 * tree of this size has to be made. Each tile asked for is read from a file, as in a daemon, and
 * before the proof the bundles through which the entry is found by its sequence.
 */
async function prove(directory: string) {
  const byLevel = [leafHash(Buffer.from('leaf'))];
  for (let height = 0; height < 40; height += 1) {
    const below = byLevel[height] ?? Buffer.alloc(32);
    byLevel.push(nodeHash(below, below));
  }
  const tiles = [0, 8, 16, 24].map((height) => {
    const hash = byLevel[height] ?? Buffer.alloc(32);
    return Buffer.concat(Array.from({ length: 256 }, () => hash));
  });
  const files = tiles.map((_, level) => join(directory, `tile-${level}`));
  for (const [level, file] of files.entries()) await writeFile(file, tiles[level] ?? '');
  const bundle = join(directory, 'bundle');
  await writeFile(bundle, Buffer.alloc(256 * BUNDLED_BYTES));
  const readBundle = async ({ index, width }: TileName) => {
    await readFile(bundle);
    return bundleAt(index, width);
  };
  const tookMs: number[] = [];
  for (let sample = 0; sample < 2_000; sample += 1) {
    const index = (sample * 48_271_991) % PROOF_SIZE;
    const startMs = performance.now();
    const place = await placeOf(TENANTS * index + 1, PROOF_SIZE, readBundle);
    if (place !== index) throw new Error('the entry is in the log');
    const proofs = new ProofMaker(PROOF_SIZE, async ({ level, width }) =>
      (await readFile(files[Number(level)] ?? '')).subarray(0, width * 32),
    );
    await proofs.inclusion(index);
    tookMs.push(performance.now() - startMs);
  }
  return { proof_ms_p50: at(tookMs, 0.5), proof_ms_p99: at(tookMs, 0.99) };
}

/** Of a log whose entries are every fifth of the partition's. */
function bundleAt(index: number, width: number): Buffer {
  const records = Buffer.alloc(width * LEAF_RECORD_BYTES);
  for (let place = 0; place < width; place += 1) {
    const seq = TENANTS * (index * 256 + place) + 1;
    writeLeafRecord(records, place * LEAF_RECORD_BYTES, { kind: 1, seq, loggedAt: 0 });
  }
  return encodeBundle(records);
}

function benchEntries(): readonly UnsequencedEntry[] {
  return Array.from({ length: BODIES }, (_, index) => {
    const random = createHash('sha256').update(`entry ${index}`).digest('hex');
    // Zipf: the agent of rank r comes with a weight of 1/r.
    const rank = Math.floor(AGENTS ** (Number.parseInt(random.slice(0, 8), 16) / 2 ** 32));
    const tenant = `tenant-${rank % TENANTS}`;
    const body = JSON.stringify({
      ...{ v: 1, id: `evt-${random.slice(0, 20)}`, time: 1_795_000_000_000 + index * 7 },
      ...{ kind: 'tool_call', phase: 'executed', tenant: { id: tenant } },
      ...{ agent: { id: `agent-${rank}`, version: '3.1' }, session: { id: `s-${index % 3_001}` } },
      trace: { traceId: random.slice(0, 32) },
      principal: { sub: `[email:p1-9f3a2c11:${random.slice(40, 56)}]`, type: 'user' },
      action: {
        ...{ name: `tool_${rank % 37}`, op: index % 5 === 0 ? 'write' : 'read' },
        ...{ toolCallId: `call_${random.slice(8, 24)}`, arguments: { account: index % 977 } },
      },
      resource: { type: 'crm', id: `account/${index % 9_973}` },
      volume: { records: index % 50, bytesOut: (index * 131) % 65_536 },
      ...{ decision: { verdict: 'allow', id: `d-${random.slice(16, 32)}` } },
      ...{ token: { jti: random.slice(24, 40) }, outcome: { status: 'success' } },
    });
    return { loggedAt: 1_795_000_000_000, kind: 'input', tenant, engineVersion: 1, body };
  });
}

function entryAt(entries: readonly UnsequencedEntry[], index: number): UnsequencedEntry {
  const entry = entries[(index * 7_919) % entries.length];
  if (entry === undefined) throw new Error('there are entries');
  return entry;
}

async function bytesBelow(directory: string): Promise<number> {
  let bytes = 0;
  for (const file of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) bytes += (await stat(join(file.parentPath, file.name))).size;
  }
  return bytes;
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

function at(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  return rounded(values[Math.floor(values.length * share)] ?? 0);
}
