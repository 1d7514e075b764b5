/** Text as a person would read it, with the way back to where each character came from. */
export interface FoldedText {
  readonly text: string;
  /** Index in the original of each character of `text`, and of its end; null when nothing moved. */
  readonly offsets: Int32Array | null;
}

const ZERO_WIDTH = /^(?:\p{Default_Ignorable_Code_Point}|\u180e|\u061c)$/u;
const DASH = /^[\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]$/;
const SPACE = /^[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]$/;
const DIGIT = /^\p{Nd}$/u;

/** Foldings already worked out; bounded by the number of code points. */
const foldings = new Map<number, string>();

const ESCAPE = /%[0-7][0-9a-f]/i;

/** Whether an ASCII character stands in the text as a percent escape (RFC 3986 section 2.1). */
export function hasEscapes(text: string): boolean {
  return text.includes('%') && ESCAPE.test(text);
}

/**
 * Undoes the disguises that cost a reader nothing: compatibility forms (NFKC), zero-width
 * characters, foreign digits, dashes and spaces, and percent escapes of ASCII. Plain ASCII is never
 * changed.
 */
export function foldText(text: string): FoldedText {
  let out = '';
  let moved = false;
  const offsets: number[] = [];
  for (let at = 0; at < text.length; ) {
    const point = text.codePointAt(at) ?? 0;
    const escaped = point === 0x25 ? escapedAt(text, at) : null;
    const width = escaped !== null ? 3 : point > 0xffff ? 2 : 1;
    const folded = escaped ?? (point < 128 ? text.charAt(at) : foldPoint(point));
    if (folded.length !== width || (point >= 128 && folded.codePointAt(0) !== point)) moved = true;
    for (let unit = 0; unit < folded.length; unit++) {
      offsets.push(folded.length === width ? at + unit : at);
    }
    out += folded;
    at += width;
  }
  if (!moved) return { text, offsets: null };
  offsets.push(text.length);
  return { text: out, offsets: Int32Array.from(offsets) };
}

function escapedAt(text: string, at: number): string | null {
  const three = text.slice(at, at + 3);
  return ESCAPE.test(three) ? String.fromCharCode(Number.parseInt(three.slice(1), 16)) : null;
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
