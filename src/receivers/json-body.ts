import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { parseLargeJson } from './large-json.ts';
import type { Steps } from './steps.ts';
import { runAtOnce } from './steps.ts';

/**
 * Parses a whole JSON body, refusing before `JSON.parse` what would cost memory out of proportion:
 * deep nesting (each level costs the parser some 40 bytes) and more containers than any real body
 * of that size has. Small bodies cannot do harm and are not scanned.
 * @throws TripcoilError `bad_request` or `payload_too_large`; the message repeats no payload.
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  return runAtOnce(jsonBodySteps(bytes));
}

/** `parseJsonBody` in steps; a small body is one. */
export function* jsonBodySteps(bytes: Uint8Array): Steps<unknown> {
  const isLarge = bytes.byteLength > UNSCANNED_BYTES;
  if (isLarge) yield* checkShape(bytes);
  try {
    return isLarge ? yield* parseLargeJson(bytes, parseUtf8) : parseUtf8(bytes);
  } catch {
    throw new TripcoilError('bad_request', 'the body is not valid JSON');
  }
}

function parseUtf8(bytes: Uint8Array): unknown {
  return parseJsonText(decodeUtf8(bytes));
}

/**
 * As `JSON.parse`, with U+FFFD for every escaped surrogate that has no partner. A text with such a
 * half is no Unicode: two that differ would become one on disk, so nothing may be keyed on it.
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseJsonText(text: string): unknown {
  return JSON.parse(text.includes('\\u') ? text.replace(LONE, '\\ufffd') : text);
}

/**
 * The escape of a high surrogate without a low one behind it, or of a low one without a high one
 * before; not after an odd number of backslashes, where it is no escape. Linear, by a test.
 */
const LONE =
  /\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|(?<!(?<!\\)(?:\\\\)*\\u[dD][89abAB]..\\u[dD])[c-fC-F]..)(?<=(?<!\\)(?:\\\\)*\\u.{4})/g;

/** A value that another parser made, as `parseJsonText` would have made it. */
export function wellFormedValue(value: unknown): unknown {
  return value === undefined ? undefined : parseJsonText(JSON.stringify(value));
}

/** Text of a body; invalid UTF-8 becomes U+FFFD and a byte order mark is dropped. */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** True when `value` nests deeper than `depth` containers. */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (isDeeperThan(item, depth - 1)) return true;
    return false;
  }
  const object = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(object)) if (isDeeperThan(object[key], depth - 1)) return true;
  return false;
}

const UNSCANNED_BYTES = 1024 * 1024;
/** Looked over in 5 ms. */
const SCANNED_PER_STEP = 2 * 1024 * 1024;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `{` and `[`, `}` and `]` differ in this bit alone. */
const BRACE_BIT = 0x20;

function* checkShape(bytes: Uint8Array): Steps<void> {
  let depth = 0;
  let containers = 0;
  let sliceEnd = SCANNED_PER_STEP;
  for (let index = 0; index < bytes.length; index++) {
    if (index >= sliceEnd) {
      yield;
      sliceEnd = index + SCANNED_PER_STEP;
    }
    const byte = bytes[index] as number;
    if (byte === QUOTE) {
      index++;
      while (index < bytes.length && bytes[index] !== QUOTE) {
        index += bytes[index] === BACKSLASH ? 2 : 1;
      }
    } else if ((byte | BRACE_BIT) === 0x7b) {
      containers++;
      if (++depth > LIMITS.jsonDepth) {
        throw new TripcoilError('bad_request', 'the JSON body is nested too deeply');
      }
      if (containers > LIMITS.valuesPerBody) {
        throw new TripcoilError('payload_too_large', 'the body holds too many values');
      }
    } else if ((byte | BRACE_BIT) === 0x7d) depth--;
  }
}
