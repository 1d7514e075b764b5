import { ibanLength, passesIbanCheck } from './checks/account-numbers.ts';
import { HINT, type Hit, personalHit, type Subject } from './hit.ts';
import { isAlphanumeric, isDigit, isLetter } from './text-classes.ts';

const IBAN_WORD = /\biban\b/i;
/** A hexadecimal id, of which one in 10^5 passes; countries whose code it has number accounts. */
const HEX_ID = /^[a-f]{2}\d\d[0-9a-f]*[a-f][0-9a-f]*$/;

/**
 * An IBAN that begins at `at`: country, length, MOD 97-10; spaces or dashes between groups. One
 * that fails the check is still taken where the surroundings say IBAN.
 */
export function ibanAt(subject: Subject, at: number): Hit | null {
  const { text, hints, floor } = subject;
  if (!isLetter(text.charCodeAt(at + 1)) || !isDigit(text.charCodeAt(at + 2))) return null;
  if (!isDigit(text.charCodeAt(at + 3))) return null;
  const length = ibanLength(text.slice(at, at + 2));
  if (length === 0) return null;
  let compact = '';
  let end = at;
  while (compact.length < length) {
    const code = text.charCodeAt(end);
    if (isAlphanumeric(code)) compact += text.charAt(end);
    else if (code !== 0x20 && code !== 0x2d) return null;
    else if (!isAlphanumeric(text.charCodeAt(end + 1))) return null;
    end++;
  }
  if (isAlphanumeric(text.charCodeAt(end))) return null;
  const named = () =>
    (hints & HINT.iban) !== 0 || IBAN_WORD.test(text.slice(Math.max(floor, at - 24), at));
  const passes = passesIbanCheck(compact) && !HEX_ID.test(compact);
  return passes || named() ? personalHit('iban', at, end) : null;
}
