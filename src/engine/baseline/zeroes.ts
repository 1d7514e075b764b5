/**
 * So many zeroes, in an array that holds doubles from the start. V8 keeps small integers apart: an
 * array that begins with them is copied at its first fraction, and code that meets both kinds is
 * slower for each.
 */
export function zeroes(length: number): number[] {
  const known = made.get(length);
  if (known !== undefined) return known.slice();
  const fresh = Array.from({ length }, () => 0.5).fill(0);
  made.set(length, fresh);
  return fresh.slice();
}

/** A copy of these numbers, in an array as `zeroes` makes it. */
export function doubles(numbers: readonly number[]): number[] {
  const copy = zeroes(numbers.length);
  for (let at = 0; at < copy.length; at += 1) copy[at] = numbers[at] ?? 0;
  return copy;
}

/** One of each length that the baselines use. */
const made = new Map<number, readonly number[]>();
