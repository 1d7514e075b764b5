import {
  PHRASE_WORDS,
  type Recogniser,
  type RecogniserSet,
  wordSlot,
} from './entities/recognisers.ts';
import { HINT, type Hit, personalHit, type Subject } from './hit.ts';
import { isAlphanumeric, isDigit } from './text-classes.ts';

/** How far before a value a word may stand that says what it is. */
const CONTEXT_CHARS = 48;
const NONE: readonly Recogniser[] = [];
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const CAMEL = /([a-z0-9])([A-Z])/g;

/**
 * A value of the entity table that begins at `at`, a run of letters and digits up to `end`: by a
 * shape of its own, or by a plainer shape near a word or key that names it. `hasDigit` says
 * whether the run itself holds a digit.
 */
export function shapedAt(subject: Subject, at: number, end: number, hasDigit: boolean): Hit | null {
  const { text, recognisers } = subject;
  const size = end - at;
  const next = text.charCodeAt(end);
  const goesOn = isJoint(next) && isAlphanumeric(text.charCodeAt(end + 1));
  // A run without a digit is a word, unless it is the beginning of a value in groups.
  if (!hasDigit && (!goesOn || size > 9)) {
    noteWord(subject, at, end);
    return null;
  }
  const bare = goesOn || next === 0x28 || size > 8 ? recognisers.byRun[size] : undefined;
  if (bare !== undefined && !isGlued(subject, at)) {
    const hit = bareAt(subject, at, bare);
    if (hit !== null) return hit;
  }
  const isNear = subject.wordEnd >= at - CONTEXT_CHARS || subject.keyCandidates.length > 0;
  const hit = isNear && (hasDigit || isDigit(text.charCodeAt(end + 1))) ? named(subject, at) : null;
  if (!hasDigit && hit === null) noteWord(subject, at, end);
  return hit;
}

/** Remembers where a word ended that may name a value; most words end here. */
export function noteWord(subject: Subject, at: number, end: number): void {
  const { text } = subject;
  const slot = wordSlot(text.charCodeAt(at), text.charCodeAt(at + 1), end - at);
  if (subject.recognisers.wordSlots[slot] === 1) subject.wordEnd = end;
}

/** What stands between the groups of a value. */
function isJoint(code: number): boolean {
  return code === 0x20 || (code >= 0x2b && code <= 0x2f) || code === 0x3a;
}

/** `_` and `-` glue a value to a longer id; quotes, spaces, brackets and `=` do not. */
function isGlued({ text }: Subject, at: number): boolean {
  const previous = text.charCodeAt(at - 1);
  if (previous === 0x2d || previous === 0x2e || previous === 0x2f) {
    return isAlphanumeric(text.charCodeAt(at - 2));
  }
  return false;
}

function bareAt(subject: Subject, at: number, recognisers: readonly Recogniser[]): Hit | null {
  const { text } = subject;
  for (const { entity, bare } of recognisers) {
    if (bare === null) continue;
    bare.lastIndex = at;
    if (!bare.test(text)) continue;
    const end = bare.lastIndex;
    if (entity.check?.(text.slice(at, end)) === false) continue;
    return personalHit(entity.type, at, end, entity.id, 'checked');
  }
  return null;
}

/** Near a word: a passing check decides; where none passes, the first shape that fits. */
function named(subject: Subject, at: number): Hit | null {
  if (isGlued(subject, at)) return null;
  const candidates = candidatesAt(subject, at);
  if (candidates.length === 0) return null;
  const { text } = subject;
  let shaped: Hit | null = null;
  for (const { entity, shape } of candidates) {
    if (shape === null) continue;
    shape.lastIndex = at;
    if (!shape.test(text)) continue;
    const end = shape.lastIndex;
    if (isDecimalPoint(text, end)) continue;
    const passes = entity.check?.(text.slice(at, end)) ?? null;
    if (passes === true) return personalHit(entity.type, at, end, entity.id, 'checked');
    if (passes === false && entity.strict === true) continue;
    shaped ??= personalHit(entity.type, at, end, entity.id, 'named');
  }
  return shaped;
}

function isDecimalPoint(text: string, end: number): boolean {
  return text.charCodeAt(end) === 0x2e && isDigit(text.charCodeAt(end + 1));
}

function candidatesAt(subject: Subject, at: number): readonly Recogniser[] {
  const isNear = subject.wordEnd >= at - CONTEXT_CHARS && !subject.identifier;
  const before = isNear ? wordsBefore(subject, at) : NONE;
  if (subject.keyCandidates.length === 0) return before;
  return before.length === 0 ? subject.keyCandidates : [...before, ...subject.keyCandidates];
}

function wordsBefore(subject: Subject, at: number): readonly Recogniser[] {
  const from = Math.max(subject.floor, at - CONTEXT_CHARS);
  if (at - from < 2) return NONE;
  return recognisersNamed(subject, subject.text.slice(from, at));
}

function recognisersNamed(subject: Subject, text: string): readonly Recogniser[] {
  const words = text.replaceAll(CAMEL, '$1 $2').toLowerCase().match(WORD);
  return words === null ? NONE : candidatesOf(subject.recognisers.byWord, words);
}

/** The recognisers that the words of a key name; remembered, since keys are few. */
export function candidatesOfKey(
  { byWord, byKey }: RecogniserSet,
  words: readonly string[],
): readonly Recogniser[] {
  const known = byKey.get(words);
  if (known !== undefined) return known;
  const candidates = candidatesOf(byWord, words);
  byKey.set(words, candidates);
  return candidates;
}

/** The recognisers that a row of words names, the last named first. */
function candidatesOf(
  byWord: ReadonlyMap<string, readonly Recogniser[]>,
  words: readonly string[],
): readonly Recogniser[] {
  let found: Set<Recogniser> | null = null;
  const looked = new Set<string>();
  for (let last = words.length - 1; last >= 0; last--) {
    let phrase = '';
    for (let first = last; first >= 0 && last - first < PHRASE_WORDS; first--) {
      phrase = phrase === '' ? (words[first] ?? '') : `${words[first]} ${phrase}`;
      const named = byWord.get(phrase);
      // A word said twice names the same again.
      if (named === undefined || looked.has(phrase)) continue;
      looked.add(phrase);
      found ??= new Set();
      for (const recogniser of named) found.add(recogniser);
    }
  }
  return found === null ? NONE : [...found];
}

/** Names and scopes are read as they stand: no word before a part of them speaks for it. */
export function isIdentifierText(hints: number): boolean {
  return (hints & HINT.identifier) !== 0;
}
