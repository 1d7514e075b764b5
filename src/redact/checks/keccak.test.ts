import { describe, expect, it } from 'vitest';
import { keccak256 } from './keccak.ts';

const digest = (text: string): string => keccak256(Buffer.from(text)).toString('hex');

describe('keccak256', () => {
  it.each([
    ['', 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'],
    ['abc', '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45'],
  ])('of %j is that of Ethereum', (text, expected) => {
    expect(digest(text)).toBe(expected);
  });

  it('gives the selector that every token contract knows', () => {
    expect(digest('transfer(address,uint256)').slice(0, 8)).toBe('a9059cbb');
  });

  it('reads texts of more than one block', () => {
    expect(
      new Set([134, 135, 136, 137, 271, 272].map((size) => digest('a'.repeat(size)))).size,
    ).toBe(6);
  });
});
