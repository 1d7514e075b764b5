import { gunzipSync, gzipSync } from 'node:zlib';
import { LIMITS } from '../core/limits.ts';
import { isHexDigit, isLetter } from './text-classes.ts';

/** How a text can be wrapped so that its letters are not its own. */
export type Encoding = 'base64' | 'base64url' | 'hex' | 'gzip';

/** A stretch that decodes to text. */
export interface EncodedRun {
  /** Behind the `0x` of hexadecimal digits. */
  readonly start: number;
  readonly end: number;
  readonly encoding: Encoding;
}

/** Shorter runs hold nothing that a number or an address would fit in. */
export const SHORTEST_RUN = 12;
/** Characters that are decoded before the whole run is: 9 bytes of chance are text in 10^4 runs. */
const PROBE_CHARS = 12;
const GZIP_START = 'H4sI';

/** What base64 calls its 64 values, for both alphabets; 255 for what it does not. */
const NO_VALUE = 255;
const VALUES = new Uint8Array(128).fill(NO_VALUE);
for (const [value, char] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries()) {
  VALUES[char.charCodeAt(0)] = value;
}
VALUES[0x2d] = 62;
VALUES[0x5f] = 63;

/**
 * The stretch of letters, digits and signs of base64 that was read last. Each word in it may begin
 * an encoded text of its own, so what one look has told is not looked for again.
 */
export interface Base64Stretch {
  end: number;
  /** Where the equals signs after it end. */
  paddedEnd: number;
  /** The last sign of either alphabet. */
  urlSign: number;
  plainSign: number;
  /**
   * By place in a group of four: no text begins up to here, because of what stands here. Whatever
   * begins later reads the same bytes.
   */
  readonly noText: number[];
}

/** What to begin a text with. */
export function noStretch(): Base64Stretch {
  return { end: -1, paddedEnd: -1, urlSign: -1, plainSign: -1, noText: [-1, -1, -1, -1] };
}

/**
 * The encoded text that begins at `at`, where a run of letters and digits goes to `wordEnd`; null
 * when it decodes to no text. Looks at a dozen characters before it reads the rest.
 */
export function encodedAt(
  text: string,
  at: number,
  wordEnd: number,
  stretch: Base64Stretch,
): EncodedRun | null {
  const digits = at + hexMark(text, at);
  if (wordEnd - digits >= 16 && isHexText(text, digits, wordEnd)) {
    return isBeforeAt(text, wordEnd) ? null : { start: digits, end: wordEnd, encoding: 'hex' };
  }
  if (!isBase64Text(text, at) || !hasLetter(text, at)) return null;
  if (wordEnd > stretch.end) readStretch(text, wordEnd, stretch);
  const { end, paddedEnd } = stretch;
  if (end - at < SHORTEST_RUN || isBeforeAt(text, paddedEnd)) return null;
  const isGzip = text.startsWith(GZIP_START, at);
  const isUrl = stretch.urlSign >= at;
  if (!isGzip && isUrl && stretch.plainSign >= at) return null;
  const place = at & 3;
  if (!isGzip) {
    if (at <= (stretch.noText[place] ?? -1)) return null;
    const bad = firstNoText(text, at, end);
    if (bad >= 0) {
      stretch.noText[place] = bad;
      return null;
    }
  }
  const lastEnd = isUrl || paddedEnd > end ? paddedEnd : linesEnd(text, at, end, isGzip);
  return { start: at, end: lastEnd, encoding: isGzip ? 'gzip' : isUrl ? 'base64url' : 'base64' };
}

/** Length of what says of a word that the rest of it is hexadecimal: `0x`, or the `x` of `\x`. */
function hexMark(text: string, at: number): number {
  const from = text.charCodeAt(at) === 0x30 ? at + 1 : at;
  return (text.charCodeAt(from) | 0x20) === 0x78 ? from + 1 - at : 0;
}

