import { cp, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import type { LedgerFiles } from '../ledger-files.ts';
import { openLedgerSecrets } from '../ledger-secrets.ts';
import { originOf, readOrigin } from '../log-origin.ts';
import { NODE_LEDGER_FILES } from '../node-ledger-files.ts';
import { STILL_CLOCK, testEntry } from '../testing/entries.ts';
import { seededRandom } from '../testing/simulated-files.ts';
import { verifierKey } from '../tlog/signed-note.ts';
import { openSealedLedger, type SealedLedger } from './sealed-ledger.ts';
import { type EvidenceOptions, verifyEvidence } from './verify-evidence.ts';

const files = NODE_LEDGER_FILES;
const TENANTS = ['acme', 'acme', 'globex', 'acme', '_system'];

let root: string;
let sound: string;
let older: string;
let copy: string;

async function open(data: string): Promise<SealedLedger> {
  const directory = join(data, 'ledger');
  const secrets = await openLedgerSecrets({
    files,
    directory: join(data, 'keys'),
    log: SILENT_LOG,
  });
  const logs = join(directory, 'logs');
  const base = await readOrigin({ files, directory: logs, wanted: 'one.example', log: SILENT_LOG });
  return openSealedLedger({
    directory,
    wrap: secrets.wrap,
    signerOf: (tenant) => ({ name: originOf(base, tenant), privateKey: secrets.signingKey }),
    // Publication is asked for by closing.
    clock: { ...STILL_CLOCK, sleep: (_, signal) => aborted(signal) },
    log: SILENT_LOG,
    metrics: SILENT_METRICS,
    options: { segmentBytes: 20_000 },
  });
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
}

async function append(sealed: SealedLedger, name: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const entries = Array.from({ length: 40 }, (_, i) => ({
      ...testEntry(`${name}${round}-${i}`, 40),
      tenant: TENANTS[(i + round) % TENANTS.length] ?? '',
    }));
    await sealed.ledger.append(entries);
  }
}

/** `sound` holds 960 entries, of which globex's first are erased. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tripcoil-evidence-'));
  [sound, older, copy] = ['sound', 'older', 'copy'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  const first = await open(sound);
  await append(first, 'a', 8);
  await first.close();
  await cp(sound, older, { recursive: true });
  const second = await open(sound);
  await second.keys.destroy(second.keys.of('globex'), 1_795_000_000_000);
  await append(second, 'b', 16);
  await second.close();
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  await rm(copy, { recursive: true, force: true });
  await cp(sound, copy, { recursive: true });
});

const pathOf = (name: string) => join(copy, 'ledger', name);

async function problemOf(options: Partial<EvidenceOptions> = {}) {
  const result = await verifyEvidence(join(copy, 'ledger'), {
    keysDirectory: join(copy, 'keys'),
    ...options,
  });
  if (result.ok) return null;
  const { problem } = result;
  const file = 'file' in problem ? problem.file : inLedger(problem.segment);
  return { ...problem, file };
}

const inLedger = (segment: string) => (segment === 'head.json' ? segment : `wal/${segment}`);

async function evidenceFiles(directory = copy): Promise<string[]> {
  const ledger = join(directory, 'ledger');
  const found = await readdir(ledger, { recursive: true, withFileTypes: true });
  return found
    .filter((each) => each.isFile() && each.name !== 'lock')
    .map((each) => relative(ledger, join(each.parentPath, each.name)))
    .sort();
}

/** A thousand checks would spend their time in the file system. Keys come from the real one. */
function readOnlyFiles(held: ReadonlyMap<string, Buffer>): LedgerFiles {
  const directories = new Map<string, Set<string>>();
  for (const path of held.keys()) {
    for (let at = path; at !== dirname(at); at = dirname(at)) {
      const names = directories.get(dirname(at)) ?? new Set();
      directories.set(dirname(at), names.add(basename(at)));
    }
  }
  return {
    ...files,
    list: async (path) => [...(directories.get(path) ?? [])],
    readNow: (path) => held.get(path) ?? files.readNow(path),
    readSmall: async (path) => held.get(path) ?? (await files.readSmall(path)),
    lockHolder: async () => null,
    open: async (path) => {
      const bytes = held.get(path) ?? Buffer.alloc(0);
      const read = async (into: Buffer, position: number) => bytes.copy(into, 0, position);
      const refuse = () => Promise.reject(new Error('nothing is written'));
      const close = async () => undefined;
      const size = async () => bytes.length;
      return { size, read, close, write: refuse, truncate: refuse, syncData: refuse, sync: refuse };
    },
  };
}

