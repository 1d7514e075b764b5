import { assert } from '../core/errors.ts';
import type { FrozenHashes } from './hash-list.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0));
const VALUES = new Uint8Array(128);
for (const [value, code] of CODES.entries()) VALUES[code] = value;

/** Three words of 32 bits are sixteen digits of base64url. */
const WORDS = 3;
const DIGITS_EACH = 16;

/** The words of some entries of a list as text: sixteen characters an entry. */
export function wordsText({ words }: FrozenHashes, from: number, until: number): string {
  const codes = new Array<number>((until - from) * DIGITS_EACH);
  let digit = 0;
  for (let at = from * WORDS; at < until * WORDS; at += WORDS) {
    const [first = 0, second = 0, third = 0] = [words[at], words[at + 1], words[at + 2]];
    // 96 bits, six at a time from the top: five and a third digits of each word.
    for (let shift = 26; shift >= 2; shift -= 6) codes[digit++] = codeOf(first >>> shift);
    codes[digit++] = codeOf((first << 4) | (second >>> 28));
    for (let shift = 22; shift >= 4; shift -= 6) codes[digit++] = codeOf(second >>> shift);
    codes[digit++] = codeOf((second << 2) | (third >>> 30));
    for (let shift = 24; shift >= 0; shift -= 6) codes[digit++] = codeOf(third >>> shift);
  }
  return String.fromCharCode(...codes);
}

/** @throws when the text was not written by `wordsText`. */
export function wordsOf(text: string): Uint32Array {
  assert(text.length % DIGITS_EACH === 0, 'sixteen digits an entry');
  const words = new Uint32Array((text.length / DIGITS_EACH) * WORDS);
  let word = 0;
  for (let at = 0; at < text.length; at += DIGITS_EACH) {
    const v = (digit: number): number => VALUES[text.charCodeAt(at + digit)] ?? 0;
    words[word] =
      (v(0) << 26) | (v(1) << 20) | (v(2) << 14) | (v(3) << 8) | (v(4) << 2) | (v(5) >>> 4);
    words[word + 1] =
      (v(5) << 28) | (v(6) << 22) | (v(7) << 16) | (v(8) << 10) | (v(9) << 4) | (v(10) >>> 2);
    words[word + 2] =
      (v(10) << 30) | (v(11) << 24) | (v(12) << 18) | (v(13) << 12) | (v(14) << 6) | v(15);
    word += WORDS;
  }
  return words;
}

function codeOf(bits: number): number {
  return CODES[bits & 63] ?? 0;
}
