import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../detect/testing/random.ts';
import { createRunningQuantile, followQuantile } from './running-quantile.ts';

describe('a running quantile', () => {
  it.each([0.5, 0.95])('comes to the %d quantile of what it sees', (share) => {
    const quantile = createRunningQuantile();
    const random = new SeededRandom(3);
    let below = 0;
    for (let index = 0; index < 4_000; index += 1) {
      const value = 5 + random.normal();
      if (index >= 2_000 && value <= quantile.value) below += 1;
      followQuantile(quantile, value, share, 1);
    }
    expect(Math.abs(below / 2_000 - share)).toBeLessThan(0.04);
  });

  it('is moved by an extreme value as by any other, and by none that is no number', () => {
    const quantile = createRunningQuantile();
    for (let index = 0; index < 500; index += 1) followQuantile(quantile, 5, 0.5, 1);
    const before = quantile.value;
    followQuantile(quantile, 1e300, 0.5, 1);
    followQuantile(quantile, Number.NaN, 0.5, 1);
    expect(Math.abs(quantile.value - before)).toBeLessThan(0.02);
  });
});
