import { describe, expect, it } from 'vitest';
import { hashOf } from '../../core/hash.ts';
import { addDistinct, clearDistinct, createDistinctCount, distinctOf } from './distinct-count.ts';

describe('a distinct count', () => {
  it.each([1, 10, 50, 200, 500])('counts %d texts to a fifth, however often they come', (count) => {
    const words = createDistinctCount();
    for (let index = 0; index < 3 * count; index += 1)
      addDistinct(words, hashOf(`session-${index % count}`).low);
    expect(distinctOf(words)).toBeGreaterThanOrEqual(Math.floor(count * 0.8));
    expect(distinctOf(words)).toBeLessThanOrEqual(Math.ceil(count * 1.2));
  });

  it('stays finite and small under a million texts', () => {
    const words = createDistinctCount();
    for (let index = 0; index < 1_000_000; index += 1) addDistinct(words, hashOf(`${index}`).low);
    expect(distinctOf(words)).toBeGreaterThan(1_000);
    expect(Number.isFinite(distinctOf(words))).toBe(true);
    expect(words).toHaveLength(8);
    clearDistinct(words);
    expect(distinctOf(words)).toBe(0);
  });
});
