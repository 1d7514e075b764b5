import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { SequencedEntry } from '../ports/ledger.ts';
import type { DataKeys } from './data-keys.ts';
import { entriesOf } from './entry-run.ts';
import { BLOCK_TYPE, type BlockFrame, COMMIT_TYPE, decodeBlock, decodeCommit } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import type { LedgerFiles } from './ledger-files.ts';
import { type BlockKey, openBlock } from './sealed-block.ts';
import { HEADER_BYTES } from './segment-header.ts';
import { corruptLedger, type SegmentFileName, withSegment } from './segments.ts';
import { asStorageError } from './storage-error.ts';

/** A ledger's directory, and the keys to what is in it; null where nothing was sealed. */
export interface ReadableLedger {
  readonly files: LedgerFiles;
  readonly directory: string;
  readonly keys: Pick<DataKeys, 'byId'> | null;
}

/** A segment and how much of it is committed; null means all of it. */
export interface ReadableSegment extends SegmentFileName {
  readonly committedBytes: number | null;
}

/** A block as opened: a run of one tenant's entries. */
export interface OpenedRun {
  readonly bytes: Buffer;
  readonly key: BlockKey | null;
  readonly entries: readonly SequencedEntry[];
}

/** What one commit made durable; runs whose key was destroyed are left out. */
export interface OpenedGroup {
  readonly runs: readonly OpenedRun[];
  readonly lastSeq: number;
}

/**
 * Entries `fromSeq` to `headSeq` in batches of at most `ledgerReadEntries`. Starts in the segment
 * that holds `fromSeq`. Checks every frame it passes. Entries whose key was destroyed are left out.
 * @throws TripcoilError `ledger_corrupt`, `config_invalid` without the key, `storage_unavailable`.
 */
export async function* readEntries(
  ledger: ReadableLedger,
  segments: readonly ReadableSegment[],
  fromSeq: number,
  headSeq: number,
): AsyncGenerator<readonly SequencedEntry[]> {
  for await (const groups of readGroups(ledger, segments, fromSeq, headSeq)) {
    const wanted = groups.flatMap(entriesInOrder).filter(({ seq }) => {
      return seq >= fromSeq && seq <= headSeq;
    });
    for (let at = 0; at < wanted.length; at += LIMITS.ledgerReadEntries) {
      yield wanted.slice(at, at + LIMITS.ledgerReadEntries);
    }
  }
}

/** The same in whole groups, several at a time: the first and last may hold more than asked for. */
export async function* readGroups(
  ledger: ReadableLedger,
  segments: readonly ReadableSegment[],
  fromSeq: number,
  headSeq: number,
): AsyncGenerator<readonly OpenedGroup[]> {
  const first = segments.findLastIndex((segment) => segment.firstSeq <= fromSeq);
  for (const segment of segments.slice(Math.max(0, first))) {
    if (segment.firstSeq > headSeq) return;
    let offset = HEADER_BYTES;
    for (let done = false; !done; ) {
      const page = await readPage(ledger, segment, offset, fromSeq, headSeq);
      ({ offset, done } = page);
      if (page.groups.length > 0) yield page.groups;
    }
  }
}

/** Chain hash behind the commit that holds `seq`, in hex; null where no segment reaches it. */
export async function chainHashAt(
  { files, directory }: Pick<ReadableLedger, 'files' | 'directory'>,
  segments: readonly ReadableSegment[],
  seq: number,
): Promise<string | null> {
  const segment = segments.findLast(({ firstSeq }) => firstSeq <= seq);
  if (segment === undefined) return null;
  return withSegment(files, directory, segment.name, async (file) => {
    const limit = segment.committedBytes ?? (await file.size());
    const reader = new FrameReader(file, HEADER_BYTES, limit);
    for (;;) {
      const step = reader.step();
      if (step === 'load' ? !(await reader.load()) : step !== 'frame') return null;
      if (step === 'load') continue;
      const { bytes, payload, end } = reader;
      if (bytes[payload] !== COMMIT_TYPE) continue;
      const commit = decodeCommit(bytes, payload, end);
      if (commit !== null && commit.lastSeq >= seq) return commit.hash.toString('hex');
    }
  });
}

