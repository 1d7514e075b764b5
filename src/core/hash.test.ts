import { describe, expect, it } from 'vitest';
import { combined, hashOf, hashOfLines } from './hash.ts';

describe('hashOf', () => {
  it('spreads both halves of what only differs a little', () => {
    const texts = Array.from({ length: 50_000 }, (_, index) => `tool\nmail\nuser${index}`);
    const keys = texts.map((text) => hashOf(text));
    expect(new Set(keys.map(({ high, low }) => high * 2 ** 21 + (low % 2 ** 21))).size).toBe(
      50_000,
    );
    expect(new Set(keys.map(({ low }) => low & 511)).size).toBe(512);
    expect(new Set(keys.map(({ high }) => high & 511)).size).toBe(512);
  });

  it('tells texts of different meaning apart', () => {
    const tool = hashOf('send', hashOf('tool'));
    expect(tool).toEqual(hashOf('send', hashOf('tool')));
    expect(tool).not.toEqual(hashOf('send'));
    expect(tool).not.toEqual(hashOf('send', hashOf('session')));
  });

  it('tells the order of what is combined', () => {
    const [left, right] = [hashOf('task'), hashOf('tool')];
    expect(combined(left, right)).not.toEqual(combined(right, left));
  });
});

describe('a hash of lines', () => {
  it('is that of the lines joined', () => {
    for (const lines of [
      [''],
      ['a'],
      ['a', 'b', ''],
      ['', '', 'agent\n'],
      ['häuser', '日本', 'x'],
    ]) {
      expect(hashOfLines(lines)).toEqual(hashOf(lines.join('\n')));
    }
  });
});
