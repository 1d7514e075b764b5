import { LIMITS } from '../core/limits.ts';
import { REDACTION_FAILED } from './tokens.ts';

/** Members of an event in which people's and models' words stand, as paths of at most two names. */
const CONTENT_MEMBERS: readonly (readonly [string, string?])[] = [
  ['action', 'arguments'],
  ['attrs'],
  ['reasoning'],
  ['intent', 'text'],
  ['decision', 'reason'],
  ['decision', 'constraints'],
  ['outcome', 'errorType'],
  ['retrieved'],
  ['clientIp'],
];

/** An event whose redaction is under way, as plain members. */
export type Members = Record<string, unknown>;

/** Replaces every content member by what `change` makes of it; `path` is its dotted name. */
export function changeContent(
  event: Members,
  change: (value: unknown, path: string) => unknown,
): void {
  for (const [first, second] of CONTENT_MEMBERS) {
    const member = event[first];
    if (member === undefined) continue;
    if (second === undefined) put(event, first, change(member, first));
    else if (isRecord(member) && Object.hasOwn(member, second)) {
      const copy = { ...member };
      put(copy, second, change(member[second], `${first}.${second}`));
      event[first] = copy;
    }
  }
}

function put(into: Members, name: string, value: unknown): void {
  if (value === undefined) delete into[name];
  else into[name] = value;
}

/**
 * Maps every text and every key inside a redacted value; unchanged parts are returned as they came.
 * What is nested deeper than content may be becomes `[REDACTION_FAILED]`.
 */
export function mapTexts(value: unknown, map: (text: string) => string, depth = 0): unknown {
  if (typeof value === 'string') return map(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > LIMITS.valueDepth) return REDACTION_FAILED;
  if (Array.isArray(value)) {
    const items = value.map((item) => mapTexts(item, map, depth + 1));
    return items.every((item, index) => Object.is(item, value[index])) ? value : items;
  }
  const out = new Map<string, unknown>();
  let changed = false;
  for (const [key, before] of Object.entries(value)) {
    const name = uniqueIn(out, map(key));
    const after = mapTexts(before, map, depth + 1);
    changed ||= name !== key || !Object.is(after, before);
    out.set(name, after);
  }
  return changed ? Object.fromEntries(out) : value;
}

function uniqueIn(names: ReadonlyMap<string, unknown>, wanted: string): string {
  let name = wanted;
  for (let copy = 2; names.has(name); copy++) name = `${wanted}#${copy}`;
  return name;
}

/** Calls back for every text and every key inside a redacted value, with the path of keys to it. */
export function eachText(
  value: unknown,
  path: string,
  visit: (text: string, path: string) => void,
  depth = 0,
): void {
  if (typeof value === 'string') visit(value, path);
  if (typeof value !== 'object' || value === null || depth > LIMITS.valueDepth) return;
  if (Array.isArray(value)) {
    for (const item of value) eachText(item, path, visit, depth + 1);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    if (key.includes('[')) visit(key, path);
    eachText(item, path === '' ? key : `${path}.${key}`, visit, depth + 1);
  }
}

/** Whether a value has members by name. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
