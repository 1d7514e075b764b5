import { ibanAt } from './account.ts';
import { ipv6At } from './address.ts';
import { assignmentAt } from './assignment.ts';
import { customHits, mergeHits } from './custom/matches.ts';
import { mayGoOn } from './digit-groups.ts';
import { emailAround, speltEmailAround } from './email.ts';
import { encodedAt, isBase64Sign, noStretch, SHORTEST_RUN } from './encoded.ts';
import { ALL_RECOGNISERS, type RecogniserSet } from './entities/recognisers.ts';
import { foldText, hasEscapes } from './fold.ts';
import { gluedIn, SHORTEST_GLUED } from './glued.ts';
import { HINT, type Hit, type Subject } from './hit.ts';
import { numberAt } from './number.ts';
import { beginsSecret, privateKeyAt, secretAt } from './secret.ts';
import { candidatesOfKey, isIdentifierText, shapedAt } from './shaped.ts';
import { CHAR_CLASSES, CLASS, isAlphanumeric, isHexDigit } from './text-classes.ts';
import { tokenLengthAt } from './tokens.ts';
import { mayBeginZone, zoneAt } from './travel-document.ts';
import { userinfoAt } from './url.ts';

/** What was found in a text, left to right, without overlaps. */
export interface Scan {
  /** The text as read: folded where it holds foreign characters or escapes. Hits index into it. */
  readonly text: string;
  readonly hits: readonly Hit[];
  /** From positions of `text` to positions of the original; null when they are the same. */
  readonly offsets: Int32Array | null;
}

const FOREIGN = /[\u0080-\uffff]/;
const CONTEXT_FAR = 1_000;
const CLEAN: readonly Hit[] = [];

/** What a text is judged with besides itself. */
export interface ScanContext {
  readonly recognisers: RecogniserSet;
  /** Words of the key that holds the text, lower case. */
  readonly keyWords: readonly string[];
}

/** Every region, and no key. */
export const PLAIN_CONTEXT: ScanContext = { recognisers: ALL_RECOGNISERS, keyWords: [] };

/**
 * Finds everything personal or secret in one pass: a table says which characters can begin or
 * hold something, and only there a recogniser looks closer. Linear in the length of the text.
 */
export function scanText(text: string, hints: number, context: ScanContext = PLAIN_CONTEXT): Scan {
  const scan = scanBuiltIn(text, hints, context);
  const { custom } = context.recognisers;
  if (custom.length === 0) return scan;
  const own = customHits(scan.text, hints, context.keyWords, custom);
  return { ...scan, hits: mergeHits(scan.hits, own) };
}

function scanBuiltIn(text: string, hints: number, context: ScanContext): Scan {
  const hits = scanPass(text, hints, true, context);
  if (hits !== null) return { text, hits, offsets: null };
  const folded = foldText(text);
  const found = scanPass(folded.text, hints, false, context) ?? CLEAN;
  return { text: folded.text, hits: found, offsets: folded.offsets };
}

/** Null when a foreign character or an escape turns up and `asciiOnly` is asked. */
function scanPass(
  text: string,
  hints: number,
  asciiOnly: boolean,
  { recognisers, keyWords }: ScanContext,
): readonly Hit[] | null {
  const subject: Subject = {
    text,
    hints,
    // Words in foreign letters are not noted one by one: look back from every number.
    wordEnd: asciiOnly ? -CONTEXT_FAR : text.length,
    recognisers,
    words: null,
    numberWordEnd: -CONTEXT_FAR,
    stretch: null,
    keyCandidates: keyWords.length === 0 ? [] : candidatesOfKey(recognisers, keyWords),
    identifier: isIdentifierText(hints),
    floor: 0,
    jwtBarrier: 0,
    valueBarrier: 0,
    overlaps: 0,
    headerEnd: -1,
    proseBarrier: 0,
    groupsBarrier: 0,
    numberBarrier: 0,
    nextAt: -1,
  };
  let hits: Hit[] | null = null;
  let mayEscape = asciiOnly;
  const size = text.length;
  let at = 0;
  while (at < size) {
    const code = text.charCodeAt(at);
    if (code > 127) {
      if (asciiOnly) return null;
      at++;
      continue;
    }
    const kind = CHAR_CLASSES[code] ?? 0;
    if (kind === CLASS.other) {
      at++;
      continue;
    }
    if (mayEscape && (kind === CLASS.escape || kind === CLASS.equals)) {
      if (hasEscapes(text)) return null;
      mayEscape = false;
    }
    let hit: Hit | null;
    let next: number;
    if (kind === CLASS.letter || kind === CLASS.digit) {
      next = wordEnd(text, at + 1, kind);
      if (next - at === 8 && isUuid(text, at)) {
        at += 36;
        continue;
      }
      hit = wordAt(subject, at, next, kind) ?? besideWordAt(subject, at, next);
    } else {
      next = kind === CLASS.bracket ? afterToken(subject, at) : at + 1;
      hit = next > at + 1 ? null : signAt(subject, at, kind);
    }
    if (hit === null) at = next;
    else {
      // An address may run on into foreign letters and escapes, which are read folded.
      if (asciiOnly && FOREIGN.test(text.slice(hit.start, hit.end))) return null;
      if (mayEscape && hasEscapes(text)) return null;
      mayEscape = false;
      if (hits === null) hits = [hit];
      else hits.push(hit);
      subject.floor = hit.end;
      // A hit may begin further on than where it was recognised, but never ends before that.
      at = hit.end;
    }
  }
  return hits ?? CLEAN;
}

