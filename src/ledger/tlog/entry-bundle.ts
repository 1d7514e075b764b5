import { LEAF_RECORD_BYTES } from './leaf-record.ts';

/** Bytes a leaf record takes in a bundle: its length as a big-endian u16 comes first. */
export const BUNDLED_BYTES = 2 + LEAF_RECORD_BYTES;

/** Bundles leaf records that lie one behind the other (C2SP tlog-tiles, log entries). */
export function encodeBundle(records: Buffer): Buffer {
  const count = records.length / LEAF_RECORD_BYTES;
  const bundle = Buffer.allocUnsafe(count * BUNDLED_BYTES);
  for (let entry = 0; entry < count; entry += 1) {
    const at = entry * BUNDLED_BYTES;
    bundle.writeUInt16BE(LEAF_RECORD_BYTES, at);
    records.copy(bundle, at + 2, entry * LEAF_RECORD_BYTES, (entry + 1) * LEAF_RECORD_BYTES);
  }
  return bundle;
}

/** The entries of a bundle in order; null when it is cut or holds what is no leaf record. */
export function decodeBundle(bundle: Buffer): readonly Buffer[] | null {
  if (bundle.length % BUNDLED_BYTES !== 0) return null;
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length; at += BUNDLED_BYTES) {
    if (bundle.readUInt16BE(at) !== LEAF_RECORD_BYTES) return null;
    entries.push(bundle.subarray(at + 2, at + BUNDLED_BYTES));
  }
  return entries;
}
