import type { AccessEvent } from '../../core/access-event.ts';
import { combined, type Hash, hashOf } from '../../core/hash.ts';

/** Values of arguments looked at, and characters of each: the rest makes no call different. */
const VALUES = 48;
const CHARS = 256;
const DEPTH = 4;

const OBJECT = hashOf('object');
const LIST = hashOf('list');

/**
 * Stands for what a call does: its tool, its resource, where it goes and what it is given. Calls
 * of one fingerprint ask for the same thing. Null where the event says no more than the tool, for
 * then equal names are no equal calls.
 */
export function fingerprintOf({ action, resource, destinations }: AccessEvent): Hash | null {
  if (action.arguments === undefined && resource?.id === undefined && !destinations) return null;
  let hash = hashOf(action.name);
  if (resource?.id !== undefined) hash = hashOf(resource.id, hash);
  for (const { type, value } of destinations ?? []) hash = hashOf(value, hashOf(type, hash));
  if (action.arguments === undefined) return hash;
  return valueHash(action.arguments, hash, { left: VALUES }, DEPTH);
}

function valueHash(value: unknown, within: Hash, budget: { left: number }, depth: number): Hash {
  budget.left -= 1;
  if (budget.left < 0) return within;
  if (typeof value === 'string') {
    return hashOf(value.length > CHARS ? value.slice(0, CHARS) : value, within);
  }
  if (typeof value !== 'object' || value === null) return hashOf(String(value), within);
  if (depth === 0) return within;
  let hash = combined(within, Array.isArray(value) ? LIST : OBJECT);
  if (Array.isArray(value)) {
    for (const item of value) {
      if (budget.left <= 0) break;
      hash = valueHash(item, hash, budget, depth - 1);
    }
    return hash;
  }
  for (const [key, item] of Object.entries(value)) {
    if (budget.left <= 0) break;
    hash = valueHash(item, hashOf(key, hash), budget, depth - 1);
  }
  return hash;
}
