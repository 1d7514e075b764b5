import { describe, expect, it } from 'vitest';
import { hashOf } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import { MINUTE_MS } from '../core/time.ts';
import { wordsOf, wordsText } from './hash-text.ts';
import { RecentHashes } from './recent-hashes.ts';
import { START } from './testing/entries.ts';

const OPTIONS = { figures: 1, perGeneration: 100_000 };

function key(text: string): string {
  const { high, low } = hashOf(text);
  return `${high}-${low}`;
}

describe('a hash', () => {
  it('tells two hundred thousand ids apart, numbered, and either half spreads evenly', () => {
    const ids = Array.from({ length: 200_000 }, (_, n) => `live\nbroker\nevt-${n}`);
    expect(new Set(ids.map(key)).size).toBe(ids.length);
    for (const half of ['high', 'low'] as const) {
      const buckets = new Array<number>(256).fill(0);
      for (const id of ids) buckets[hashOf(id)[half] & 255]! += 1;
      const mean = ids.length / 256;
      const chi = buckets.reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0);
      // 255 degrees of freedom: 99.99 % lie below 350.
      expect(chi).toBeLessThan(350);
    }
  });

  it('depends on every character and on its place', () => {
    const texts = ['', 'a', 'aa', 'ab', 'ba', 'a\0', '\0a', 'ä', '\ud800', '\udfff'];
    expect(new Set(texts.map(key)).size).toBe(texts.length);
  });
});

describe('a memory of hashes', () => {
  it('finds the newest of what was put under one hash', () => {
    const memory = new RecentHashes(OPTIONS);
    for (let n = 0; n < 1_000; n += 1) memory.put(hashOf(`id-${n}`), n, [n / 7], START);
    memory.put(hashOf('id-3'), 99, [0.5], START);
    expect(memory.find(hashOf('id-3'))).toMatchObject({ tag: 99, figures: [0.5] });
    expect(memory.find(hashOf('id-999'))).toMatchObject({ tag: 999, figures: [999 / 7] });
    expect(memory.find(hashOf('id-1000'))).toBeNull();
  });

  it('keeps a busy tenant for the lateness at least, and not for ever', () => {
    const memory = new RecentHashes(OPTIONS);
    const perMinute = LIMITS.rememberedGenerationLeast;
    const put = (minute: number) => {
      for (let n = 0; n < perMinute; n += 1) {
        memory.put(hashOf(`${minute}-${n}`), 0, [0], START + minute * MINUTE_MS);
      }
    };
    for (let minute = 0; minute < 40; minute += 1) {
      put(minute);
      const back = minute - LIMITS.latenessMs / MINUTE_MS;
      if (back >= 0) expect(memory.find(hashOf(`${back}-0`))).not.toBeNull();
    }
    expect(memory.find(hashOf('0-0'))).toBeNull();
    expect(memory.count).toBeLessThanOrEqual(20 * perMinute);
  });

  it('keeps a quiet tenant by number, whatever the time', () => {
    const memory = new RecentHashes(OPTIONS);
    for (let day = 0; day < 400; day += 1) {
      memory.put(hashOf(`day-${day}`), 0, [0], START + day * 1_440 * MINUTE_MS);
    }
    expect(memory.find(hashOf('day-0'))).not.toBeNull();
  });

  it('holds no more than its generations in a flood, and the latest of it', () => {
    const memory = new RecentHashes({ figures: 0, perGeneration: 500 });
    for (let n = 0; n < 10_000; n += 1) memory.put(hashOf(`id-${n}`), 0, [], START);
    expect(memory.count).toBeLessThanOrEqual(LIMITS.rememberedGenerations * 500);
    expect(memory.find(hashOf('id-9999'))).not.toBeNull();
    expect(memory.find(hashOf(`id-${10_000 - 3 * 500}`))).not.toBeNull();
    expect(memory.find(hashOf('id-0'))).toBeNull();
  });

  it('frozen, is not moved by what comes later, and restores to the same', () => {
    const memory = new RecentHashes({ figures: 1, perGeneration: 300 });
    for (let n = 0; n < 700; n += 1) memory.put(hashOf(`id-${n}`), n, [n], START);
    const frozen = memory.freeze();
    for (let n = 0; n < 5_000; n += 1) memory.put(hashOf(`id-${n}`), 7, [7], START);
    const twin = new RecentHashes({ figures: 1, perGeneration: 300 });
    for (const part of frozen) {
      const words = wordsOf(wordsText(part, 0, part.count));
      twin.restore({ ...part, words, figures: part.figures.slice(0, part.count) }, true);
    }
    expect(twin.find(hashOf('id-650'))).toMatchObject({ tag: 650, figures: [650] });
    expect(twin.find(hashOf('id-700'))).toBeNull();
    expect(twin.freeze().map(({ since, count }) => [since, count])).toEqual(
      frozen.map(({ since, count }) => [since, count]),
    );
  });
});

describe('the text of hashes', () => {
  it('is sixteen characters an entry and exact', () => {
    const words = Uint32Array.of(0xffffffff, 0, 0x80000001, 0x12345678, 0x9abcdef0, 0xdeadbeef);
    const generation = { since: 0, count: 2, words, figures: new Float64Array() };
    const text = wordsText(generation, 0, 2);
    expect(text).toMatch(/^[\w-]{32}$/);
    expect(wordsOf(text)).toEqual(words);
    expect(wordsOf(wordsText(generation, 1, 2))).toEqual(words.slice(3));
    expect(text).toBe(
      Buffer.from(new Uint8Array(words).length === 0 ? [] : bigEndian(words)).toString('base64url'),
    );
  });
});

function bigEndian(words: Uint32Array): number[] {
  return [...words].flatMap((word) => [
    word >>> 24,
    (word >>> 16) & 255,
    (word >>> 8) & 255,
    word & 255,
  ]);
}
