import { hashOf } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';
import { HashList } from '../hash-list.ts';

/**
 * A bounded memory for the state of a detector: plain JSON, with the entries written latest. Once
 * half of the room is used by the young generation, the old one is forgotten and the young becomes
 * the old: an entry lives for at least half of the room in others, and nothing is ever searched.
 */
export interface RecentTable<Value> {
  young: Generation<Value>;
  old: Generation<Value>;
}

/** Entries in the order they came: the number of each key, and its value. */
interface Generation<Value> {
  readonly keys: number[];
  readonly values: Value[];
}

export function createRecentTable<Value>(): RecentTable<Value> {
  return { young: { keys: [], values: [] }, old: { keys: [], values: [] } };
}

/** The value kept under a key, or undefined. Looking does not make it younger. */
export function recallRecent<Value>(
  { young, old }: RecentTable<Value>,
  key: string,
): Value | undefined {
  if (young.keys.length === 0 && old.keys.length === 0) return undefined;
  const number = hashNumber(key);
  const place = placeOf(young, number);
  if (place >= 0) return young.values[place];
  const before = placeOf(old, number);
  return before < 0 ? undefined : old.values[before];
}

/** Whose state a table is part of: it says how many entries there is room for. */
export type TableOwner = 'agent' | 'tenant';

/**
 * Keeps a value under a key; where there is no room, the older half is forgotten. Keys are held as
 * hashes of 53 bits, so that they cost the same however long they are and repeat nothing of what an
 * event said. What is kept is never `null` or `undefined`.
 */
export function keepRecent<Value>(
  table: RecentTable<Value>,
  key: string,
  value: Value,
  owner: TableOwner,
): void {
  const number = hashNumber(key);
  const known = placeOf(table.young, number);
  if (known >= 0) {
    table.young.values[known] = value;
    return;
  }
  if (table.young.keys.length >= ROOM[owner] / 2) {
    table.old = table.young;
    table.young = { keys: [], values: [] };
  }
  const { keys, values } = table.young;
  keys.push(number);
  values.push(value);
  places.get(keys)?.add(wordsOf(number), 0);
}

const ROOM: Readonly<Record<TableOwner, number>> = {
  agent: LIMITS.detectorEntriesPerAgent,
  tenant: LIMITS.detectorEntriesPerTenant,
};

/** So few keys are faster looked through. */
const FEW = 16;

/** Where each key is, by the keys of a generation: derived, and made when there are many. */
const places = new WeakMap<readonly number[], HashList>();

function placeOf({ keys }: Generation<unknown>, number: number): number {
  if (keys.length > FEW) return (places.get(keys) ?? indexed(keys)).find(wordsOf(number));
  for (let place = 0; place < keys.length; place += 1) if (keys[place] === number) return place;
  return -1;
}

function indexed(keys: readonly number[]): HashList {
  const list = new HashList({ figures: 0, expected: keys.length });
  for (const number of keys) list.add(wordsOf(number), 0);
  places.set(keys, list);
  return list;
}

function wordsOf(number: number): { readonly high: number; readonly low: number } {
  return { high: Math.floor(number / LOW) | 0, low: number % LOW };
}

const LOW = 2_097_152;

/** A hash of 53 bits as an integer, for what state need only recognise again. */
export function hashNumber(text: string): number {
  const { high, low } = hashOf(text);
  return (high >>> 0) * LOW + (low >>> 11);
}
