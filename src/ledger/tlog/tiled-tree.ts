import { assert } from '../../core/errors.ts';
import { hashesAt, TILE_WIDTH, type TileName } from './tile.ts';
import { EMPTY_ROOT, HASH_BYTES, nodeHash, perfectRoot } from './tree-hash.ts';

/** A tile with its hashes. */
export interface Tile extends TileName {
  readonly level: number;
  readonly bytes: Buffer;
}

/** The unfinished tile of one level. */
interface Edge {
  readonly bytes: Buffer;
  /** Hashes so far, below 256. */
  width: number;
  /** Full tiles before it. */
  index: number;
}

/**
 * A growing Merkle tree (RFC 6962 section 2.1) that keeps its right edge alone: one unfinished tile
 * a level, 8 KiB each. What is finished is handed out and never needed again.
 */
export class TiledTree {
  readonly #edges: Edge[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The tree of `size` leaves, from its unfinished tiles by level; a missing one is empty. */
  static restore(size: number, unfinished: (level: number) => Buffer | null): TiledTree {
    const tree = new TiledTree();
    tree.#size = size;
    for (let level = 0; hashesAt(level, size) > 0; level += 1) {
      const edge = tree.#edge(level);
      edge.index = Math.floor(hashesAt(level, size) / TILE_WIDTH);
      edge.width = hashesAt(level, size) % TILE_WIDTH;
      const bytes = edge.width === 0 ? Buffer.alloc(0) : unfinished(level);
      assert(bytes?.length === edge.width * HASH_BYTES, 'an unfinished tile has its width');
      bytes.copy(edge.bytes);
    }
    return tree;
  }

  /** Adds the leaf whose hash lies in `from`; returns the tiles it has filled, lowest first. */
  append(from: Buffer, position = 0): readonly Tile[] {
    this.#size += 1;
    const edge = this.#edge(0);
    from.copy(edge.bytes, edge.width * HASH_BYTES, position, position + HASH_BYTES);
    edge.width += 1;
    return edge.width < TILE_WIDTH ? NO_TILES : this.#carry();
  }

  /** The unfinished tiles that are not empty, lowest level first; copies. */
  unfinished(): readonly Tile[] {
    return this.#edges.flatMap(({ bytes, width, index }, level) =>
      width === 0
        ? []
        : [{ level, index, width, bytes: Buffer.from(bytes.subarray(0, width * HASH_BYTES)) }],
    );
  }

  /** Merkle tree hash of all leaves. */
  root(): Buffer {
    let root: Buffer | null = null;
    for (const { bytes, width } of this.#edges) {
      for (const subtree of perfectSubtrees(bytes, width)) {
        root = root === null ? subtree : nodeHash(subtree, root);
      }
    }
    return root ?? EMPTY_ROOT;
  }

  #carry(): readonly Tile[] {
    const filled: Tile[] = [];
    for (let level = 0; this.#edge(level).width === TILE_WIDTH; level += 1) {
      const edge = this.#edge(level);
      const bytes = Buffer.from(edge.bytes);
      filled.push({ level, index: edge.index, width: TILE_WIDTH, bytes });
      edge.width = 0;
      edge.index += 1;
      const above = this.#edge(level + 1);
      perfectRoot(bytes).copy(above.bytes, above.width * HASH_BYTES);
      above.width += 1;
    }
    return filled;
  }

  #edge(level: number): Edge {
    const known = this.#edges[level];
    if (known) return known;
    const edge = { bytes: Buffer.alloc(TILE_WIDTH * HASH_BYTES), width: 0, index: 0 };
    this.#edges.push(edge);
    return edge;
  }
}

const NO_TILES: readonly Tile[] = [];

/** Roots of the perfect subtrees that `width` hashes consist of, smallest and rightmost first. */
function* perfectSubtrees(hashes: Buffer, width: number): Generator<Buffer> {
  let end = width;
  for (let size = 1; end > 0; size *= 2) {
    if ((end & size) === 0) continue;
    yield perfectRoot(hashes.subarray((end - size) * HASH_BYTES, end * HASH_BYTES));
    end -= size;
  }
}
