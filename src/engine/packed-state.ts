import { packNumbers, unpackNumbers } from './packed-numbers.ts';

/** Shorter lists are as short in JSON. */
const LEAST = 4;
/** What stands for a packed list, and for an object that looks like one of these two. */
const LIST = '$n';
const PLAIN = '$o';

/**
 * Plain JSON with its lists of numbers packed (see `packNumbers`), as snapshots hold the state of
 * agents: a third of the text, and faster to write than decimal digits.
 */
export function packState(value: unknown): unknown {
  if (isNumbers(value)) return { [LIST]: packNumbers(value) };
  if (Array.isArray(value)) return value.map(packState);
  if (typeof value !== 'object' || value === null) return value;
  // Assigning would lose a member by the name of `__proto__`.
  const packed = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, packState(member)]),
  );
  return isMarker(packed) ? { [PLAIN]: packed } : packed;
}

/** What was packed, in objects of its own. */
export function unpackState(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpackState);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, member] = ['', null], ...more] = Object.entries(value);
  if (more.length === 0 && key === LIST) return unpackNumbers(String(member));
  const isWrapped = more.length === 0 && key === PLAIN && typeof member === 'object';
  const members = Object.entries(isWrapped && member ? member : value);
  return Object.fromEntries(members.map(([name, each]) => [name, unpackState(each)]));
}

function isNumbers(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length < LEAST) return false;
  return value.every((item) => typeof item === 'number');
}

function isMarker(value: object): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === LIST || keys[0] === PLAIN);
}