/** Mail wraps at 76 characters, PEM at 64; a shorter line ends the text. */
const SHORTEST_LINE = 32;
const NEXT_LINE = /\r?\n[ \t]{0,16}([A-Za-z0-9+/]+)(={0,2})(?![^\s"'<\\])/y;

/** The end of base64 that goes on over lines, as far as each of them is text too. */
function linesEnd(text: string, at: number, firstEnd: number, isGzip: boolean): number {
  let end = firstEnd;
  let size = end - at;
  while (size >= SHORTEST_LINE && size % 4 === 0) {
    NEXT_LINE.lastIndex = end;
    const [line = '', signs = '', padding = ''] = NEXT_LINE.exec(text) ?? [];
    const start = end + line.length - padding.length - signs.length;
    if (signs === '' || (!isGzip && firstNoText(text, start, start + signs.length) >= 0)) break;
    end += line.length;
    size = padding === '' ? signs.length : 0;
  }
  return end;
}

/** What stands before an `@` is the name of an address, whatever else it could be read as. */
function isBeforeAt(text: string, end: number): boolean {
  const next = text.charCodeAt(end);
  return next === 0x40 || next === 0x25;
}

function readStretch(text: string, from: number, into: Base64Stretch): void {
  let end = from;
  for (;;) {
    const code = text.charCodeAt(end);
    if (code >= 128 || (VALUES[code] ?? NO_VALUE) === NO_VALUE) break;
    if (code === 0x2d || code === 0x5f) into.urlSign = end;
    else if (code === 0x2b || code === 0x2f) into.plainSign = end;
    end++;
  }
  into.end = end;
  while (text.charCodeAt(end) === 0x3d) end++;
  into.paddedEnd = end;
}

/** Whether a character besides letters and digits belongs to one of the two alphabets. */
export function isBase64Sign(code: number): boolean {
  return code === 0x2b || code === 0x2f || code === 0x2d || code === 0x5f;
}

/** Digits alone are a number, however they may decode. */
function hasLetter(text: string, at: number): boolean {
  for (let index = at; index < at + PROBE_CHARS; index++) {
    if (isLetter(text.charCodeAt(index))) return true;
  }
  return false;
}

function isHexText(text: string, at: number, end: number): boolean {
  if ((end - at) % 2 !== 0) return false;
  for (let index = at; index < end; index += 2) {
    const high = text.charCodeAt(index);
    const low = text.charCodeAt(index + 1);
    if (!isHexDigit(high) || !isHexDigit(low)) return false;
    // Printable ASCII begins with 2 to 7; the first byte of a digest seldom does nine times over.
    if (high < 0x32 || high > 0x37) {
      const isBreak =
        high === 0x30 && (low === 0x39 || (low | 0x20) === 0x61 || (low | 0x20) === 0x64);
      if (!isBreak) return false;
    }
  }
  return true;
}

function isBase64Text(text: string, at: number): boolean {
  if (text.startsWith(GZIP_START, at)) return true;
  let owed = 0;
  for (let index = at; index < at + PROBE_CHARS; index += 4) {
    let bits = 0;
    for (let place = 0; place < 4; place++) {
      const value = VALUES[text.charCodeAt(index + place)] ?? NO_VALUE;
      if (value === NO_VALUE) return false;
      bits = (bits << 6) | value;
    }
    for (let shift = 16; shift >= 0; shift -= 8) {
      owed = owedAfter((bits >> shift) & 255, owed);
      if (owed < 0) return false;
    }
  }
  return true;
}

/** Bytes still owed to a character of UTF-8 after `byte`; negative when it is no text. */
function owedAfter(byte: number, owed: number): number {
  if (owed > 0) return (byte & 0xc0) === 0x80 ? owed - 1 : -1;
  if (byte < 0x20) return byte === 0x09 || byte === 0x0a || byte === 0x0d ? 0 : -1;
  if (byte < 0x7f) return 0;
  if (byte < 0xc2 || byte > 0xf4) return -1;
  return byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
}

/**
 * Where base64 from `at` to `end` stops being UTF-8 without control characters: the group of four
 * with the first wrong byte, `end` when the last character is cut short, or -1 for text.
 */
function firstNoText(text: string, at: number, end: number): number {
  let owed = 0;
  let least = 0x80;
  let most = 0xbf;
  for (let group = at; group + 1 < end; group += 4) {
    const size = Math.min(4, end - group);
    let bits = 0;
    for (let place = 0; place < 4; place++) {
      bits = (bits << 6) | (place < size ? (VALUES[text.charCodeAt(group + place)] ?? 0) : 0);
    }
    for (let index = 1; index < size; index++) {
      const byte = (bits >> (24 - 8 * index)) & 255;
      if (owed > 0) {
        if (byte < least || byte > most) return group;
        owed--;
        least = 0x80;
        most = 0xbf;
      } else if (byte >= 0x80) {
        if (byte < 0xc2 || byte > 0xf4) return group;
        owed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        // Neither longer forms than needed, nor surrogates, nor beyond Unicode (RFC 3629).
        least = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
        most = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
      } else if (byte === 0x7f || byte < 0x09 || (byte > 0x0d && byte < 0x20)) return group;
    }
  }
  return owed > 0 ? end : -1;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
// biome-ignore lint/suspicious/noControlCharactersInRegex: they tell bytes from text
const CONTROL = /[\x00-\x08\x0e-\x1f\x7f]/;

/** The text inside, or null when there is none. @throws when it unpacks to more than the limit. */
export function decodeRun(run: string, encoding: Encoding): string | null {
  const bytes = Buffer.from(run, encoding === 'hex' ? 'hex' : 'base64');
  const plain = encoding === 'gzip' ? unpacked(bytes) : bytes;
  if (plain === null || plain.length === 0) return null;
  try {
    const text = utf8.decode(plain);
    return CONTROL.test(text) ? null : text;
  } catch {
    return null;
  }
}

function unpacked(bytes: Buffer): Buffer | null {
  try {
    return gunzipSync(bytes, { maxOutputLength: LIMITS.redactionChars });
  } catch (error) {
    const isTooLarge =
      error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (isTooLarge) throw error;
    return null;
  }
}

/** The text wrapped again as it was, so that whoever unwraps it still can. */
export function encodeRun(text: string, encoding: Encoding, original: string): string {
  switch (encoding) {
    case 'hex': {
      const hex = Buffer.from(text).toString('hex');
      return /[A-F]/.test(original) ? hex.toUpperCase() : hex;
    }
    case 'base64url':
      return Buffer.from(text).toString('base64url');
    case 'base64':
      return Buffer.from(text).toString('base64');
    case 'gzip':
      return gzipSync(text).toString('base64');
  }
}
