import type { CommittedEntry, Evidence, ProvenEntries } from '../../ports/evidence.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { textsOf } from '../entry-run.ts';
import { type ReadableLedger, readGroups } from '../read.ts';
import { SALT_BYTES, SaltsByKey } from '../sealed-block.ts';
import { listSegments } from '../segments.ts';
import { parseCheckpointText } from '../tlog/checkpoint.ts';
import { decodeBundle } from '../tlog/entry-bundle.ts';
import { type LeafRecord, readLeafRecord } from '../tlog/leaf-record.ts';
import { ProofMaker } from '../tlog/proof.ts';
import { type NoteSigner, parseNote, signNote, verifierKey } from '../tlog/signed-note.ts';
import { TILE_WIDTH, type TileName, tileWidth } from '../tlog/tile.ts';
import { formatProof } from '../tlog/tlog-proof.ts';
import type { Transparency } from './transparency.ts';

export interface EvidenceDependencies {
  readonly readable: ReadableLedger;
  readonly ledger: Pick<Ledger, 'head'>;
  readonly transparency: Transparency;
  readonly signerOf: (tenant: string) => NoteSigner;
}

/** Entries with their salts, and proofs of many of them under one checkpoint. */
export function createEvidence(dependencies: EvidenceDependencies): Evidence {
  const { ledger, transparency, signerOf } = dependencies;
  return {
    headSeq: () => ledger.head.seq,
    firstSince: async (tenant, time) => {
      const log = await publishedLog(transparency, tenant);
      return log && firstWhere(log, ({ loggedAt }) => loggedAt >= time);
    },
    read: (fromSeq, toSeq) => committedEntries(dependencies, fromSeq, toSeq),
    prove: async (tenant, seqs) => {
      const log = await publishedLog(transparency, tenant);
      return log && proven(log, seqs, signerOf(tenant));
    },
    sign: (text) => {
      const { name, privateKey } = signerOf('');
      const signer = { name: name.replace(/\/t\/[^/]*\/log$/, '/evidence'), privateKey };
      return { note: signNote(text, signer), verifierKey: verifierKey(signer.name, privateKey) };
    },
  };
}

async function* committedEntries(
  { readable, ledger }: EvidenceDependencies,
  fromSeq: number,
  toSeq: number,
): AsyncGenerator<readonly CommittedEntry[]> {
  const salts = new SaltsByKey();
  const segments = await listSegments(readable.files, readable.directory);
  const whole = segments.map((segment) => ({ ...segment, committedBytes: null }));
  const last = Math.min(toSeq, ledger.head.seq);
  for await (const groups of readGroups(readable, whole, fromSeq, last)) {
    const batch: CommittedEntry[] = [];
    for (const { bytes, entries, key } of groups.flatMap(({ runs }) => runs)) {
      const texts = textsOf(bytes) ?? [];
      const runSalts = salts.of(key).of(entries.map(({ seq }) => seq));
      for (const [index, entry] of entries.entries()) {
        const text = texts[index];
        if (text === undefined || entry.seq < fromSeq || entry.seq > last) continue;
        const salted = Buffer.alloc(SALT_BYTES + text.length);
        runSalts.copy(salted, 0, index * SALT_BYTES, (index + 1) * SALT_BYTES);
        text.copy(salted, SALT_BYTES);
        batch.push({ ...entry, salted });
      }
    }
    yield batch.sort((a, b) => a.seq - b.seq);
  }
}

/** A log as of one checkpoint; bundles and tiles of it are read at most once. */
interface PublishedLog {
  readonly checkpoint: string;
  readonly size: number;
  readonly read: (name: TileName) => Promise<Buffer>;
}

async function publishedLog(
  transparency: Transparency,
  tenant: string,
): Promise<PublishedLog | null> {
  // What was just acknowledged is integrated behind its answer.
  await new Promise<void>((resolve) => setImmediate(() => resolve()));
  await transparency.publish();
  const checkpoint = transparency.checkpoint(tenant);
  const note = checkpoint === null ? null : parseNote(checkpoint);
  const size = (note && parseCheckpointText(note.text)?.size) ?? 0;
  if (checkpoint === null || size === 0) return null;
  const read = async (name: TileName): Promise<Buffer> => {
    const found = await transparency.file(tenant, name);
    // Filled since by others, and not on disk before the next publication.
    if (found === null) await transparency.publish();
    const bytes = found ?? (await transparency.file(tenant, name));
    if (bytes === null) throw new Error('assertion failed: what is signed can be read');
    return bytes;
  };
  return { checkpoint, size, read };
}

async function proven(
  log: PublishedLog,
  seqs: readonly number[],
  { name: origin, privateKey }: NoteSigner,
): Promise<ProvenEntries> {
  const { checkpoint, size, read } = log;
  const maker = new ProofMaker(size, read);
  const proofs = new Map<number, string>();
  const bundles = new Map<number, Promise<readonly (LeafRecord | null)[]>>();
  for (const seq of seqs) {
    const index = await indexOf(log, seq, bundles);
    if (index === null) continue;
    proofs.set(seq, formatProof({ index, hashes: await maker.inclusion(index), checkpoint }));
  }
  return { origin, verifierKey: verifierKey(origin, privateKey), checkpoint, proofs };
}

type Bundles = Map<number, Promise<readonly (LeafRecord | null)[]>>;

/** Place of an entry in its log, by halves; null where it is not in this log. */
async function indexOf(log: PublishedLog, seq: number, bundles: Bundles): Promise<number | null> {
  const index = await firstIndexWhere(log, (record) => record.seq >= seq, bundles);
  if (index === null) return null;
  return (await recordAt(log, index, bundles))?.seq === seq ? index : null;
}

async function firstWhere(
  log: PublishedLog,
  wanted: (record: LeafRecord) => boolean,
): Promise<number | null> {
  const bundles: Bundles = new Map();
  const index = await firstIndexWhere(log, wanted, bundles);
  return index === null ? null : ((await recordAt(log, index, bundles))?.seq ?? null);
}

/** `wanted` holds from some record on, as sequence and log time rise. */
async function firstIndexWhere(
  log: PublishedLog,
  wanted: (record: LeafRecord) => boolean,
  bundles: Bundles,
): Promise<number | null> {
  let low = 0;
  let high = log.size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = await recordAt(log, middle, bundles);
    if (record !== null && wanted(record)) high = middle;
    else low = middle + 1;
  }
  return low < log.size ? low : null;
}

async function recordAt(
  log: PublishedLog,
  at: number,
  bundles: Bundles,
): Promise<LeafRecord | null> {
  const index = Math.floor(at / TILE_WIDTH);
  const known = bundles.get(index);
  const bundle = known ?? readBundle(log, index);
  if (!known) bundles.set(index, bundle);
  return (await bundle)[at - index * TILE_WIDTH] ?? null;
}

async function readBundle(
  { size, read }: PublishedLog,
  index: number,
): Promise<readonly (LeafRecord | null)[]> {
  const width = tileWidth('entries', index, size);
  const bundle = decodeBundle(await read({ level: 'entries', index, width })) ?? [];
  return bundle.map((entry) => readLeafRecord(entry));
}
