/**
 * An over-dispersed count: variance = mean · (1 + excess) + spread · mean². `excess` is what the
 * sizes of single actions add (a compound Poisson sum), `spread` what the rate's own wandering
 * adds. With spread 0 and excess 0 it is a Poisson count. Quadratic variance as in Hilbe, Negative
 * Binomial Regression, chapter 8 (NB1 and NB2 together).
 */
export interface Dispersion {
  readonly excess: number;
  readonly spread: number;
}

export function varianceOf(mean: number, { excess, spread }: Dispersion): number {
  return mean * (1 + excess) + spread * mean * mean;
}

/**
 * Natural logarithm of an upper bound of P(total ≥ actual): Chernoff's bound (Ann. Math. Stat. 23,
 * 1952) for a negative binomial of this mean and dispersion. Never says "unlikelier" than the
 * model does. 0 (certain) at or below the mean; holds for fractional totals too.
 */
export function logTail(mean: number, dispersion: Dispersion, actual: number): number {
  if (actual <= mean) return 0;
  const over = dispersion.excess + dispersion.spread * mean;
  if (over < POISSON_BELOW) return Math.min(0, actual - mean - actual * Math.log(actual / mean));
  const shape = mean / over;
  const both = (actual + shape) * Math.log1p((actual - mean) / (mean + shape));
  return Math.min(0, both - actual * Math.log(actual / mean));
}

/** Smallest total whose tail is at most `probability`: the edge of what is usual. */
export function quantile(mean: number, dispersion: Dispersion, probability: number): number {
  const target = Math.log(probability);
  let high = Math.max(mean * 2, mean + 1);
  for (let step = 0; step < DOUBLINGS && logTail(mean, dispersion, high) > target; step += 1) {
    high *= 2;
  }
  let low = mean;
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (low + high) / 2;
    if (logTail(mean, dispersion, middle) > target) low = middle;
    else high = middle;
  }
  return high;
}

/** How many times the null's rate each alternative assumes. */
export const ALTERNATIVES = [1.5, 2.5, 5] as const;

/**
 * Log likelihood ratio of one minute's total under `times` the mean against the mean itself, both
 * negative binomial of the same shape. Its exponential is an e-value for "the rate is at most
 * `mean`" (Shin, Ramdas, Rinaldo: E-detectors, arXiv 2203.03532).
 */
export function logRatio(
  times: number,
  mean: number,
  dispersion: Dispersion,
  actual: number,
): number {
  const over = dispersion.excess + dispersion.spread * mean;
  if (over < POISSON_BELOW) return actual * Math.log(times) - mean * (times - 1);
  const shape = mean / over;
  const shrink = -Math.log1p(((times - 1) * mean) / (mean + shape));
  return actual * (Math.log(times) + shrink) + shape * shrink;
}

/**
 * Logarithm of the chance that one of `actions` log-normal sizes alone reaches `size`, by the
 * Gaussian bound Q(z) ≤ exp(−z²/2) / 2. Totals of unequal sizes get large by one large size rather
 * than by many (Foss, Korshunov, Zachary: Heavy-Tailed and Subexponential Distributions, 2013).
 */
export function logJump(actions: number, meanLog: number, deviation: number, size: number): number {
  const z = Math.max(0, (Math.log(size) - meanLog) / deviation);
  return Math.min(0, Math.log(Math.max(actions, LEAST_ACTIONS) / 2) - (z * z) / 2);
}

/** Size that one of `actions` reaches with this probability at most: the inverse of `logJump`. */
export function jumpQuantile(
  actions: number,
  meanLog: number,
  deviation: number,
  probability: number,
): number {
  const room = Math.log(Math.max(actions, LEAST_ACTIONS) / 2) - Math.log(probability);
  return Math.exp(meanLog + deviation * Math.sqrt(Math.max(0, 2 * room)));
}

const LEAST_ACTIONS = 1e-9;
const POISSON_BELOW = 1e-6;
const DOUBLINGS = 60;
const HALVINGS = 40;
