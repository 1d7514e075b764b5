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
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    return isNumbers(list) ? { [LIST]: packNumbers(list) } : list.map(packState);
  }
  if (typeof value !== 'object' || value === null) return value;
  const packed: Record<string, unknown> = {};
  let members = 0;
  let last = '';
  for (const key of Object.keys(value)) {
    const member = packState((value as Readonly<Record<string, unknown>>)[key]);
    if (key === '__proto__') keepUnderAnyName(packed, key, member);
    else packed[key] = member;
    members += 1;
    last = key;
  }
  return members === 1 && (last === LIST || last === PLAIN) ? { [PLAIN]: packed } : packed;
}

/** Assigning would lose a member by the name of `__proto__`. */
function keepUnderAnyName(packed: object, key: string, value: unknown): void {
  Object.defineProperty(packed, key, {
    ...{ value, enumerable: true, configurable: true, writable: true },
  });
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

function isNumbers(list: readonly unknown[]): list is readonly number[] {
  if (list.length < LEAST) return false;
  for (let at = 0; at < list.length; at += 1) if (typeof list[at] !== 'number') return false;
  return true;
}
