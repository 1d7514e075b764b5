/**
 * What stands in the place of a value. A personal value becomes a keyed token, so that equal values
 * stay equal inside a tenant; a secret becomes a label, so that nothing of it remains.
 */

/** What a field becomes when it could not be judged: too deep, too large, or a fault. */
export const REDACTION_FAILED = '[REDACTION_FAILED]';

/** Kinds of personal value, each with one canonical form (`canonical.ts`). */
export const PERSONAL_TYPES = [
  'account',
  'address',
  'card',
  'crypto',
  'date',
  'device',
  'email',
  'health_id',
  'iban',
  /** A secret used as an identifier: it must stay apart from others, and is told to nobody. */
  'id',
  'id_document',
  'ip',
  'itin',
  'location',
  'national_id',
  'person',
  'phone',
  'ssn',
  'vehicle',
] as const;
/** A type of the table, or one that a tenant's own recogniser brings. */
export type PersonalType = (typeof PERSONAL_TYPES)[number] | `x_${string}`;

const OWN_TYPE = 'x_[a-z_]{1,30}';
const WHOLE_OWN_TYPE = new RegExp(`^${OWN_TYPE}$`);

/** The type of this name, or null. */
export function personalTypeOf(name: string): PersonalType | null {
  if (WHOLE_OWN_TYPE.test(name)) return `x_${name.slice(2)}`;
  return PERSONAL_TYPES.find((type) => type === name) ?? null;
}

/** The pseudonym of a value: its type, the id of the key, and 128 bits of HMAC in base64url. */
export function tokenText(type: PersonalType, keyId: string, digest: string): string {
  return `[${type}:${keyId}:${digest}]`;
}

/** The mask of a secret. `label` says which kind it was, as `github_token` or `password`. */
export function secretText(label: string): string {
  return `[secret:${label}]`;
}

/** The fixed mask: as long for every value. */
export const MASK = '********';

/** Says of a value what it is, and nothing else. */
export function placeholderText(type: PersonalType): string {
  return `[${type}]`;
}

/** The last four characters, or the domain of a mail address; null where that is most of it. */
export function partialText(type: PersonalType, value: string): string | null {
  if (type === 'email') return generalText(type, value.toLowerCase().split(/@|%40/).at(-1) ?? '');
  const kept = value.replaceAll(/[^A-Za-z0-9]/g, '');
  return kept.length < 8 ? null : `[${type}~${MASK}${kept.slice(-4)}]`;
}

/** What a text that is kept as its shape becomes. */
export function shapeText(length: number): string {
  const size = length === 0 ? 0 : 2 ** Math.min(20, Math.ceil(Math.log2(length)));
  return `[text:${size}]`;
}

/** What a number that is kept as its shape becomes. */
export const SHAPE_NUMBER = '[number]';

/** Whether a text stands for another by its shape. */
export function isShape(text: string): boolean {
  return text === SHAPE_NUMBER || (text.startsWith('[text:') && isOwn(text));
}

/** The class that a value belongs to; null when it has not the form of one. */
export function generalText(type: PersonalType, group: string): string | null {
  const text = `[${type}~${group}]`;
  return isOwn(text) ? text : null;
}

// The last of 22 base64url characters carries 2 bits of 16 bytes: it is one of A, Q, g and w.
const DIGEST = '[A-Za-z0-9_-]{21}[AQgw]';
const TYPE = `${PERSONAL_TYPES.join('|')}|${OWN_TYPE}`;
const PERSONAL = `\\[(${TYPE}):[A-Za-z0-9_-]{1,32}:${DIGEST}\\]`;
const DOMAIN = '[a-z][a-z0-9-]{0,62}(?:\\.[a-z][a-z0-9-]{0,62}){1,4}';
const NETWORK = '\\d{1,3}(?:\\.\\d{1,3}){2}\\.0/24|[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){2}::/48';
const GROUP = `${DOMAIN}|${NETWORK}|[A-Z]{2}|\\+\\d{1,2}|\\d{4}|\\*{8}[A-Za-z0-9]{4}`;
const REDUCED = `\\[(?:${TYPE})(?:~(?:${GROUP}))?\\]|\\*{8}(?!\\*)`;
/** Lengths are rounded up to powers of two, so that no number of seven digits passes for one. */
const SIZES = [0, ...Array.from({ length: 21 }, (_, power) => 2 ** power)].join('|');
const SHAPE = `\\[text:(?:${SIZES})\\]|\\[number\\]`;
const OWN = `${PERSONAL}|\\[secret:[a-z][a-z_]{1,31}\\]|\\[REDACTION_FAILED\\]|${REDUCED}|${SHAPE}`;
const AT = new RegExp(OWN, 'y');
const WHOLE = new RegExp(`^(?:${OWN})$`);
const EVERY = new RegExp(OWN, 'g');
/** No digest of 128 random bits has this, to one in 10^9; a card number in token's clothing has. */
const LONG_NUMBER = /\d(?:[-_]?\d){11}/;

/** Length of the token that starts at `at`, or 0. A number in the shape of a token is none. */
export function tokenLengthAt(text: string, at: number): number {
  AT.lastIndex = at;
  const match = AT.exec(text);
  return match === null || LONG_NUMBER.test(match[0]) ? 0 : match[0].length;
}

/** The type of a text that is one whole token, `secret` for a mask, or null. */
export function typeOfToken(text: string): PersonalType | 'secret' | null {
  if (text.charCodeAt(0) !== 0x5b && text !== MASK) return null;
  const match = WHOLE.exec(text);
  if (match === null || LONG_NUMBER.test(match[0])) return null;
  // `[REDACTION_FAILED]` hides as much as a mask does.
  return personalTypeOf(match[1] ?? '') ?? 'secret';
}

function isOwn(text: string): boolean {
  return WHOLE.test(text) && !LONG_NUMBER.test(text);
}

/** The text without the tokens in it: what is left to judge. */
export function withoutTokens(text: string): string {
  if (!text.includes('[')) return text;
  return text.replaceAll(EVERY, (token) => (LONG_NUMBER.test(token) ? token : ''));
}

/** A token found inside a longer text. */
export interface TokenInText {
  readonly start: number;
  readonly type: PersonalType;
  readonly text: string;
}

/** The personal tokens of a text, left to right. */
export function tokensIn(text: string): readonly TokenInText[] {
  if (!text.includes('[')) return [];
  const found: TokenInText[] = [];
  for (const match of text.matchAll(EVERY)) {
    const type = typeOfToken(match[0]);
    if (type !== null && type !== 'secret')
      found.push({ start: match.index, type, text: match[0] });
  }
  return found;
}

/** A stretch of a text: one token of our own, or what stands between two. */
export interface TextPiece {
  readonly text: string;
  readonly token: boolean;
}

/** The whole text in pieces, left to right. */
export function everyToken(text: string): readonly TextPiece[] {
  if (!text.includes('[') && !text.includes(MASK)) return [{ text, token: false }];
  const pieces: TextPiece[] = [];
  let done = 0;
  for (const match of text.matchAll(EVERY)) {
    if (LONG_NUMBER.test(match[0])) continue;
    if (match.index > done) pieces.push({ text: text.slice(done, match.index), token: false });
    pieces.push({ text: match[0], token: true });
    done = match.index + match[0].length;
  }
  if (done < text.length) pieces.push({ text: text.slice(done), token: false });
  return pieces;
}
