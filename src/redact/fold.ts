/** Text as a person would read it, with the way back to where each character came from. */
export interface FoldedText {
  readonly text: string;
  /** Index in the original of each character of `text`, and of its end; null when nothing moved. */
  readonly offsets: Int32Array | null;
}

/** Where a stretch of the folded text stood in the original. */
export function placeOf(
  { offsets }: Pick<FoldedText, 'offsets'>,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } {
  if (offsets === null) return { start, end };
  // One character may have become several; what is left of it must not stay behind.
  const last = (offsets[end - 1] ?? 0) + 1;
  return { start: offsets[start] ?? start, end: Math.max(offsets[end] ?? 0, last) };
}

const ZERO_WIDTH = /^(?:\p{Default_Ignorable_Code_Point}|\u180e|\u061c)$/u;
const DASH = /^[\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]$/;
const SPACE = /^[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]$/;
const DIGIT = /^\p{Nd}$/u;

/** Foldings already worked out; bounded by the number of code points. */
const foldings = new Map<number, string>();

const PERCENT = /%(?:[0-9a-f]{2}|u[0-9a-f]{4})/i;
const BACKSLASH = /\\(?:u[0-9a-f]{4}|u\{[0-9a-f]{1,6}\}|x[0-9a-f]{2})/i;
const ENTITY = /&(?:#\d|#x[0-9a-f]|[a-z]{2,8};)/i;
/** An address in quoted-printable (RFC 2045 section 6.7); a bare `=40` is more often an amount. */
const QUOTED = /[\w.+-]=40[\w-]{1,63}(?:\.|=2E)[A-Za-z]{2}/;
/** Escapes of escapes: as often is a text unfolded again. */
const ROUNDS = 3;

/** Whether a character stands in the text as an escape of some kind. */
export function hasEscapes(text: string): boolean {
  return (
    (text.includes('%') && PERCENT.test(text)) ||
    (text.includes('\\') && BACKSLASH.test(text)) ||
    (text.includes('&') && ENTITY.test(text)) ||
    (text.includes('=40') && QUOTED.test(text))
  );
}

/**
 * Undoes the disguises that cost a reader nothing: compatibility forms (NFKC), zero-width
 * characters, foreign digits, dashes and spaces, percent escapes, `\u` and `\x` escapes, HTML
 * entities and quoted-printable; three layers of them. Plain ASCII is never changed.
 */
export function foldText(text: string): FoldedText {
  let folded = foldOnce(text);
  for (let round = 1; round < ROUNDS && hasEscapes(folded.text); round++) {
    const next = foldOnce(folded.text);
    if (next.text === folded.text) break;
    folded = { text: next.text, offsets: composed(folded.offsets, next.offsets) };
  }
  return folded;
}

function composed(outer: Int32Array | null, inner: Int32Array | null): Int32Array | null {
  if (outer === null || inner === null) return outer ?? inner;
  return inner.map((at) => outer[at] ?? 0);
}

function foldOnce(text: string): FoldedText {
  let out = '';
  let offsets: number[] | null = null;
  const quoted = text.includes('=40') && QUOTED.test(text);
  for (let at = 0; at < text.length; ) {
    const point = text.codePointAt(at) ?? 0;
    const found = ESCAPING[point] === 1 ? escapeAt(text, at, quoted) : null;
    const width = found?.width ?? (point > 0xffff ? 2 : 1);
    const read = found?.text ?? (point < 128 ? text.charAt(at) : foldPoint(point));
    const folded = found !== null && read.length > 0 ? foldAll(read) : read;
    const moves = folded.length !== width || found !== null || folded.codePointAt(0) !== point;
    // Most foreign letters stay what they are: nothing is written down before one does not.
    if (moves && offsets === null) {
      out = text.slice(0, at);
      offsets = Array.from({ length: at }, (_, index) => index);
    }
    if (offsets !== null) {
      for (let unit = 0; unit < folded.length; unit++) {
        offsets.push(folded.length === width && found === null ? at + unit : at);
      }
      out += folded;
    }
    at += width;
  }
  if (offsets === null) return { text, offsets: null };
  offsets.push(text.length);
  return { text: out, offsets: Int32Array.from(offsets) };
}

/** 1 for the characters that escapes begin with: `%`, `&`, `=` and the backslash. */
const ESCAPING = new Uint8Array(128);
for (const char of '%&=\\') ESCAPING[char.charCodeAt(0)] = 1;

interface Escape {
  readonly text: string;
  readonly width: number;
}

function escapeAt(text: string, at: number, quoted: boolean): Escape | null {
  switch (text.charCodeAt(at)) {
    case 0x25:
      return bytesAt(text, at, '%') ?? percentUnitAt(text, at);
    case 0x3d:
      return quoted ? bytesAt(text, at, '=') : null;
    case 0x26:
      return entityAt(text, at);
    default:
      return backslashAt(text, at);
  }
}

/** One character in percent escapes or quoted-printable: one to four bytes of UTF-8. */
function bytesAt(text: string, at: number, sign: string): Escape | null {
  const first = byteAt(text, at, sign);
  if (first === null) return null;
  if (first < 0x80) return { text: String.fromCharCode(first), width: 3 };
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  const bytes: number[] = [first];
  for (let index = 1; index < size; index++) {
    const next = byteAt(text, at + index * 3, sign);
    if (next === null || (next & 0xc0) !== 0x80) return null;
    bytes.push(next);
  }
  return size === 0 ? null : { text: Buffer.from(bytes).toString(), width: size * 3 };
}

function byteAt(text: string, at: number, sign: string): number | null {
  const digits = text.slice(at + 1, at + 3);
  return text[at] === sign && /^[0-9a-f]{2}$/i.test(digits) ? Number.parseInt(digits, 16) : null;
}

const HEX = '[0-9a-fA-F]';
const PERCENT_UNIT_HERE = /%u([0-9a-f]{4})/iy;

/** What `escape()` of JavaScript writes. */
function percentUnitAt(text: string, at: number): Escape | null {
  PERCENT_UNIT_HERE.lastIndex = at;
  const match = PERCENT_UNIT_HERE.exec(text);
  const code = Number.parseInt(match?.[1] ?? '', 16);
  return match === null ? null : { text: String.fromCharCode(code), width: match[0].length };
}

/**
 * Escapes of JSON, of JavaScript (`\u{40}`) and of Python (`\U00000040`). `\x` before sixteen
 * digits says that all of them are hexadecimal, as PostgreSQL writes bytes.
 */
const BACKSLASH_HERE = new RegExp(
  `\\\\+(?:U(00(?:0${HEX}|10)${HEX}{4})|[uU](${HEX}{4})|u\\{(${HEX}{1,6})\\}|` +
    `[xX](${HEX}{2})(?!${HEX}{14}))`,
  'y',
);

function backslashAt(text: string, at: number): Escape | null {
  // A row of backslashes is looked at from its first one alone.
  if (text.charCodeAt(at - 1) === 0x5c) return null;
  BACKSLASH_HERE.lastIndex = at;
  const match = BACKSLASH_HERE.exec(text);
  if (match === null) return null;
  const [whole, long, short, braced, byte] = match;
  const point = Number.parseInt(long ?? short ?? braced ?? byte ?? '0', 16);
  return point > LAST_POINT ? null : { text: String.fromCodePoint(point), width: whole.length };
}

const LAST_POINT = 0x10ffff;
/** Numbers are read without their semicolon too, as browsers do (HTML, section 13.2.5.80). */
const ENTITY_HERE = /&(?:#0{0,9}(\d{1,7});?|#x0{0,9}([0-9a-f]{1,6});?|([a-z]{2,8});)/iy;
/** The named characters that addresses and numbers are made of (HTML, section 13.5). */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['commat', '@'],
  ['period', '.'],
  ['lowbar', '_'],
  ['hyphen', '-'],
  ['dash', '-'],
  ['plus', '+'],
  ['colon', ':'],
  ['equals', '='],
  ['sol', '/'],
  ['nbsp', ' '],
  ['quot', '"'],
  ['apos', "'"],
  ['lt', '<'],
  ['gt', '>'],
  ['shy', ''],
  ['zwnj', ''],
  ['zwj', ''],
]);

