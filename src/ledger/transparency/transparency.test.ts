import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { STILL_CLOCK, testEntry } from '../testing/entries.ts';
import { testWrap } from '../testing/key-wrap.ts';
import { SimulatedFiles, seededRandom } from '../testing/simulated-files.ts';
import { parseCheckpointText, type TreeHead } from '../tlog/checkpoint.ts';
import { decodeBundle } from '../tlog/entry-bundle.ts';
import { readLeafRecord } from '../tlog/leaf-record.ts';
import { ProofMaker, verifyConsistency, verifyInclusion } from '../tlog/proof.ts';
import { isSignedBy, parseNote, parseVerifierKey, verifierKey } from '../tlog/signed-note.ts';
import { TILE_WIDTH, tileWidth } from '../tlog/tile.ts';
import { leafHash } from '../tlog/tree-hash.ts';
import { openSealedLedger, type SealedLedger } from './sealed-ledger.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const originOf = (tenant: string) => `tripcoil.example/${tenant}`;
const verifierOf = (tenant: string) => parseVerifierKey(verifierKey(originOf(tenant), privateKey));

function open(files: SimulatedFiles): Promise<SealedLedger> {
  return openSealedLedger({
    directory: '/ledger',
    wrap: testWrap(1),
    signerOf: (tenant) => ({ name: originOf(tenant), privateKey }),
    // Publication is asked for by the test.
    clock: { ...STILL_CLOCK, sleep: (_, signal) => aborted(signal) },
    log: SILENT_LOG,
    metrics: SILENT_METRICS,
    options: { segmentBytes: 20_000 },
    files,
  });
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
}

/** Lets what was committed be integrated. */
const integrated = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

async function appendMany(sealed: SealedLedger, tenant: string, count: number, name = 'e') {
  const entries = Array.from({ length: count }, (_, i) => ({
    ...testEntry(`${name}${i}`, 20),
    tenant,
  }));
  await sealed.ledger.append(entries);
  await integrated();
}

function headOf({ transparency }: SealedLedger, tenant: string): TreeHead {
  const note = parseNote(transparency.checkpoint(tenant) ?? '');
  const verifier = verifierOf(tenant);
  if (note === null || verifier === null || !isSignedBy(note, [verifier])) {
    throw new Error('a signed checkpoint');
  }
  const head = parseCheckpointText(note.text);
  if (head === null) throw new Error('a checkpoint');
  return head;
}

function proofsOf({ transparency }: SealedLedger, tenant: string, size: number): ProofMaker {
  return new ProofMaker(size, async (name) => {
    const tile = await transparency.file(tenant, name);
    if (tile === null) throw new Error('a tile');
    return tile;
  });
}

/** All leaf records of a log, from its bundles. */
async function leavesOf({ transparency }: SealedLedger, tenant: string, size: number) {
  const leaves: Buffer[] = [];
  for (let index = 0; leaves.length < size; index += 1) {
    const width = tileWidth('entries', index, size);
    const bundle = await transparency.file(tenant, { level: 'entries', index, width });
    leaves.push(...(decodeBundle(bundle ?? Buffer.alloc(1)) ?? []));
  }
  return leaves;
}

