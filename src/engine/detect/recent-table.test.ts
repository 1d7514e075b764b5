import { describe, expect, it } from 'vitest';
import { createRecentTable, keepRecent, recallRecent } from './recent-table.ts';

describe('a table of recent entries', () => {
  it('gives back what was kept last under a key', () => {
    const table = createRecentTable<number>();
    expect(recallRecent(table, 'a')).toBeUndefined();
    keepRecent(table, 'a', 1, 'agent');
    keepRecent(table, 'a', 2, 'agent');
    expect(recallRecent(table, 'a')).toBe(2);
    expect(table.young.keys).toHaveLength(1);
  });

  it('holds no more than its room, and for half of it everything', () => {
    const table = createRecentTable<number>();
    for (let key = 0; key < 1_000; key += 1) {
      keepRecent(table, `${key}`, key, 'agent');
      expect(table.young.keys.length + table.old.keys.length).toBeLessThan(33);
      for (let back = Math.max(0, key - 15); back <= key; back += 1) {
        expect(recallRecent(table, `${back}`)).toBe(back);
      }
    }
    expect(recallRecent(table, '0')).toBeUndefined();
  });

  it('keeps an entry that is written again and again', () => {
    const table = createRecentTable<number>();
    for (let key = 0; key < 100; key += 1) {
      keepRecent(table, `${key}`, key, 'agent');
      keepRecent(table, 'used', key, 'agent');
    }
    expect(recallRecent(table, 'used')).toBe(99);
  });

  it('is the same after JSON, whatever the keys are called', () => {
    const names = [
      '1',
      '01',
      '__proto__',
      'constructor',
      'toString',
      '',
      'a\nb',
      'x'.repeat(9_999),
    ];
    const table = createRecentTable<string>();
    for (const name of names) keepRecent(table, name, name.slice(0, 9), 'agent');
    const copy: typeof table = JSON.parse(JSON.stringify(table));
    expect(copy).toEqual(table);
    for (const name of names) expect(recallRecent(copy, name)).toBe(name.slice(0, 9));
    expect(recallRecent(createRecentTable(), '__proto__')).toBeUndefined();
    expect(JSON.stringify(table.young.keys)).not.toContain('xxxx');
  });
});
