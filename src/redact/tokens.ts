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
  'email',
  'iban',
  /** A secret used as an identifier: it must stay apart from others, and is told to nobody. */
  'id',
  'id_document',
  'ip',
  'itin',
  'person',
  'phone',
  'ssn',
] as const;
export type PersonalType = (typeof PERSONAL_TYPES)[number];

/** The pseudonym of a value: its type, the id of the key, and 128 bits of HMAC in base64url. */
export function tokenText(type: PersonalType, keyId: string, digest: string): string {
  return `[${type}:${keyId}:${digest}]`;
}

/** The mask of a secret. `label` says which kind it was, as `github_token` or `password`. */
export function secretText(label: string): string {
  return `[secret:${label}]`;
}

// The last of 22 base64url characters carries 2 bits of 16 bytes: it is one of A, Q, g and w.
const DIGEST = '[A-Za-z0-9_-]{21}[AQgw]';
const PERSONAL = `\\[(${PERSONAL_TYPES.join('|')}):[A-Za-z0-9_-]{1,32}:${DIGEST}\\]`;
const OWN = `${PERSONAL}|\\[secret:[a-z][a-z_]{1,31}\\]|\\[REDACTION_FAILED\\]`;
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
  if (text.charCodeAt(0) !== 0x5b) return null;
  const match = WHOLE.exec(text);
  if (match === null || LONG_NUMBER.test(match[0])) return null;
  // `[REDACTION_FAILED]` hides as much as a mask does.
  return PERSONAL_TYPES.find((type) => type === match[1]) ?? 'secret';
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
