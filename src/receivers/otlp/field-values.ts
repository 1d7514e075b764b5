import type { JsonValue } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { KEPT_RESOURCE_KEYS } from './attribute-families.ts';
import type { AttributeTable, KeyPlan, Slot } from './attribute-table.ts';
import { FIELD_COUNT, RARE_MARK } from './attribute-table.ts';
import type { Attributes } from './record.ts';

const NO_ATTRIBUTES: Attributes = { keys: [], values: [] };
const UNRANKED = 255;

/**
 * One record's attributes seen through the coalesce table. Filled once per record by a single walk
 * over the attributes, then read by field; reused from record to record.
 */
export class FieldValues {
  marks = 0;
  /** Number of flattened `retrieval.documents.N` entries. */
  flatDocuments = 0;
  private readonly values = new Array<JsonValue | undefined>(FIELD_COUNT).fill(undefined);
  private readonly ranks = new Uint8Array(FIELD_COUNT).fill(UNRANKED);
  /** Position of the winning attribute, counted from the resource's first; -1 for none. */
  private readonly winners = new Int32Array(FIELD_COUNT).fill(-1);
  /** 1 for a field whose value went into the event. */
  private readonly taken = new Uint8Array(FIELD_COUNT);
  /** Slots that have a value. */
  private readonly filled: number[] = [];
  /** Plans of the attributes, in the order of `fill`. */
  private readonly plans: KeyPlan[] = [];
  private resource: Attributes = NO_ATTRIBUTES;
  private attributes: Attributes = NO_ATTRIBUTES;
  private readonly table: AttributeTable;

  constructor(table: AttributeTable) {
    this.table = table;
  }

  fill(resource: Attributes, attributes: Attributes): void {
    this.marks = 0;
    this.flatDocuments = 0;
    this.forget();
    this.resource = resource;
    this.attributes = attributes;
    this.offer(resource, 0);
    // What a resource says about all of its spans does not make each of them an agent's action.
    this.marks &= RARE_MARK;
    this.offer(attributes, resource.keys.length);
  }

  /** Clears what the last record filled, which is a small part of all fields. */
  private forget(): void {
    const { values, ranks, winners, taken, filled } = this;
    for (let at = 0; at < filled.length; at++) {
      const slot = filled[at] as number;
      values[slot] = undefined;
      ranks[slot] = UNRANKED;
      winners[slot] = -1;
      taken[slot] = 0;
    }
    filled.length = 0;
  }

  /** The winning value of any type, or undefined. Taken: `rest` no longer holds it. */
  raw(slot: Slot): JsonValue | undefined {
    const value = this.values[slot];
    if (value !== undefined) this.taken[slot] = 1;
    return value;
  }

  /** A text, or a number or boolean as text; undefined for anything else. Taken. */
  text(slot: Slot): string | undefined {
    const value = this.peek(slot);
    if (value !== undefined) this.taken[slot] = 1;
    return value;
  }

  /** As `text`, but the attribute stays in `rest` too: it was evidence and not the field itself. */
  peek(slot: Slot): string | undefined {
    const value = this.values[slot];
    if (typeof value === 'string' || value === undefined) return value;
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  }

  /** A finite number of at least 0 and at most `LIMITS.volumeMax`, also from text. Taken. */
  amount(slot: Slot): number | undefined {
    const value = this.values[slot];
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number !== 'number' || !(number >= 0 && number <= LIMITS.volumeMax))
      return undefined;
    this.taken[slot] = 1;
    return number;
  }

  /** A list of texts, from a list or from words separated by blanks or commas. Taken. */
  list(slot: Slot): readonly string[] | undefined {
    const value = this.raw(slot);
    if (value === undefined) return undefined;
    const items = typeof value === 'string' ? value.split(/[\s,]+/) : value;
    if (!Array.isArray(items)) return undefined;
    const texts = items.filter((item): item is string => typeof item === 'string' && item !== '');
    return texts.slice(0, LIMITS.listItems);
  }

  /** Everything that no field took: `attrs` of the event, bounded, content as sizes only. */
  rest(): Record<string, JsonValue> {
    const attrs = Object.create(null) as Record<string, JsonValue>;
    const offset = this.resource.keys.length;
    let dropped = this.collect(attrs, this.resource, 0, 0, true);
    dropped = this.collect(attrs, this.attributes, offset, dropped, false);
    if (dropped > 0) attrs['attrs_dropped'] = dropped;
    return attrs;
  }

  private offer(attributes: Attributes, offset: number): void {
    const { keys, values } = attributes;
    const { ranks, winners, table } = this;
    for (let index = 0; index < keys.length; index++) {
      const plan = table.planOf(keys[index] as string);
      this.plans[offset + index] = plan;
      this.marks |= plan.marks;
      if (plan.document >= this.flatDocuments) this.flatDocuments = plan.document + 1;
      const { slots } = plan;
      if (slots.length === 0) continue;
      const value = values[index] as JsonValue;
      if (isEmpty(value)) continue;
      for (let at = 0; at < slots.length; at += 2) {
        const slot = slots[at] as number;
        const rank = slots[at + 1] as number;
        const before = ranks[slot] as number;
        if (rank <= before) {
          if (before === UNRANKED) this.filled.push(slot);
          ranks[slot] = rank;
          winners[slot] = offset + index;
          this.values[slot] = value;
        }
      }
    }
  }

  private collect(
    attrs: Record<string, JsonValue>,
    attributes: Attributes,
    offset: number,
    droppedBefore: number,
    ofResource: boolean,
  ): number {
    const { keys, values } = attributes;
    let dropped = droppedBefore;
    let room = LIMITS.attrsPerEvent;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      const plan = this.plans[offset + index] as KeyPlan;
      if (plan.content !== '') {
        const size = byteSize(values[index] as JsonValue);
        const before = attrs[plan.content];
        attrs[plan.content] = typeof before === 'number' ? before + size : size;
        continue;
      }
      if (this.consumed(plan.slots, offset + index)) continue;
      if (ofResource && plan.slots.length === 0 && !KEPT_RESOURCE_KEYS.has(key)) continue;
      if (--room < 0) {
        dropped++;
        continue;
      }
      const value = values[index] as JsonValue;
      if (isLong(value)) attrs[`${key}.size`] = byteSize(value);
      else attrs[key] = value;
    }
    return dropped;
  }

  private consumed(slots: readonly number[], position: number): boolean {
    for (let at = 0; at < slots.length; at += 2) {
      const slot = slots[at] as number;
      if (this.taken[slot] === 1 && this.winners[slot] === position) return true;
    }
    return false;
  }
}

/** UTF-8 bytes of a text, or of the JSON of anything else. */
export function byteSize(value: JsonValue): number {
  return Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value), 'utf8');
}

/** What emitters write for "nothing": Envoy's dash, OpenInference's mask, ADK's placeholder. */
function isEmpty(value: JsonValue): boolean {
  if (value === null || value === '' || value === '-') return true;
  return value === '__REDACTED__' || value === '<not specified>';
}

function isLong(value: JsonValue): boolean {
  if (typeof value === 'string') return value.length > LIMITS.attrChars;
  return typeof value === 'object' && value !== null && byteSize(value) > LIMITS.attrChars;
}
