import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { isDeeperThan, parseJsonBody, parseJsonText } from './json-body.ts';

const MIB = 1024 * 1024;

describe('parseJsonBody', () => {
  it('drops a byte order mark', () => {
    expect(parseJsonBody(Buffer.from('\ufeff{"a":1}'))).toEqual({ a: 1 });
  });

  it('names no payload in its error', () => {
    expect(() => parseJsonBody(Buffer.from('{"secret":'))).toThrow('the body is not valid JSON');
  });

  it('refuses a big body of nothing but brackets before parsing it', () => {
    expect(() => parseJsonBody(Buffer.alloc(2 * MIB, '['))).toThrow('nested too deeply');
  });

  it('refuses a big body with too many containers', () => {
    const body = Buffer.from(`[${'{},'.repeat(LIMITS.valuesPerBody)}{}]`);
    expect(() => parseJsonBody(body)).toThrow('too many values');
  });

  it('does not count brackets inside texts', () => {
    const text = `${'[{'.repeat(MIB)}\\"`;
    expect(parseJsonBody(Buffer.from(`["${text}"]`))).toHaveLength(1);
  });
});

/** Pieces of JSON texts around which escapes of surrogates stand or seem to stand. */
const PIECES = [
  '\\\\',
  '\\ud83d',
  '\\uDE00',
  '\\ude00',
  '\\uD800',
  'ud83d',
  'x',
  '\\"',
  '\\n',
  '😀',
];

describe('parseJsonText', () => {
  it('mends halves of pairs in values and names, and leaves whole pairs alone', () => {
    const text = String.raw`{"\ud800":"a\udc00\ud83d\ude00","b":"\\ud800"}`;
    expect(parseJsonText(text)).toEqual({ '\ufffd': 'a\ufffd😀', b: '\\ud800' });
  });

  it('gives what toWellFormed gives, for any run of escapes', () => {
    const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = `"${parts.join('')}"`;
        expect(parseJsonText(text)).toBe(JSON.parse(text).toWellFormed());
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('isDeeperThan', () => {
  it('counts containers', () => {
    expect(isDeeperThan({ a: [1] }, 2)).toBe(false);
    expect(isDeeperThan({ a: [{}] }, 2)).toBe(true);
    expect(isDeeperThan('text', 0)).toBe(false);
  });
});
