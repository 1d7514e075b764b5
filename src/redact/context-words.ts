import {
  PHRASE_WORDS,
  type RecogniserGroup,
  type RecogniserSet,
  wordSlot,
} from './entities/recognisers.ts';
import type { NamingPhrase, Subject } from './hit.ts';

/** How far before a value a word may stand that says what it is. */
export const CONTEXT_CHARS = 48;

const RUN = /[\p{L}\p{M}\p{N}]+/gu;
const CAMEL = /(?<=[a-z0-9])(?=[A-Z])/;

/**
 * What the words before a value name, the last named first and each once. The words of a text are
 * read once, when the first value asks, and the list is walked forward with the values, so that a
 * text of nothing but words and numbers costs no more than its length.
 */
export function groupsBefore(subject: Subject, at: number): readonly RecogniserGroup[] {
  subject.phrases ??= phrasesOf(subject.text, subject.recognisers);
  const { phrases } = subject;
  let next = subject.nextPhrase;
  while (next < phrases.length && (phrases[next]?.end ?? at) <= at) next++;
  subject.nextPhrase = next;
  const from = Math.max(subject.floor, at - CONTEXT_CHARS);
  const found: RecogniserGroup[] = [];
  for (let index = next - 1; index >= 0; index--) {
    const phrase = phrases[index];
    if (phrase === undefined || phrase.end <= from) break;
    if (phrase.start < from || found.includes(phrase.group)) continue;
    found.push(phrase.group);
  }
  return found;
}

/** By their ends; of those that end together the longest first. */
function phrasesOf(text: string, { byWord, wordSlots }: RecogniserSet): readonly NamingPhrase[] {
  const phrases: NamingPhrase[] = [];
  const starts: number[] = [];
  const words: string[] = [];
  for (const { index, 0: run } of text.matchAll(RUN)) {
    let start = index;
    for (const part of run.split(CAMEL)) {
      const word = part.toLowerCase();
      words.push(word);
      starts.push(start);
      const slot = wordSlot(word.charCodeAt(0), word.charCodeAt(1), word.length);
      if (wordSlots[slot] === 1) notePhrases(phrases, words, starts, start + part.length, byWord);
      start += part.length;
    }
  }
  return phrases;
}

function notePhrases(
  phrases: NamingPhrase[],
  words: readonly string[],
  starts: readonly number[],
  end: number,
  byWord: RecogniserSet['byWord'],
): void {
  for (let size = Math.min(PHRASE_WORDS, words.length); size > 0; size--) {
    const group = byWord.get(size === 1 ? (words.at(-1) ?? '') : words.slice(-size).join(' '));
    if (group !== undefined) phrases.push({ start: starts.at(-size) ?? 0, end, group });
  }
}
