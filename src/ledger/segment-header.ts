import { crc32 } from 'node:zlib';
import { readU64, writeU64 } from './frame.ts';

/**
 * Start of a segment, little-endian: magic (8 bytes) · format version u32 · flags u32 (zero) ·
 * first seq u64 · logged-at of the entry before u64 · chain hash before (32 bytes) · crc32 u32.
 * Later versions keep these bytes, so that any build can name the version it cannot read.
 */
export const HEADER_BYTES = 68;
export const FORMAT_VERSION = 2;

const MAGIC = Buffer.from('TRIPWAL\n', 'latin1');
const CHECKSUM_OFFSET = HEADER_BYTES - 4;
const NAME = /^(\d{20})\.seg$/;

export interface SegmentHeader {
  readonly firstSeq: number;
  /** Of the last entry before this segment; 0 for the first segment. */
  readonly previousLoggedAt: number;
  readonly previousHash: Buffer;
}

export type HeaderReading =
  | { readonly ok: true; readonly header: SegmentHeader }
  | { readonly ok: false; readonly kind: 'altered' | 'wrong_version'; readonly message: string };

/** File name of the segment whose first entry is `firstSeq`; names sort like sequences. */
export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(20, '0')}.seg`;
}

/** Null for a name that is not a segment's. */
export function segmentNameSeq(name: string): number | null {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

export function encodeHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  writeU64(bytes, header.firstSeq, 16);
  writeU64(bytes, header.previousLoggedAt, 24);
  header.previousHash.copy(bytes, 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CHECKSUM_OFFSET)), CHECKSUM_OFFSET);
  return bytes;
}

/** Reads a header from the first bytes of a file, which may be fewer than a header. */
export function decodeHeader(bytes: Buffer): HeaderReading {
  if (bytes.length < HEADER_BYTES) {
    return { ok: false, kind: 'altered', message: 'the segment is shorter than its header' };
  }
  const checksum = crc32(bytes.subarray(0, CHECKSUM_OFFSET));
  if (checksum !== bytes.readUInt32LE(CHECKSUM_OFFSET) || !MAGIC.equals(bytes.subarray(0, 8))) {
    return {
      ok: false,
      kind: 'altered',
      message: 'the segment header does not match its checksum',
    };
  }
  const version = bytes.readUInt32LE(8);
  if (version !== FORMAT_VERSION || bytes.readUInt32LE(12) !== 0) {
    const message = `the segment has format ${version}, this version reads ${FORMAT_VERSION}`;
    return { ok: false, kind: 'wrong_version', message };
  }
  return {
    ok: true,
    header: {
      firstSeq: readU64(bytes, 16),
      previousLoggedAt: readU64(bytes, 24),
      previousHash: Buffer.from(bytes.subarray(32, 64)),
    },
  };
}
