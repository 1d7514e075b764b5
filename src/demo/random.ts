/** Seeded random numbers (mulberry32): the same seed gives the same demo on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  integer(from: number, to: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** Poisson counts by inversion; `mean` up to a few dozen. */
  poisson(mean: number): number;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    integer: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new Error('assertion failed: pick needs a non-empty list');
      return item;
    },
    poisson: (mean) => {
      const limit = Math.exp(-mean);
      let count = 0;
      for (let product = next(); product > limit; product *= next()) count += 1;
      return count;
    },
  };
}
