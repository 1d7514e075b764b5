import { hash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENTRY_KINDS } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { UnsequencedEntry } from '../ports/ledger.ts';
import { type Log, SILENT_LOG } from '../ports/log.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { type LedgerOptions, openLedger } from './ledger.ts';
import { encodeHeader, segmentName } from './segment-header.ts';
import { readAll, STILL_CLOCK, testEntry } from './testing/entries.ts';
import { SimulatedFiles } from './testing/simulated-files.ts';
import { verifyLedger } from './verify.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tripcoil-ledger-'));
});
afterEach(() => rm(directory, { recursive: true }));

function open(options: LedgerOptions = {}, log: Log = SILENT_LOG) {
  const dependencies = { directory, log, metrics: SILENT_METRICS, clock: STILL_CLOCK, options };
  return openLedger(dependencies);
}

async function segmentPaths(): Promise<string[]> {
  const names = await readdir(join(directory, 'wal'));
  return names.sort().map((name) => join(directory, 'wal', name));
}

describe('append and read', () => {
  it('gives sequence numbers in call order and reads back what was written', async () => {
    const ledger = await open();
    expect(ledger.head).toEqual({ seq: 0, hash: '0'.repeat(64), loggedAt: 0 });
    const calls = ['a', 'b', 'c'].map((name) => ledger.append([testEntry(name), testEntry('+')]));
    const appended = (await Promise.all(calls)).flat();
    expect(appended.map((entry) => entry.seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await readAll(ledger.read(1))).toEqual(appended);
    expect(await readAll(ledger.read(4))).toEqual(appended.slice(3));
    expect(await readAll(ledger.read(7))).toEqual([]);
    expect(await ledger.append([])).toEqual([]);
    await ledger.close();
  });

  it('links every block to the one before by the documented hash', async () => {
    const ledger = await open();
    await ledger.append([testEntry('one')]);
    const { hash: chain } = ledger.head;
    await ledger.close();
    const [path = ''] = await segmentPaths();
    const file = await readFile(path);
    const length = file.readUInt32LE(68 + 4);
    const block = file.subarray(68 + 8, 68 + 8 + length);
    const link = Buffer.concat([
      Buffer.from([2]),
      Buffer.alloc(32),
      hash('sha256', block, 'buffer'),
    ]);
    expect(chain).toBe(hash('sha256', link, 'hex'));
  });

  it('keeps any entry unchanged over a restart', async () => {
    const entry: fc.Arbitrary<UnsequencedEntry> = fc.record({
      loggedAt: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      kind: fc.constantFrom(...ENTRY_KINDS),
      tenant: fc.string({ unit: 'grapheme', maxLength: 40 }),
      engineVersion: fc.integer({ min: 0, max: 0xffff_ffff }),
      body: fc.json(),
    });
    const calls = fc.array(fc.array(entry, { maxLength: 4 }), { minLength: 1, maxLength: 8 });
    const written: unknown[] = [];
    await fc.assert(
      fc.asyncProperty(calls, async (lists) => {
        const ledger = await open({ commitEntries: 3, segmentBytes: 700 });
        const appended = await Promise.all(lists.map((list) => ledger.append(list)));
        written.push(...appended.flat());
        const { head } = ledger;
        await ledger.close();
        const again = await open();
        expect(again.head).toEqual(head);
        expect(await readAll(again.read(1))).toEqual(written);
        await again.close();
      }),
      { numRuns: 20 },
    );
    expect(await verifyLedger(directory)).toMatchObject({ ok: true, entries: written.length });
  });

  it('starts a new segment behind the group that fills one', async () => {
    const ledger = await open({ segmentBytes: 2_000 });
    for (let i = 0; i < 10; i += 1) await ledger.append([testEntry(`e${i}`, 600)]);
    const { head } = ledger;
    expect(await readAll(ledger.read(5))).toHaveLength(6);
    await ledger.close();
    expect((await segmentPaths()).map((path) => path.slice(-8, -4))).toEqual([
      '0001',
      '0005',
      '0009',
    ]);
    const again = await open({ segmentBytes: 2_000 });
    expect(again.head).toEqual(head);
    expect((await again.append([testEntry('next')])).map((entry) => entry.seq)).toEqual([11]);
    await again.close();
  });

  it('reads up to the head of the call while appends go on', async () => {
    const ledger = await open({ segmentBytes: 50_000 });
    const entries = Array.from({ length: 3_000 }, (_, i) => testEntry(`e${i}`, 100));
    await ledger.append(entries);
    let seen = 0;
    let batches = 0;
    for await (const batch of ledger.read(1)) {
      expect(batch.length).toBeLessThanOrEqual(LIMITS.ledgerReadEntries);
      expect(batch[0]?.seq).toBe(seen + 1);
      seen += batch.length;
      batches += 1;
      await ledger.append([testEntry('meanwhile')]);
    }
    expect(seen).toBe(3_000);
    expect(batches).toBeGreaterThan(1);
    expect(ledger.head.seq).toBe(3_000 + batches);
    await ledger.close();
  });

  it('refuses an entry beyond the limit and accepts one at it', async () => {
    const ledger = await open();
    const atLimit = { ...testEntry(''), body: '1'.repeat(LIMITS.ledgerEntryBytes) };
    const beyond = { ...testEntry(''), body: '1'.repeat(LIMITS.ledgerEntryBytes + 1) };
    await expect(ledger.append([beyond])).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(await ledger.append([atLimit])).toHaveLength(1);
    expect(await readAll(ledger.read(1))).toHaveLength(1);
    await ledger.close();
    expect(await verifyLedger(directory)).toMatchObject({ ok: true, entries: 1 });
  });

  it('bounds what waits, and flushes it on close', async () => {
    const ledger = await open();
    const half = new Array(LIMITS.ledgerWaitingEntries / 2).fill(testEntry('w'));
    const first = ledger.append(half);
    const second = ledger.append(half);
    await expect(ledger.append([testEntry('w')])).rejects.toMatchObject({
      code: 'overloaded',
      retryable: true,
    });
    const closed = ledger.close();
    expect(ledger.close()).toBe(closed);
    await expect(ledger.append([testEntry('late')])).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
    await closed;
    expect((await first).length + (await second).length).toBe(LIMITS.ledgerWaitingEntries);
    expect(ledger.head.seq).toBe(LIMITS.ledgerWaitingEntries);
  });

  it('shares one flush among concurrent appends within the bounds of a group', async () => {
    const groups: number[] = [];
    const metrics = {
      ...SILENT_METRICS,
      observe(name: string, value: number) {
        if (name === 'tripcoil_ledger_commit_entries') groups.push(value);
      },
    };
    const files = new SimulatedFiles(() => 0);
    const options = { commitEntries: 4 };
    const clock = STILL_CLOCK;
    const ledger = await openLedger({ directory, log: SILENT_LOG, metrics, clock, options, files });
    await Promise.all(Array.from({ length: 10 }, (_, i) => ledger.append([testEntry(`${i}`)])));
    expect(groups).toEqual([4, 4, 2]);
    await ledger.close();
  });
});

describe('failing storage', () => {
  it.each(['ENOSPC', 'EIO', 'EROFS'] as const)(
    'refuses what waits on %s, changes nothing, and goes on when it can',
    async (code) => {
      const files = new SimulatedFiles(() => 0);
      const options = { commitEntries: 1 };
      const ledger = await openLedger({
        directory,
        log: SILENT_LOG,
        metrics: SILENT_METRICS,
        clock: STILL_CLOCK,
        options,
        files,
      });
      await ledger.append([testEntry('before')]);
      const { head } = ledger;
      // The write of the group, then the truncation that should repair it.
      for (const later of [1, 2])
        files.faults.set(files.operations + later, { kind: 'error', code });
      const refused = ['a', 'b', 'c'].map((name) => ledger.append([testEntry(name)]));
      for (const { status, reason } of (await Promise.allSettled(refused)) as {
        status: string;
        reason?: unknown;
      }[]) {
        expect(status).toBe('rejected');
        expect(reason).toMatchObject({
          code: 'storage_unavailable',
          retryable: true,
          message: expect.stringContaining(code),
        });
      }
      await expect(ledger.append([testEntry('d')])).rejects.toMatchObject({ retryable: true });
      expect(ledger.head).toEqual(head);
      expect((await ledger.append([testEntry('after')]))[0]?.seq).toBe(2);
      const bodies = (await readAll(ledger.read(1))).map((entry) => entry.body);
      expect(bodies).toEqual([testEntry('before').body, testEntry('after').body]);
      await ledger.close();
      expect(await verifyLedger(directory, { files })).toMatchObject({ ok: true, entries: 2 });
    },
  );
});

describe('opening', () => {
  it('tells an unwritten sector of the last group from one with commits behind it', async () => {
    const ledger = await open();
    await ledger.append([testEntry('a', 2_000)]);
    await ledger.append([testEntry('b', 2_000)]);
    await ledger.close();
    await rm(join(directory, 'head.json'));
    const [path = ''] = await segmentPaths();
    const whole = await readFile(path);
    await writeFile(path, Buffer.from(whole).fill(0, 512, 1_024));
    await expect(open()).rejects.toMatchObject({ code: 'ledger_corrupt' });
    await writeFile(path, Buffer.from(whole).fill(0, 2_560, 3_072));
    expect(await verifyLedger(directory)).toMatchObject({ problem: { kind: 'altered' } });
    const again = await open();
    expect(again.head.seq).toBe(1);
    await again.close();
  });

  it('checks that a segment without entries follows the one before', async () => {
    const ledger = await open({ segmentBytes: 100 });
    await ledger.append([testEntry('a')]);
    await ledger.append([testEntry('b')]);
    const { head } = ledger;
    await ledger.close();
    const path = join(directory, 'wal', segmentName(3));
    const previousHash = Buffer.from(head.hash, 'hex');
    const header = { firstSeq: 3, previousLoggedAt: head.loggedAt, previousHash };
    await rm(join(directory, 'head.json'));
    await writeFile(path, encodeHeader({ ...header, previousHash: Buffer.alloc(32, 1) }));
    await expect(open()).rejects.toMatchObject({ code: 'ledger_corrupt' });
    await writeFile(path, encodeHeader(header));
    const again = await open();
    expect(again.head).toEqual(head);
    await again.close();
    const before = join(directory, 'wal', segmentName(2));
    const bytes = await readFile(before);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(before, bytes);
    await expect(open()).rejects.toMatchObject({ code: 'ledger_corrupt' });
  });

  it('removes a torn tail, says so, and goes on', async () => {
    const ledger = await open();
    await ledger.append([testEntry('kept')]);
    await ledger.append([testEntry('torn')]);
    await ledger.close();
    await rm(join(directory, 'head.json'));
    const [path = ''] = await segmentPaths();
    const whole = await readFile(path);
    for (let cut = whole.length - 1; cut > whole.length - 100; cut -= 7) {
      await writeFile(path, whole.subarray(0, cut));
      const warned: string[] = [];
      const log = { ...SILENT_LOG, warn: (message: string) => warned.push(message) };
      const again = await open({}, log);
      expect(again.head.seq).toBe(1);
      expect(warned).toEqual(['ledger tail that was never committed removed']);
      await again.append([testEntry('new')]);
      expect((await readAll(again.read(1))).map((entry) => entry.body)).toEqual([
        testEntry('kept').body,
        testEntry('new').body,
      ]);
      await again.close();
      await rm(join(directory, 'head.json'));
    }
  });

  it('refuses damage before the last commit and names the place', async () => {
    const ledger = await open();
    for (const name of ['a', 'b', 'c']) await ledger.append([testEntry(name)]);
    await ledger.close();
    await rm(join(directory, 'head.json'));
    const [path = ''] = await segmentPaths();
    const whole = await readFile(path);
    for (const offset of [70, 72, 100, whole.length - 150, whole.length - 60]) {
      const damaged = Buffer.from(whole);
      damaged[offset] = (damaged[offset] ?? 0) ^ 0x10;
      await writeFile(path, damaged);
      await expect(open()).rejects.toMatchObject({
        code: 'ledger_corrupt',
        message: expect.stringMatching(/segment 0{19}1\.seg, offset \d+, entry \d/),
      });
    }
  });

  it('refuses a tail that is shorter than at the last clean close', async () => {
    const ledger = await open();
    for (const name of ['a', 'b']) await ledger.append([testEntry(name)]);
    await ledger.close();
    const [path = ''] = await segmentPaths();
    const { length } = await readFile(path);
    await truncate(path, length - 10);
    await expect(open()).rejects.toMatchObject({ code: 'ledger_corrupt' });
    await rm(path);
    await expect(open()).rejects.toMatchObject({ code: 'ledger_corrupt' });
  });

  it('goes on after a crash that left a segment without its header', async () => {
    const ledger = await open({ segmentBytes: 100 });
    await ledger.append([testEntry('a')]);
    await ledger.append([testEntry('b')]);
    await ledger.close();
    const name = '00000000000000000003.seg';
    await writeFile(join(directory, 'wal', name), Buffer.alloc(20));
    const again = await open();
    expect(again.head.seq).toBe(2);
    expect((await again.append([testEntry('c')]))[0]?.seq).toBe(3);
    await again.close();
    expect(await verifyLedger(directory)).toMatchObject({ ok: true, entries: 3 });
  });

  it('refuses a second writer and a missing segment', async () => {
    const ledger = await open({ segmentBytes: 100 });
    for (const name of ['a', 'b', 'c']) await ledger.append([testEntry(name)]);
    await expect(open()).rejects.toMatchObject({
      code: 'ledger_locked',
      message: expect.stringContaining(String(process.pid)),
    });
    await ledger.close();
    const [first = ''] = await segmentPaths();
    await rm(first);
    await expect(open()).rejects.toMatchObject({ code: 'ledger_corrupt' });
  });
});
