import { type DigitGroups, sharedSeparator } from './digit-groups.ts';
import { HINT, type Hit, personalHit, type Subject } from './hit.ts';
import { wordsBefore } from './number-words.ts';
import { isAlphanumeric } from './text-classes.ts';

const WORD_BEFORE =
  /(?:\b|_)(?:phones?|tele?(?:phone|fon)?|mobile?|cell(?:phone|ular)?|fax|desk|office|landline|call(?:ed|ing|back| me)?|dial(?:l?ed)?|ring|text|sms|whatsapp|contact|reach(?:ed)?|answering|hotline|msisdn|registered|messages? to|handy|numero)(?:\b|_)/i;
const WORD_AFTER = /^\s?-? ?\(?(?:office|fax|mobile|cell|home|work|desk|tel|phone|landline)\b/i;
const DATE =
  /^(?:(?:19|20)\d\d([-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([-./ ])\d{1,2}\2(?:19|20)\d\d)(?:[ T]\d{1,2})?$/;
const EXTENSION_START = /[\sxe]/i;
const EXTENSION = /(?:\s?(?:x|ext\.?|extension)\s?)\d{1,6}(?![A-Za-z0-9])/iy;

/**
 * A phone number in a run of digits (E.164, at most 15 digits). A plus, a North American or a
 * trunk-zero form speaks for itself; everything else needs a word or a key that says phone.
 */
export function phoneIn(subject: Subject, run: DigitGroups): Hit | null {
  const { text } = subject;
  const size = run.digits.length;
  // A bare number is a phone by word or key alone.
  const isBare = run.groups.length === 1 && run.end - run.start === size;
  if (isBare && !(size <= 15 && isNamed(subject, run, run.end))) return null;
  const written = text.slice(run.start, run.end);
  if (size > 18 || written.includes('/') || DATE.test(written) || isDecimal(run)) return null;
  if (!written.startsWith('+') && isGlued(text, run.start)) return null;
  const end = extensionEnd(text, run.end);
  const speaks = isInternational(written, run) || isNational(text, written, run);
  if (!speaks && !(size <= 15 && isNamed(subject, run, end))) return null;
  const open = text.charCodeAt(run.start) === 0x28 && !written.includes(')');
  return personalHit('phone', open ? run.start + 1 : run.start, end);
}

function isDecimal(run: DigitGroups): boolean {
  return run.groups.length === 2 && run.groups[1]?.separator === '.';
}

/** Part of a longer id, as in `call-555-1234567` or `1.2.3`. */
function isGlued(text: string, start: number): boolean {
  const previous = text.charCodeAt(start - 1);
  if (previous === 0x2e || previous === 0x2d || previous === 0x5f || previous === 0x23) {
    return isAlphanumeric(text.charCodeAt(start - 2));
  }
  return false;
}

function isInternational(written: string, run: DigitGroups): boolean {
  const size = run.digits.length;
  if (written.startsWith('+')) {
    const shortest = run.groups.length > 1 ? 8 : 9;
    return size >= shortest && size <= 16 && run.digits[0] !== '0';
  }
  return run.digits.startsWith('00') && run.groups.length > 1 && size >= 11 && size <= 17;
}

function isNational(text: string, written: string, run: DigitGroups): boolean {
  const { digits, groups } = run;
  const shape = groups.map((group) => group.end - group.start).join('-');
  const separator = sharedSeparator(run, 0, groups.length - 1);
  if (written.startsWith('(')) {
    return shape === '3-3-4'
      ? /^[2-9]\d\d[2-9]/.test(digits)
      : groups.length > 1 && digits.length >= 9;
  }
  if (/^(?:1-)?3-3-4$/.test(shape) && /^1?[2-9]\d\d[2-9]/.test(digits)) {
    // Three numbers with spaces between are any table; dashes, dots and parentheses are a habit.
    return separator !== ' ' || text.charCodeAt(run.start) === 0x31;
  }
  const trunk = digits.startsWith('0') && !digits.startsWith('00');
  return (
    trunk && groups.length >= 3 && digits.length >= 9 && digits.length <= 11 && separator !== null
  );
}

function isNamed(subject: Subject, run: DigitGroups, end: number): boolean {
  if ((subject.hints & HINT.phone) !== 0) return true;
  if ((subject.hints & HINT.identifier) !== 0) return false;
  const before = wordsBefore(subject, run.start);
  if (before !== '' && WORD_BEFORE.test(before)) return true;
  return run.groups.length > 1 && WORD_AFTER.test(subject.text.slice(end, end + 16));
}

function extensionEnd(text: string, end: number): number {
  // Most numbers end a text, or a sentence.
  if (!EXTENSION_START.test(text.charAt(end))) return end;
  EXTENSION.lastIndex = end;
  const match = EXTENSION.exec(text);
  return match === null ? end : end + match[0].length;
}
