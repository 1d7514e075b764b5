import { LIMITS } from './limits.ts';

/** The candidate within two edits, or a third of the word if that is more; else null. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  if (word.length > LIMITS.identifierChars) return null;
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance < candidate.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * `did you mean a, b or c?`, of the candidates near a word or beginning like it, nearest first and
 * three at most; empty where none is.
 */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const given = word.toLowerCase();
  if (given.length > LIMITS.identifierChars) return '';
  const likely = nearest(word, candidates);
  const alike = candidates.filter((each) => each !== likely && sharesBeginning(given, each));
  const named = [...(likely === null ? [] : [likely]), ...alike].slice(0, SUGGESTED);
  const last = named.pop();
  if (last === undefined) return '';
  return `did you mean ${named.length > 0 ? `${named.join(', ')} or ` : ''}${last}?`;
}

const SUGGESTED = 3;
const BEGINNING_CHARS = 3;

function sharesBeginning(given: string, candidate: string): boolean {
  const beginning = given.slice(0, BEGINNING_CHARS);
  return beginning.length === BEGINNING_CHARS && candidate.toLowerCase().startsWith(beginning);
}

/** Levenshtein with neighbouring swaps counted as two; rows only, so linear memory. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
