import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logRatio, logTail, quantile, varianceOf } from './count-model.ts';

const mean = fc.double({ min: 0.01, max: 1e6, noNaN: true });
const dispersion = fc.record({
  excess: fc.double({ min: 0, max: 1e4, noNaN: true }),
  spread: fc.double({ min: 0, max: 50, noNaN: true }),
});
const POISSON = { excess: 0, spread: 0 };

describe('the count model', () => {
  it('bounds the Poisson tail from above, and not by much', () => {
    // P(X >= 20) for a mean of 5, summed exactly.
    let exact = 0;
    for (let count = 20, term = Math.exp(-5) * 5 ** 20; count < 80; count += 1) {
      exact += term / factorial(count);
      term *= 5;
    }
    const bound = Math.exp(logTail(5, POISSON, 20));
    expect(bound).toBeGreaterThanOrEqual(exact);
    expect(bound).toBeLessThan(exact * 20);
  });

  it('finds a total less likely the larger it is, and likelier the more dispersed', () => {
    fc.assert(
      fc.property(mean, dispersion, fc.double({ min: 1, max: 50, noNaN: true }), (m, d, times) => {
        const near = logTail(m, d, m * times);
        expect(near).toBeLessThanOrEqual(0);
        expect(logTail(m, d, m * times * 1.5)).toBeLessThanOrEqual(near + 1e-6);
        const wider = { excess: d.excess + 1, spread: d.spread + 0.1 };
        expect(logTail(m, wider, m * times)).toBeGreaterThanOrEqual(
          near - 1e-6 * Math.abs(near) - 1e-6,
        );
        expect(varianceOf(m, wider)).toBeGreaterThan(varianceOf(m, d));
      }),
    );
  });

  it('inverts the tail', () => {
    fc.assert(
      fc.property(mean, dispersion, (m, d) => {
        const edge = quantile(m, d, 1e-3);
        expect(edge).toBeGreaterThanOrEqual(m);
        expect(Math.exp(logTail(m, d, edge * 1.001))).toBeLessThanOrEqual(1.001e-3);
      }),
    );
  });

  it('has evidence of mean one under the null, so that it may be multiplied up', () => {
    for (const times of [1.5, 2.5, 5]) {
      let expected = 0;
      for (let count = 0, chance = Math.exp(-4); count < 120; count += 1) {
        expected += chance * Math.exp(logRatio(times, 4, POISSON, count));
        chance *= 4 / (count + 1);
      }
      expect(expected).toBeCloseTo(1, 6);
    }
  });
});

function factorial(n: number): number {
  let product = 1;
  for (let factor = 2; factor <= n; factor += 1) product *= factor;
  return product;
}
