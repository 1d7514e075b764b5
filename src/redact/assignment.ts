import { looksRandom } from './checks/randomness.ts';
import { type Hit, type Subject, secretHit } from './hit.ts';
import { CREDENTIAL_WORDS, credentialLabel, wordsOfKey } from './key-words.ts';
import { secretAt } from './secret.ts';
import { isAlphanumeric } from './text-classes.ts';
import { withoutTokens } from './tokens.ts';

const KEY_CHARS = 40;
const PLACEHOLDER =
  /^(?:[*x•.#-]+|<[^>]*>|\$?\{.*|\{\{.*|%[a-z_]+%|\$[A-Za-z_]+|null|none|nil|true|false|undefined|empty|required|optional|missing|invalid|unset|string|redacted|\[redacted\]|n\/a|your[_-].*|.*(?:example|placeholder|changeme|goes_here|_here).*)$/i;
/** After a colon and a space people explain as often as they tell. */
const PROSE =
  /^(?:must|is|are|was|the|a|an|this|that|it|not|no|please|should|has|have|will|can|cannot|if|when|incorrect|expired|wrong|reset|changed|too|at|and|or|for|of|in|to|on|with|by|from|policy|protected)$/i;
const HEADER_CHARS = 8_192;
const HEADER_QUOTE = /\\?["']/y;
/** A header is a line; its value ends where the line, the quote or the bracket ends. */
const HEADER_END = /[\r\n"\\}]/g;
/**
 * As often may one stretch of text be the value of one label after another and look like none. No
 * text of people or programs comes near it; what does is taken for a secret, and not read again.
 */
const OVERLAPPING_VALUES = 8;
const VALUE =
  /\\?(["'])((?:(?!\1)[^\\\r\n]){1,4096})|((?:\[[A-Za-z]{2,12}[:_][A-Za-z0-9:_-]{1,64}\]|[^\s"'\\,;&|<>){}\]]){1,4096})/y;

/** Labels already found for the keys met in texts; cleared when full. */
const labels = new Map<string, string | null>();
const REMEMBERED_LABELS = 2_048;

/**
 * A credential given as `key=value`, `key: value` or `"key":"value"`, the separator at `at`. What
 * goes is the value; a password whatever it is, other secrets when they look random.
 */
export function assignmentAt(subject: Subject, at: number): Hit | null {
  const label = labelBefore(subject, at);
  if (label === null) return null;
  const { text } = subject;
  let start = at + 1;
  // `:=`, `==` and `=>` assign too.
  if (/[=>]/.test(text.charAt(start))) start++;
  while (start < at + 8 && (text.charCodeAt(start) === 0x20 || text.charCodeAt(start) === 0x09)) {
    start++;
  }
  const isHeader = text.charCodeAt(at) === 0x3a;
  if (isHeader && (label === 'cookie' || label === 'authorization'))
    return headerAt(subject, start, label);
  return valueAt(subject, start, label, isHeader);
}

function headerAt(subject: Subject, start: number, label: string): Hit | null {
  const { text } = subject;
  HEADER_QUOTE.lastIndex = start;
  const from = HEADER_QUOTE.test(text) ? HEADER_QUOTE.lastIndex : start;
  const end = headerEnd(subject, from);
  if (end - from < 4) return null;
  // What an earlier header's value was found to be without is not looked for in it again.
  const unread = Math.max(from, Math.min(subject.proseBarrier, end));
  // Prose about headers has neither digits nor the signs of a credential.
  if (!/[\d=]/.test(withoutTokens(text.slice(unread, end)))) {
    subject.proseBarrier = Math.max(subject.proseBarrier, end);
    return null;
  }
  const value = text.slice(from, end);
  const left = withoutTokens(value).trim();
  if (left.length < 4 || !/[\d=]/.test(left)) return null;
  const scheme = label === 'authorization' ? /^[A-Za-z]{3,12} +/.exec(value) : null;
  return secretHit(label, from + (scheme?.[0].length ?? 0), end);
}

/** Where the value of a header that begins at `from` ends; each line's end is looked for once. */
function headerEnd(subject: Subject, from: number): number {
  if (subject.headerEnd < from) {
    HEADER_END.lastIndex = from;
    subject.headerEnd = HEADER_END.exec(subject.text)?.index ?? subject.text.length;
  }
  return Math.min(subject.headerEnd, from + HEADER_CHARS);
}

function valueAt(subject: Subject, start: number, label: string, prose: boolean): Hit | null {
  const { text } = subject;
  VALUE.lastIndex = start;
  const match = VALUE.exec(text);
  if (match === null) return null;
  const quoted = match[2] !== undefined;
  const value = match[2] ?? match[3] ?? '';
  const end = start + match[0].length;
  const from = end - value.length;
  const known = secretAt(subject, from);
  if (known !== null) return known;
  subject.overlaps = start < subject.valueBarrier ? subject.overlaps + 1 : 0;
  subject.valueBarrier = Math.max(subject.valueBarrier, end);
  const isSecret =
    subject.overlaps > OVERLAPPING_VALUES || isSecretValue(value, label, prose && !quoted);
  return isSecret ? secretHit(label, from, end) : null;
}

function isSecretValue(raw: string, label: string, prose: boolean): boolean {
  const value = withoutTokens(raw);
  if (value.length < 3 || PLACEHOLDER.test(value)) return false;
  if (label === 'password') return !(prose && PROSE.test(value.replace(/[.!?]+$/, '')));
  if (label === 'code') return /^\d{3,10}$/.test(value);
  return looksRandom(value) && (/\d/.test(value) || value.length >= 24);
}

function labelBefore({ text, floor }: Subject, at: number): string | null {
  let end = at;
  while (end > floor && end > at - 4 && isKeyEnd(text.charCodeAt(end - 1))) end--;
  let start = end;
  const lowest = Math.max(floor, end - KEY_CHARS);
  while (start > lowest && isKeyChar(text.charCodeAt(start - 1))) start--;
  if (end - start < 3 || !mayEndLabel(text.charCodeAt(end - 2), text.charCodeAt(end - 1))) {
    return null;
  }
  const key = text.slice(start, end);
  const known = labels.get(key);
  if (known !== undefined) return known;
  const label = credentialLabel(wordsOfKey(key));
  if (labels.size >= REMEMBERED_LABELS) labels.clear();
  labels.set(key, label);
  return label;
}

/** Whether a credential's word may end so; looked at before the key is cut out of the text. */
function mayEndLabel(last: number, final: number): boolean {
  if (!isAlphanumeric(last) || !isAlphanumeric(final)) return true;
  return LABEL_ENDINGS[((last & 31) << 5) | (final & 31)] === 1;
}

/** By the last two letters, case aside. */
const LABEL_ENDINGS = new Uint8Array(1 << 10);
for (const word of CREDENTIAL_WORDS) {
  for (const written of [word, `${word}s`]) {
    const [last, final] = [
      written.charCodeAt(written.length - 2),
      written.charCodeAt(written.length - 1),
    ];
    LABEL_ENDINGS[((last & 31) << 5) | (final & 31)] = 1;
  }
}

/** Quotes, backslash and blank. */
function isKeyEnd(code: number): boolean {
  return code === 0x20 || code === 0x22 || code === 0x27 || code === 0x5c;
}

function isKeyChar(code: number): boolean {
  return isAlphanumeric(code) || code === 0x5f || code === 0x2d || code === 0x2e;
}