describe('transparency logs', () => {
  it('hold each tenant to itself, sign their size and prove every entry', async () => {
    const sealed = await open(new SimulatedFiles(() => 0));
    await appendMany(sealed, 'acme', 300);
    await appendMany(sealed, 'globex', 2);
    await appendMany(sealed, 'acme', 3);
    expect(sealed.transparency.checkpoint('acme')).toBeNull();
    await sealed.transparency.publish();
    const head = headOf(sealed, 'acme');
    expect(head).toMatchObject({ origin: originOf('acme'), size: 303 });
    expect(headOf(sealed, 'globex').size).toBe(2);
    const leaves = await leavesOf(sealed, 'acme', 303);
    expect(leaves.map((leaf) => readLeafRecord(leaf)?.seq)).toEqual([
      ...Array.from({ length: 300 }, (_, i) => i + 1),
      ...[303, 304, 305],
    ]);
    const proofs = proofsOf(sealed, 'acme', 303);
    for (const index of [0, 255, 256, 302]) {
      const leaf = { index, hash: leafHash(leaves[index] ?? Buffer.alloc(0)) };
      expect(verifyInclusion(leaf, head, await proofs.inclusion(index))).toBe(true);
    }
    await sealed.close();
  });

  it('serve what earlier checkpoints need', async () => {
    const sealed = await open(new SimulatedFiles(() => 0));
    await appendMany(sealed, 'acme', 100);
    await sealed.transparency.publish();
    const older = headOf(sealed, 'acme');
    await appendMany(sealed, 'acme', 700);
    await sealed.transparency.publish();
    const newer = headOf(sealed, 'acme');
    const proof = await proofsOf(sealed, 'acme', 800).consistency(100);
    expect(verifyConsistency(older, newer, proof)).toBe(true);
    expect(await proofsOf(sealed, 'acme', 100).root()).toEqual(older.root);
    const beyond = { level: 0, index: 3, width: 33 };
    expect(await sealed.transparency.file('acme', beyond)).toBeNull();
    expect(await sealed.transparency.file('nobody', beyond)).toBeNull();
    await sealed.close();
  });

  it('catch up from the segments when more comes than they may hold back', async () => {
    const files = new SimulatedFiles(() => 0);
    const sealed = await open(files);
    const each = TILE_WIDTH * 64;
    for (let sent = 0; sent < LIMITS.tilesUnwritten * 160; sent += each) {
      await appendMany(sealed, 'acme', each, `${sent}-`);
    }
    const { seq } = sealed.ledger.head;
    expect(sealed.transparency.seq).toBeLessThan(seq);
    await sealed.transparency.publish();
    expect(headOf(sealed, 'acme').size).toBe(seq);
    await sealed.close();
  }, 60_000);

  it('never fork, whatever the power does', async () => {
    for (let seed = 1; seed <= 40; seed += 1) await liveThroughPowerCuts(seed);
  }, 60_000);
});

/** Every head ever signed is a prefix of the last one, and nothing acknowledged is missing. */
async function liveThroughPowerCuts(seed: number): Promise<void> {
  const random = seededRandom(seed * 7_919);
  const files = new SimulatedFiles(random);
  const signed: { readonly tenant: string; readonly head: TreeHead }[] = [];
  const appended = new Map<string, number>();
  for (let life = 0; life < 3; life += 1) {
    try {
      const sealed = await open(files);
      if (life < 2) files.faults.set(files.operations + Math.floor(random() * 200), CRASH);
      for (let round = 0; round < 6; round += 1) {
        const tenant = random() < 0.7 ? 'acme' : 'globex';
        const count = 1 + Math.floor(random() * 400);
        await appendMany(sealed, tenant, count, `${life}-${round}-`);
        appended.set(tenant, (appended.get(tenant) ?? 0) + count);
        if (random() < 0.6) await sealed.transparency.publish();
        if (random() < 0.4) await sealed.transparency.flush();
        for (const each of sealed.transparency.tenants()) {
          if (sealed.transparency.checkpoint(each) === null) continue;
          signed.push({ tenant: each, head: headOf(sealed, each) });
        }
      }
      if (life === 2) {
        await sealed.transparency.flush();
        await expectOneHistory(sealed, signed, appended);
      }
      await sealed.close();
    } catch (error) {
      expect(files.crashed, String(error)).toBe(true);
    }
    files.crash();
    files.restart();
  }
}

const CRASH = { kind: 'crash' } as const;

async function expectOneHistory(
  sealed: SealedLedger,
  signed: readonly { readonly tenant: string; readonly head: TreeHead }[],
  appended: ReadonlyMap<string, number>,
): Promise<void> {
  for (const { tenant, head } of signed) {
    const newest = headOf(sealed, tenant);
    expect(newest.size).toBeGreaterThanOrEqual(appended.get(tenant) ?? 0);
    const proof = await proofsOf(sealed, tenant, newest.size).consistency(head.size);
    expect(verifyConsistency(head, newest, proof)).toBe(true);
  }
  const leaves = await leavesOf(sealed, 'acme', headOf(sealed, 'acme').size);
  const seqs = leaves.map((leaf) => readLeafRecord(leaf)?.seq ?? 0);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
}
