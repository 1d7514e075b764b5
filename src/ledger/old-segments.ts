import { BLOCK_TYPE, decodeBlock } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import type { LedgerFiles } from './ledger-files.ts';
import { HEADER_BYTES } from './segment-header.ts';
import { readHeader, type SegmentFileName, withSegment } from './segments.ts';

interface Place {
  readonly files: LedgerFiles;
  readonly directory: string;
}

/** Whether all blocks of a whole segment were sealed under keys that are destroyed. */
export function isUnreadable(
  { files, directory }: Place,
  { name }: SegmentFileName,
  isDestroyed: (keyId: string) => Promise<boolean>,
): Promise<boolean> {
  return withSegment(files, directory, name, async (file) => {
    const reader = new FrameReader(file, HEADER_BYTES, await file.size());
    for (;;) {
      const step = reader.step();
      if (step === 'end') return true;
      if (step === 'load' ? !(await reader.load()) : step !== 'frame') return false;
      if (step === 'load' || reader.bytes[reader.payload] !== BLOCK_TYPE) continue;
      const block = decodeBlock(reader.bytes, reader.payload, reader.end);
      if (block === null || !block.stored.sealed) return false;
      if (!(await isDestroyed(block.keyId))) return false;
    }
  });
}

/** The sequence of the first entry that may have been logged at or after a time. */
export async function firstSeqSince(
  place: Place,
  segments: readonly SegmentFileName[],
  time: number,
): Promise<number> {
  let found: SegmentFileName | null = null;
  for (const segment of segments) {
    const reading = await withSegment(place.files, place.directory, segment.name, readHeader);
    if (!reading.ok || reading.header.previousLoggedAt >= time) break;
    found = segment;
  }
  if (found === null) return segments[0]?.firstSeq ?? 1;
  return firstInside(place, found, time);
}

function firstInside({ files, directory }: Place, segment: SegmentFileName, time: number) {
  return withSegment(files, directory, segment.name, async (file) => {
    const reader = new FrameReader(file, HEADER_BYTES, await file.size());
    let next = segment.firstSeq;
    for (;;) {
      const step = reader.step();
      if (step === 'load' ? !(await reader.load()) : step !== 'frame') return next;
      if (step === 'load' || reader.bytes[reader.payload] !== BLOCK_TYPE) continue;
      const block = decodeBlock(reader.bytes, reader.payload, reader.end);
      if (block === null || block.loggedAt >= time) return Math.min(next, block?.firstSeq ?? next);
      next = block.lastSeq + 1;
    }
  });
}
