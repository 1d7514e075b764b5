import { describe, expect, it } from 'vitest';
import type { Ledger } from '../ports/ledger.ts';
import { SILENT_LOG } from '../ports/log.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { openLedger } from './ledger.ts';
import { nameOf, readAll, STILL_CLOCK, testEntry } from './testing/entries.ts';
import { type Fault, SimulatedFiles, seededRandom } from './testing/simulated-files.ts';
import { verifyLedger } from './verify.ts';

const DIRECTORY = '/ledger';

function open(files: SimulatedFiles): Promise<Ledger> {
  return openLedger({
    directory: DIRECTORY,
    log: SILENT_LOG,
    metrics: SILENT_METRICS,
    clock: STILL_CLOCK,
    options: { commitEntries: 5, segmentBytes: 3_000 },
    files,
  });
}

/** What the senders were told: name of each entry that was acknowledged, and its sequence. */
interface Told {
  readonly attempted: Set<string>;
  readonly acknowledged: Map<string, number>;
}

async function appendSome(ledger: Ledger, told: Told, random: () => number, rounds: number) {
  for (let round = 0; round < rounds; round += 1) {
    const calls = Array.from({ length: 1 + Math.floor(random() * 4) }, async () => {
      const entries = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
        const name = `n${told.attempted.size}`;
        told.attempted.add(name);
        return testEntry(name, Math.floor(random() * 400));
      });
      const head = ledger.head.seq;
      try {
        for (const entry of await ledger.append(entries)) {
          told.acknowledged.set(nameOf(entry), entry.seq);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'storage_unavailable', retryable: true });
        expect(ledger.head.seq).toBeGreaterThanOrEqual(head);
      }
    });
    await Promise.all(calls);
  }
}

/** The promise of the ledger, whatever happened before. */
async function expectPromiseKept(ledger: Ledger, told: Told) {
  const entries = await readAll(ledger.read(1));
  const names = entries.map(nameOf);
  expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, i) => i + 1));
  expect(ledger.head.seq).toBe(entries.length);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(told.attempted.has(name)).toBe(true);
  for (const [name, seq] of told.acknowledged) expect(names[seq - 1]).toBe(name);
  const order = names.map((name) => Number(name.slice(1)));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
}

async function expectVerified(files: SimulatedFiles, entries: number) {
  const verified = await verifyLedger(DIRECTORY, { files });
  expect(verified).toMatchObject({ ok: true, entries });
}

async function run(seed: number, place: (files: SimulatedFiles) => void): Promise<number> {
  const random = seededRandom(seed);
  const files = new SimulatedFiles(random);
  const told: Told = { attempted: new Set(), acknowledged: new Map() };
  place(files);
  try {
    const ledger = await open(files);
    await appendSome(ledger, told, random, 12);
    if (!files.crashed) {
      files.faults.clear();
      const before = told.acknowledged.size;
      await appendSome(ledger, told, random, 2);
      expect(told.acknowledged.size).toBeGreaterThan(before);
      await expectPromiseKept(ledger, told);
      await expectVerified(files, ledger.head.seq);
    }
    if (random() < 0.3) await ledger.close();
  } catch (error) {
    expect(error).toMatchObject({ code: 'storage_unavailable' });
  }
  const { operations } = files;
  files.crash();
  files.restart();
  const recovered = await open(files);
  await expectPromiseKept(recovered, told);
  await appendSome(recovered, told, random, 3);
  await expectPromiseKept(recovered, told);
  await recovered.close();
  await expectVerified(files, recovered.head.seq);
  return operations;
}

const FAULTS: readonly Fault[] = [
  { kind: 'error', code: 'ENOSPC' },
  { kind: 'error', code: 'EIO' },
  { kind: 'error', code: 'EROFS' },
  { kind: 'crash' },
];

describe('simulated faults', { timeout: 60_000 }, () => {
  it('keeps its promise when any single operation fails or is the last', async () => {
    const operations = await run(1, () => undefined);
    expect(operations).toBeGreaterThan(40);
    for (let at = 1; at <= operations; at += 1) {
      for (const fault of FAULTS) await run(1, (files) => files.faults.set(at, fault));
    }
  });

  it('keeps its promise under many random faults, failing repairs among them', async () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = seededRandom(seed * 7_919);
      await run(seed, (files) => {
        const rate = random() * 0.5;
        const crashAt = Math.floor(random() * 120);
        for (let at = 4; at < 120; at += 1) {
          const error = FAULTS[Math.floor(random() * 3)];
          if (random() < rate && error !== undefined) files.faults.set(at, error);
        }
        if (random() < 0.7) files.faults.set(crashAt, { kind: 'crash' });
      });
    }
  });
});
