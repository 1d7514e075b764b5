import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encryptFf1 } from './format-preserving.ts';

const KEY_128 = '2B7E151628AED2A6ABF7158809CF4F3C';
const KEY_192 = `${KEY_128}EF4359D8D580AA4F`;
const KEY_256 = `${KEY_128}EF4359D8D580AA4F7F036D6F04FC6A94`;
const DIGITS = '0123456789';
const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';
const TWEAK_10 = '39383736353433323130';
const TWEAK_11 = '3737373770717273373737';

/** NIST, Cryptographic Standards and Guidelines, example values, FF1 samples 1 to 9. */
const SAMPLES = [
  [KEY_128, 10, '', '0123456789', '2433477484'],
  [KEY_128, 10, TWEAK_10, '0123456789', '6124200773'],
  [KEY_128, 36, TWEAK_11, '0123456789abcdefghi', 'a9tv40mll9kdu509eum'],
  [KEY_192, 10, '', '0123456789', '2830668132'],
  [KEY_192, 10, TWEAK_10, '0123456789', '2496655549'],
  [KEY_192, 36, TWEAK_11, '0123456789abcdefghi', 'xbj3kv35jrawxv32ysr'],
  [KEY_256, 10, '', '0123456789', '6657667009'],
  [KEY_256, 10, TWEAK_10, '0123456789', '1001623463'],
  [KEY_256, 36, TWEAK_11, '0123456789abcdefghi', 'xs8a0azh2avyalyzuwd'],
] as const;

describe('encryptFf1', () => {
  it.each(SAMPLES)('agrees with NIST: %s, radix %i, tweak %s', (key, radix, tweak, plain, out) => {
    const alphabet = radix === 10 ? DIGITS : BASE36;
    const numerals = [...plain].map((char) => alphabet.indexOf(char));
    const secret = createSecretKey(Buffer.from(key, 'hex'));
    const encrypted = encryptFf1(secret, Buffer.from(tweak, 'hex'), radix, numerals);
    expect(encrypted.map((numeral) => alphabet[numeral]).join('')).toBe(out);
  });

  it('refuses fewer than a million values', () => {
    const secret = createSecretKey(Buffer.from(KEY_128, 'hex'));
    expect(() => encryptFf1(secret, Buffer.alloc(0), 10, [1, 2, 3, 4, 5])).toThrow(RangeError);
  });
});
