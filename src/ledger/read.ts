import { LIMITS } from '../core/limits.ts';
import type { SequencedEntry } from '../ports/ledger.ts';
import { decodeEntry, ENTRY_TYPE, entryProblem, entrySeq } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import type { LedgerFiles } from './ledger-files.ts';
import { HEADER_BYTES } from './segment-header.ts';
import { corruptLedger, type SegmentFileName, withSegment } from './segments.ts';
import { asStorageError } from './storage-error.ts';

/** A segment and how much of it is committed; null means all of it. */
export interface ReadableSegment extends SegmentFileName {
  readonly committedBytes: number | null;
}

/**
 * Entries `fromSeq` to `headSeq` in batches of at most `ledgerReadEntries` and about
 * `ledgerReadBytes`. Starts in the segment that holds `fromSeq`. Checks every frame it passes.
 * @throws TripcoilError `ledger_corrupt` or `storage_unavailable`.
 */
export async function* readEntries(
  files: LedgerFiles,
  directory: string,
  segments: readonly ReadableSegment[],
  fromSeq: number,
  headSeq: number,
): AsyncGenerator<readonly SequencedEntry[]> {
  let next = fromSeq;
  const first = segments.findLastIndex((segment) => segment.firstSeq <= fromSeq);
  for (const segment of segments.slice(Math.max(0, first))) {
    if (next > headSeq) return;
    let offset = HEADER_BYTES;
    for (let done = false; !done && next <= headSeq; ) {
      const page = await readPage(files, directory, segment, offset, next, headSeq);
      ({ offset, done } = page);
      next += page.entries.length;
      if (page.entries.length > 0) yield page.entries;
    }
  }
}

/** The file is open only while a page is read, so that an abandoned iteration leaks nothing. */
async function readPage(
  files: LedgerFiles,
  directory: string,
  segment: ReadableSegment,
  start: number,
  fromSeq: number,
  headSeq: number,
): Promise<{ entries: SequencedEntry[]; offset: number; done: boolean }> {
  try {
    return await withSegment(files, directory, segment.name, async (file) => {
      const limit = segment.committedBytes ?? (await file.size());
      const reader = new FrameReader(file, start, limit);
      const entries: SequencedEntry[] = [];
      let bytes = 0;
      while (entries.length < LIMITS.ledgerReadEntries && bytes < LIMITS.ledgerReadBytes) {
        const step = reader.step();
        if (step === 'end') return { entries, offset: limit, done: true };
        if (step === 'load' ? await reader.load() : step === 'frame') {
          if (step === 'load' || reader.bytes[reader.payload] !== ENTRY_TYPE) continue;
          const entry = entryAt(reader, segment, fromSeq + entries.length);
          if (entry === null) continue;
          entries.push(entry);
          bytes += reader.end - reader.payload;
          if (entry.seq === headSeq) return { entries, offset: limit, done: true };
        } else {
          const seq = fromSeq + entries.length;
          throw corruptLedger(segment.name, reader.offset, seq, 'a frame is damaged');
        }
      }
      return { entries, offset: reader.endOffset, done: false };
    });
  } catch (error) {
    throw asStorageError('be read', error);
  }
}

/** The current entry, null when it comes before the one asked for. */
function entryAt(
  reader: FrameReader,
  segment: ReadableSegment,
  expectedSeq: number,
): SequencedEntry | null {
  const { bytes, payload, end } = reader;
  const problem = entryProblem(bytes, payload, end);
  const seq = problem === null ? entrySeq(bytes, payload) : expectedSeq;
  if (problem === null && seq < expectedSeq) return null;
  if (problem !== null || seq > expectedSeq) {
    const message = problem ?? `entry ${seq} stands in its place`;
    throw corruptLedger(segment.name, reader.offset, expectedSeq, message);
  }
  return decodeEntry(bytes, payload, end);
}