/** Where a run of letters and digits ends; bit 0 of `runKinds` says letters, bit 1 digits. */
function wordEnd(text: string, from: number, first: number): number {
  let end = from;
  let kinds = first;
  for (;;) {
    const code = text.charCodeAt(end);
    // NaN at the end of the text is not less than 128.
    const kind = code < 128 ? CHAR_CLASSES[code] : CLASS.other;
    if (kind !== CLASS.letter && kind !== CLASS.digit) {
      runKinds = kinds;
      return end;
    }
    kinds |= kind;
    end++;
  }
}

/** Letters and digits in one word. */
const BOTH_KINDS = CLASS.letter | CLASS.digit;

/** Left by `wordEnd` for its caller, which runs once per word. */
let runKinds = 0;

/** What a word is not by itself: a value glued to others, or the first part of a zone. */
function besideWordAt(subject: Subject, at: number, end: number): Hit | null {
  if (end - at > SHORTEST_GLUED) {
    const glued = gluedIn(subject, at, end, runKinds === BOTH_KINDS);
    if (glued !== null) return glued;
  }
  return mayBeginZone(subject.text, at, end) ? zoneAt(subject, at) : null;
}

/** A run of letters and digits that begins at `at`. */
function wordAt(subject: Subject, at: number, end: number, kind: number): Hit | null {
  const { text } = subject;
  const size = end - at;
  const hasDigit = (runKinds & CLASS.digit) !== 0;
  if (kind === CLASS.digit) {
    const short = size < 5 && text.charCodeAt(end) === 0x3a ? ipv6At(subject, at) : null;
    return (
      short ??
      shapedAt(subject, at, end, true) ??
      numberStart(subject, at, end) ??
      (size >= 8 ? wrappedAt(subject, at, end, size) : null)
    );
  }
  if (beginsSecret(text.charCodeAt(at), text.charCodeAt(at + 1))) {
    const secret = secretAt(subject, at);
    if (secret !== null) return secret;
  }
  if (size <= 4 && text.charCodeAt(end) === 0x3a) {
    const address = hexWord(subject, at, end);
    if (address !== null) return address;
  }
  if (hasDigit && size > 3 && (CHAR_CLASSES[text.charCodeAt(at + 2)] ?? 0) === CLASS.digit) {
    const iban = ibanAt(subject, at);
    if (iban !== null) return iban;
  }
  return shapedAt(subject, at, end, hasDigit) ?? wrappedAt(subject, at, end, size);
}

/** Text in base64, hexadecimal or gzip. */
function wrappedAt(subject: Subject, at: number, end: number, size: number): Hit | null {
  // Base64 of whatever has four letters and more shows some in a row before its first sign; and a
  // word that no sign of base64 goes on with is as long as it is.
  if (size < 3 || (size < SHORTEST_RUN && !isBase64Sign(subject.text.charCodeAt(end)))) return null;
  subject.stretch ??= noStretch();
  const run = encodedAt(subject.text, at, end, subject.stretch);
  if (run === null) return null;
  const { start, end: stop, encoding } = run;
  return { start, end: stop, type: 'encoded', label: encoding, confidence: 'shaped' };
}

/** Most numbers in telemetry are short and alone; they must cost next to nothing. */
function numberStart(subject: Subject, at: number, end: number): Hit | null {
  if (end - at < 7 && !mayGoOn(subject.text, end)) return null;
  return numberAt(subject, at);
}

function hexWord(subject: Subject, at: number, end: number): Hit | null {
  for (let index = at; index < end; index++) {
    if (!isHexDigit(subject.text.charCodeAt(index))) return null;
  }
  return ipv6At(subject, at);
}

/** RFC 9562, any version: eight, four, four, four and twelve hexadecimal digits. */
function isUuid(text: string, at: number): boolean {
  if (text.charCodeAt(at + 8) !== 0x2d) return false;
  for (let place = 0; place < 36; place++) {
    const code = text.charCodeAt(at + place);
    const isDash = place === 8 || place === 13 || place === 18 || place === 23;
    if (isDash ? code !== 0x2d : !isHexDigit(code)) return false;
  }
  return !isAlphanumeric(text.charCodeAt(at + 36));
}

function signAt(subject: Subject, at: number, kind: number): Hit | null {
  const { text } = subject;
  switch (kind) {
    case CLASS.at:
      return emailAround(subject, at);
    case CLASS.colon:
      return colonAt(subject, at);
    case CLASS.equals:
      return assignmentAt(subject, at);
    case CLASS.bracket:
      return speltEmailAround(subject, at);
    case CLASS.phoneStart:
      if ((text.charCodeAt(at + 1) | 0x20) === 0x61) return speltEmailAround(subject, at);
      return /\d/.test(text.charAt(at + 1)) || text.charCodeAt(at + 1) === 0x28
        ? numberAt(subject, at)
        : null;
    case CLASS.dash:
      return text.charCodeAt(at + 1) === 0x2d ? privateKeyAt(subject, at) : null;
    default:
      return null;
  }
}

function colonAt(subject: Subject, at: number): Hit | null {
  const { text } = subject;
  const next = text.charCodeAt(at + 1);
  if (next === 0x2f && isAlphanumeric(text.charCodeAt(at - 1))) return userinfoAt(subject, at);
  if (next === 0x3a && !isAlphanumeric(text.charCodeAt(at - 1))) return ipv6At(subject, at);
  return (subject.hints & HINT.identifier) === 0 ? assignmentAt(subject, at) : null;
}

/** Tokens of our own are left alone, and nothing before one is context for what follows. */
function afterToken(subject: Subject, at: number): number {
  const length = tokenLengthAt(subject.text, at);
  if (length > 0) subject.floor = at + length;
  return at + Math.max(1, length);
}
