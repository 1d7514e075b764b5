import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { SequencedEntry } from '../ports/ledger.ts';
import type { DataKeys } from './data-keys.ts';
import { entriesOf } from './entry-run.ts';
import { BLOCK_TYPE, type BlockFrame, decodeBlock } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import type { LedgerFiles } from './ledger-files.ts';
import { openBlock } from './sealed-block.ts';
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

/**
 * Entries `fromSeq` to `headSeq` in batches of at most `ledgerReadEntries`. Starts in the segment
 * that holds `fromSeq`. Checks every frame it passes. Entries whose key was destroyed
 * are left out.
 * @throws TripcoilError `ledger_corrupt`, `config_invalid` without the key, `storage_unavailable`.
 */
export async function* readEntries(
  ledger: ReadableLedger,
  segments: readonly ReadableSegment[],
  fromSeq: number,
  headSeq: number,
): AsyncGenerator<readonly SequencedEntry[]> {
  const first = segments.findLastIndex((segment) => segment.firstSeq <= fromSeq);
  for (const segment of segments.slice(Math.max(0, first))) {
    if (segment.firstSeq > headSeq) return;
    let offset = HEADER_BYTES;
    for (let done = false; !done; ) {
      const page = await readPage(ledger, segment, offset, headSeq);
      ({ offset, done } = page);
      const wanted = page.entries.filter(({ seq }) => seq >= fromSeq);
      for (let at = 0; at < wanted.length; at += LIMITS.ledgerReadEntries) {
        yield wanted.slice(at, at + LIMITS.ledgerReadEntries);
      }
    }
  }
}

interface Page {
  readonly entries: SequencedEntry[];
  readonly offset: number;
  readonly done: boolean;
}

/** The file is open only while a page is read, so that an abandoned iteration leaks nothing. */
async function readPage(
  ledger: ReadableLedger,
  segment: ReadableSegment,
  start: number,
  headSeq: number,
): Promise<Page> {
  try {
    return await withSegment(ledger.files, ledger.directory, segment.name, async (file) => {
      const limit = segment.committedBytes ?? (await file.size());
      const reader = new FrameReader(file, start, limit);
      const entries: SequencedEntry[] = [];
      while (entries.length < LIMITS.ledgerReadEntries) {
        const group = await readGroup(reader, ledger, segment);
        if (group === null) return { entries, offset: limit, done: true };
        for (const entry of group) if (entry.seq <= headSeq) entries.push(entry);
        if ((group.at(-1)?.seq ?? 0) >= headSeq) return { entries, offset: limit, done: true };
      }
      return { entries, offset: reader.endOffset, done: false };
    });
  } catch (error) {
    throw asStorageError('be read', error);
  }
}

/** The next group in order of its entries; null at the end. */
async function readGroup(
  reader: FrameReader,
  ledger: ReadableLedger,
  segment: ReadableSegment,
): Promise<readonly SequencedEntry[] | null> {
  const runs: (readonly SequencedEntry[])[] = [];
  for (;;) {
    const step = reader.step();
    if (step === 'end' && runs.length === 0) return null;
    if (step === 'load' ? !(await reader.load()) : step !== 'frame') {
      throw corruptLedger(segment.name, reader.offset, 0, 'a frame is damaged');
    }
    if (step === 'load') continue;
    if (reader.bytes[reader.payload] !== BLOCK_TYPE) break;
    const block = decodeBlock(reader.bytes, reader.payload, reader.end);
    runs.push(block === null ? damaged(reader, segment) : await opened(block, ledger, segment));
  }
  const [only = [], ...others] = runs;
  return others.length === 0 ? only : runs.flat().sort((a, b) => a.seq - b.seq);
}

async function opened(
  block: BlockFrame,
  { keys }: ReadableLedger,
  segment: ReadableSegment,
): Promise<readonly SequencedEntry[]> {
  const { keyId, firstSeq, stored, header } = block;
  const key = stored.sealed ? ((await keys?.byId(keyId)) ?? 'lost') : null;
  if (key === 'destroyed') return [];
  if (key === 'lost' || key === 'foreign') {
    const why = key === 'lost' ? 'is not there' : 'was wrapped by another master key';
    const message = `Entries from ${firstSeq} on are sealed, and the data key ${keyId} ${why}.`;
    throw new TripcoilError('config_invalid', message);
  }
  const run = openBlock(stored, key, header);
  const entries = run && entriesOf(run);
  if (entries?.length !== block.count || entries[0]?.seq !== firstSeq) {
    throw corruptLedger(segment.name, 0, firstSeq, 'a block does not open');
  }
  return entries;
}

function damaged(reader: FrameReader, segment: ReadableSegment): never {
  throw corruptLedger(segment.name, reader.offset, 0, 'a block is malformed');
}
