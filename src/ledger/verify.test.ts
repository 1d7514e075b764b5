import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerHead } from '../ports/ledger.ts';
import { SILENT_LOG } from '../ports/log.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { openLedger } from './ledger.ts';
import { STILL_CLOCK, testEntry } from './testing/entries.ts';
import { seededRandom } from './testing/simulated-files.ts';
import { type LedgerProblem, verifyLedger } from './verify.ts';

let root: string;
let sound: string;
let copy: string;
let names: string[];
let head: LedgerHead;

async function writeLedger(directory: string, prefix: string) {
  const ledger = await openLedger({
    directory,
    log: SILENT_LOG,
    metrics: SILENT_METRICS,
    clock: STILL_CLOCK,
    options: { segmentBytes: 2_000 },
  });
  for (let i = 0; i < 20; i += 1) {
    const other = { ...testEntry(`${prefix}+`, 50 + i), tenant: 'globex' };
    await ledger.append([testEntry(`${prefix}${i}`, 200), other]);
  }
  await ledger.close();
  return ledger.head;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tripcoil-verify-'));
  sound = join(root, 'sound');
  copy = join(root, 'copy');
  head = await writeLedger(sound, 'e');
  names = (await readdir(join(sound, 'wal'))).sort();
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  await rm(copy, { recursive: true, force: true });
  await cp(sound, copy, { recursive: true });
});

const pathOf = (name: string) => join(copy, 'wal', name);

async function problemOf(expectedHead?: LedgerHead): Promise<LedgerProblem | null> {
  const result = await verifyLedger(copy, expectedHead === undefined ? {} : { expectedHead });
  return result.ok ? null : result.problem;
}

