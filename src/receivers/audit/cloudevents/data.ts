import { parseJsonText } from '../../json-body.ts';
import type { Json } from '../field-reader.ts';

/**
 * What a CloudEvent carries: its `data`, or `data_base64` decoded, parsed when it is JSON by its
 * `datacontenttype` (none means JSON). Undefined without data; null when it should be JSON and is
 * not.
 */
export function dataOf(of: Json): unknown {
  const encoded = of['data_base64'];
  const raw = typeof encoded === 'string' ? Buffer.from(encoded, 'base64').toString() : of['data'];
  if (typeof raw !== 'string') return raw ?? undefined;
  const isDeclared = typeof of['datacontenttype'] === 'string' && of['datacontenttype'] !== '';
  if (!isDeclared && typeof encoded !== 'string') return raw;
  if (!isJsonType(of['datacontenttype'])) return raw;
  try {
    return parseJsonText(raw);
  } catch {
    // In structured mode a JSON string is itself a JSON value.
    return typeof encoded === 'string' ? null : raw;
  }
}

/** `application/json`, `text/json` and everything with the suffix `+json`; none is JSON too. */
export function isJsonType(type: unknown): boolean {
  if (typeof type !== 'string' || type === '') return true;
  return /^[^;]*[/+]json\s*(?:;|$)/i.test(type);
}
