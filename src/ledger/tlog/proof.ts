import { assert } from '../../core/errors.ts';
import { TILE_HEIGHT, TILE_WIDTH, type TileName, tileWidth } from './tile.ts';
import { HASH_BYTES, nodeHash, perfectRoot } from './tree-hash.ts';

/** Reads a tile of hashes of the tree. Rejects when it is not there. */
export type ReadTile = (tile: TileName) => Promise<Buffer>;

/** Makes proofs over a tree of `size` leaves from its tiles, each read at most once. */
export class ProofMaker {
  readonly #size: number;
  readonly #readTile: ReadTile;
  readonly #tiles = new Map<string, Promise<Buffer>>();

  constructor(size: number, readTile: ReadTile) {
    this.#size = size;
    this.#readTile = readTile;
  }

  /** Root of the tree that the first `size` leaves make. */
  root(size: number = this.#size): Promise<Buffer> {
    assert(size > 0 && size <= this.#size, 'a root of leaves that are there');
    return this.#range(0, size);
  }

  /** Siblings from the leaf `index` up to the root (RFC 6962 section 2.1.1). */
  inclusion(index: number): Promise<readonly Buffer[]> {
    assert(index >= 0 && index < this.#size, 'a leaf of the tree');
    return this.#path(index, 0, this.#size);
  }

  /** That the tree of the first `size` leaves is a prefix of this one (RFC 6962 section 2.1.2). */
  async consistency(size: number): Promise<readonly Buffer[]> {
    assert(size > 0 && size <= this.#size, 'an earlier tree has leaves');
    return size === this.#size ? [] : this.#subproof(size, 0, this.#size, true);
  }

  async #path(index: number, low: number, high: number): Promise<readonly Buffer[]> {
    if (high - low === 1) return [];
    const middle = low + largestPowerBelow(high - low);
    return index < middle
      ? [...(await this.#path(index, low, middle)), await this.#range(middle, high)]
      : [...(await this.#path(index, middle, high)), await this.#range(low, middle)];
  }

  async #subproof(
    size: number,
    low: number,
    high: number,
    whole: boolean,
  ): Promise<readonly Buffer[]> {
    if (size === high) return whole ? [] : [await this.#range(low, high)];
    const middle = low + largestPowerBelow(high - low);
    return size <= middle
      ? [...(await this.#subproof(size, low, middle, whole)), await this.#range(middle, high)]
      : [...(await this.#subproof(size, middle, high, false)), await this.#range(low, middle)];
  }

  /** Merkle tree hash of the leaves from `low` up to `high`. */
  async #range(low: number, high: number): Promise<Buffer> {
    const leaves = high - low;
    const half = largestPowerBelow(leaves);
    if (leaves === 1 || 2 * half === leaves) return this.#perfect(low, leaves);
    const middle = low + half;
    return nodeHash(await this.#range(low, middle), await this.#range(middle, high));
  }

  /** Hash of a perfect subtree: a run of hashes within one tile. */
  async #perfect(low: number, leaves: number): Promise<Buffer> {
    const height = Math.log2(leaves);
    const level = Math.floor(height / TILE_HEIGHT);
    const unit = TILE_WIDTH ** level;
    const first = low / unit;
    const index = Math.floor(first / TILE_WIDTH);
    const tile = await this.#tile(level, index);
    const start = (first - index * TILE_WIDTH) * HASH_BYTES;
    return perfectRoot(tile.subarray(start, start + (leaves / unit) * HASH_BYTES));
  }

  #tile(level: number, index: number): Promise<Buffer> {
    const key = `${level}/${index}`;
    const known = this.#tiles.get(key);
    if (known) return known;
    const tile = this.#readTile({ level, index, width: tileWidth(level, index, this.#size) });
    this.#tiles.set(key, tile);
    return tile;
  }
}

/** Whether `proof` leads from the leaf's hash to the root (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(
  leaf: { readonly index: number; readonly hash: Buffer },
  tree: { readonly size: number; readonly root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (leaf.index >= tree.size) return false;
  let first = leaf.index;
  let last = tree.size - 1;
  let { hash } = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(first) || first === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(first) && first !== 0) [first, last] = [half(first), half(last)];
    } else hash = nodeHash(hash, sibling);
    [first, last] = [half(first), half(last)];
  }
  return last === 0 && hash.equals(tree.root);
}

/** Whether the older tree is a prefix of the newer one (RFC 9162 section 2.1.4.2). */
export function verifyConsistency(
  older: { readonly size: number; readonly root: Buffer },
  newer: { readonly size: number; readonly root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (older.size === 0) return proof.length === 0;
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root);
  const power = Number.isInteger(Math.log2(older.size));
  const [seed, ...siblings] = power ? [older.root, ...proof] : proof;
  if (seed === undefined) return false;
  let first = older.size - 1;
  let last = newer.size - 1;
  while (isOdd(first)) [first, last] = [half(first), half(last)];
  let [oldHash, newHash] = [seed, seed];
  for (const sibling of siblings) {
    if (last === 0) return false;
    if (isOdd(first) || first === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (!isOdd(first) && first !== 0) [first, last] = [half(first), half(last)];
    } else newHash = nodeHash(newHash, sibling);
    [first, last] = [half(first), half(last)];
  }
  return last === 0 && oldHash.equals(older.root) && newHash.equals(newer.root);
}

/** The largest power of two below `count`; 1 for 1. */
function largestPowerBelow(count: number): number {
  let power = 1;
  while (2 * power < count) power *= 2;
  return power;
}

// Sizes pass 2^32, so bit operators would cut them.
function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}
