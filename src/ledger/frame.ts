import { crc32 } from 'node:zlib';
import type { EntryKind } from '../core/entry.ts';
import { assert } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { SequencedEntry, UnsequencedEntry } from '../ports/ledger.ts';

/**
 * Frames of a write-ahead segment, little-endian (docs/adr/0003-ledger-format.md):
 *
 *     frame   crc32 u32 over all that follows · payload length u32 · payload
 *     entry   0x00 · flags u8 · kind u8 · engine version u32 · seq u64 · logged at u64 (ms)
 *             · tenant length u16 · tenant · body to the end
 *     commit  0xC0 · flags u8 · entries u32 · last seq u64 · chain hash (32 bytes)
 *
 * The type byte of an entry is at once the leaf prefix of RFC 6962 section 2.1, so that hashing a
 * payload as it lies gives the leaf hash of the entry bytes behind that byte.
 */
export const FRAME_PREFIX_BYTES = 8;
export const ENTRY_TYPE = 0x00;
export const COMMIT_TYPE = 0xc0;
export const ENTRY_HEADER_BYTES = 25;
export const COMMIT_PAYLOAD_BYTES = 46;
export const COMMIT_FRAME_BYTES = FRAME_PREFIX_BYTES + COMMIT_PAYLOAD_BYTES;
/** Header, the longest tenant a u16 can count, and the longest body. */
export const PAYLOAD_BYTES_MAX = ENTRY_HEADER_BYTES + 0xffff + LIMITS.ledgerEntryBytes;

/** Flag of a commit frame: the segment ends here. */
const COMPLETES_SEGMENT = 0x01;

const U32 = 0x1_0000_0000;
const HASH_BYTES = 32;

/** Codes on disk never change and are never reused. */
const KIND_CODES: Readonly<Record<EntryKind, number>> = {
  input: 1,
  tick: 2,
  config: 3,
  grant: 4,
  command: 5,
  finding: 6,
  transition: 7,
  revocation: 8,
  delivery: 9,
  ack: 10,
  view: 11,
  export: 12,
  key: 13,
  snapshot: 14,
  chain: 15,
};

const KIND_BY_CODE: readonly (EntryKind | undefined)[] = (() => {
  const kinds: (EntryKind | undefined)[] = [];
  for (const [kind, code] of Object.entries(KIND_CODES)) kinds[code] = kind as EntryKind;
  return kinds;
})();

/** The end of a group: everything up to `lastSeq` counts once this frame is whole on disk. */
export interface Commit {
  readonly count: number;
  readonly lastSeq: number;
  /** Chain hash after the entry `lastSeq`, 32 bytes. */
  readonly hash: Buffer;
  readonly completesSegment: boolean;
}

/** Collects the frames of one group in one buffer, which the next group overwrites. */
export class GroupEncoder {
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

  /** Appends one entry and returns its payload, the input of its leaf hash. */
  addEntry(entry: UnsequencedEntry, seq: number): Buffer {
    const { tenant, body } = entry;
    const start = this.#length;
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    this.#reserve(
      FRAME_PREFIX_BYTES +
        ENTRY_HEADER_BYTES +
        COMMIT_FRAME_BYTES +
        3 * (tenant.length + body.length),
    );
    const bytes = this.#bytes;
    const payload = start + FRAME_PREFIX_BYTES;
    bytes[payload] = ENTRY_TYPE;
    bytes[payload + 1] = 0;
    bytes[payload + 2] = KIND_CODES[entry.kind];
    bytes.writeUInt32LE(entry.engineVersion, payload + 3);
    writeU64(bytes, seq, payload + 7);
    writeU64(bytes, entry.loggedAt, payload + 15);
    const tenantBytes = bytes.write(tenant, payload + ENTRY_HEADER_BYTES);
    bytes.writeUInt16LE(tenantBytes, payload + 23);
    const bodyStart = payload + ENTRY_HEADER_BYTES + tenantBytes;
    const end = bodyStart + bytes.write(body, bodyStart);
    this.#length = end;
    sealFrame(bytes, start, end);
    return bytes.subarray(payload, end);
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
    sealFrame(bytes, start, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Whether the checksum of the frame from `start` to `end` fits. */
export function frameIsWhole(bytes: Buffer, start: number, end: number): boolean {
  return bytes.readUInt32LE(start) === crc32(bytes.subarray(start + 4, end));
}

export function entrySeq(bytes: Buffer, payload: number): number {
  return readU64(bytes, payload + 7);
}

export function entryLoggedAt(bytes: Buffer, payload: number): number {
  return readU64(bytes, payload + 15);
}

/** Null when the payload is not an entry that this version understands. */
export function entryProblem(bytes: Buffer, payload: number, end: number): string | null {
  if (end - payload < ENTRY_HEADER_BYTES) return 'an entry is shorter than its header';
  if (bytes[payload + 1] !== 0) return 'an entry carries flags of a later version';
  if (KIND_BY_CODE[bytes[payload + 2] ?? 0] === undefined) return 'an entry has an unknown kind';
  const bodyStart = payload + ENTRY_HEADER_BYTES + bytes.readUInt16LE(payload + 23);
  return bodyStart > end ? 'the tenant of an entry runs over its end' : null;
}

/** Decodes an entry for which `entryProblem` is null. */
export function decodeEntry(bytes: Buffer, payload: number, end: number): SequencedEntry {
  const kind = KIND_BY_CODE[bytes[payload + 2] ?? 0];
  assert(kind !== undefined, 'entryProblem was asked first');
  const tenantStart = payload + ENTRY_HEADER_BYTES;
  const bodyStart = tenantStart + bytes.readUInt16LE(payload + 23);
  return {
    seq: entrySeq(bytes, payload),
    loggedAt: entryLoggedAt(bytes, payload),
    kind,
    tenant: bytes.toString('utf8', tenantStart, bodyStart),
    engineVersion: bytes.readUInt32LE(payload + 3),
    body: bytes.toString('utf8', bodyStart, end),
  };
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

function sealFrame(bytes: Buffer, start: number, end: number): void {
  bytes.writeUInt32LE(end - start - FRAME_PREFIX_BYTES, start + 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(start + 4, end)), start);
}
