import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testEntry } from '../testing/entries.ts';
import { sealedTestLedger } from '../testing/sealed-ledger.ts';
import { checkpointText } from '../tlog/checkpoint.ts';
import { signNote, verifierKey } from '../tlog/signed-note.ts';
import { type DaemonLog, LogRecheck, type RecheckOptions } from './recheck.ts';
import type { SealedLedger } from './sealed-ledger.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519').privateKey;
const ORIGIN = 'tripcoil.example/t/acme/log';
let sealed: SealedLedger;
let earlier = '';

async function append(count: number): Promise<void> {
  await sealed.ledger.append(Array.from({ length: count }, (_, i) => testEntry(`e${i}`)));
  await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  await sealed.transparency.publish();
}

beforeAll(async () => {
  sealed = await sealedTestLedger(privateKey);
  await append(300);
  earlier = sealed.logs.checkpoint('acme') ?? '';
  await append(300);
});
afterAll(() => sealed.close());

async function check(
  own: Partial<DaemonLog> = {},
  options: RecheckOptions = { kept: [{ file: 'kept', text: earlier }] },
) {
  const log: DaemonLog = {
    ...{ tenant: 'acme', origin: ORIGIN, verifierKey: verifierKey(ORIGIN, privateKey) },
    checkpoint: sealed.logs.checkpoint('acme') ?? '',
    read,
    ...own,
  };
  return new LogRecheck(log, options).run();
}

async function read(path: string): Promise<Buffer> {
  const file = await sealed.logs.file('acme', path);
  if (file === null) throw new Error('not served');
  return Buffer.from(file);
}

/** Serves one file otherwise. */
function serving(file: string, change: (bytes: Buffer) => Buffer): Pick<DaemonLog, 'read'> {
  return { read: async (path) => (path === file ? change(await read(path)) : read(path)) };
}

describe('a log as a stranger reads it', () => {
  it('is hashed anew and compared with what was signed and kept', async () => {
    expect(await check()).toMatchObject({ problems: [], size: 600, compared: ['kept'] });
  });

  it('is found altered, cut, reordered or not served, by the file', async () => {
    const bundle = 'tile/entries/001';
    const flipped = (bytes: Buffer) => {
      const copy = Buffer.from(bytes);
      copy[70] = (copy[70] ?? 0) ^ 1;
      return copy;
    };
    const [altered] = (await check(serving(bundle, flipped))).problems;
    expect(altered).toMatchObject({ file: bundle });
    const tile = await check(serving('tile/0/000', flipped));
    expect(tile.problems[0]).toMatchObject({ kind: 'altered', file: 'tile/entries/000' });
    const cut = await check(serving(bundle, (bytes) => bytes.subarray(0, 52)));
    expect(cut.problems[0]).toMatchObject({ kind: 'truncated', file: bundle });
    const moved = await check({
      read: (path) => read(path.replace(/^(tile\/(?:0|entries)\/00)1$/, '$10')),
    });
    expect(moved.problems[0]).toMatchObject({ kind: 'reordered', file: bundle });
    const gone = await check({
      read: (path) => (path === bundle ? Promise.reject(new Error('404')) : read(path)),
    });
    expect(gone.problems[0]).toMatchObject({ kind: 'missing', file: bundle });
  });

  it('is found forked, shortened or signed by another key', async () => {
    const signed = (size: number, fill: number, key = privateKey) => {
      const head = { origin: ORIGIN, size, root: Buffer.alloc(32, fill) };
      return signNote(checkpointText(head), { name: ORIGIN, privateKey: key });
    };
    const kept = (text: string) => ({ kept: [{ file: 'kept', text }] });
    const forked = await check({}, kept(signed(300, 7)));
    expect(forked.problems).toMatchObject([{ kind: 'forked', file: 'kept' }]);
    expect((await check({}, kept(signed(900, 7)))).problems[0]).toMatchObject({
      kind: 'truncated',
      file: 'kept',
    });
    expect((await check({ checkpoint: signed(600, 7) })).problems[0]).toMatchObject({
      kind: 'forked',
      file: 'checkpoint',
    });
    const foreign = await check({ checkpoint: signed(600, 7, stranger) });
    expect(foreign.problems[0]).toMatchObject({ kind: 'wrong_key', file: 'checkpoint' });
    const knownKey = verifierKey(ORIGIN, stranger);
    expect((await check({}, { kept: [], knownKey })).problems[0]?.kind).toBe('wrong_key');
  });
});
