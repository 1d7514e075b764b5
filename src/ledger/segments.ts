import { join } from 'node:path';
import { TripcoilError } from '../core/errors.ts';
import type { LedgerFile, LedgerFiles } from './ledger-files.ts';
import {
  decodeHeader,
  HEADER_BYTES,
  type HeaderReading,
  segmentNameSeq,
} from './segment-header.ts';

/** A segment file by its name; the content is not looked at. */
export interface SegmentFileName {
  readonly name: string;
  readonly firstSeq: number;
}

/** Where the segments of a ledger lie. */
export function segmentsDirectory(directory: string): string {
  return join(directory, 'wal');
}

/** Segments by first sequence, ascending. Other files are left alone. */
export async function listSegments(
  files: LedgerFiles,
  directory: string,
): Promise<SegmentFileName[]> {
  const segments: SegmentFileName[] = [];
  for (const name of await files.list(segmentsDirectory(directory))) {
    const firstSeq = segmentNameSeq(name);
    if (firstSeq !== null) segments.push({ name, firstSeq });
  }
  return segments.sort((a, b) => a.firstSeq - b.firstSeq);
}

/** Opens a segment for reading, and closes it whatever happens. */
export async function withSegment<Result>(
  files: LedgerFiles,
  directory: string,
  name: string,
  use: (file: LedgerFile) => Promise<Result>,
): Promise<Result> {
  const file = await files.open(join(segmentsDirectory(directory), name), 'read');
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

export async function readHeader(file: LedgerFile): Promise<HeaderReading> {
  const bytes = Buffer.alloc(HEADER_BYTES);
  const read = await file.read(bytes, 0);
  return decodeHeader(bytes.subarray(0, read));
}

/** Cuts a segment back, durably. */
export async function truncateSegment(
  files: LedgerFiles,
  path: string,
  size: number,
): Promise<void> {
  const file = await files.open(path, 'write');
  try {
    await file.truncate(size);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Names the place, so that the operator can look at it and `tripcoil verify` can be compared. */
export function corruptLedger(
  segment: string,
  offset: number,
  seq: number,
  message: string,
): TripcoilError {
  return new TripcoilError(
    'ledger_corrupt',
    `The ledger is damaged: segment ${segment}, offset ${offset}, entry ${seq}: ${message}.`,
  );
}
