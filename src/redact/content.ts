import { LIMITS } from '../core/limits.ts';
import { namesOneOf } from './custom/recogniser.ts';
import type { RecogniserSet } from './entities/recognisers.ts';
import { HINT } from './hit.ts';
import { type KeyPolicy, NO_POLICY, policyOfKey } from './key-policy.ts';
import { fail, type Pass, redactString, replacePersonal, replaceSecret } from './pass.ts';
import { scanText } from './scanner.ts';
import { candidatesOfKey } from './shaped.ts';
import { typeOfToken, withoutTokens } from './tokens.ts';

/** A name, an address or a document number; longer texts are prose that happens to be about one. */
const PERSONAL_CHARS = 160;
/** Integers below have fewer digits than any card. */
const SMALLEST_NUMBER_OF_NOTE = 1e11;
/** Under a key that names it, a number with seven digits is a phone. */
const SMALLEST_HINTED_NUMBER = 1e6;
/** `time_to_first_token: 0.3` and `token: 12` measure something. */
const SMALLEST_NUMERIC_TOKEN = 1e5;

const PLACE = /^(?:lat|lon|lng|latitude|longitude)$/;

/** How any JSON with structure in it begins. */
const JSON_START = /^\s*(?:\[\s*[[\]{"\-\dtfn]|\{\s*["}]|")/;

/** Masks whose key condemns everything below it, whatever shape that has. */
const CONDEMNING = new Set(['password', 'secret', 'api_key', 'cookie', 'code', 'birth_date']);

/**
 * Redacts free-form content: strings, numbers, keys, nested values, and JSON inside strings. Keys
 * are judged first, values by what they are. Unchanged parts are returned as they came.
 */
export function redactContent(pass: Pass, value: unknown): unknown {
  pass.inner = redactInner;
  return redactValue(pass, value, NO_POLICY, 0);
}

function redactInner(pass: Pass, text: string): string {
  return redactText(pass, text, NO_POLICY, pass.depth);
}

function redactValue(pass: Pass, value: unknown, policy: KeyPolicy, depth: number): unknown {
  if (typeof value === 'string') return redactText(pass, value, policy, depth);
  if (typeof value === 'number') return redactNumber(pass, value, policy);
  if (value === null || typeof value === 'boolean' || value === undefined) return value;
  if (typeof value === 'bigint') return redactText(pass, String(value), policy, depth);
  if (typeof value !== 'object' || depth >= LIMITS.valueDepth || pass.nodesLeft <= 0) {
    return fail(pass);
  }
  try {
    if (Array.isArray(value)) return redactArray(pass, value, policy, depth);
    return isPlain(value) ? redactObject(pass, value, policy, depth) : fail(pass);
  } catch {
    return fail(pass);
  }
}

function redactArray(
  pass: Pass,
  values: readonly unknown[],
  policy: KeyPolicy,
  depth: number,
): unknown {
  let out: unknown[] | null = null;
  for (let index = 0; index < values.length; index++) {
    if (--pass.nodesLeft < 0) return fail(pass);
    const before = values[index];
    const after = redactValue(pass, before, policy, depth + 1);
    if (out === null && !Object.is(after, before)) out = values.slice(0, index);
    out?.push(after);
  }
  return out ?? values;
}

function redactObject(pass: Pass, value: object, policy: KeyPolicy, depth: number): unknown {
  let out: Record<string, unknown> | null = null;
  const given = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(given);
  for (let index = 0; index < keys.length; index++) {
    if (--pass.nodesLeft < 0) return fail(pass);
    const key = keys[index] ?? '';
    const before = given[key];
    const name = redactKey(pass, key);
    const after = redactValue(pass, before, policyBelow(policy, name), depth + 1);
    if (out === null && (name !== key || !Object.is(after, before))) {
      out = {};
      for (const earlier of keys.slice(0, index)) put(out, earlier, given[earlier]);
    }
    if (out !== null) put(out, name, after);
  }
  return out ?? value;
}

/** Keys met and found clean by some set of recognisers, so that each is scanned once. */
const cleanKeysOf = new WeakMap<RecogniserSet, Set<string>>();

function redactKey(pass: Pass, key: string): string {
  const cleanKeys = cleanKeysOf.get(pass.recognisers) ?? new Set();
  cleanKeysOf.set(pass.recognisers, cleanKeys);
  if (cleanKeys.has(key)) return key;
  const name = redactString(pass, key, HINT.none);
  if (name === key && key.length <= LIMITS.identifierChars) {
    if (cleanKeys.size >= LIMITS.rememberedKeyPolicies) cleanKeys.clear();
    cleanKeys.add(key);
  }
  return name;
}

/** Two spellings of one address become one token; both members are kept. */
function put(out: Record<string, unknown>, key: string, value: unknown): void {
  let name = key;
  for (let copy = 2; Object.hasOwn(out, name); copy++) name = `${key}#${copy}`;
  if (name === '__proto__') {
    Object.defineProperty(out, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else out[name] = value;
}

function policyBelow(above: KeyPolicy, key: string): KeyPolicy {
  const policy = policyOfKey(withoutTokens(key));
  if (above.credential !== null && CONDEMNING.has(above.credential)) {
    return policy.credential === null ? { ...policy, credential: above.credential } : policy;
  }
  if (policy.isName && above.describesPerson) return { ...policy, personal: 'person' };
  return policy;
}

function redactText(pass: Pass, text: string, policy: KeyPolicy, depth: number): string {
  if (text.length < 1 || typeOfToken(text) !== null) return text;
  try {
    if (policy.isBirthDate && pass.keepsDates && isPersonalText(text)) {
      return replacePersonal(pass, 'date', text.trim());
    }
    if (policy.credential !== null && !isTokenCount(text, policy)) {
      return maskCredential(pass, text, policy.credential);
    }
    const nested = redactNested(pass, text, policy, depth);
    if (nested !== null) return nested;
    if (policy.personal !== null && isPersonalText(text)) {
      return redactPersonal(pass, text, policy.personal, policy);
    }
    return redactString(pass, text, policy.hints, policy.words);
  } catch {
    return fail(pass);
  }
}

/** A text with tokens in it was too long to be one value before they made it short. */
function isPersonalText(text: string): boolean {
  return text.length <= PERSONAL_CHARS && /\S/.test(text) && withoutTokens(text) === text;
}

/** `tokens: "4096"` counts them. */
function isTokenCount(text: string, policy: KeyPolicy): boolean {
  return policy.words.at(-1) === 'tokens' && /^\d{1,9}$/.test(text);
}

/** The issuer's name for the credential where its form tells, else what the key calls it. */
function maskCredential(pass: Pass, text: string, label: string): string {
  const [hit, more] = scanText(text.slice(0, LIMITS.identifierChars * 16), HINT.none).hits;
  const known = hit?.type === 'secret' && hit.start === 0 && hit.end === text.length;
  return replaceSecret(pass, known && more === undefined ? hit.label : label);
}

/** A value that is wholly of a more certain kind is called that: a patient given by e-mail. */
function redactPersonal(
  pass: Pass,
  text: string,
  type: NonNullable<KeyPolicy['personal']>,
  { hints, words }: KeyPolicy,
): string {
  const { recognisers } = pass;
  const [hit] = scanText(text, hints, { recognisers, keyWords: words }).hits;
  if (hit !== undefined && hit.start === 0 && hit.end === text.length) {
    return redactString(pass, text, hints, words);
  }
  return replacePersonal(pass, type, text);
}

function redactNumber(pass: Pass, value: number, policy: KeyPolicy): unknown {
  if (policy.credential !== null) return redactSecretNumber(pass, value, policy);
  if (!isNumberOfNote(pass, value, policy)) return value;
  const text = String(value);
  const redacted = redactText(pass, text, policy, LIMITS.valueDepth);
  return redacted === text ? value : redacted;
}

/** Whether a number has enough digits to be somebody's. */
function isNumberOfNote(pass: Pass, value: number, policy: KeyPolicy): boolean {
  const hinted =
    (policy.hints & ~HINT.version) !== 0 ||
    policy.personal !== null ||
    candidatesOfKey(pass.recognisers, policy.words).length > 0;
  if (isOwnNumber(pass, policy)) return true;
  const least = hinted ? SMALLEST_HINTED_NUMBER : SMALLEST_NUMBER_OF_NOTE;
  // A place is given by decimals; everything else that is somebody's is an integer.
  if (!Number.isInteger(value)) return hinted && PLACE.test(policy.words.at(-1) ?? '');
  return Math.abs(value) >= least;
}

/** A tenant's own recogniser may ask for any number: under a key it names, or everywhere. */
function isOwnNumber({ recognisers }: Pass, { words }: KeyPolicy): boolean {
  return recognisers.custom.some(
    ({ keywords, rule }) => keywords === null || namesOneOf(words, rule.keywords),
  );
}

function redactSecretNumber(pass: Pass, value: number, policy: KeyPolicy): unknown {
  const label = policy.credential;
  if (label === null || policy.words.at(-1) === 'tokens') return value;
  const measures = !Number.isInteger(value) || Math.abs(value) < SMALLEST_NUMERIC_TOKEN;
  return measures && !CONDEMNING.has(label) ? value : replaceSecret(pass, label);
}

/**
 * JSON inside a string, redacted and written again; null when the text is none. A member given
 * twice is lost in parsing, so a text that JSON would write otherwise is also scanned as it is.
 */
function redactNested(pass: Pass, text: string, policy: KeyPolicy, depth: number): string | null {
  const parsed = parseNested(text);
  if (parsed === undefined) return null;
  if (depth >= LIMITS.valueDepth) return fail(pass);
  const redacted = redactValue(pass, parsed, policy, depth + 1);
  const written = JSON.stringify(redacted);
  if (redacted !== parsed) return written;
  if (written === text) return text;
  return redactString(pass, text, policy.hints) === text ? text : written;
}

/** The value of a text that is JSON with structure in it, else undefined. */
export function parseNested(text: string): unknown {
  const first = text.charCodeAt(0);
  if (first !== 0x7b && first !== 0x5b && first !== 0x22 && first > 0x20) return undefined;
  // A parser that throws costs a hundred times as much, and every token begins like an array.
  if (!JSON_START.test(text)) return undefined;
  const last = text.trimEnd().at(-1);
  if (last !== '}' && last !== ']' && last !== '"') return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' || typeof parsed === 'string' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Dates, buffers and the like would write themselves past the redactor. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null;
}
