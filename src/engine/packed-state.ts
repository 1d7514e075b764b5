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
  const packed = withMembers(value, packState);
  return isMarker(packed) ? { [PLAIN]: packed } : packed;
}

/** What was packed, in objects of its own. */
export function unpackState(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpackState);
  if (typeof value !== 'object' || value === null) return value;
  if (!isMarker(value)) return withMembers(value, unpackState);
  const { [LIST]: list, [PLAIN]: plain } = value as { readonly [marker: string]: unknown };
  if (list !== undefined) return unpackNumbers(String(list));
  const isWrapped = typeof plain === 'object' && plain !== null;
  return withMembers(isWrapped ? plain : value, unpackState);
}

/** Another object with the same members, each changed. */
function withMembers(value: object, change: (member: unknown) => unknown): object {
  const own = value as { readonly [name: string]: unknown };
  const changed: { [name: string]: unknown } = {};
  for (const name of Object.keys(value)) {
    const member = own[name];
    const kept = typeof member === 'object' && member !== null ? change(member) : member;
    // Assigning would lose a member by the name of `__proto__`.
    if (name === '__proto__') Object.defineProperty(changed, name, { ...MEMBER, value: kept });
    else changed[name] = kept;
  }
  return changed;
}

const MEMBER = { enumerable: true, configurable: true, writable: true } as const;

function isNumbers(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length < LEAST) return false;
  for (const item of value) if (typeof item !== 'number') return false;
  return true;
}

function isMarker(value: object): boolean {
  if (!(LIST in value || PLAIN in value)) return false;
  return Object.keys(value).length === 1;
}
