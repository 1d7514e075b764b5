/**
 * A rough count of distinct texts in eight words, right to about a tenth up to some 600: linear
 * counting (Whang, Vander-Zanden, Taylor, ACM TODS 15, 1990). Plain JSON of fixed size.
 */
export type DistinctCount = number[];

const WORDS = 8;
const BITS = WORDS * 32;

export function createDistinctCount(): DistinctCount {
  return new Array<number>(WORDS).fill(0);
}

/** Notes the text that this number stands for; true where the count rose by it. */
export function addDistinct(words: DistinctCount, hash: number): boolean {
  const bit = (hash >>> 0) % BITS;
  const word = bit >>> 5;
  const before = words[word] ?? 0;
  const after = (before | (1 << (bit & 31))) >>> 0;
  if (after === before) return false;
  words[word] = after;
  return true;
}

/** About how many different ones were added since the last `clearDistinct`. */
export function distinctOf(words: DistinctCount): number {
  let free = BITS;
  for (let word = 0; word < WORDS; word += 1) free -= bitsOf(words[word] ?? 0);
  return Math.max(0, Math.round(-BITS * Math.log(Math.max(free, 0.5) / BITS)));
}

/** Share of the places that neither sketch has taken: the chance that a new text is noticed. */
export function freeShare(one: DistinctCount, other: DistinctCount): number {
  let free = BITS;
  for (let word = 0; word < WORDS; word += 1) {
    free -= bitsOf((one[word] ?? 0) | (other[word] ?? 0));
  }
  return free / BITS;
}

export function clearDistinct(words: DistinctCount): void {
  words.fill(0);
}

/** Set bits of a word: Warren, Hacker's Delight, section 5-1. */
function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  bits = (bits + (bits >>> 4)) & 0x0f0f0f0f;
  return Math.imul(bits, 0x01010101) >>> 24;
}
