import { createCipheriv, type KeyObject } from 'node:crypto';

/** SP 800-38G revision 1 asks for domains of a million values or more. */
const SMALLEST_DOMAIN = 1_000_000;
const ROUNDS = 10;
const BLOCK = 16;

/**
 * FF1 of NIST SP 800-38G (March 2016, section 6.2, algorithm 7) over AES: numerals in, as many out.
 * Written here because it is forty lines over `node:crypto`, checked with the standard's samples,
 * and one opt-in mode is no reason for a package.
 * @throws RangeError when radix and length span fewer than a million values.
 */
export function encryptFf1(
  key: KeyObject,
  tweak: Uint8Array,
  radix: number,
  numerals: readonly number[],
): readonly number[] {
  const size = numerals.length;
  if (radix ** size < SMALLEST_DOMAIN) throw new RangeError('the domain is too small for FF1');
  const leftSize = Math.floor(size / 2);
  const rightSize = size - leftSize;
  const base = BigInt(radix);
  const bytes = Math.ceil((base ** BigInt(rightSize) - 1n).toString(2).length / 8);
  const outputBytes = 4 * Math.ceil(bytes / 4) + 4;
  const prefix = prefixOf(radix, leftSize, size, tweak.length);
  let left = numberOf(numerals.slice(0, leftSize), base);
  let right = numberOf(numerals.slice(leftSize), base);
  for (let round = 0; round < ROUNDS; round++) {
    const input = roundInput(tweak, round, right, bytes);
    const output = expand(key, mac(key, Buffer.concat([prefix, input])), outputBytes);
    const y = BigInt(`0x${output.toString('hex')}`);
    const modulus = base ** BigInt(round % 2 === 0 ? leftSize : rightSize);
    const sum = (left + y) % modulus;
    left = right;
    right = sum;
  }
  return [...numeralsOf(left, base, leftSize), ...numeralsOf(right, base, rightSize)];
}

function prefixOf(radix: number, left: number, size: number, tweakBytes: number): Buffer {
  const prefix = Buffer.alloc(BLOCK);
  prefix.set([1, 2, 1]);
  prefix.writeUIntBE(radix, 3, 3);
  prefix.set([ROUNDS, left % 256], 6);
  prefix.writeUInt32BE(size, 8);
  prefix.writeUInt32BE(tweakBytes, 12);
  return prefix;
}

/** The tweak, zeros up to a whole block, the round, and the right half as `bytes` bytes. */
function roundInput(tweak: Uint8Array, round: number, half: bigint, bytes: number): Buffer {
  const padding = (((-tweak.length - bytes - 1) % BLOCK) + BLOCK) % BLOCK;
  const number = Buffer.from(half.toString(16).padStart(bytes * 2, '0'), 'hex');
  return Buffer.concat([tweak, Buffer.alloc(padding), Buffer.from([round]), number]);
}

/** CBC-MAC with a zero first block. */
function mac(key: KeyObject, input: Buffer): Buffer {
  const cipher = createCipheriv(cipherOf(key, 'cbc'), key, Buffer.alloc(BLOCK));
  cipher.setAutoPadding(false);
  return cipher.update(input).subarray(-BLOCK);
}

function expand(key: KeyObject, first: Buffer, size: number): Buffer {
  const blocks = [first];
  for (let index = 1; blocks.length * BLOCK < size; index++) {
    const block = Buffer.from(first);
    block.writeUInt32BE((block.readUInt32BE(12) ^ index) >>> 0, 12);
    const cipher = createCipheriv(cipherOf(key, 'ecb'), key, null);
    cipher.setAutoPadding(false);
    blocks.push(cipher.update(block));
  }
  return Buffer.concat(blocks).subarray(0, size);
}

function cipherOf(key: KeyObject, mode: 'cbc' | 'ecb'): string {
  return `aes-${(key.symmetricKeySize ?? 0) * 8}-${mode}`;
}

function numberOf(numerals: readonly number[], base: bigint): bigint {
  return numerals.reduce((value, numeral) => value * base + BigInt(numeral), 0n);
}

function numeralsOf(value: bigint, base: bigint, size: number): readonly number[] {
  const out = new Array<number>(size);
  let rest = value;
  for (let index = size - 1; index >= 0; index--) {
    out[index] = Number(rest % base);
    rest /= base;
  }
  return out;
}
