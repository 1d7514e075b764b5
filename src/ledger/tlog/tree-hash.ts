import { hash } from 'node:crypto';

/** Bytes of a SHA-256 hash. */
export const HASH_BYTES = 32;

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

const node = Buffer.alloc(1 + 2 * HASH_BYTES, NODE_PREFIX);

/** Root of the tree without leaves: the hash of nothing (RFC 6962 section 2.1). */
export const EMPTY_ROOT: Buffer = hash('sha256', '', 'buffer');

/** Hash of a leaf: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Buffer {
  const prefixed = Buffer.allocUnsafe(1 + entry.length);
  prefixed[0] = LEAF_PREFIX;
  prefixed.set(entry, 1);
  return hash('sha256', prefixed, 'buffer');
}

/** Hash of two subtrees: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return hash('sha256', node, 'buffer');
}

/** Hashes what lies in `from` and writes it: text takes a third of the time of a buffer. */
export function writeHash(from: Uint8Array, into: Buffer, position: number): void {
  into.write(hash('sha256', from, 'binary'), position, HASH_BYTES, 'latin1');
}

/** Hashes two subtrees that lie beside each other at `position`. */
export function writeNodeHash(from: Buffer, position: number, into: Buffer, to: number): void {
  from.copy(node, 1, position, position + 2 * HASH_BYTES);
  writeHash(node, into, to);
}

/** Root of a perfect subtree whose hashes, a power of two of them, lie in `hashes`. */
export function perfectRoot(hashes: Buffer): Buffer {
  const work = Buffer.from(hashes);
  for (let count = hashes.length / HASH_BYTES; count > 1; count /= 2) {
    for (let pair = 0; pair < count / 2; pair += 1) {
      writeNodeHash(work, 2 * pair * HASH_BYTES, work, pair * HASH_BYTES);
    }
  }
  return work.subarray(0, HASH_BYTES);
}
