import { PHRASE_WORDS, type RecogniserGroup, wordSlot } from './entities/recognisers.ts';
import type { Subject, WordsRead } from './hit.ts';
import { CHAR_CLASSES, CLASS } from './text-classes.ts';

/** How far before a value a word may stand that says what it is. */
export const CONTEXT_CHARS = 48;

/**
 * What the words before a value name, the last named first and each once. Words are read when a
 * value asks and no further back than they matter, each once, so that a text of nothing but words
 * and numbers costs no more than its length.
 */
export function groupsBefore(subject: Subject, at: number): readonly RecogniserGroup[] {
  subject.words ??= noWords(subject);
  const words = subject.words;
  // Values come from left to right, so that what is too far back for one is for all after it.
  const from = Math.max(subject.floor, at - CONTEXT_CHARS);
  readWords(words, from, at);
  const { phrases } = words;
  let { next } = words;
  while (next < phrases.length && (phrases[next]?.end ?? at) <= at) next++;
  words.next = next;
  let found = NONE;
  for (let index = next - 1; index >= 0; index--) {
    const phrase = phrases[index];
    if (phrase === undefined || phrase.end <= from) break;
    if (phrase.start < from || found.includes(phrase.group)) continue;
    found = [...found, phrase.group];
  }
  return found;
}

const NONE: readonly RecogniserGroup[] = [];
const NO_WORD: readonly number[] = new Array(PHRASE_WORDS).fill(-1);

function noWords({ text, recognisers }: Subject): WordsRead {
  return {
    text,
    recognisers,
    phrases: [],
    next: 0,
    end: 0,
    starts: NO_WORD.slice(),
    ends: NO_WORD.slice(),
  };
}

/** Reads the words that may begin at `from` or later, up to the one that holds or follows `at`. */
function readWords(words: WordsRead, from: number, at: number): void {
  const { text } = words;
  // A word cut short by one character begins before `from`, where no phrase counts.
  if (words.end < from - 1) {
    words.end = from - 1;
    words.starts.fill(-1);
  }
  let index = words.end;
  while (index < at) {
    const code = text.charCodeAt(index);
    if (code < 128 && !isWordClass(CHAR_CLASSES[code])) index++;
    else index = readRun(words, index);
  }
  words.end = index;
}

function isWordClass(kind: number | undefined): boolean {
  return kind === CLASS.letter || kind === CLASS.digit;
}

/** Notes the words of the run of letters and digits at `start`; returns where to go on. */
function readRun(words: WordsRead, start: number): number {
  const { text } = words;
  let part = start;
  let index = start;
  let wasUpper = true;
  for (; ; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return readForeignRun(words, start, part, index);
    if (!isWordClass(CHAR_CLASSES[code])) break;
    // `taxId` is two words.
    const isUpper = code >= 0x41 && code <= 0x5a;
    if (isUpper && !wasUpper) {
      noteWord(words, part, index, false);
      part = index;
    }
    wasUpper = isUpper;
  }
  noteWord(words, part, index, false);
  return index;
}

const RUN = /[\p{L}\p{M}\p{N}]+/uy;
const CAMEL = /(?<=[a-z0-9])(?=[A-Z])/;

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}

/** The same for a run with foreign characters; its words before `part` are noted already. */
function readForeignRun(words: WordsRead, start: number, part: number, foreign: number): number {
  RUN.lastIndex = start;
  // The second half of a character would be read as the whole of it.
  const run = isLowSurrogate(words.text.charCodeAt(start)) ? null : RUN.exec(words.text);
  if (run === null) return foreign + 1;
  let at = part;
  for (const word of run[0].slice(part - start).split(CAMEL)) {
    noteWord(words, at, at + word.length, true);
    at += word.length;
  }
  return start + run[0].length;
}

function noteWord(words: WordsRead, at: number, end: number, isForeign: boolean): void {
  const { text, recognisers, phrases, starts, ends } = words;
  for (let index = PHRASE_WORDS - 1; index > 0; index--) {
    starts[index] = starts[index - 1] ?? -1;
    ends[index] = ends[index - 1] ?? -1;
  }
  starts[0] = at;
  ends[0] = end;
  if (recognisers.wordSlots[isForeign ? slotOf(wordAt(words, 0)) : slotIn(text, at, end)] !== 1) {
    return;
  }
  const known = phrases.length;
  let phrase = '';
  for (let size = 1; size <= PHRASE_WORDS && (starts[size - 1] ?? -1) >= 0; size++) {
    phrase = size === 1 ? wordAt(words, 0) : `${wordAt(words, size - 1)} ${phrase}`;
    const group = recognisers.byWord.get(phrase);
    if (group !== undefined)
      phrases.splice(known, 0, { start: starts[size - 1] ?? at, end, group });
  }
}

function wordAt({ text, starts, ends }: WordsRead, back: number): string {
  return text.slice(starts[back], ends[back]).toLowerCase();
}

function slotIn(text: string, at: number, end: number): number {
  return wordSlot(text.charCodeAt(at), end - at > 1 ? text.charCodeAt(at + 1) : 0, end - at);
}

function slotOf(word: string): number {
  return slotIn(word, 0, word.length);
}
