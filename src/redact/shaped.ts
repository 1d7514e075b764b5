import { CONTEXT_CHARS, groupsBefore } from './context-words.ts';
import {
  PHRASE_WORDS,
  type Recogniser,
  type RecogniserGroup,
  type RecogniserSet,
  wordSlot,
} from './entities/recognisers.ts';
import { HINT, type Hit, personalHit, type Subject } from './hit.ts';
import { NUMBER_WORD_SLOTS } from './number-words.ts';
import { isAlphanumeric, isDigit } from './text-classes.ts';

/** Characters of the shortest value that stands without a word, unless it has groups. */
const SHORTEST_BARE = 9;
const NONE: readonly Recogniser[] = [];
const NO_GROUPS: readonly RecogniserGroup[] = [];

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
  // A run without a digit is a word, unless it is the beginning of a value in groups; after a blank
  // the next of those has digits.
  const isWord = !goesOn || size > 9 || (next === 0x20 && !isDigit(text.charCodeAt(end + 1)));
  if (!hasDigit && isWord) {
    noteWord(subject, at, end);
    return null;
  }
  const bare =
    goesOn || next === 0x28 || size >= SHORTEST_BARE ? recognisers.byRun[size] : undefined;
  // A long run may be a value by itself: whatever stands behind it ends it, but for a dash.
  const mayEnd = !goesOn || (size >= SHORTEST_BARE && next !== 0x2d);
  if (bare !== undefined && (mayEnd || bare.mentions[next] === 1)) {
    const inPath = text.charCodeAt(at - 1) === 0x2f;
    const hit = inPath || !isGlued(subject, at) ? bareAt(subject, at, bare) : null;
    // Slashes of a path are no part of a value.
    if (hit !== null && !(inPath && text.slice(at, hit.end).includes('/'))) return hit;
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
  if (NUMBER_WORD_SLOTS[slot] === 1) subject.numberWordEnd = end;
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

function bareAt(subject: Subject, at: number, { any, members }: RecogniserGroup): Hit | null {
  const { text } = subject;
  any.lastIndex = at;
  if (!any.test(text)) return null;
  for (const { entity, bare } of members) {
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
  const { text } = subject;
  let shaped: Hit | null = null;
  for (const { entity, shape } of candidatesAt(subject, at)) {
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

/** Of what words and key name, whatever may begin here; the nearest word's first. */
function candidatesAt(subject: Subject, at: number): readonly Recogniser[] {
  const isNear = subject.wordEnd >= at - CONTEXT_CHARS && !subject.identifier;
  let found = NONE;
  for (const { any, members } of isNear ? groupsBefore(subject, at) : NO_GROUPS) {
    any.lastIndex = at;
    if (any.test(subject.text)) found = found.length === 0 ? members : [...found, ...members];
  }
  const { keyCandidates } = subject;
  if (keyCandidates.length === 0) return found;
  return found.length === 0 ? keyCandidates : [...found, ...keyCandidates];
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
  byWord: RecogniserSet['byWord'],
  words: readonly string[],
): readonly Recogniser[] {
  const found = new Set<Recogniser>();
  for (let last = words.length; last > 0; last--) {
    for (let first = last - 1; first >= 0 && last - first <= PHRASE_WORDS; first--) {
      const named = byWord.get(words.slice(first, last).join(' '));
      for (const recogniser of named?.members ?? NONE) found.add(recogniser);
    }
  }
  return found.size === 0 ? NONE : [...found];
}

/** Names and scopes are read as they stand: no word before a part of them speaks for it. */
export function isIdentifierText(hints: number): boolean {
  return (hints & HINT.identifier) !== 0;
}
