import type { BreakerOrder } from '../../core/breaker-order.ts';
import { fill, placeholdersIn, type Values } from './placeholders.ts';

/** From our ids to a target's. */
export interface Mapping {
  /** Text with `{tenant}`, `{agent}` and `{key_id}`; null where the table alone decides. */
  readonly template: string | null;
  /** By the id of the key. */
  readonly table: Readonly<Record<string, string>>;
}

const NAMES = ['tenant', 'agent', 'key_id'];

/** Placeholders of a mapping that nothing is known by. */
export function unknownNames(template: string): readonly string[] {
  return placeholdersIn(template).filter((name) => !NAMES.includes(name));
}

/** What the target calls what an order is about; null where the mapping does not tell. */
export function targetOf(
  { template, table }: Mapping,
  { key, agent }: BreakerOrder,
): string | null {
  const listed = Object.hasOwn(table, key.id) ? table[key.id] : undefined;
  if (listed !== undefined) return listed;
  if (template === null) return null;
  const values: Values = new Map([
    ['tenant', { text: key.tenant }],
    ['agent', { text: agent ?? '' }],
    ['key_id', { text: key.id }],
  ]);
  const target = fill(template, values, 'text');
  return target === '' ? null : target;
}
