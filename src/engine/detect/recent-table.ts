import { hashOf } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';

/**
 * A bounded memory for the state of a detector: plain JSON, with the entries written latest. Once
 * half of the room is used by the young generation, the old one is forgotten and the young becomes
 * the old: an entry lives for at least half of the room in others, and nothing is ever searched.
 */
export interface RecentTable<Value> {
  young: Record<string, Value>;
  old: Record<string, Value>;
  /** Entries of the young generation. */
  count: number;
}

export function createRecentTable<Value>(): RecentTable<Value> {
  return { young: {}, old: {}, count: 0 };
}

/** The value kept under a key, or undefined. Looking does not make it younger. */
export function recallRecent<Value>(table: RecentTable<Value>, key: string): Value | undefined {
  const place = placeOf(key);
  return table.young[place] ?? table.old[place];
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
  const place = placeOf(key);
  if (table.young[place] === undefined) {
    if (table.count >= ROOM[owner] / 2) {
      table.old = table.young;
      table.young = {};
      table.count = 0;
    }
    table.count += 1;
  }
  table.young[place] = value;
}

const ROOM: Readonly<Record<TableOwner, number>> = {
  agent: LIMITS.detectorEntriesPerAgent,
  tenant: LIMITS.detectorEntriesPerTenant,
};

/** The letter in front keeps every key a name: numbers would be put into another order. */
function placeOf(key: string): string {
  return `k${hashText(key)}`;
}

/** A hash of 53 bits as up to 11 letters and digits, for what state need only recognise again. */
export function hashText(text: string): string {
  const { high, low } = hashOf(text);
  return (high * 2_097_152 + (low >>> 11)).toString(36);
}
