import type { JsonValue, Party, ReceivedEvent } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { boundedId } from '../identifier.ts';
import { FIELD } from './attribute-table.ts';
import { contentOf, parsed } from './content.ts';
import type { FieldValues } from './field-values.ts';

// Fields of the native event that are lists or objects. An attribute carries them as JSON text, as
// an OTLP list of key-value lists, or, where the members have one natural part, as a list of texts.

/** Earlier actors, the present one first (RFC 8693); a text alone is the `sub` of an agent. */
export function partiesOf(fields: FieldValues): readonly Party[] | undefined {
  return items(fields.raw(FIELD.delegation), (item) => {
    if (typeof item === 'string') return { sub: boundedId(item), type: 'agent' };
    const sub = textOf(item, 'sub');
    if (sub === undefined) return undefined;
    const iss = textOf(item, 'iss');
    const type = textOf(item, 'type');
    const roles = listOf(member(item, 'roles'));
    return {
      sub: boundedId(sub),
      ...(iss !== undefined && { iss }),
      ...(type !== undefined && { type: boundedId(type) }),
      ...(roles !== undefined && { roles }),
    };
  });
}

/** A text is `type:value`, such as `email:bob@example.com`. */
export function destinationsOf(fields: FieldValues): ReceivedEvent['destinations'] {
  return items(fields.raw(FIELD.destinations), (item) => {
    const { type, value } =
      typeof item === 'string'
        ? (/^(?<type>[a-z_]{1,32}):(?<value>.+)$/s.exec(item)?.groups ?? {})
        : { type: textOf(item, 'type'), value: textOf(item, 'value') };
    return type === undefined || value === undefined ? undefined : { type: boundedId(type), value };
  });
}

/** What was retrieved; a text is the id. */
export function retrievedOf(fields: FieldValues): ReceivedEvent['retrieved'] {
  return items(fields.raw(FIELD.retrieved), (item) => {
    if (typeof item === 'string') return { id: item };
    const type = textOf(item, 'type');
    const id = textOf(item, 'id');
    if (type === undefined && id === undefined) return undefined;
    return { ...(type !== undefined && { type }), ...(id !== undefined && { id }) };
  });
}

/** Reasoning as a whole, or put together from its members; a member wins over the whole. */
export function reasoningOf(fields: FieldValues): JsonValue | undefined {
  const whole = contentOf(fields.raw(FIELD.reasoning));
  const members = {
    summary: fields.text(FIELD.reasoningSummary),
    sub_goals: contentOf(fields.raw(FIELD.reasoningSubGoals)),
    alternatives: contentOf(fields.raw(FIELD.reasoningAlternatives)),
    confidence: fields.amount(FIELD.reasoningConfidence),
  };
  let found: { [key: string]: JsonValue } | undefined;
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue;
    if (found === undefined) found = isObject(whole) ? { ...whole } : {};
    found[name] = value;
  }
  return found ?? whole;
}

function items<T>(
  value: JsonValue | undefined,
  read: (item: JsonValue) => T | undefined,
): readonly T[] | undefined {
  const whole = parsed(value);
  if (whole === undefined) return undefined;
  const list = Array.isArray(whole) ? whole : [whole];
  const found: T[] = [];
  for (const item of list.slice(0, LIMITS.listItems) as readonly JsonValue[]) {
    // A list of JSON texts is what remains of a list of objects in most SDKs.
    const one = read(parsed(item) ?? null);
    if (one !== undefined) found.push(one);
  }
  return found.length === 0 ? undefined : found;
}

function listOf(value: JsonValue | undefined): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((item): item is string => typeof item === 'string' && item !== '');
  return texts.slice(0, LIMITS.listItems);
}

function isObject(value: unknown): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function member(of: JsonValue, key: string): JsonValue | undefined {
  return isObject(of) && Object.hasOwn(of, key) ? of[key] : undefined;
}

function textOf(of: JsonValue, key: string): string | undefined {
  const value = member(of, key);
  if (typeof value !== 'string' || value === '' || value.length > LIMITS.attrChars)
    return undefined;
  return value;
}
