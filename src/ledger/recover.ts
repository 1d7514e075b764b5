import { join } from 'node:path';
import type { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { LedgerHead } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import { wholeCommits } from './frame-reader.ts';
import { GENESIS_HASH } from './hash-chain.ts';
import { type KnownHead, readHeadFile } from './head-file.ts';
import type { LedgerFile, LedgerFiles } from './ledger-files.ts';
import { type RetentionNote, readRetentionNote } from './retention-note.ts';
import { HEADER_BYTES, type SegmentHeader } from './segment-header.ts';
import { type SegmentFault, type SegmentWalk, walkSegment } from './segment-walk.ts';
import {
  corruptLedger,
  listSegments,
  readHeader,
  type SegmentFileName,
  segmentsDirectory,
  truncateSegment,
  withSegment,
} from './segments.ts';

/** Where writing goes on. */
export interface RecoveredLedger {
  readonly head: LedgerHead;
  readonly hash: Buffer;
  readonly segments: readonly SegmentFileName[];
  readonly retention: RetentionNote;
  /** The segment to go on with, and where; null when the next entry opens one. */
  readonly tail: { readonly firstSeq: number; readonly endOffset: number } | null;
}

/**
 * Finds the last committed entry and removes what was written behind it. Checks the names and
 * headers of all segments and every byte of the last one that holds entries; the rest is the work
 * of `verifyLedger`, so that opening takes the same time at any age.
 * @throws TripcoilError `ledger_corrupt` when committed data is damaged.
 */
export async function recoverLedger(
  files: LedgerFiles,
  directory: string,
  log: Log,
): Promise<RecoveredLedger> {
  const retention = await readRetentionNote(files, directory);
  if (retention === null) throw corruptLedger('retention.json', 0, 1, 'the note is damaged');
  const segments = await keptSegments(files, directory, retention);
  const known = await knownHead(files, directory, log);
  if (await dropUnbornSegment(files, directory, segments, log)) segments.pop();
  const headers = await checkHeaders(files, directory, segments, retention);
  const last = segments.at(-1);
  const header = headers.at(-1);
  if (last === undefined || header === undefined) {
    if (known !== null && known.seq > 0) throw tailMissing('none', HEADER_BYTES, 0, known);
    const head = headOf(0, GENESIS_HASH, 0);
    return { head, hash: GENESIS_HASH, segments, retention, tail: null };
  }
  const walk = await recoverTail(files, directory, last, header, known, log);
  if (walk.commits === 0) await checkPredecessor(files, directory, segments, headers);
  if (known !== null && known.seq > walk.lastSeq) {
    throw tailMissing(last.name, walk.endOffset, walk.lastSeq + 1, known);
  }
  return {
    head: headOf(walk.lastSeq, walk.hash, walk.loggedAt),
    hash: walk.hash,
    ...{ segments, retention },
    tail: walk.complete ? null : { firstSeq: last.firstSeq, endOffset: walk.endOffset },
  };
}

function headOf(seq: number, hash: Buffer, loggedAt: number): LedgerHead {
  return { seq, hash: hash.toString('hex'), loggedAt };
}

function tailMissing(
  segment: string,
  offset: number,
  seq: number,
  known: KnownHead,
): TripcoilError {
  const message = `the ledger was closed at entry ${known.seq}, which is gone`;
  return corruptLedger(segment, offset, seq, message);
}

async function knownHead(
  files: LedgerFiles,
  directory: string,
  log: Log,
): Promise<KnownHead | null> {
  const known = await readHeadFile(files, directory);
  if (known === 'damaged') log.warn('ledger head file damaged and ignored');
  return known === 'none' || known === 'damaged' ? null : known;
}

/** A crash while a segment was being created leaves a last file without a whole header. */
async function dropUnbornSegment(
  files: LedgerFiles,
  directory: string,
  segments: readonly SegmentFileName[],
  log: Log,
): Promise<boolean> {
  const last = segments.at(-1);
  if (last === undefined) return false;
  const unborn = await withSegment(files, directory, last.name, async (file) => {
    const reading = await readHeader(file);
    if (reading.ok || reading.kind === 'wrong_version') return false;
    for await (const commit of wholeCommits(file, 0, await file.size())) {
      throw corruptLedger(last.name, 0, commit.lastSeq, reading.message);
    }
    return true;
  });
  if (!unborn) return false;
  log.warn('ledger segment without header removed', { segment: last.name });
  await files.remove(join(segmentsDirectory(directory), last.name));
  await files.syncDirectory(segmentsDirectory(directory));
  return true;
}

/** Without those that retention was deleting when a crash came, which are deleted now. */
async function keptSegments(
  files: LedgerFiles,
  directory: string,
  { firstSeq }: RetentionNote,
): Promise<SegmentFileName[]> {
  const segments = await listSegments(files, directory);
  const old = segments.filter((segment) => segment.firstSeq < firstSeq);
  for (const { name } of old) await files.remove(join(segmentsDirectory(directory), name));
  if (old.length > 0) await files.syncDirectory(segmentsDirectory(directory));
  return segments.filter((segment) => segment.firstSeq >= firstSeq);
}

async function checkHeaders(
  files: LedgerFiles,
  directory: string,
  segments: readonly SegmentFileName[],
  { firstSeq: begin, previousHash }: RetentionNote,
): Promise<SegmentHeader[]> {
  const headers: SegmentHeader[] = [];
  for (const { name, firstSeq } of segments) {
    const reading = await withSegment(files, directory, name, readHeader);
    if (!reading.ok) throw corruptLedger(name, 0, firstSeq, reading.message);
    if (reading.header.firstSeq !== firstSeq) {
      const message = `its header says that it begins with entry ${reading.header.firstSeq}`;
      throw corruptLedger(name, 0, firstSeq, message);
    }
    headers.push(reading.header);
  }
  const first = headers[0];
  const name = segments[0]?.name ?? '';
  if (first !== undefined && first.firstSeq !== begin) {
    throw corruptLedger(name, 0, begin, 'the segments before it are missing');
  }
  if (first !== undefined && !first.previousHash.equals(previousHash)) {
    throw corruptLedger(name, 0, begin, 'it continues another history than the one deleted');
  }
  return headers;
}

async function recoverTail(
  files: LedgerFiles,
  directory: string,
  { name, firstSeq }: SegmentFileName,
  header: SegmentHeader,
  known: KnownHead | null,
  log: Log,
): Promise<SegmentWalk> {
  if (known?.seq === firstSeq - 1 && known.hash !== header.previousHash.toString('hex')) {
    throw corruptLedger(name, 0, firstSeq, FORKED);
  }
  const walk = await withSegment(files, directory, name, async (file) => {
    const size = await file.size();
    const result = await walkSegment(file, size, header, {
      onCommit: (lastSeq, hash) => {
        if (known?.seq !== lastSeq || known.hash === hash.toString('hex')) return;
        throw corruptLedger(name, HEADER_BYTES, lastSeq, FORKED);
      },
    });
    const { fault } = result;
    if (fault !== null && !(await isTorn(file, fault, size))) {
      throw corruptLedger(name, fault.offset, fault.seq, fault.message);
    }
    return { ...result, droppedBytes: size - result.endOffset };
  });
  if (walk.droppedBytes > 0) {
    if (known !== null && known.seq > walk.lastSeq) {
      throw tailMissing(name, walk.endOffset, walk.lastSeq + 1, known);
    }
    log.warn('ledger tail that was never committed removed', {
      segment: name,
      offset: walk.endOffset,
      bytes: walk.droppedBytes,
    });
    await truncateSegment(files, join(segmentsDirectory(directory), name), walk.endOffset);
  }
  return walk;
}

const FORKED = 'it hashes to another history than the one that was closed';

/** The last segment holds a header alone: then the one before must end where it begins. */
async function checkPredecessor(
  files: LedgerFiles,
  directory: string,
  segments: readonly SegmentFileName[],
  headers: readonly SegmentHeader[],
): Promise<void> {
  const before = segments.at(-2);
  const beforeHeader = headers.at(-2);
  const header = headers.at(-1);
  if (before === undefined || beforeHeader === undefined || header === undefined) return;
  const { name } = before;
  const walk = await withSegment(files, directory, name, async (file) =>
    walkSegment(file, await file.size(), beforeHeader),
  );
  if (walk.fault !== null) {
    throw corruptLedger(name, walk.fault.offset, walk.fault.seq, walk.fault.message);
  }
  if (walk.lastSeq !== header.firstSeq - 1 || !walk.hash.equals(header.previousHash)) {
    throw corruptLedger(name, walk.endOffset, walk.lastSeq + 1, 'the next segment does not follow');
  }
}

/**
 * Whether a fault in the last segment is the end of an interrupted write rather than damage.
 * Groups are written one after the other, each after the fsync of the one before, so that a whole
 * commit behind the fault means damage; except when the group's own commit reached the disk before
 * the rest of it, which shows as a sector that still reads as zeros.
 */
async function isTorn(file: LedgerFile, fault: SegmentFault, size: number): Promise<boolean> {
  let end: number | null = null;
  for await (const commit of wholeCommits(file, fault.groupOffset, size)) {
    if (end !== null) return false;
    end = commit.offset;
  }
  return end === null || (await hasUnwrittenSector(file, fault.groupOffset, end));
}

const SECTOR_BYTES = 512;
const ZEROS = Buffer.alloc(SECTOR_BYTES);

/** Entries are text and hashes: 512 zero bytes at a sector's place were never written. */
async function hasUnwrittenSector(file: LedgerFile, start: number, end: number): Promise<boolean> {
  const window = Buffer.allocUnsafe(LIMITS.ledgerReadBytes);
  for (let base = start; base < end; ) {
    const wanted = Math.min(window.length - (base % SECTOR_BYTES), end - base);
    const filled = await file.read(window.subarray(0, wanted), base);
    if (filled === 0) return false;
    for (let at = 0; at < filled; ) {
      const length = Math.min(SECTOR_BYTES - ((base + at) % SECTOR_BYTES), filled - at);
      if (window.compare(ZEROS, 0, length, at, at + length) === 0) return true;
      at += length;
    }
    base += filled;
  }
  return false;
}
