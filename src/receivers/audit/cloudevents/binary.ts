import { TripcoilError } from '../../../core/errors.ts';
import { LIMITS } from '../../../core/limits.ts';
import { decodeUtf8, parseJsonBody } from '../../json-body.ts';
import type { Json } from '../field-reader.ts';
import { isJsonType } from './data.ts';

/** Prefix of attributes among headers: `ce-` on HTTP, `ce_` on Kafka. */
export type AttributePrefix = 'ce-' | 'ce_';

/** Whether headers carry an event in binary mode: all required attributes are there. */
export function isBinaryCloudEvent(
  headers: Readonly<Record<string, unknown>>,
  prefix: AttributePrefix,
): boolean {
  return ['specversion', 'id', 'source', 'type'].every(
    (name) => headers[`${prefix}${name}`] !== undefined,
  );
}

/**
 * Puts an event in binary mode together as its structured form. Header values of HTTP are percent
 * decoded (HTTP binding 1.0.2, section 3.1.3.2); those of Kafka are UTF-8 as they are. `headers`
 * have names in lower case.
 * @throws TripcoilError `bad_request` when the content type says JSON and the body is not,
 * `payload_too_large` beyond `LIMITS.eventBytes`: it is one event, and cannot be taken in parts.
 */
export function binaryCloudEvent(
  headers: Readonly<Record<string, unknown>>,
  prefix: AttributePrefix,
  bytes: Uint8Array,
): Json {
  if (bytes.byteLength > LIMITS.eventBytes) {
    const message = `an event in binary mode is at most ${LIMITS.eventBytes} bytes`;
    throw new TripcoilError('payload_too_large', message);
  }
  const event = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(prefix)) continue;
    const text =
      typeof value === 'string' ? value : Buffer.isBuffer(value) ? `${value}` : undefined;
    if (text === undefined) continue;
    event[name.slice(prefix.length)] = prefix === 'ce-' ? percentDecoded(text) : text;
  }
  const type = headers['content-type'];
  event['datacontenttype'] = type === undefined ? undefined : String(type);
  if (bytes.byteLength === 0) return event;
  const opensJson = /^\s*[[{"]/.test(decodeUtf8(bytes.subarray(0, 64)));
  if (!isJsonType(event['datacontenttype']) || (type === undefined && !opensJson)) {
    event['data'] = decodeUtf8(bytes);
    return event;
  }
  event['data'] = parseJsonBody(bytes);
  // What is parsed already must not be taken for a text to parse.
  delete event['datacontenttype'];
  return event;
}

/** Octets after `%` are UTF-8; a quoted value loses its quotes first. */
function percentDecoded(text: string): string {
  const quoted = /^"(.*)"$/s.exec(text)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? text;
  try {
    return decodeURIComponent(quoted);
  } catch {
    throw new TripcoilError('bad_request', 'a ce- header is not validly percent encoded');
  }
}
