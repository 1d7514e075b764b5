import { LIMITS } from '../core/limits.ts';
import type { CleanTexts } from './clean-texts.ts';
import { decodeRun, type Encoding, encodeRun } from './encoded.ts';
import { ALL_RECOGNISERS, type RecogniserSet } from './entities/recognisers.ts';
import { placeOf } from './fold.ts';
import { HINT } from './hit.ts';
import { scanText } from './scanner.ts';
import type { Tokeniser } from './tokeniser.ts';
import type { PersonalType } from './tokens.ts';
import { REDACTION_FAILED, secretText, withoutTokens } from './tokens.ts';

/** The redaction of one record: its keys, its budget, and what it has replaced so far. */
export interface Pass {
  tokeniser: Tokeniser;
  readonly recognisers: RecogniserSet;
  /** What these recognisers found nothing in before; null to read everything anew. */
  readonly clean: CleanTexts | null;
  /** Dates of birth under their keys become tokens, as in texts, and then what the mode says. */
  readonly keepsDates: boolean;
  /** Replacements by type; `secret:` and a label for secrets. */
  readonly counts: Map<string, number>;
  /** What each token stands for; destinations take the non-personal part from it. */
  readonly replaced: Map<string, string>;
  /** Identifiers that revocations go by, as recorded, each with what brokers call it. */
  readonly identifiers: Map<string, string>;
  /** Fields replaced whole because they could not be judged. */
  failures: number;
  charsLeft: number;
  nodesLeft: number;
  unpackingsLeft: number;
  /** How deep in texts within texts the pass is. */
  depth: number;
  /** Whether some text was wrapped, so that names may be looked for in it. */
  isWrapped: boolean;
  /** Takes the names out of a text that was wrapped, once there are any to look for. */
  withoutNames: ((text: string) => string) | null;
  /** Judges a text found inside a text; `redactContent` sets it, so that JSON in it is read. */
  inner: (pass: Pass, text: string) => string;
}

/** A fresh budget. */
export function startPass(
  tokeniser: Tokeniser,
  recognisers: RecogniserSet = ALL_RECOGNISERS,
  clean: CleanTexts | null = null,
  keepsDates = false,
): Pass {
  return {
    tokeniser,
    recognisers,
    clean,
    keepsDates,
    counts: new Map(),
    replaced: new Map(),
    identifiers: new Map(),
    failures: 0,
    charsLeft: LIMITS.redactionChars,
    nodesLeft: LIMITS.redactionNodes,
    unpackingsLeft: LIMITS.redactionUnpackings,
    depth: 0,
    isWrapped: false,
    withoutNames: null,
    inner: (pass, text) => redactString(pass, text, HINT.none),
  };
}

/** The budget of a record that is read again, with what was replaced in it so far. */
export function refill(pass: Pass): void {
  pass.charsLeft = LIMITS.redactionChars;
  pass.nodesLeft = LIMITS.redactionNodes;
  pass.unpackingsLeft = LIMITS.redactionUnpackings;
}

/** Gives up on one field. */
export function fail(pass: Pass): string {
  pass.failures++;
  return REDACTION_FAILED;
}

/** The token of a personal value, counted. */
export function replacePersonal(pass: Pass, type: PersonalType, value: string): string {
  const token = pass.tokeniser.token(type, value);
  pass.replaced.set(token, value);
  count(pass, type);
  return token;
}

/** The mask of a secret, counted. */
export function replaceSecret(pass: Pass, label: string): string {
  const mask = secretText(label);
  count(pass, mask.slice(1, -1));
  return mask;
}

/** A secret that serves as a name: two of them stay two, where one mask would make them one. */
function replaceSecretName(pass: Pass, label: string, value: string): string {
  count(pass, secretText(label).slice(1, -1));
  return pass.tokeniser.token('id', value);
}

/**
 * The text with everything found in it replaced; the same string when there is nothing. Over
 * budget, or when a key cannot be had, the whole text goes.
 */
export function redactString(
  pass: Pass,
  text: string,
  hints: number,
  keyWords: readonly string[] = NO_WORDS,
): string {
  if (text.length < 3) return text;
  if (!takeChars(pass, text)) return fail(pass);
  if (pass.clean?.has(text, hints, keyWords)) return text;
  try {
    let before = text;
    const rounds = text.length > LONG_CHARS ? ROUNDS / 2 : ROUNDS;
    for (let round = 0; round < rounds; round++) {
      const after = replaceHits(pass, before, hints, keyWords);
      if (after === before) return after;
      before = after;
    }
  } catch {
    // A key that cannot be had is a fault like any other: the field goes.
  }
  return fail(pass);
}

const NO_WORDS: readonly string[] = [];

/**
 * A replacement can uncover what its neighbour hid, so a text is read until nothing is found; that
 * makes redaction idempotent. Values glued together need two or three readings, none needs more.
 */
const ROUNDS = 8;
/** Longer texts get half as many, so that one made to be slow is given up soon. */
const LONG_CHARS = 65_536;

function replaceHits(
  pass: Pass,
  original: string,
  hints: number,
  keyWords: readonly string[],
): string {
  const { recognisers, clean } = pass;
  const scan = scanText(original, hints, { recognisers, keyWords });
  const { text, hits } = scan;
  if (hits.length === 0) {
    clean?.add(original, hints, keyWords);
    return original;
  }
  let out = '';
  let done = 0;
  const revocable = (hints & HINT.revocable) !== 0;
  for (const hit of hits) {
    const { start, end, type, label } = hit;
    const value = text.slice(start, end);
    const { start: from, end: to } = placeOf(scan, start, end);
    out += original.slice(done, Math.max(done, from));
    if (type === 'encoded')
      out += redactEncoded(pass, value, label as Encoding, original.slice(from, to));
    else if (type !== 'secret') out += replacePersonal(pass, type, value);
    else out += revocable ? replaceSecretName(pass, label, value) : replaceSecret(pass, label);
    done = to;
  }
  return done === 0 ? original : out + original.slice(done);
}

/** What is wrapped is judged by itself; the wrapping stays as it is unless something goes. */
function redactEncoded(pass: Pass, run: string, encoding: Encoding, original: string): string {
  if (pass.depth >= LIMITS.decodingDepth) return fail(pass);
  if (encoding === 'gzip' && --pass.unpackingsLeft < 0) return fail(pass);
  pass.depth++;
  try {
    const plain = decodeRun(run, encoding);
    if (plain === null) return original;
    pass.isWrapped = true;
    const inner = pass.inner(pass, plain);
    const redacted = pass.withoutNames?.(inner) ?? inner;
    return redacted === plain ? original : encodeRun(redacted, encoding, run);
  } finally {
    pass.depth--;
  }
}

/** Tokens cost nothing, so that what fitted the budget once fits it redacted. */
function takeChars(pass: Pass, text: string): boolean {
  const cost = text.length <= pass.charsLeft ? text.length : withoutTokens(text).length;
  if (cost > pass.charsLeft) {
    pass.charsLeft = 0;
    return cost === 0;
  }
  pass.charsLeft -= cost;
  return true;
}

function count(pass: Pass, type: string): void {
  pass.counts.set(type, (pass.counts.get(type) ?? 0) + 1);
}
