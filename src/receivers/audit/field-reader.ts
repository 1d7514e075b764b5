import type { JsonValue } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import type { RejectCode } from '../../core/reject.ts';
import type { EpochMs } from '../../core/time.ts';

/** An object of a parsed JSON text. */
export type Json = Readonly<Record<string, unknown>>;

/** The first thing wrong with a record; a later fault does not replace it. */
export interface Fault {
  readonly code: RejectCode;
  readonly path: string;
  readonly message: string;
}

/**
 * Reads typed members of one record and remembers the first fault. Written by hand, since every
 * event passes here: a schema library costs several times as much and copies the record.
 * Null counts as absent throughout.
 */
export class FieldReader {
  fault: Fault | null = null;

  blame(code: RejectCode, path: string, message: string): undefined {
    this.fault ??= { code, path, message };
    return undefined;
  }

  /** A text that is not empty; `limit` in characters. */
  text(of: Json, key: string, path: string, limit: number): string | undefined {
    const value = of[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') return this.blame('wrong_type', path, 'expected a text');
    if (value.length > limit) {
      return this.blame('too_large', path, `at most ${limit} characters are taken`);
    }
    return value === '' ? undefined : value;
  }

  /** An identifier: a text, or a whole number as text. */
  id(of: Json, key: string, path: string): string | undefined {
    const value = of[key];
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    return this.text(of, key, path, LIMITS.identifierChars);
  }

  requiredId(of: Json, key: string, path: string): string {
    const value = this.id(of, key, path);
    if (value === undefined) this.blame('missing_field', path, `${path} is required`);
    return value ?? '';
  }

  /** A finite number from 0 to `LIMITS.volumeMax`. */
  amount(of: Json, key: string, path: string): number | undefined {
    const value = of[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number') return this.blame('wrong_type', path, 'expected a number');
    if (value >= 0 && value <= LIMITS.volumeMax) return value;
    return this.blame('out_of_range', path, `expected 0 to ${LIMITS.volumeMax}`);
  }

  /** RFC 3339 text or epoch milliseconds, from 1970 to 9999. */
  time(of: Json, key: string, path: string): EpochMs | undefined {
    const value = of[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string' && !RFC_3339.test(value)) {
      return this.blame('wrong_type', path, 'expected RFC 3339 or epoch milliseconds');
    }
    const ms = typeof value === 'string' ? Date.parse(value) : value;
    if (typeof ms !== 'number') {
      return this.blame('wrong_type', path, 'expected RFC 3339 or epoch milliseconds');
    }
    if (ms >= 0 && ms <= LAST_MS) return ms;
    return this.blame('out_of_range', path, 'expected a time between 1970 and 9999');
  }

  oneOf<Word extends string>(
    of: Json,
    key: string,
    path: string,
    words: readonly Word[],
  ): Word | undefined {
    const value = of[key];
    if (value === undefined || value === null) return undefined;
    if (words.includes(value as Word)) return value as Word;
    if (typeof value !== 'string') return this.blame('wrong_type', path, 'expected a text');
    return this.blame('out_of_range', path, `expected one of ${words.join(', ')}`);
  }

  object(of: Json, key: string, path: string): Json | undefined {
    const value = of[key];
    if (value === undefined || value === null) return undefined;
    if (isObject(value)) return value;
    return this.blame('wrong_type', path, 'expected an object');
  }

  list(of: Json, key: string, path: string): readonly unknown[] | undefined {
    const value = of[key];
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) return this.blame('wrong_type', path, 'expected a list');
    if (value.length <= LIMITS.listItems) return value;
    return this.blame('too_large', path, `at most ${LIMITS.listItems} items are taken`);
  }

  texts(of: Json, key: string, path: string): readonly string[] | undefined {
    const items = this.list(of, key, path);
    if (items === undefined) return undefined;
    for (let index = 0; index < items.length; index++) {
      this.text(
        items as unknown as Json,
        String(index),
        `${path}[${index}]`,
        LIMITS.identifierChars,
      );
      if (typeof items[index] !== 'string') {
        return this.blame('wrong_type', `${path}[${index}]`, 'expected a text');
      }
    }
    return items as readonly string[];
  }

  /** Free-form content; its depth has been checked for the whole record. */
  content(of: Json, key: string): JsonValue | undefined {
    const value = of[key];
    return value === null ? undefined : (value as JsonValue | undefined);
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const RFC_3339 =
  /^\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
/** 9999-12-31T23:59:59.999Z. */
const LAST_MS = 253_402_300_799_999;
