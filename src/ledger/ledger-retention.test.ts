import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SILENT_LOG } from '../ports/log.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { originOf } from './log-origin.ts';
import { nameOf, readAll, STILL_CLOCK, testEntry } from './testing/entries.ts';
import { testWrap } from './testing/key-wrap.ts';
import { SimulatedFiles, seededRandom } from './testing/simulated-files.ts';
import { verifierKey } from './tlog/signed-note.ts';
import { openSealedLedger, type SealedLedger } from './transparency/sealed-ledger.ts';
import { verifyEvidence } from './transparency/verify-evidence.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const BASE = 'one.example';
const MONTHS = [0, 1, 2].map((month) => Date.UTC(2026, month, 15));
const PER_MONTH = 60;

function open(files: SimulatedFiles): Promise<SealedLedger> {
  return openSealedLedger({
    directory: '/ledger',
    wrap: testWrap(1),
    signerOf: (tenant) => ({ name: originOf(BASE, tenant), privateKey }),
    clock: { ...STILL_CLOCK, sleep: (_, signal) => aborted(signal) },
    log: SILENT_LOG,
    metrics: SILENT_METRICS,
    options: { segmentBytes: 3_000 },
    files,
  });
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
}

/** Entries of three months, of two tenants that share every segment but some. */
async function filled(seed = 3) {
  const files = new SimulatedFiles(seededRandom(seed));
  await files.replace('/ledger/logs/origin', Buffer.from(`${BASE}\n`));
  const sealed = await open(files);
  for (const [month, loggedAt] of MONTHS.entries()) {
    for (let at = 0; at < PER_MONTH; at += 4) {
      const entries = Array.from({ length: 4 }, (_, i) => ({
        ...testEntry(`m${month}-${at + i}`, 100),
        loggedAt,
        tenant: i === 3 ? 'globex' : 'acme',
      }));
      await sealed.ledger.append(entries);
    }
  }
  return { files, sealed };
}

function verified(files: SimulatedFiles) {
  const key = verifierKey(originOf(BASE, 'acme'), privateKey);
  return verifyEvidence('/ledger', { keysDirectory: null, verifierKey: key, files });
}

async function namesOf({ ledger }: SealedLedger, tenant: string): Promise<readonly string[]> {
  const entries = await readAll(ledger.read(1));
  return entries.filter((entry) => entry.tenant === tenant).map(nameOf);
}

const FEBRUARY = Date.UTC(2026, 1, 1);

async function segmentsIn(files: SimulatedFiles): Promise<number> {
  return (await files.list('/ledger/wal')).length;
}

