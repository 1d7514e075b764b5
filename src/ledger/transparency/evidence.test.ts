import { createHash, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommittedEntry } from '../../ports/evidence.ts';
import { parseEntryText } from '../entry-text.ts';
import { testEntry } from '../testing/entries.ts';
import { sealedTestLedger } from '../testing/sealed-ledger.ts';
import { readLeafRecord, writeLeafRecord } from '../tlog/leaf-record.ts';
import { isSignedBy, parseNote, parseVerifierKey } from '../tlog/signed-note.ts';
import { parseProof, proofFault } from '../tlog/tlog-proof.ts';
import type { SealedLedger } from './sealed-ledger.ts';

const { privateKey } = generateKeyPairSync('ed25519');
let sealed: SealedLedger;

async function append(tenant: string, count: number, loggedAt: number): Promise<void> {
  const own = { tenant, loggedAt };
  await sealed.ledger.append(
    Array.from({ length: count }, (_, i) => ({ ...testEntry(`${tenant} ${i}`), ...own })),
  );
}

async function read(from: number, to: number): Promise<readonly CommittedEntry[]> {
  const entries: CommittedEntry[] = [];
  for await (const batch of sealed.evidence.read(from, to)) entries.push(...batch);
  return entries;
}

beforeEach(async () => {
  sealed = await sealedTestLedger(privateKey);
});
afterEach(() => sealed.close());

describe('evidence', () => {
  it('proves many entries under one checkpoint, with the text that is committed to', async () => {
    await append('globex', 3, 1_000);
    await append('acme', 600, 2_000);
    const seqs = [4, 5, 259, 260, 603];
    const proven = await sealed.evidence.prove('acme', [...seqs, 1]);
    const key = parseVerifierKey(proven?.verifierKey ?? '');
    expect([...(proven?.proofs.keys() ?? [])]).toEqual(seqs);
    const entries = await read(4, 603);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 600 }, (_, i) => i + 4));
    for (const seq of seqs) {
      const entry = entries.find((each) => each.seq === seq);
      const salted = Buffer.from(entry?.salted ?? []);
      expect(parseEntryText(salted.subarray(16).toString())).toMatchObject({ seq, tenant: 'acme' });
      const record = Buffer.alloc(50);
      writeLeafRecord(record, 0, { kind: 1, seq, loggedAt: 2_000 });
      createHash('sha256').update(salted).digest().copy(record, 18);
      expect(readLeafRecord(record)).not.toBeNull();
      const proof = parseProof(proven?.proofs.get(seq) ?? '');
      expect(proof?.checkpoint).toBe(proven?.checkpoint);
      const fault = proof && proofFault(proof, record, proven?.origin ?? '', key ? [key] : []);
      expect(fault).toBeNull();
    }
  });

  it('finds where a time begins in a log, and says when it never does', async () => {
    await append('acme', 300, 1_000);
    await append('globex', 1, 1_500);
    await append('acme', 300, 2_000);
    expect(await sealed.evidence.firstSince('acme', 0)).toBe(1);
    expect(await sealed.evidence.firstSince('acme', 1_001)).toBe(302);
    expect(await sealed.evidence.firstSince('acme', 2_000)).toBe(302);
    expect(await sealed.evidence.firstSince('acme', 2_001)).toBeNull();
    expect(await sealed.evidence.firstSince('nobody', 0)).toBeNull();
    expect(await sealed.evidence.prove('nobody', [1])).toBeNull();
  });

  it('reads only what was asked for, across tenants and in order', async () => {
    await append('acme', 2, 1_000);
    await append('globex', 2, 1_000);
    expect((await read(2, 3)).map(({ seq, tenant }) => [seq, tenant])).toEqual([
      [2, 'acme'],
      [3, 'globex'],
    ]);
  });

  it('signs in the name of the deployment', () => {
    const { note, verifierKey } = sealed.evidence.sign('a text\n');
    const key = parseVerifierKey(verifierKey);
    const parsed = parseNote(note);
    expect(key?.name).toBe('tripcoil.example/evidence');
    expect(parsed && isSignedBy(parsed, key ? [key] : [])).toBe(true);
  });

  it('proves by a bundle that others have filled since, and that is not on disk yet', async () => {
    await append('acme', 200, 1_000);
    await sealed.transparency.publish();
    const asked = sealed.evidence.firstSince('acme', 1_000);
    await append('acme', 400, 1_000);
    expect(await asked).toBe(1);
    const proven = sealed.evidence.prove('acme', [1, 200]);
    await append('acme', 400, 1_000);
    expect((await proven)?.proofs.size).toBe(2);
  });

  it('goes on publishing while somebody asks for proofs', async () => {
    await append('acme', 5, 1_000);
    const asked = [sealed.transparency.flush(), sealed.evidence.prove('acme', [1])];
    await append('acme', 5, 1_000);
    await Promise.all([...asked, sealed.transparency.publish()]);
    expect((await sealed.evidence.prove('acme', [10]))?.proofs.size).toBe(1);
  });
});