function entityAt(text: string, at: number): Escape | null {
  ENTITY_HERE.lastIndex = at;
  const match = ENTITY_HERE.exec(text);
  if (match === null) return null;
  const [whole, decimal, hex, name] = match;
  const named = name === undefined ? undefined : NAMED.get(name.toLowerCase());
  if (name !== undefined) return named === undefined ? null : { text: named, width: whole.length };
  const point = decimal === undefined ? Number.parseInt(hex ?? '0', 16) : Number(decimal);
  return point > LAST_POINT ? null : { text: String.fromCodePoint(point), width: whole.length };
}

function foldAll(text: string): string {
  let out = '';
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    out += point < 128 ? char : foldPoint(point);
  }
  return out;
}

function foldPoint(point: number): string {
  const known = foldings.get(point);
  if (known !== undefined) return known;
  const folded = computeFolding(String.fromCodePoint(point));
  foldings.set(point, folded);
  return folded;
}

function computeFolding(char: string): string {
  if (ZERO_WIDTH.test(char)) return '';
  if (DASH.test(char)) return '-';
  if (SPACE.test(char)) return ' ';
  const plain = char.normalize('NFKC');
  if (DIGIT.test(plain)) return String(digitValue(plain.codePointAt(0) ?? 48));
  return plain;
}

/** Decimal digits stand in runs of ten that begin with zero (Unicode 4.6). */
function digitValue(point: number): number {
  let start = point;
  while (point - start < 9 && DIGIT.test(String.fromCodePoint(start - 1))) start--;
  // Two runs side by side (the mathematical digits) are taken apart by NFKC before they get here.
  return point - start;
}
