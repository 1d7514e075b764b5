import { describe, expect, it } from 'vitest';
import { parseTilePath, tilePath, tileWidth } from './tile.ts';

describe('paths of tiles', () => {
  it.each([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 2, index: 1_234_067, width: 256 }, 'tile/2/x001/x234/067'],
    [{ level: 0, index: 273, width: 112 }, 'tile/0/273.p/112'],
    [{ level: 'entries', index: 1_000, width: 1 }, 'tile/entries/x001/000.p/1'],
  ] as const)('write and read back', (name, path) => {
    expect(tilePath(name)).toBe(path);
    expect(parseTilePath(path)).toEqual(name);
  });

  it.each([
    'tile/00/000',
    'tile/0/0',
    'tile/0/x000/000',
    'tile/0/1000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/../000',
    'tile/leaves/000',
    'checkpoint',
  ])('refuses %s', (path) => {
    expect(parseTilePath(path)).toBeNull();
  });

  it('know how wide a tile is', () => {
    expect(tileWidth(0, 273, 70_000)).toBe(112);
    expect(tileWidth(1, 1, 70_000)).toBe(17);
    expect(tileWidth('entries', 0, 70_000)).toBe(256);
    expect(tileWidth(2, 1, 70_000)).toBe(0);
  });
});
