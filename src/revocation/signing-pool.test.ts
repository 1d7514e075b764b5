import { generateKeyPairSync, verify } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { createSigningPool, type SigningPool } from './signing-pool.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

let pool: SigningPool;
afterEach(() => pool.close());

function isSigned(input: string, signature: string): boolean {
  return verify('sha256', Buffer.from(input), publicKey, Buffer.from(signature, 'base64url'));
}

describe('the signing pool', () => {
  it('signs many inputs at once, each with its own signature', async () => {
    pool = createSigningPool(2);
    const inputs = Array.from({ length: 40 }, (_, position) => `header.payload-${position}`);
    const signatures = await Promise.all(inputs.map((input) => pool.sign(privateKey, input)));
    for (const [position, input] of inputs.entries()) {
      expect(isSigned(input, signatures[position] ?? ''), input).toBe(true);
    }
    expect(isSigned('header.another', signatures[0] ?? '')).toBe(false);
  });

  it('signs by itself without workers, and after it was closed', async () => {
    pool = createSigningPool(0);
    expect(isSigned('input', await pool.sign(privateKey, 'input'))).toBe(true);
    await pool.close();
    expect(isSigned('input', await pool.sign(privateKey, 'input'))).toBe(true);
  });

  it('loses no signature when its threads end meanwhile', async () => {
    pool = createSigningPool(1);
    const asked = Array.from({ length: 5 }, () => pool.sign(privateKey, 'input'));
    await pool.close();
    for (const signature of await Promise.all(asked))
      expect(isSigned('input', signature)).toBe(true);
  });
});
