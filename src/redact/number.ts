import { ipv4At } from './address.ts';
import { looksLikeCard } from './checks/account-numbers.ts';
import { passesLuhn } from './checks/arithmetic.ts';
import { isIssuableSsn, isItin } from './checks/english-speaking.ts';
import {
  type DigitGroups,
  digitGroupsAt,
  digitsOf,
  runFrom,
  sharedSeparator,
  sizeOf,
} from './digit-groups.ts';
import { HINT, type Hit, personalHit, type Subject } from './hit.ts';
import { NUMBER_CONTEXT_CHARS, wordsBefore } from './number-words.ts';
import { phoneIn } from './phone.ts';
import { isAlphanumeric, isDigit } from './text-classes.ts';

const CARD_WORD = /(?:\b|_)(?:cards?|cc|pan|visa|mastercard|amex|maestro|kreditkarte)(?:\b|_)/i;
const SSN_WORD = /\b(?:ssn|social[ _-]security|itin|taxpayer)\b/i;
const TRACE_WORD = /(?:trace|span|parent)[ _-]?(?:id)?["':= ]{1,4}$/i;
/** Fewer digits than this are nothing, whoever asks. */
const SHORTEST = 7;
/** Group lengths of printed cards: 4-4-4-4, Amex and Diners, and their 19-digit and older forms. */
const CARD_GROUPS = /^(?:4-4-4-4(?:-3)?|4-6-[45]|4-8-4|8-8|4-4-4-1|4-4-5|4-4-4-3|4-4-4|6-1[0-3])$/;

/**
 * Whatever number begins at `at` (a digit, `+` or `(`): an address, a card, a social security
 * number, a phone. A checked form goes before a merely shaped one. The whole run of digits is
 * judged at once, so that each digit is looked at a bounded number of times.
 */
export function numberAt(subject: Subject, at: number): Hit | null {
  if (at < subject.numberBarrier) return null;
  const { text } = subject;
  if (!isDigit(text.charCodeAt(at)) && isAlphanumeric(text.charCodeAt(at - 1))) return null;
  const run = digitGroupsAt(text, at);
  if (run === null) return null;
  if (run.cut && isSpread(run)) {
    subject.numberBarrier = run.end;
    return null;
  }
  const middle = run.groups[run.groups.length >> 1]?.start ?? run.end;
  subject.numberBarrier = run.cut && run.groups.length > 1 ? middle : run.end;
  return addressIn(subject, run) ?? longNumberIn(subject, run);
}

function longNumberIn(subject: Subject, run: DigitGroups): Hit | null {
  if (run.digits.length < SHORTEST) return null;
  if (isPartOfMore(subject.text, run)) return gluedGroupsIn(subject, run);
  if (isSpread(run)) return run.cut ? null : spreadIn(subject, run);
  const card = cardIn(subject, run);
  if (card !== null) return card;
  for (let from = 0; from < run.groups.length; from++) {
    const rest = runFrom(subject.text, run, from);
    if (rest.digits.length < SHORTEST) return null;
    const hit = ssnIn(subject, rest) ?? phoneIn(subject, rest);
    if (hit !== null) return hit;
  }
  return null;
}

/** Digits set apart one by one, more of them than any phone has groups. */
function isSpread(run: DigitGroups): boolean {
  return run.groups.length >= 9 && run.groups.length === run.digits.length;
}

/** The whole of such a run is one number, or nothing. */
function spreadIn(subject: Subject, run: DigitGroups): Hit | null {
  const { digits, start, end } = run;
  if (sharedSeparator(run, 0, run.groups.length - 1) === null) return null;
  if (looksLikeCard(digits) && passesLuhn(digits)) return personalHit('card', start, end);
  return digits.length === 9 ? ssnIn(subject, run) : null;
}

function addressIn(subject: Subject, run: DigitGroups): Hit | null {
  const { groups } = run;
  for (let from = 0; from + 3 < groups.length; from++) {
    const dotted =
      groups[from + 1]?.separator === '.' &&
      groups[from + 2]?.separator === '.' &&
      groups[from + 3]?.separator === '.';
    const address = dotted ? ipv4At(subject, groups[from]?.start ?? run.start) : null;
    if (address !== null) return address;
  }
  return null;
}

/** Letters on to the digits make an id of it; an `@` makes it the beginning of an address. */
function isPartOfMore(text: string, run: DigitGroups): boolean {
  const next = text.charCodeAt(run.end);
  if (next === 0x40) return true;
  if (!isAlphanumeric(next)) return false;
  return !/^x\d/i.test(text.slice(run.end, run.end + 2));
}

/** A card in printed groups with a word right behind it, which is no more of a number. */
function gluedGroupsIn(subject: Subject, run: DigitGroups): Hit | null {
  const last = run.groups.at(-1);
  if (run.groups.length < 3 || last === undefined) return null;
  const word = /[A-Za-z0-9]{0,32}/y;
  word.lastIndex = last.start;
  if (/^[0-9a-f]*$/i.test(word.exec(subject.text)?.[0] ?? '')) return null;
  const hit = cardIn(subject, run);
  return hit !== null && passesLuhn(subject.text.slice(hit.start, hit.end)) ? hit : null;
}

function cardIn(subject: Subject, run: DigitGroups): Hit | null {
  if (run.digits.length < 12) return null;
  const { text } = subject;
  const named = (subject.hints & HINT.card) !== 0 || isNamedBefore(subject, run, CARD_WORD);
  for (let from = 0; from < run.groups.length; from++) {
    for (let to = run.groups.length - 1; to >= from; to--) {
      const start = run.groups[from]?.start ?? run.start;
      const end = run.groups[to]?.end ?? run.end;
      if (isFraction(text, start, end) || !isCard(text, run, from, to, named)) continue;
      return !named && isTrace(subject, run) ? null : personalHit('card', start, end);
    }
  }
  return null;
}

function isNamedBefore(subject: Subject, run: DigitGroups, words: RegExp): boolean {
  const before = wordsBefore(subject, run.start);
  return before !== '' && words.test(before);
}

function isTrace({ text, floor }: Subject, { start }: DigitGroups): boolean {
  return TRACE_WORD.test(text.slice(Math.max(floor, start - NUMBER_CONTEXT_CHARS), start));
}

/** On either side of a decimal point, or a part of something dotted. */
function isFraction(text: string, start: number, end: number): boolean {
  const before = text.charCodeAt(start - 1) === 0x2e && isDigit(text.charCodeAt(start - 2));
  return before || (text.charCodeAt(end) === 0x2e && isDigit(text.charCodeAt(end + 1)));
}

function isCard(text: string, run: DigitGroups, from: number, to: number, named: boolean): boolean {
  const size = sizeOf(run, from, to);
  if (size < 12 || size > 19) return false;
  const digits = digitsOf(text, run, from, to);
  const single = from === to;
  if (!single) {
    const separator = sharedSeparator(run, from, to);
    if (separator === null || !' -.+'.includes(separator)) return false;
    const shape = run.groups
      .slice(from, to + 1)
      .map((group) => group.end - group.start)
      .join('-');
    if (!CARD_GROUPS.test(shape) && !(named && passesLuhn(digits))) return false;
  }
  // A model's or a typist's wrong check digit does not make the number less personal.
  if (named) return size >= 13 || passesLuhn(digits);
  if (!looksLikeCard(digits) || !passesLuhn(digits)) return false;
  // Bare digits of these lengths are more often ids and clocks than cards.
  return !single || size === 14 || size === 15 || size === 16 || /^4\d{12}$/.test(digits);
}

function ssnIn(subject: Subject, run: DigitGroups): Hit | null {
  const { groups, digits } = run;
  if (digits.length !== 9) return null;
  const named = (): boolean =>
    (subject.hints & HINT.ssn) !== 0 || isNamedBefore(subject, run, SSN_WORD);
  const shape = groups.map((group) => group.end - group.start).join('-');
  const separator = sharedSeparator(run, 0, groups.length - 1);
  const printed = shape === '3-2-4' && separator === '-';
  if (!printed && !((shape === '3-2-4' || shape === '9') && separator !== null && named())) {
    return null;
  }
  const start = groups[0]?.start ?? run.start;
  if (isItin(digits)) return personalHit('itin', start, run.end);
  return isIssuableSsn(digits) || named() ? personalHit('ssn', start, run.end) : null;
}
