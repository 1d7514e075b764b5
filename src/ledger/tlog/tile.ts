import { assert } from '../../core/errors.ts';

/** Hashes of a full tile: a subtree of height 8 (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8;

/** One tile of hashes, or one bundle of entries, by its place in the log. */
export interface TileName {
  /** 0 holds leaf hashes, each level above the roots of full tiles below. */
  readonly level: number | 'entries';
  readonly index: number;
  /** Hashes or entries in it, 1 to 256. */
  readonly width: number;
}

/** Path below the log's prefix: `tile/0/x001/234`, and `.p/W` behind it for a partial tile. */
export function tilePath({ level, index, width }: TileName): string {
  assert(Number.isSafeInteger(index) && index >= 0, 'a tile has an index');
  let path = threeDigits(index % 1_000);
  for (let rest = Math.floor(index / 1_000); rest > 0; rest = Math.floor(rest / 1_000)) {
    path = `x${threeDigits(rest % 1_000)}/${path}`;
  }
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

const PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** Reads a path back; null for one that no tile has. */
export function parseTilePath(path: string): TileName | null {
  const [, level = '', digits = '', partial] = PATH.exec(path) ?? [];
  const index = Number(digits.replaceAll(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const name = { level: level === 'entries' ? level : Number(level), index, width } as const;
  // Reading back tells every other spelling of the same number.
  return digits !== '' && width <= TILE_WIDTH && tilePath(name) === path ? name : null;
}

/** Hashes at `level` of a tree of `size` leaves. */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** Width of a tile in a tree of `size` leaves; 0 where the tree does not reach. */
export function tileWidth(level: number | 'entries', index: number, size: number): number {
  const hashes = hashesAt(level === 'entries' ? 0 : level, size) - index * TILE_WIDTH;
  return Math.max(0, Math.min(TILE_WIDTH, hashes));
}

function threeDigits(value: number): string {
  return String(value).padStart(3, '0');
}
