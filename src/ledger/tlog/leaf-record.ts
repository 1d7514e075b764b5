import { hash } from 'node:crypto';
import { assert } from '../../core/errors.ts';

/**
 * What stands in the transparency log for one entry, big-endian, of fixed size: version u8 · kind
 * u8 · seq u64 · logged at u64 (ms) · commitment (32 bytes). The commitment is a salted hash of the
 * entry, so that the log says nothing of what it commits to once salt and payload are destroyed.
 */
export interface LeafRecord {
  /** Code of the entry's kind, as in the segments. */
  readonly kind: number;
  /** Position in the partition's log. */
  readonly seq: number;
  readonly loggedAt: number;
  readonly commitment: Buffer;
}

export const LEAF_RECORD_BYTES = 50;
const VERSION = 1;
const COMMITMENT_AT = 18;

/** SHA-256(salt ‖ entry), where `salted` holds both beside each other. */
export function writeCommitment(salted: Uint8Array, into: Buffer, position: number): void {
  into.write(hash('sha256', salted, 'binary'), position + COMMITMENT_AT, 32, 'latin1');
}

/** Writes all but the commitment. */
export function writeLeafRecord(
  into: Buffer,
  position: number,
  { kind, seq, loggedAt }: Omit<LeafRecord, 'commitment'>,
): void {
  into[position] = VERSION;
  into[position + 1] = kind;
  writeU64(into, seq, position + 2);
  writeU64(into, loggedAt, position + 10);
}

/** Null for bytes that are no leaf record of this version. */
export function readLeafRecord(bytes: Buffer, position = 0): LeafRecord | null {
  if (bytes.length < position + LEAF_RECORD_BYTES || bytes[position] !== VERSION) return null;
  return {
    kind: bytes[position + 1] ?? 0,
    seq: readU64(bytes, position + 2),
    loggedAt: readU64(bytes, position + 10),
    commitment: bytes.subarray(position + COMMITMENT_AT, position + LEAF_RECORD_BYTES),
  };
}

const U32 = 0x1_0000_0000;

function writeU64(bytes: Buffer, value: number, at: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'a number a log can hold');
  bytes.writeUInt32BE(Math.floor(value / U32), at);
  bytes.writeUInt32BE(value % U32, at + 4);
}

function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * U32 + bytes.readUInt32BE(at + 4);
}
