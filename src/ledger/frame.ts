import { crc32 } from 'node:zlib';
import { assert } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { withRoom } from './roomy-bytes.ts';
import { type StoredBlock, UNSEALED_ID } from './sealed-block.ts';

/**
 * Frames of a write-ahead segment, little-endian (docs/adr/0003-ledger-format.md):
 *
 *     frame   crc32 u32 over all that follows · payload length u32 · payload
 *     block   0xB0 · flags u8 (1 compressed, 2 sealed) · key id (8 bytes) · entries u32
 *             · first seq u64 · last seq u64 · last logged at u64 (ms) · bytes to the end
 *     commit  0xC0 · flags u8 · entries u32 · last seq u64 · chain hash (32 bytes)
 *
 * A block holds entries of one tenant. What stands before its bytes is authenticated with them,
 * from the key id on.
 */
export const FRAME_PREFIX_BYTES = 8;
export const BLOCK_TYPE = 0xb0;
export const COMMIT_TYPE = 0xc0;
export const BLOCK_HEADER_BYTES = 38;
export const COMMIT_PAYLOAD_BYTES = 46;
export const COMMIT_FRAME_BYTES = FRAME_PREFIX_BYTES + COMMIT_PAYLOAD_BYTES;
/** Header, nonce, tag, and the most that a block holds. */
export const PAYLOAD_BYTES_MAX = BLOCK_HEADER_BYTES + 28 + LIMITS.ledgerBlockBytes;

const COMPRESSED = 0x01;
const SEALED = 0x02;
/** Flag of a commit frame: the segment ends here. */
const COMPLETES_SEGMENT = 0x01;

const U32 = 0x1_0000_0000;
const HASH_BYTES = 32;
const KEY_ID_AT = 2;

/** What a block says of itself to anybody. */
export interface BlockHeader {
  readonly keyId: string;
  readonly count: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Log time of the entry `lastSeq`. */
  readonly loggedAt: number;
}

/** A block as read; `header` are its authenticated bytes. */
export interface BlockFrame extends BlockHeader {
  readonly header: Buffer;
  readonly stored: StoredBlock;
}

/** The end of a group: everything up to `lastSeq` counts once this frame is whole on disk. */
export interface Commit {
  readonly count: number;
  readonly lastSeq: number;
  /** Chain hash after the last block, 32 bytes. */
  readonly hash: Buffer;
  readonly completesSegment: boolean;
}

/** Collects the frames of one group in one buffer, which the next group overwrites. */
export class FrameEncoder {
  readonly #initialBytes: number;
  #bytes: Buffer;
  #length = 0;

  constructor(initialBytes: number) {
    this.#initialBytes = initialBytes;
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** The group so far; valid until `reset`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
    if (this.#bytes.length > 2 * this.#initialBytes) {
      this.#bytes = Buffer.allocUnsafe(this.#initialBytes);
    }
  }

  /** Appends a block, sealed under its header by `seal`; returns its payload for the chain. */
  addBlock(block: BlockHeader, seal: (header: Buffer) => StoredBlock): Buffer {
    this.#reserve(FRAME_PREFIX_BYTES + BLOCK_HEADER_BYTES);
    const start = this.#length;
    const payload = start + FRAME_PREFIX_BYTES;
    const head = this.#bytes.subarray(payload, payload + BLOCK_HEADER_BYTES);
    writeBlockHeader(head, block);
    const { compressed, sealed, bytes } = seal(head.subarray(KEY_ID_AT));
    head[1] = (compressed ? COMPRESSED : 0) | (sealed ? SEALED : 0);
    this.#length = payload + BLOCK_HEADER_BYTES;
    this.#reserve(bytes.length + COMMIT_FRAME_BYTES);
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
    checksumFrame(this.#bytes, start, this.#length);
    return this.#bytes.subarray(payload, this.#length);
  }

  addCommit(commit: Commit): void {
    assert(commit.hash.length === HASH_BYTES, 'a chain hash has 32 bytes');
    this.#reserve(COMMIT_FRAME_BYTES);
    const bytes = this.#bytes;
    const start = this.#length;
    const payload = start + FRAME_PREFIX_BYTES;
    bytes[payload] = COMMIT_TYPE;
    bytes[payload + 1] = commit.completesSegment ? COMPLETES_SEGMENT : 0;
    bytes.writeUInt32LE(commit.count, payload + 2);
    writeU64(bytes, commit.lastSeq, payload + 6);
    commit.hash.copy(bytes, payload + 14);
    this.#length = start + COMMIT_FRAME_BYTES;
    checksumFrame(bytes, start, this.#length);
  }

  #reserve(more: number): void {
    this.#bytes = withRoom(this.#bytes, this.#length, more);
  }
}

/** Whether the checksum of the frame from `start` to `end` fits. */
export function frameIsWhole(bytes: Buffer, start: number, end: number): boolean {
  return bytes.readUInt32LE(start) === crc32(bytes.subarray(start + 4, end));
}

/** Null when the payload is not a block that this version understands. */
export function decodeBlock(bytes: Buffer, payload: number, end: number): BlockFrame | null {
  const flags = bytes[payload + 1] ?? 0;
  if (end - payload < BLOCK_HEADER_BYTES || (flags & ~(COMPRESSED | SEALED)) !== 0) return null;
  const header = bytes.subarray(payload + KEY_ID_AT, payload + BLOCK_HEADER_BYTES);
  const block = {
    keyId: header.toString('hex', 0, 8),
    count: header.readUInt32LE(8),
    firstSeq: readU64(header, 12),
    lastSeq: readU64(header, 20),
    loggedAt: readU64(header, 28),
  };
  const sealed = (flags & SEALED) !== 0;
  const { count, firstSeq, lastSeq } = block;
  if (count === 0 || lastSeq - firstSeq + 1 < count) return null;
  if (sealed === (block.keyId === UNSEALED_ID)) return null;
  const stored = {
    ...{ compressed: (flags & COMPRESSED) !== 0, sealed },
    bytes: bytes.subarray(payload + BLOCK_HEADER_BYTES, end),
  };
  return { ...block, header, stored };
}

/** Null when the payload is not a commit that this version understands. */
export function decodeCommit(bytes: Buffer, payload: number, end: number): Commit | null {
  const flags = bytes[payload + 1] ?? 0;
  if (end - payload !== COMMIT_PAYLOAD_BYTES || (flags & ~COMPLETES_SEGMENT) !== 0) return null;
  return {
    count: bytes.readUInt32LE(payload + 2),
    lastSeq: readU64(bytes, payload + 6),
    hash: bytes.subarray(payload + 14, payload + 14 + HASH_BYTES),
    completesSegment: (flags & COMPLETES_SEGMENT) !== 0,
  };
}

export function writeU64(bytes: Buffer, value: number, offset: number): void {
  bytes.writeUInt32LE(value % U32, offset);
  bytes.writeUInt32LE(Math.floor(value / U32), offset + 4);
}

export function readU64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + U32 * bytes.readUInt32LE(offset + 4);
}

function writeBlockHeader(into: Buffer, block: BlockHeader): void {
  into[0] = BLOCK_TYPE;
  into[1] = 0;
  into.write(block.keyId, KEY_ID_AT, 'hex');
  into.writeUInt32LE(block.count, 10);
  writeU64(into, block.firstSeq, 14);
  writeU64(into, block.lastSeq, 22);
  writeU64(into, block.loggedAt, 30);
}

function checksumFrame(bytes: Buffer, start: number, end: number): void {
  bytes.writeUInt32LE(end - start - FRAME_PREFIX_BYTES, start + 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(start + 4, end)), start);
}
