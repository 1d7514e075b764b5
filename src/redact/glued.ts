import { looksLikeCard } from './checks/account-numbers.ts';
import { passesLuhn } from './checks/arithmetic.ts';
import { type Hit, personalHit, type Subject } from './hit.ts';
import { secretAt } from './secret.ts';
import { isDigit, isHexDigit } from './text-classes.ts';

/** Digits of the cards that are looked for inside a word. */
const SHORTEST_CARD = 15;
const LONGEST_CARD = 16;
const BEARER = 'Bearer'.length;
/** Shorter words have nothing glued to anything. */
export const SHORTEST_GLUED = BEARER;

/**
 * What stands in a word of letters and digits without a joint, as texts that were concatenated do:
 * a card before, behind or between letters, and the scheme of an `Authorization` behind something
 * else. A word of hexadecimal digits is an id, whatever the digits in it.
 */
export function gluedIn(subject: Subject, at: number, end: number, hasDigit: boolean): Hit | null {
  const { text } = subject;
  const card = hasDigit && end - at > SHORTEST_CARD ? cardIn(text, at, end) : null;
  // What comes behind the card is read by itself.
  if (card !== null) return card;
  const scheme = text.charCodeAt(end) === 0x20 && text.charCodeAt(end - 1) === 0x72;
  const glued = scheme && text.startsWith('earer', end - BEARER + 1);
  return glued ? secretAt(subject, end - BEARER) : null;
}

function cardIn(text: string, at: number, end: number): Hit | null {
  // A run of so many digits covers one of these places.
  for (let place = at + SHORTEST_CARD - 1; place < end; place += SHORTEST_CARD) {
    if (!isDigit(text.charCodeAt(place))) continue;
    let from = place;
    while (from > at && isDigit(text.charCodeAt(from - 1))) from--;
    let to = place + 1;
    while (to < end && isDigit(text.charCodeAt(to))) to++;
    const size = to - from;
    if (size < SHORTEST_CARD || size > LONGEST_CARD) continue;
    const digits = text.slice(from, to);
    if (!looksLikeCard(digits) || !passesLuhn(digits) || isHexWord(text, at, end)) continue;
    return personalHit('card', from, to, 'card', 'checked');
  }
  return null;
}

/** Whether a word holds nothing that a hexadecimal number would not. */
export function isHexWord(text: string, at: number, end: number): boolean {
  for (let index = at; index < end; index++) {
    if (!isHexDigit(text.charCodeAt(index))) return false;
  }
  return true;
}
