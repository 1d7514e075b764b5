import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEntry } from '../testing/entries.ts';
import { sealedTestLedger } from '../testing/sealed-ledger.ts';
import { decodeBundle } from '../tlog/entry-bundle.ts';
import { verifyConsistency } from '../tlog/proof.ts';
import { parseNote, parseVerifierKey } from '../tlog/signed-note.ts';
import { parseProof, proofFault } from '../tlog/tlog-proof.ts';
import type { SealedLedger } from './sealed-ledger.ts';

const { privateKey } = generateKeyPairSync('ed25519');
let sealed: SealedLedger;

async function append(tenant: string, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, i) => ({ ...testEntry(`e${i}`), tenant }));
  await sealed.ledger.append(entries);
  await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
}

beforeEach(async () => {
  sealed = await sealedTestLedger(privateKey, (tenant) => `tripcoil.example/${tenant}`);
});
afterEach(() => sealed.close());

describe('what the logs show', () => {
  it('proves an entry by its place in the partition, to who knows the key alone', async () => {
    await append('globex', 3);
    await append('acme', 600);
    await append('globex', 1);
    await sealed.transparency.publish();
    const [log] = sealed.logs.logs(['acme']);
    const key = parseVerifierKey(log?.verifierKey ?? '');
    for (const seq of [4, 259, 260, 603]) {
      const proof = parseProof((await sealed.logs.proof('acme', seq)) ?? '');
      const index = seq - 4;
      expect(proof?.index).toBe(index);
      const width = index >= 512 ? 88 : 256;
      const path = `tile/entries/00${Math.floor(index / 256)}${width === 256 ? '' : `.p/${width}`}`;
      const bundle = (await sealed.logs.file('acme', path)) ?? new Uint8Array();
      const entry = decodeBundle(Buffer.from(bundle))?.[index % 256] ?? Buffer.alloc(0);
      expect(proof && proofFault(proof, entry, log?.origin ?? '', key ? [key] : [])).toBeNull();
    }
  });

  it('proves nothing of another tenant, of no entry, or before it is published', async () => {
    await append('globex', 3);
    await append('acme', 3);
    expect(await sealed.logs.proof('acme', 4)).toBeNull();
    await sealed.transparency.publish();
    expect(await sealed.logs.proof('acme', 3)).toBeNull();
    expect(await sealed.logs.proof('acme', 7)).toBeNull();
    expect(await sealed.logs.proof('nobody', 1)).toBeNull();
    await append('acme', 1);
    expect(await sealed.logs.proof('acme', 7)).toBeNull();
  });

  it('proves that a log has only grown, between any two of its sizes', async () => {
    const sizes = [1, 2, 200, 256, 257, 600];
    const roots = new Map<number, string>();
    let size = 0;
    for (const wanted of sizes) {
      await append('acme', wanted - size);
      size = wanted;
      await sealed.transparency.publish();
      const note = parseNote(sealed.logs.checkpoint('acme') ?? '');
      roots.set(size, note?.text.split('\n')[2] ?? '');
    }
    for (const from of sizes) {
      for (const to of sizes.filter((each) => each >= from)) {
        const proof = await sealed.logs.consistency('acme', from, to);
        expect(proof).toMatchObject({ fromRoot: roots.get(from), toRoot: roots.get(to) });
        const [older, newer] = [from, to].map((at) => ({
          size: at,
          root: Buffer.from(roots.get(at) ?? '', 'base64'),
        }));
        const hashes = (proof?.hashes ?? []).map((hash) => Buffer.from(hash, 'base64'));
        expect(older && newer && verifyConsistency(older, newer, hashes)).toBe(true);
      }
    }
    const newest = sealed.logs.checkpoint('acme');
    expect(await sealed.logs.consistency('acme', 200, null)).toMatchObject({
      ...{ to: 600, checkpoint: newest },
    });
    expect((await sealed.logs.consistency('acme', 1, 257))?.checkpoint).toBeNull();
    for (const [from, to] of [
      [0, 5],
      [6, 5],
      [1, 601],
    ] as const) {
      expect(await sealed.logs.consistency('acme', from, to)).toBeNull();
    }
    expect(await sealed.logs.consistency('nobody', 1, null)).toBeNull();
  });

  it('shows nothing beyond the newest checkpoint', async () => {
    await append('acme', 10);
    await sealed.transparency.publish();
    await append('acme', 10);
    expect(await sealed.logs.file('acme', 'tile/0/000.p/10')).toHaveLength(320);
    expect(await sealed.logs.file('acme', 'tile/0/000.p/11')).toBeNull();
    expect(await sealed.logs.file('acme', '../../keys')).toBeNull();
    expect(sealed.logs.logs('*').map(({ tenant }) => tenant)).toEqual(['acme']);
  });
});
