import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

// A million and more: npm run fuzz -- --inputs 1000000 --seed 7
it('no decoder crashes, hangs or refuses without a reason, over 50,000 bodies', async () => {
  const { inputs, refused, events, rejects } = await fuzz(50_000, 20_261_121);
  expect(inputs).toBe(50_000);
  // Most of what is mutated is half right: all three ways out are taken.
  for (const taken of [refused, events, rejects]) expect(taken).toBeGreaterThan(1_000);
}, 120_000);