describe('verifyLedger', { timeout: 60_000 }, () => {
  it('accepts a sound ledger, with progress', async () => {
    const seen: string[] = [];
    const result = await verifyLedger(copy, {
      onProgress: ({ segment }) => seen.push(segment),
      expectedHead: head,
    });
    const segments = names.length;
    expect(result).toEqual({ ok: true, entries: 40, head, segments, uncommittedBytes: 0 });
    expect(segments).toBeGreaterThan(3);
    expect([...new Set(seen)]).toEqual(names);
  });

  it('finds any flipped bit and names its segment', async () => {
    const random = seededRandom(7);
    const below = (limit: number) => Math.floor(random() * limit);
    for (let flip = 0; flip < 400; flip += 1) {
      const name = names[below(names.length)] ?? '';
      const whole = await readFile(pathOf(name));
      // The first flips sweep the last group, where damage most resembles a torn write.
      const last = flip < 120 ? (names.at(-1) ?? '') : name;
      const bytes = last === name ? whole : await readFile(pathOf(last));
      const offset = flip < 120 ? bytes.length - 1 - flip : below(bytes.length);
      const damaged = Buffer.from(bytes);
      damaged[offset] = (damaged[offset] ?? 0) ^ (1 << below(8));
      await writeFile(pathOf(last), damaged);
      const problem = await problemOf();
      expect(problem, `bit in byte ${offset} of ${last}`).toMatchObject({ segment: last });
      expect(problem?.offset).toBeLessThanOrEqual(offset);
      await writeFile(pathOf(last), bytes);
    }
    expect(await problemOf()).toBeNull();
  });

  it('calls a flipped bit altered, wherever committed data follow', async () => {
    const [name = ''] = names;
    const whole = await readFile(pathOf(name));
    for (let offset = 0; offset < whole.length; offset += 5) {
      const damaged = Buffer.from(whole);
      damaged[offset] = (damaged[offset] ?? 0) ^ 0x80;
      await writeFile(pathOf(name), damaged);
      // A length in the last group that points over the end cannot be told from a cut.
      const kinds = offset < whole.length - 60 ? ['altered'] : ['altered', 'truncated'];
      expect(kinds, `offset ${offset}`).toContain((await problemOf())?.kind);
    }
  });

  it('finds every truncation, at a commit by the clean close or an expected head', async () => {
    for (const name of [names[1] ?? '', names.at(-1) ?? '']) {
      const whole = await readFile(pathOf(name));
      for (let size = 0; size < whole.length; size += 13) {
        await writeFile(pathOf(name), whole.subarray(0, size));
        expect(await problemOf(), `${size} bytes of ${name}`).toMatchObject({
          kind: 'truncated',
          segment: name,
        });
      }
      await writeFile(pathOf(name), whole);
    }
    const last = names.at(-1) ?? '';
    const whole = await readFile(pathOf(last));
    const commit = whole.lastIndexOf(Buffer.from([46, 0, 0, 0, 0xc0]), whole.length - 54);
    await writeFile(pathOf(last), whole.subarray(0, commit - 4 + 54));
    expect(await problemOf()).toMatchObject({ kind: 'truncated', segment: last, seq: 39 });
    await rm(join(copy, 'head.json'));
    expect(await problemOf()).toBeNull();
    expect(await problemOf(head)).toMatchObject({ kind: 'truncated', seq: 39 });
  });

  it('finds missing and swapped segments', async () => {
    const [first = '', second = '', third = ''] = names;
    await rename(pathOf(second), join(root, 'aside'));
    const missing = { kind: 'missing', segment: third, seq: Number(second.slice(0, 20)) };
    expect(await problemOf()).toMatchObject(missing);
    await rename(pathOf(third), pathOf(second));
    await rename(join(root, 'aside'), pathOf(third));
    expect(await problemOf()).toMatchObject({ kind: 'reordered', segment: second });
    await rm(pathOf(first));
    expect(await problemOf()).toMatchObject({ kind: 'reordered', segment: second });
    await rename(pathOf(third), pathOf(second));
    expect(await problemOf()).toMatchObject({ kind: 'missing', segment: second, seq: 1 });
    await cp(sound, copy, { recursive: true });
    await rm(pathOf(names.at(-1) ?? ''));
    expect(await problemOf()).toMatchObject({ kind: 'missing' });
    await rm(join(copy, 'wal'), { recursive: true });
    await expect(problemOf()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('finds moved, repeated and removed entries whose checksums fit', async () => {
    const [name = ''] = names;
    const whole = await readFile(pathOf(name));
    const frames: Buffer[] = [];
    for (let at = 68; at < whole.length; at += frames.at(-1)?.length ?? 0) {
      frames.push(whole.subarray(at, at + 8 + whole.readUInt32LE(at + 4)));
    }
    const [one, two, commit, ...rest] = frames.map((frame) => Buffer.from(frame));
    const write = (...parts: (Buffer | undefined)[]) =>
      writeFile(pathOf(name), Buffer.concat([whole.subarray(0, 68), ...parts.map((p) => p!)]));
    await write(two, one, commit, ...rest);
    expect(await problemOf()).toMatchObject({ kind: 'reordered', seq: 2 });
    await write(one, two, two, commit, ...rest);
    expect(await problemOf()).toMatchObject({ kind: 'reordered', seq: 3 });
    await write(one, commit, ...rest);
    expect(await problemOf()).toMatchObject({ kind: 'missing', seq: 2 });
    await write(...rest);
    expect(await problemOf()).toMatchObject({ kind: 'missing', seq: 1 });
    const forged = Buffer.from(one!);
    forged[40] = (forged[40] ?? 0) ^ 1;
    forged.writeUInt32LE(crc32(forged.subarray(4)), 0);
    await write(forged, two, commit, ...rest);
    expect(await problemOf()).toMatchObject({ kind: 'altered' });
  });

  it('tells another history from ours, and a later version from damage', async () => {
    const other = join(root, 'other');
    await writeLedger(other, 'f');
    const [, second = ''] = names;
    await cp(join(other, 'wal', second), pathOf(second));
    expect(await problemOf()).toMatchObject({ kind: 'forked', segment: second });
    await cp(join(other, 'wal'), join(copy, 'wal'), { recursive: true });
    expect(await problemOf()).toMatchObject({ kind: 'forked', seq: 40 });
    await rm(join(copy, 'head.json'));
    expect(await problemOf()).toBeNull();
    expect(await problemOf(head)).toMatchObject({ kind: 'forked', seq: 40 });
    const bytes = await readFile(pathOf(second));
    bytes.writeUInt32LE(3, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 64)), 64);
    await writeFile(pathOf(second), bytes);
    expect(await problemOf()).toMatchObject({ kind: 'wrong_version', segment: second });
  });

  it('finds a damaged record of the clean close', async () => {
    const path = join(copy, 'head.json');
    const whole = await readFile(path);
    for (let offset = 0; offset < whole.length; offset += 1) {
      const damaged = Buffer.from(whole);
      damaged[offset] = (damaged[offset] ?? 0) ^ 1;
      await writeFile(path, damaged);
      expect(await problemOf()).toMatchObject({ kind: 'altered', segment: 'head.json' });
    }
  });

  it('accepts the unfinished write of a running writer, and none without one', async () => {
    const ledger = await openLedger({
      directory: copy,
      log: SILENT_LOG,
      metrics: SILENT_METRICS,
      clock: STILL_CLOCK,
    });
    const last = pathOf(names.at(-1) ?? '');
    const whole = await readFile(last);
    await writeFile(last, Buffer.concat([whole, whole.subarray(68, 100)]));
    expect(await verifyLedger(copy)).toMatchObject({ ok: true, uncommittedBytes: 32 });
    await ledger.close();
    expect(await problemOf()).toMatchObject({ kind: 'truncated' });
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(verifyLedger(copy, { signal })).rejects.toThrow('enough');
  });
});
