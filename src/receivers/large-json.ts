import { LIMITS } from '../core/limits.ts';
import type { Steps } from './steps.ts';

/**
 * Parses JSON text of any length in steps: what is longer than `LIMITS.ingestSliceChars` is taken
 * apart into its members or items, and what is shorter goes to `parse`. Bytes are looked at once,
 * and at most one slice more for each level taken apart.
 * @throws SyntaxError where `JSON.parse` does.
 */
export function* parseLargeJson(
  bytes: Uint8Array,
  parse: (part: Uint8Array) => unknown,
): Steps<unknown> {
  const reader = new LargeJson(bytes, parse);
  const value = yield* reader.value();
  reader.blanks();
  if (reader.at < bytes.length) throw malformed();
  return value;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

class LargeJson {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #parse: (part: Uint8Array) => unknown;
  /** Bytes parsed since others had their turn. */
  #worked = 0;

  constructor(bytes: Uint8Array, parse: (part: Uint8Array) => unknown) {
    this.#bytes = bytes;
    this.#parse = parse;
    if (BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte)) this.at = 3;
  }

  *value(): Steps<unknown> {
    this.blanks();
    const first = this.#bytes[this.at];
    const end = this.#shortEnd();
    if (end === null) {
      if (first === OPEN_BRACE) return yield* this.#object();
      if (first === OPEN_BRACKET) return yield* this.#array();
    }
    const from = this.at;
    this.at = end ?? this.#bytes.length;
    this.#worked += this.at - from;
    const value = this.#parse(this.#bytes.subarray(from, this.at));
    if (this.#worked >= LIMITS.ingestSliceChars) {
      this.#worked = 0;
      yield;
    }
    return value;
  }

  blanks(): void {
    for (;;) {
      const byte = this.#bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at++;
    }
  }

  *#array(): Steps<unknown> {
    const items: unknown[] = [];
    this.at++;
    this.blanks();
    if (this.#take(CLOSE_BRACKET)) return items;
    for (;;) {
      items.push(yield* this.value());
      this.blanks();
      if (this.#take(CLOSE_BRACKET)) return items;
      if (!this.#take(COMMA)) throw malformed();
    }
  }

  *#object(): Steps<unknown> {
    const members: Record<string, unknown> = {};
    this.at++;
    this.blanks();
    if (this.#take(CLOSE_BRACE)) return members;
    for (;;) {
      this.blanks();
      if (this.#bytes[this.at] !== QUOTE) throw malformed();
      const name = yield* this.value();
      this.blanks();
      if (!this.#take(COLON)) throw malformed();
      const value = yield* this.value();
      // As JSON.parse does, so that `__proto__` is a member like any other.
      const member = { value, writable: true, enumerable: true, configurable: true };
      Object.defineProperty(members, String(name), member);
      this.blanks();
      if (this.#take(CLOSE_BRACE)) return members;
      if (!this.#take(COMMA)) throw malformed();
    }
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  /** Where the value that begins here ends, if within one slice; null when it is longer. */
  #shortEnd(): number | null {
    const bytes = this.#bytes;
    const limit = Math.min(bytes.length, this.at + LIMITS.ingestSliceChars);
    let depth = 0;
    let index = this.at;
    for (; index < limit; index++) {
      const byte = bytes[index] as number;
      if (byte === QUOTE) {
        index = this.#textEnd(index) - 1;
        if (depth === 0) return index + 1;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        // A number or word ends before the bracket of what it is in.
        if (depth === 0) return index;
        if (--depth === 0) return index + 1;
      } else if (byte === COMMA && depth === 0) return index;
    }
    return limit === bytes.length && depth === 0 ? limit : null;
  }

  /** Behind the closing quote of the text that begins at `from`. */
  #textEnd(from: number): number {
    const bytes = this.#bytes;
    let index = from + 1;
    while (index < bytes.length && bytes[index] !== QUOTE) {
      index += bytes[index] === BACKSLASH ? 2 : 1;
    }
    return Math.min(index + 1, bytes.length);
  }
}

function malformed(): SyntaxError {
  return new SyntaxError('not JSON');
}
