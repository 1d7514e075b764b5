import { isObject } from './field-reader.ts';

/**
 * The value at an RFC 6901 pointer, undefined where there is none; null counts as none. A member
 * is also found in lower case, since collectors of records (Panther, Snowflake, SQL sinks) write
 * `eventType` as `eventtype`, and `@type` as `at_sign_type`.
 */
export function at(value: unknown, pointer: string): unknown {
  return follow(value, segmentsOf(pointer));
}

/** The first pointer that leads to something that is neither null nor an empty text. */
export function firstAt(value: unknown, ...pointers: readonly string[]): unknown {
  for (const pointer of pointers) {
    const found = at(value, pointer);
    if (found !== undefined && found !== '') return found;
  }
  return undefined;
}

/** Names of a pointer, unescaped; remembered, since the same few come with every record. */
export function segmentsOf(pointer: string): readonly string[] {
  const known = remembered.get(pointer);
  if (known !== undefined) return known;
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (remembered.size < REMEMBERED_POINTERS) remembered.set(pointer, names);
  return names;
}

const remembered = new Map<string, readonly string[]>();
const REMEMBERED_POINTERS = 4_096;

function follow(value: unknown, names: readonly string[]): unknown {
  let here = value;
  for (const name of names) {
    if (Array.isArray(here)) here = INDEX.test(name) ? here[Number(name)] : undefined;
    else if (isObject(here)) here = member(here, name);
    else return undefined;
    if (here === undefined || here === null) return undefined;
  }
  return here ?? undefined;
}

const INDEX = /^(?:0|[1-9]\d{0,8})$/;

function member(of: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(of, name)) return of[name];
  const lower = name.toLowerCase();
  if (lower !== name && Object.hasOwn(of, lower)) return of[lower];
  const spelled = lower.replace('@', 'at_sign_');
  return spelled !== lower && Object.hasOwn(of, spelled) ? of[spelled] : undefined;
}
