import { LIMITS } from '../../core/limits.ts';
import { HINT, type Hit } from '../hit.ts';
import { everyToken } from '../tokens.ts';
import { type CustomRecogniser, namesOneOf } from './recogniser.ts';

/**
 * What the recognisers find in a text, left to right and without overlaps: of two that begin
 * together the longer. Nothing is found across, or inside, a token of our own.
 * @throws when a text asks for more than `LIMITS.recogniserSteps` and its like allow.
 */
export function customHits(
  text: string,
  hints: number,
  keyWords: readonly string[],
  recognisers: readonly CustomRecogniser[],
): readonly Hit[] {
  const hits: Hit[] = [];
  for (const recogniser of recognisers) {
    const budget = new Budget(text.length, recogniser.pattern.programSize());
    let start = 0;
    for (const piece of everyToken(text)) {
      const end = start + piece.text.length;
      const ranges = piece.token ? [] : startsIn(piece.text, hints, keyWords, recogniser, budget);
      for (const { from, to } of ranges) {
        const range = { from: start + from, to: start + to, limit: end };
        matchesIn(text, range, recogniser, budget, hits);
      }
      start = end;
    }
  }
  return hits.length < 2 ? hits : merged(hits);
}

/** A short text may be all matches. */
const FREE_STEPS = 65_536;
/** Whether there is a match at all is told by an automaton, four times as fast as where it is. */
const FIRST_LOOK_SHARE = 4;
/** The widest window, in longest matches: the more seldom the matches, the fewer the windows. */
const WIDEST = 16;

/** What a recogniser may still spend on one text. */
class Budget {
  readonly #size: number;
  #steps: number;

  constructor(chars: number, instructions: number) {
    const steps = LIMITS.recogniserStepsPerChar * chars + FREE_STEPS;
    this.#steps = Math.min(steps, LIMITS.recogniserSteps);
    this.#size = instructions;
  }

  /** @throws when the text asks for too much: whoever asks must give it up. */
  spend(chars: number): void {
    this.#steps -= chars * this.#size;
    if (this.#steps < 0) throw new Error('the budget of a recogniser is spent');
  }
}

/** Where a match may begin, as offsets; `to` is inclusive. */
interface StartRange {
  readonly from: number;
  readonly to: number;
}

function startsIn(
  text: string,
  hints: number,
  keyWords: readonly string[],
  { pattern, keywords, rule }: CustomRecogniser,
  budget: Budget,
): readonly StartRange[] {
  if (keywords === null || namesOneOf(keyWords, rule.keywords)) {
    budget.spend(text.length / FIRST_LOOK_SHARE);
    return pattern.test(text) ? [{ from: 0, to: text.length }] : [];
  }
  // One word, as names and scopes are, speaks for none of its parts.
  if ((hints & HINT.identifier) !== 0) return [];
  const ranges: { from: number; to: number }[] = [];
  for (const { index, 0: word } of text.matchAll(keywords)) {
    const to = Math.min(text.length, index + word.length + rule.keywordDistance);
    const last = ranges.at(-1);
    if (last !== undefined && index <= last.to) last.to = to;
    else ranges.push({ from: index, to });
  }
  return ranges;
}

/**
 * Looks through windows of some longest matches, so that no search reads on to the end of the
 * text: a linear matcher that is asked again after every match is quadratic otherwise. A match that
 * reaches the window's end is looked at again from its start, and cut when it is too long.
 */
function matchesIn(
  text: string,
  { from, to, limit }: StartRange & { readonly limit: number },
  { rule, type, pattern, check }: CustomRecogniser,
  budget: Budget,
  hits: Hit[],
): void {
  let at = from;
  let window = 2;
  while (at <= to && at < limit) {
    // The character before says whether a word begins here; it may have two halves.
    const base = Math.max(0, at - 2);
    const end = Math.min(limit, at + window * rule.maxLength + 1);
    budget.spend(end - base);
    const matcher = pattern.matcher(text.slice(base, end));
    if (!matcher.find(at - base)) {
      if (end === limit) return;
      at += (window - 1) * rule.maxLength;
      window = Math.min(2 * window, WIDEST);
      continue;
    }
    window = 2;
    const start = base + matcher.start();
    const stop = base + matcher.end();
    if (start > to) return;
    if (stop === end && end < limit && start > at) {
      at = start;
      continue;
    }
    const cut = Math.min(stop, start + rule.maxLength);
    if (cut > start && check?.(text.slice(start, cut)) !== false) {
      const confidence = check === null ? 'named' : 'checked';
      hits.push({ start, end: cut, type, label: rule.name, confidence });
    }
    at = Math.max(cut, start + 1);
  }
}

/** Both kinds of hits, left to right and without overlaps; see `stronger`. */
export function mergeHits(found: readonly Hit[], own: readonly Hit[]): readonly Hit[] {
  return own.length === 0 ? found : merged([...own, ...found]);
}

function merged(hits: readonly Hit[]): readonly Hit[] {
  const sorted = [...hits].sort((one, other) => one.start - other.start || other.end - one.end);
  const kept: Hit[] = [];
  for (const hit of sorted) {
    const last = kept.at(-1);
    if (last === undefined || hit.start >= last.end) kept.push(hit);
    else kept[kept.length - 1] = stronger(last, hit);
  }
  return kept;
}

/**
 * Of two hits that overlap: what is merely wrapped gives way; of two for one stretch a checked one
 * stays, else the first, which is the tenant's own; else the longer one. Where neither holds the
 * other everything goes, under the name of the first.
 */
function stronger(one: Hit, other: Hit): Hit {
  if (one.type === 'encoded') return other;
  if (other.type === 'encoded') return one;
  if (one.start === other.start && one.end === other.end) {
    return other.confidence === 'checked' && one.confidence !== 'checked' ? other : one;
  }
  return other.end <= one.end ? one : { ...one, end: other.end };
}
