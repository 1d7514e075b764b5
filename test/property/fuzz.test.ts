import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

// A million and more: npm run fuzz -- --inputs 1000000 --seed 7
/** A decoder that kept each body would hold some 40 MB; what stays are caches that are bounded. */
const HELD_MB_MAX = 24;

it('no decoder crashes, hangs, keeps or refuses without a reason, over 50,000 bodies', async () => {
  const { inputs, refused, events, rejects, heldMb } = await fuzz(50_000, 20_261_121);
  expect(inputs).toBe(50_000);
  expect(heldMb).toBeLessThan(HELD_MB_MAX);
  // Most of what is mutated is half right: all three ways out are taken.
  for (const taken of [refused, events, rejects]) expect(taken).toBeGreaterThan(1_000);
}, 120_000);
