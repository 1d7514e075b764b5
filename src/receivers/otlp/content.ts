import type { JsonValue } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { isDeeperThan, parseJsonText } from '../json-body.ts';

/** Free-form content, as a value or as JSON text, within the bounds of one event. */
export function contentOf(value: JsonValue | undefined): JsonValue | undefined {
  const content = parsed(value);
  if (typeof content === 'string') {
    return content.length > LIMITS.argumentsChars ? undefined : content;
  }
  return isDeeperThan(content, LIMITS.valueDepth) ? undefined : content;
}

/** RFC 3339 text, or a number of milliseconds or seconds since 1970, as text or not. */
export function timeOf(value: JsonValue | undefined): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number') {
    // RFC 7519 counts seconds; in milliseconds that would lie before 1973.
    return number > 0 && number < 1e14 ? (number < 1e11 ? number * 1e3 : number) : undefined;
  }
  const at = typeof value === 'string' && DATE.test(value) ? Date.parse(value) : Number.NaN;
  return at > 0 ? at : undefined;
}

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** JSON text as its value; anything else as it is, unless it is too long to be looked into. */
export function parsed(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'string') return value;
  const first = value.charCodeAt(0);
  if ((first !== 0x7b && first !== 0x5b) || value.length > LIMITS.argumentsChars) return value;
  try {
    return parseJsonText(value) as JsonValue;
  } catch {
    return value;
  }
}