describe('retention', () => {
  it('takes whole months of one tenant, and the ledger verifies', async () => {
    const { files, sealed } = await filled();
    const { retention } = sealed;
    expect(await retention.months('acme', FEBRUARY - 1)).toEqual([]);
    expect(await retention.months('acme', FEBRUARY)).toEqual(['2026-01']);
    expect(await retention.expire('acme', ['2026-01'])).toEqual({ months: ['2026-01'], keys: 1 });
    expect(await retention.months('acme', FEBRUARY)).toEqual([]);
    const names = await namesOf(sealed, 'acme');
    expect(names[0]).toBe('m1-0');
    expect((await namesOf(sealed, 'globex'))[0]).toBe('m0-3');
    expect(sealed.ledger.expiredSeq).toBe(PER_MONTH);
    // What globex still has there keeps the segments.
    expect((await retention.deleteSegments()).segments).toBe(0);
    await sealed.close();
    const result = await verified(files);
    expect(result).toMatchObject({ ok: true, entries: 3 * PER_MONTH });
    expect(result).toMatchObject({ transparency: { erased: (PER_MONTH * 3) / 4 } });
  });

  it('deletes segments that nobody can read, and all goes on from there', async () => {
    const { files, sealed } = await filled();
    const before = await segmentsIn(files);
    for (const tenant of ['acme', 'globex']) await sealed.retention.expire(tenant, ['2026-01']);
    const deleted = await sealed.retention.deleteSegments();
    expect(deleted.segments).toBeGreaterThan(1);
    expect(await segmentsIn(files)).toBe(before - deleted.segments);
    expect(deleted.firstSeq).toBeLessThanOrEqual(PER_MONTH + 1);
    expect(await sealed.ledger.chainAt(1)).toBeNull();
    expect((await namesOf(sealed, 'acme'))[0]).toBe('m1-0');
    await sealed.close();
    const again = await open(files);
    expect((await namesOf(again, 'globex'))[0]).toBe('m1-3');
    expect(again.ledger.head.seq).toBe(3 * PER_MONTH);
    await again.ledger.append([{ ...testEntry('later'), loggedAt: MONTHS[2] ?? 0 }]);
    await again.close();
    const result = await verified(files);
    expect(result).toMatchObject({ ok: true, entries: 3 * PER_MONTH + 1 });
    expect(result).toMatchObject({ transparency: { erased: PER_MONTH, signatures: true } });
  });

  it('of a month in the middle deletes no segment', async () => {
    const { sealed } = await filled();
    for (const tenant of ['acme', 'globex']) await sealed.retention.expire(tenant, ['2026-02']);
    expect((await sealed.retention.deleteSegments()).segments).toBe(0);
    expect(await sealed.retention.seqSince(MONTHS[1] ?? 0)).toBe(PER_MONTH + 1);
    expect(await sealed.retention.seqSince(0)).toBe(1);
    await sealed.close();
  });

  it('is named where somebody deletes more than it did', async () => {
    const { files, sealed } = await filled();
    for (const tenant of ['acme', 'globex']) await sealed.retention.expire(tenant, ['2026-01']);
    await sealed.retention.deleteSegments();
    await sealed.close();
    const oldest = [...(await files.list('/ledger/wal'))].sort()[0];
    await files.remove(`/ledger/wal/${oldest}`);
    expect(await verified(files)).toMatchObject({ ok: false, problem: { kind: 'missing' } });
    await expect(open(files)).rejects.toMatchObject({ code: 'ledger_corrupt' });
    const note = (await files.readSmall('/ledger/retention.json')) ?? Buffer.alloc(0);
    await files.replace(
      '/ledger/retention.json',
      Buffer.from(`${note}`.replace('"firstSeq":', '"firstSeq":1')),
    );
    expect(await verified(files)).toMatchObject({ ok: false, problem: { kind: 'altered' } });
  });

  it('loses nothing that is kept to a power cut at any operation', async () => {
    const run = async (cutAt: number): Promise<number> => {
      const { files, sealed } = await filled(cutAt + 1);
      await sealed.transparency.flush();
      const from = files.operations;
      files.faults.set(from + cutAt, { kind: 'crash' });
      const work = async () => {
        for (const tenant of ['acme', 'globex']) await sealed.retention.expire(tenant, ['2026-01']);
        return sealed.retention.deleteSegments();
      };
      const done = await work().catch(() => null);
      const operations = files.operations - from;
      files.crash();
      files.restart();
      const again = await open(files);
      expect(again.ledger.head.seq).toBe(3 * PER_MONTH);
      const names = await namesOf(again, 'acme');
      expect(names.filter((name) => !name.startsWith('m0'))).toHaveLength((PER_MONTH * 6) / 4);
      if (done !== null) expect(names[0]).toBe('m1-0');
      for (const tenant of ['acme', 'globex']) await again.retention.expire(tenant, ['2026-01']);
      await again.retention.deleteSegments();
      await again.close();
      expect(await verified(files)).toMatchObject({ ok: true });
      return operations;
    };
    const operations = await run(0);
    expect(operations).toBeGreaterThan(10);
    for (let at = 1; at <= operations; at += 1) await run(at);
  }, 60_000);
});