async function swap(a: string, b: string): Promise<void> {
  await rename(pathOf(a), pathOf('aside'));
  await rename(pathOf(b), pathOf(a));
  await rename(pathOf('aside'), pathOf(b));
}

const checkpointOf = (data: string, tenant: string) =>
  readFile(join(data, 'ledger', 'logs', tenant, 'checkpoint'), 'utf8');

describe('verifyEvidence', { timeout: 120_000 }, () => {
  it('accepts a sound ledger, in which a key was destroyed', async () => {
    const passes = new Set<number>();
    const result = await verifyEvidence(join(copy, 'ledger'), {
      keysDirectory: join(copy, 'keys'),
      kept: [{ file: 'kept', text: await checkpointOf(older, 'acme') }],
      onProgress: ({ pass }) => passes.add(pass),
    });
    expect(result).toMatchObject({
      ok: true,
      entries: 960,
      transparency: { logs: 3, proven: 960, unpublished: 0, signatures: true, contents: true },
    });
    const { opened = 0, erased = 0 } = result.ok ? result.transparency : {};
    expect(erased).toBeGreaterThan(50);
    expect(opened + erased).toBe(960);
    expect([...passes]).toEqual([1, 2]);
  });

  it('says so where there is no ledger', async () => {
    const nowhere = verifyEvidence(join(root, 'nowhere'), { keysDirectory: null });
    await expect(nowhere).rejects.toMatchObject({ code: 'not_found' });
  });

  it('checks structure without the master key, and signatures with a verifier key', async () => {
    const nothing = { keysDirectory: null };
    const without = await verifyEvidence(join(copy, 'ledger'), nothing);
    expect(without).toMatchObject({
      transparency: { proven: 960, opened: 0, signatures: false, contents: false },
    });
    const { signingKey } = await openLedgerSecrets({
      ...{ files, log: SILENT_LOG },
      directory: join(copy, 'keys'),
    });
    const key = verifierKey('one.example/t/acme/log', signingKey);
    const withKey = await verifyEvidence(join(copy, 'ledger'), { ...nothing, verifierKey: key });
    expect(withKey).toMatchObject({ transparency: { signatures: true } });
    const other = verifierKey('two.example/t/acme/log', signingKey);
    expect(await problemOf({ verifierKey: other })).toMatchObject({ kind: 'wrong_key' });
  });

  it('names the file of each of 1,000 corrupted bytes', async () => {
    const random = seededRandom(11);
    const below = (limit: number) => Math.floor(random() * limit);
    const names = await evidenceFiles();
    const held = new Map<string, Buffer>();
    for (const name of names) held.set(pathOf(name), await readFile(pathOf(name)));
    const inMemory = { files: readOnlyFiles(held) };
    for (let round = 0; round < 1_000; round += 1) {
      // Every file has its turn, small ones as often as large ones.
      const name = names[round % names.length] ?? '';
      const bytes = held.get(pathOf(name)) ?? Buffer.alloc(0);
      const damaged = Buffer.from(bytes);
      const offset = below(bytes.length);
      damaged[offset] = (damaged[offset] ?? 0) ^ (1 + below(255));
      held.set(pathOf(name), damaged);
      const found = await problemOf(inMemory);
      expect(found, `byte ${offset} of ${name}`).toMatchObject({ file: name });
      held.set(pathOf(name), bytes);
    }
    expect(await problemOf(inMemory)).toBeNull();
  });

  it('names a file that is gone or cut', async () => {
    const stale = (await evidenceFiles(older)).filter((name) => name.includes('.p/'));
    for (const name of await evidenceFiles()) {
      const bytes = await readFile(pathOf(name));
      await writeFile(pathOf(name), bytes.subarray(0, bytes.length - 1));
      expect(await problemOf(), `cut ${name}`).toMatchObject({ file: name });
      await rm(pathOf(name));
      // Without the note of the last close it is as after a crash; old partial tiles are optional.
      const optional = name === 'head.json' || stale.includes(name);
      if (!optional) expect(await problemOf(), `gone ${name}`).not.toBeNull();
      await writeFile(pathOf(name), bytes);
    }
  });

  it('sees what was exchanged', async () => {
    const names = await evidenceFiles();
    const full = (part: string) => names.filter((name) => name.includes(part));
    const [a = '', b = ''] = full('wal/');
    await swap(a, b);
    expect(await problemOf()).toMatchObject({ kind: 'reordered', file: a });
    await swap(a, b);
    for (const kind of ['tile/0/', 'tile/entries/']) {
      const whole = full(`logs/acme/${kind}00`).filter((name) => !name.includes('.p/'));
      const [one = '', two = ''] = whole;
      await swap(one, two);
      expect(await problemOf()).toMatchObject({ kind: 'reordered', tenant: 'acme', file: one });
      await swap(one, two);
    }
    await swap('logs/acme/checkpoint', 'logs/globex/checkpoint');
    expect(await problemOf()).toMatchObject({ kind: 'forked', file: 'logs/acme/checkpoint' });
    await swap('logs/acme/checkpoint', 'logs/globex/checkpoint');
    expect(await problemOf()).toBeNull();
  });

  it('sees an older checkpoint, an older backup and another key', async () => {
    const now = await checkpointOf(copy, 'acme');
    await writeFile(pathOf('logs/acme/checkpoint'), await checkpointOf(older, 'acme'));
    expect(await problemOf()).toMatchObject({ kind: 'truncated', file: 'logs/acme/checkpoint' });
    await writeFile(pathOf('logs/acme/checkpoint'), now);

    await cp(join(sound, 'keys'), join(root, 'stranger'), { recursive: true });
    await rm(join(root, 'stranger', 'ledger-signing-key.pem'));
    const stranger = join(root, 'stranger');
    await openLedgerSecrets({ files, directory: stranger, log: SILENT_LOG });
    expect(await problemOf({ keysDirectory: stranger })).toMatchObject({ kind: 'wrong_key' });
    await rm(join(stranger, 'ledger-master.key'));
    await cp(
      join(sound, 'keys', 'ledger-signing-key.pem'),
      join(stranger, 'ledger-signing-key.pem'),
    );
    await openLedgerSecrets({ files, directory: stranger, log: SILENT_LOG });
    const foreign = await problemOf({ keysDirectory: stranger });
    expect(foreign).toMatchObject({ kind: 'wrong_key' });
    expect(foreign?.file).toContain('data-keys/');

    const kept = [{ file: 'kept', text: now }];
    await rm(pathOf(''), { recursive: true });
    await cp(join(older, 'ledger'), pathOf(''), { recursive: true });
    expect(await problemOf()).toBeNull();
    expect(await problemOf({ kept })).toMatchObject({ kind: 'truncated', tenant: 'acme' });
    // Another history from there on, signed by the same key.
    const forger = await open(copy);
    await append(forger, 'other', 30);
    await forger.close();
    expect(await problemOf()).toBeNull();
    expect(await problemOf({ kept })).toMatchObject({ kind: 'forked', file: 'kept' });
  });

  it('lets a running writer be, and what waits for its checkpoint', async () => {
    const running = await open(copy);
    await append(running, 'c', 3);
    const result = await verifyEvidence(join(copy, 'ledger'), {
      keysDirectory: join(copy, 'keys'),
    });
    expect(result).toMatchObject({ entries: 1_080, transparency: { unpublished: 120 } });
    await running.transparency.publish();
    expect(await problemOf()).toBeNull();
    await running.close();
    expect((await stat(pathOf('logs/acme/checkpoint'))).size).toBeGreaterThan(0);
  });
});