function entriesInOrder({ runs }: OpenedGroup): readonly SequencedEntry[] {
  const [only, ...others] = runs;
  if (others.length === 0) return only?.entries ?? [];
  return runs.flatMap(({ entries }) => entries).sort((a, b) => a.seq - b.seq);
}

/** The file is open only while a page is read, so that an abandoned iteration leaks nothing. */
async function readPage(
  ledger: ReadableLedger,
  segment: ReadableSegment,
  start: number,
  fromSeq: number,
  headSeq: number,
) {
  try {
    return await withSegment(ledger.files, ledger.directory, segment.name, async (file) => {
      const limit = segment.committedBytes ?? (await file.size());
      const reader = new FrameReader(file, start, limit);
      const groups: OpenedGroup[] = [];
      for (let entries = 0; entries < LIMITS.ledgerReadEntries; ) {
        const group = await readGroup(reader, ledger, segment, fromSeq);
        if (group !== null && group.lastSeq >= fromSeq) {
          groups.push(group);
          entries += group.runs.reduce((sum, run) => sum + run.entries.length, 1);
        }
        if (group === null || group.lastSeq >= headSeq) {
          return { groups, offset: limit, done: true };
        }
      }
      return { groups, offset: reader.endOffset, done: false };
    });
  } catch (error) {
    throw asStorageError('be read', error);
  }
}

/** The next group; null at the end. Blocks that end before `fromSeq` are not opened. */
async function readGroup(
  reader: FrameReader,
  ledger: ReadableLedger,
  segment: ReadableSegment,
  fromSeq: number,
): Promise<OpenedGroup | null> {
  const runs: OpenedRun[] = [];
  for (let inside = false; ; ) {
    const step = reader.step();
    if (step === 'end' && !inside) return null;
    if (step === 'load' ? !(await reader.load()) : step !== 'frame') {
      throw corruptLedger(segment.name, reader.offset, 0, 'a frame is damaged');
    }
    if (step === 'load') continue;
    inside = true;
    const { bytes, payload, end, offset } = reader;
    const type = bytes[payload];
    const commit = type === COMMIT_TYPE ? decodeCommit(bytes, payload, end) : null;
    if (commit !== null) return { runs, lastSeq: commit.lastSeq };
    const block = type === BLOCK_TYPE ? decodeBlock(bytes, payload, end) : null;
    if (block === null) throw corruptLedger(segment.name, offset, 0, 'a frame is malformed');
    const run = block.lastSeq < fromSeq ? null : await openedRun(block, ledger, segment);
    if (run !== null) runs.push(run);
  }
}

/** Null where the key was destroyed. */
async function openedRun(
  { keyId, firstSeq, count, stored, header }: BlockFrame,
  { keys }: ReadableLedger,
  segment: ReadableSegment,
): Promise<OpenedRun | null> {
  const key = stored.sealed ? ((await keys?.byId(keyId)) ?? 'lost') : null;
  if (key === 'destroyed') return null;
  if (typeof key === 'string') {
    const why = UNUSABLE[key];
    const message = `Entries from ${firstSeq} on are sealed, and the data key ${keyId} ${why}.`;
    throw new TripcoilError('config_invalid', message);
  }
  const bytes = openBlock(stored, key, header);
  const entries = bytes && entriesOf(bytes);
  if (!bytes || entries?.length !== count || entries[0]?.seq !== firstSeq) {
    throw corruptLedger(segment.name, 0, firstSeq, 'a block does not open');
  }
  return { bytes, key, entries };
}

const UNUSABLE = {
  lost: 'is not there',
  foreign: 'was wrapped by another master key',
  damaged: 'is damaged',
} as const;
