/** The words of a key in lower case: `userEmail`, `user.email` and `USER-EMAIL` are one. */
export function wordsOfKey(key: string): readonly string[] {
  return key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

const PASSWORDS = new Set(
  'password passwd pwd passphrase passcode passwort kennwort contraseña senha'.split(' '),
);
const SECRETS = new Set('secret secrets seed mnemonic'.split(' '));
const CODES = new Set('pin otp totp cvv cvc cvv2 cvc2 csc tan'.split(' '));
const TOKENS = new Set('token jwt bearer accesstoken authtoken refreshtoken idtoken'.split(' '));
/** `private_key`, `api_keys`; a plain `key` says nothing. */
const KEY_OWNERS = new Set(
  (
    'access account aes api app auth client consumer deploy encryption functions hmac license ' +
    'master private rsa secret service shared sign signing ssh subscription webhook'
  ).split(' '),
);
/** `next_page_token` turns a page; `max_token` is a number. */
const TOKEN_NEIGHBOURS = new Set(
  (
    'completion continuation cursor input max min next output page per prompt resume sync total ' +
    'reasoning cached usage'
  ).split(' '),
);
const COOKIES = new Set(['cookie', 'cookies']);
const CREDENTIALS = new Set('credential credentials creds'.split(' '));

/** Every word, or ending of one, that may be the last of a credential's key, in the singular. */
export const CREDENTIAL_WORDS: readonly string[] = [
  ...[...PASSWORDS, ...SECRETS, ...CODES, ...TOKENS, ...COOKIES, ...CREDENTIALS],
  ...['hash', 'salt', 'code', 'authorization', 'authorisation', 'auth', 'key'],
];

/** What a key by these words holds, as the label of its mask, or null when no credential. */
export function credentialLabel(words: readonly string[]): string | null {
  const last = words.at(-1) ?? '';
  const previous = words.at(-2) ?? '';
  const singular = last.length > 4 && last.endsWith('s') ? last.slice(0, -1) : last;
  if (PASSWORDS.has(singular) || /(?:password|passwd)s?$/.test(last)) return 'password';
  if ((last === 'hash' || last === 'salt') && PASSWORDS.has(previous)) return 'password';
  if (SECRETS.has(last) || last.endsWith('secret')) return 'secret';
  if (CODES.has(last) || (last === 'code' && /^(?:security|verification|mfa)$/.test(previous))) {
    return 'code';
  }
  if (last === 'authorization' || last === 'authorisation' || last === 'auth') {
    return 'authorization';
  }
  if (COOKIES.has(last)) return 'cookie';
  if (CREDENTIALS.has(last)) return 'credential';
  if (/^(?:apikey|accesskey|secretkey|privatekey)$/.test(singular)) return 'api_key';
  if ((last === 'key' || last === 'keys') && KEY_OWNERS.has(previous)) return 'api_key';
  if (TOKEN_NEIGHBOURS.has(previous)) return null;
  return TOKENS.has(singular) || last.endsWith('token') ? 'token' : null;
}
