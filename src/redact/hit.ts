import type { Base64Stretch } from './encoded.ts';
import type { Recogniser, RecogniserGroup, RecogniserSet } from './entities/recognisers.ts';
import type { PersonalType } from './tokens.ts';

/**
 * Why something is believed to be what it is: a check digit or an issuer's prefix, a shape of its
 * own, or a plainer shape beside a word that names it.
 */
export type Confidence = 'checked' | 'shaped' | 'named';

/** A stretch of text that must go. `end` is exclusive. */
export interface Hit {
  readonly start: number;
  readonly end: number;
  /** `encoded`: a text inside the text, to be judged by itself; `label` says how it is wrapped. */
  readonly type: PersonalType | 'secret' | 'encoded';
  /** Which entity of the table: `de_tax_id`, `email`; for secrets the kind of secret. */
  readonly label: string;
  readonly confidence: Confidence;
}

/** What the surroundings of a text say about it: bits that a key sets. */
export const HINT = {
  none: 0,
  phone: 1,
  card: 2,
  ssn: 4,
  iban: 8,
  /** A version or a build: dotted quads are no addresses. */
  version: 16,
  /** One word, as names and scopes are: `secrets:read` gives no secret away. */
  identifier: 32,
  /** An identifier that a broker must know to obey: a secret in it gets a token of its own. */
  revocable: 64,
} as const;

/** A word or phrase of a text that names some entities. `end` is exclusive. */
interface NamingPhrase {
  readonly start: number;
  readonly end: number;
  readonly group: RecogniserGroup;
}

/** The words of a text, as far as some value asked for them. */
export interface WordsRead {
  readonly text: string;
  readonly recognisers: RecogniserSet;
  /** By their ends; of those that end together the longest first. */
  readonly phrases: NamingPhrase[];
  /** The first phrase that ends after the last value that asked. */
  next: number;
  /** Up to here the words are read. */
  end: number;
  /** Of the last words, as many as a phrase has, the last one first; -1 for none. */
  readonly starts: number[];
  readonly ends: number[];
}

/** The text under judgement. */
export interface Subject {
  readonly text: string;
  /** Bits of `HINT`. */
  readonly hints: number;
  /** End of the last hit or token: nothing before it may serve as context or be hit again. */
  floor: number;
  /** No JSON web token begins before this position: the dots it needs were looked for. */
  jwtBarrier: number;
  /** End of the longest value judged so far, and how many in a row began before such an end. */
  valueBarrier: number;
  overlaps: number;
  /** First end of a header's line at or after some earlier position. */
  headerEnd: number;
  /** From the last header's value up to here there are neither digits nor `=` outside tokens. */
  proseBarrier: number;
  /** No address of colons begins before this position: too many groups follow. */
  groupsBarrier: number;
  /** Every number that begins before this position was judged as part of a longer run. */
  numberBarrier: number;
  /** End of the last word that may name a value beside it. */
  wordEnd: number;
  /** End of the last word that may say of a number that it is a card or a phone. */
  numberWordEnd: number;
  readonly recognisers: RecogniserSet;
  /** The words read so far, once a value asked what they name. */
  words: WordsRead | null;
  /** Made when the first word asks whether it begins a text in base64. */
  stretch: Base64Stretch | null;
  /** What the key of the text names. */
  readonly keyCandidates: readonly Recogniser[];
  /** The text is a name: no word in it speaks for a number beside it. */
  readonly identifier: boolean;
  /** The first `@` at or after some earlier position; the text's length when there is none. */
  nextAt: number;
}

/** A hit on a personal value. */
export function personalHit(
  type: PersonalType,
  start: number,
  end: number,
  label: string = type,
  confidence: Confidence = 'shaped',
): Hit {
  return { start, end, type, label, confidence };
}

/** A hit on a secret. */
export function secretHit(
  label: string,
  start: number,
  end: number,
  confidence: Confidence = 'shaped',
): Hit {
  return { start, end, type: 'secret', label, confidence };
}
