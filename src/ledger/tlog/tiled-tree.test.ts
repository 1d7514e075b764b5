import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { ProofMaker, verifyConsistency, verifyInclusion } from './proof.ts';
import { TILE_WIDTH, tilePath } from './tile.ts';
import { type Tile, TiledTree } from './tiled-tree.ts';
import { EMPTY_ROOT, leafHash, nodeHash } from './tree-hash.ts';

const leaf = (index: number) => leafHash(Buffer.from(`entry ${index}`));

/** RFC 6962 section 2.1, word for word. */
function definedRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return EMPTY_ROOT;
  const [only] = leaves;
  if (leaves.length === 1 && only) return only;
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return nodeHash(definedRoot(leaves.slice(0, k)), definedRoot(leaves.slice(k)));
}

/** A tree of `size` leaves and its tiles by path. */
function grown(size: number) {
  const tree = new TiledTree();
  const tiles = new Map<string, Buffer>();
  const keep = (tile: Tile) => tiles.set(tilePath(tile), tile.bytes);
  for (let index = 0; index < size; index += 1) tree.append(leaf(index)).forEach(keep);
  tree.unfinished().forEach(keep);
  const proofs = new ProofMaker(size, async (name) => {
    const tile = tiles.get(tilePath(name));
    if (!tile) throw new Error(`no ${tilePath(name)}`);
    return tile;
  });
  return { tree, tiles, proofs };
}

describe('a tree kept by its right edge', () => {
  it.each([0, 1, 2, 3, 7, 8, 255, 256, 257, 300, 511, 512, 70_000])(
    'has the root RFC 6962 defines at size %i',
    (size) => {
      const leaves = Array.from({ length: size }, (_, index) => leaf(index));
      expect(grown(size).tree.root()).toEqual(definedRoot(leaves));
    },
  );

  it('has the tiles of the example in the specification', () => {
    const widths = [...grown(70_000).tiles.keys()];
    expect(widths.filter((path) => /^tile\/0\/x?\d/.test(path))).toHaveLength(274);
    expect(widths.filter((path) => path.includes('.p/'))).toEqual([
      'tile/0/273.p/112',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
    expect([...grown(256).tiles.keys()]).toEqual(['tile/0/000', 'tile/1/000.p/1']);
  });

  it.each([1, 255, 256, 257, 65_700])('goes on after a restart at size %i', (size) => {
    const { tree, tiles } = grown(size);
    const restored = TiledTree.restore(size, (level) => {
      const index = Math.floor(size / TILE_WIDTH ** (level + 1));
      const width = Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH;
      return tiles.get(tilePath({ level, index, width })) ?? null;
    });
    for (let index = size; index < size + 600; index += 1) {
      expect(restored.append(leaf(index))).toEqual(tree.append(leaf(index)));
    }
    expect(restored.root()).toEqual(tree.root());
    expect(restored.unfinished()).toEqual(tree.unfinished());
  });
});

describe('proofs', () => {
  const sizes = fc.integer({ min: 1, max: 1_300 });
  const { tree, tiles, proofs } = grown(1_300);

  test.prop([sizes, fc.nat()], { numRuns: 60 })('include each leaf', async (size, any) => {
    const index = any % size;
    const here = size === 1_300 ? { tree, tiles, proofs } : grown(size);
    const proof = await here.proofs.inclusion(index);
    const head = { size, root: here.tree.root() };
    expect(verifyInclusion({ index, hash: leaf(index) }, head, proof)).toBe(true);
    expect(verifyInclusion({ index, hash: leaf(index + 1) }, head, proof)).toBe(false);
    if (size > 1) {
      const other = (index + 1) % size;
      expect(verifyInclusion({ index: other, hash: leaf(index) }, head, proof)).toBe(false);
    }
    const longer = [...proof, leaf(0)];
    expect(verifyInclusion({ index, hash: leaf(index) }, head, longer)).toBe(false);
    const shorter = proof.slice(1);
    expect(verifyInclusion({ index, hash: leaf(index) }, head, shorter)).toBe(size === 1);
  });

  test.prop([sizes], { numRuns: 60 })('tell a tree that has grown', async (size) => {
    const older = { size, root: await proofs.root(size) };
    const newer = { size: 1_300, root: tree.root() };
    expect(older.root).toEqual(grown(size).tree.root());
    const proof = await proofs.consistency(size);
    expect(verifyConsistency(older, newer, proof)).toBe(true);
    const forked = { size, root: leaf(size) };
    expect(verifyConsistency(forked, newer, proof)).toBe(false);
    expect(verifyConsistency(older, { ...newer, root: leaf(0) }, proof)).toBe(size === 0);
    expect(verifyConsistency(older, newer, [...proof, leaf(1)])).toBe(false);
  });

  it('are made at a size behind the newest', async () => {
    const earlier = new ProofMaker(900, async (name) => {
      // What was a partial tile then is the beginning of a tile now.
      const bytes = tiles.get(tilePath({ ...name, width: TILE_WIDTH }));
      const partial = [...tiles].find(([path]) =>
        path.startsWith(`${tilePath({ ...name, width: TILE_WIDTH })}.p/`),
      );
      return (bytes ?? partial?.[1] ?? Buffer.alloc(0)).subarray(0, name.width * 32);
    });
    const head = { size: 900, root: grown(900).tree.root() };
    const proof = await earlier.inclusion(123);
    expect(verifyInclusion({ index: 123, hash: leaf(123) }, head, proof)).toBe(true);
  });
});
