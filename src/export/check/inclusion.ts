import { type Bytes, fromBase64, hexOf, joined, sha256 } from './bytes.ts';

/** A tree head as a checkpoint states it (C2SP tlog-checkpoint). */
export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

/** A proof that one entry is in a log (C2SP tlog-proof). */
export interface InclusionProof {
  readonly index: number;
  readonly hashes: readonly Bytes[];
  /** The signed checkpoint, as published. */
  readonly checkpoint: string;
}

const HASH_BYTES = 32;
const CHECKPOINT = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/;
const PROOF =
  /^c2sp\.org\/tlog-proof@v1\n(?:extra [A-Za-z0-9+/]*={0,2}\n)?index (0|[1-9]\d{0,15})\n((?:[A-Za-z0-9+/]{43}=\n){0,63})\n([\s\S]+)$/;

/** Null for a text that is no checkpoint. */
export function parseCheckpoint(text: string): TreeHead | null {
  const [, origin, size, base64 = ''] = CHECKPOINT.exec(text) ?? [];
  const root = fromBase64(base64);
  if (origin === undefined || root?.length !== HASH_BYTES) return null;
  return Number.isSafeInteger(Number(size)) ? { origin, size: Number(size), root } : null;
}

/** Null for a text that is no proof. */
export function parseProof(text: string): InclusionProof | null {
  const [, index, lines = '', checkpoint] = PROOF.exec(text) ?? [];
  if (index === undefined || checkpoint === undefined) return null;
  const hashes: Bytes[] = [];
  for (const line of lines.split('\n').slice(0, -1)) {
    const hash = fromBase64(line);
    if (hash === null) return null;
    hashes.push(hash);
  }
  return { index: Number(index), hashes, checkpoint };
}

/** What an entry of the log says, before it is hashed; see `leafRecordOf`. */
export interface LeafParts {
  /** Place of the entry's kind in the list of kinds, from 1. */
  readonly kindCode: number;
  readonly seq: number;
  readonly loggedAt: number;
  readonly commitment: Uint8Array;
}

/** 50 bytes, big-endian: version (1) · kind · seq u64 · logged at u64 · commitment. */
export function leafRecordOf({ kindCode, seq, loggedAt, commitment }: LeafParts): Bytes {
  const record = new Uint8Array(18 + HASH_BYTES);
  const view = new DataView(record.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, kindCode);
  view.setBigUint64(2, BigInt(seq));
  view.setBigUint64(10, BigInt(loggedAt));
  record.set(commitment, 18);
  return record;
}

/** Hashes of a tree (RFC 6962): nodes near the root are shared by many proofs and made once. */
export class TreeHasher {
  readonly #known = new Map<string, Bytes>();

  leaf(record: Bytes): Promise<Bytes> {
    return sha256(joined(LEAF, record));
  }

  async node(left: Bytes, right: Bytes): Promise<Bytes> {
    const name = hexOf(left) + hexOf(right);
    const known = this.#known.get(name);
    if (known) return known;
    const hash = await sha256(joined(NODE, left, right));
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(name, hash);
    return hash;
  }

  /** Whether the leaf stands at its place under the root (RFC 9162 section 2.1.3.2). */
  async includes(leaf: Bytes, proof: InclusionProof, tree: TreeHead): Promise<boolean> {
    if (proof.index >= tree.size) return false;
    let first = proof.index;
    let last = tree.size - 1;
    let hash = leaf;
    for (const sibling of proof.hashes) {
      if (last === 0) return false;
      if (first % 2 === 1 || first === last) {
        hash = await this.node(sibling, hash);
        while (first % 2 === 0 && first !== 0) [first, last] = [half(first), half(last)];
      } else hash = await this.node(hash, sibling);
      [first, last] = [half(first), half(last)];
    }
    return last === 0 && hexOf(hash) === hexOf(tree.root);
  }
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const KNOWN_MAX = 100_000;

/** Sizes pass 2^32, so that bit operators would cut them. */
function half(value: number): number {
  return Math.floor(value / 2);
}
