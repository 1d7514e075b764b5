import type { EventField, FieldAliases } from '../../core/event-field.ts';
import { EVENT_FIELDS } from '../../core/event-field.ts';
import { LIMITS } from '../../core/limits.ts';
import {
  AGENT_PREFIXES,
  CONTENT_KEYS,
  CONTENT_PREFIXES,
  GENERIC_PREFIXES,
} from './attribute-families.ts';
import type { Field } from './coalesce.ts';
import { COALESCE } from './coalesce.ts';

/** Set in `FieldValues.marks` when an attribute shows that an agent is at work. */
export const AGENT_MARK = 1;
/** Set for HTTP, database, RPC and messaging attributes. */
export const GENERIC_MARK = 2;

/** Set for fields that few records carry, so that nobody looks for them on all others. */
export const RARE_MARK = 4;

/** What one attribute key means, worked out once. */
export interface KeyPlan {
  /** Slot and rank, alternating. */
  readonly slots: readonly number[];
  /** Under which name the size of this content is kept; '' for what is not content. */
  readonly content: string;
  readonly marks: number;
  /** N of `retrieval.documents.N.…`, else -1. */
  readonly document: number;
}

/** The coalesce table, with the deployment's own aliases in it, compiled for look-up by key. */
export interface AttributeTable {
  planOf(key: string): KeyPlan;
}

/** Whether an attribute of this name is read, or known to tell nothing of an agent. */
export function isKnownAttribute(table: AttributeTable, key: string): boolean {
  const { slots, content, marks, document } = table.planOf(key);
  if (slots.length > 0 || content !== '' || document >= 0) return true;
  return (marks & GENERIC_MARK) !== 0 || SURROUNDINGS.test(key);
}

/** Where something ran, which instrumentations add to everything. */
const SURROUNDINGS =
  /^(?:telemetry|host|process|os|k8s|container|cloud|deployment|faas|service|net|network|server|client|url|user_agent|thread|code|otel|device|exception|peer|webengine)\./;

/**
 * Compiles the coalesce table. Aliases of a field come right behind our own `tripcoil.*` key and
 * before every convention, since whoever configures them knows their agents better.
 */
export function compileTable(aliases: FieldAliases = {}): AttributeTable {
  const slotsByKey = compileSlots(aliases);
  const ownKeys = new Set(Object.values(aliases).flat());
  const content = new Set([
    ...CONTENT_KEYS,
    ...(aliases['action.arguments'] ?? []),
    ...(aliases['token.jwt'] ?? []),
  ]);
  /** Known keys or not; past the bound a plan is worked out each time. */
  const plans = new Map<string, KeyPlan>();
  return {
    planOf: (key) => {
      const known = plans.get(key);
      if (known !== undefined) return known;
      const slots = slotsByKey.get(key) ?? NO_SLOTS;
      const plan = makePlan(key, slots, content.has(key), ownKeys.has(key));
      if (plans.size < PLANS_KEPT && key.length <= LIMITS.identifierChars) plans.set(key, plan);
      return plan;
    },
  };
}

/** The row of each field that an alias may extend: the one that its `tripcoil.` key begins. */
export function rowOf(field: EventField): Field | undefined {
  return ROW_BY_OWN_KEY.get(`tripcoil.${field}`);
}

export const FIELD_COUNT = Object.keys(COALESCE).length;
/**
 * The slot of each field: what `FieldValues` is asked by, since a number costs no look-up and a
 * record is asked forty times.
 */
export const FIELD = Object.fromEntries(
  Object.keys(COALESCE).map((field, index) => [field, index]),
) as Readonly<Record<Field, Slot>>;

/** Position of a field in the table. */
export type Slot = number & { readonly slot: never };

const ROW_BY_OWN_KEY: ReadonlyMap<string, Field> = new Map(
  Object.entries(COALESCE).map(([field, keys]) => [keys[0], field as Field]),
);

const RARE: ReadonlySet<number> = new Set(
  (
    [
      ...['eventId', 'sourceName', 'sourceSeq', 'principalIss', 'principalRoles', 'delegation'],
      ...['amountValue', 'destinations', 'retrieved', 'reasoning', 'reasoningSummary'],
      ...['reasoningSubGoals', 'reasoningAlternatives', 'reasoningConfidence', 'resourceUnit'],
      ...['constraints', 'decisionExpires', 'tokenIss', 'tokenSub', 'tokenAud', 'tokenExp'],
      ...['tokenJwt', 'parentTxn', 'parentJti', 'parentTrace', 'parentTask'],
    ] as const
  ).map((field) => FIELD[field]),
);

const PLANS_KEPT = 4_096;
const NO_SLOTS: readonly number[] = [];
const DOCUMENT = /^retrieval\.documents\.(\d{1,6})\./;

function makePlan(
  key: string,
  slots: readonly number[],
  isContent: boolean,
  isAlias: boolean,
): KeyPlan {
  const prefix = CONTENT_PREFIXES.find((start) => key.startsWith(start));
  const family = isContent ? key : prefix?.replace(/\.$/, '');
  const agent = isAlias || AGENT_PREFIXES.some((start) => key.startsWith(start)) ? AGENT_MARK : 0;
  const generic = GENERIC_PREFIXES.some((start) => key.startsWith(start)) ? GENERIC_MARK : 0;
  return {
    slots,
    content: family === undefined ? '' : `${family}.size`,
    marks:
      agent | generic | (slots.some((slot, at) => at % 2 === 0 && RARE.has(slot)) ? RARE_MARK : 0),
    document: Number(DOCUMENT.exec(key)?.[1] ?? -1),
  };
}

function compileSlots(aliases: FieldAliases): ReadonlyMap<string, readonly number[]> {
  const aliasesByRow = new Map<string, readonly string[]>();
  for (const field of EVENT_FIELDS) {
    const row = rowOf(field);
    const keys = aliases[field];
    if (row !== undefined && keys !== undefined) aliasesByRow.set(row, keys);
  }
  const byKey = new Map<string, number[]>();
  for (const [slot, [row, keys]] of Object.entries(COALESCE).entries()) {
    const added = aliasesByRow.get(row) ?? [];
    const ranked = added.length === 0 ? keys : [keys[0], ...added, ...keys.slice(1)];
    for (const [rank, key] of ranked.entries()) {
      const slots = byKey.get(key) ?? [];
      slots.push(slot, rank);
      byKey.set(key, slots);
    }
  }
  return byKey;
}
