const Z95 = 1.96;

/** Byar's approximation of the exact 95 % interval of a Poisson count. */
export function poissonInterval(count: number): [number, number] {
  const low = count === 0 ? 0 : count * (1 - 1 / (9 * count) - Z95 / (3 * Math.sqrt(count))) ** 3;
  const next = count + 1;
  return [low, next * (1 - 1 / (9 * next) + Z95 / (3 * Math.sqrt(next))) ** 3];
}

/** Wilson's 95 % interval of the share `hits` of `all`. */
export function wilsonInterval(hits: number, all: number): [number, number] {
  if (all === 0) return [0, 1];
  const share = hits / all;
  const z2 = Z95 ** 2 / all;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = (Z95 * Math.sqrt((share * (1 - share)) / all + z2 / (4 * all))) / (1 + z2);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
