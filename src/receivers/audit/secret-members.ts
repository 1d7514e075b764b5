import type { JsonValue } from '../../core/access-event.ts';
import { isObject } from './field-reader.ts';

/**
 * Content without the values of members that are secrets by name, at any depth. What a broker has
 * already hashed (`hmac-sha256:…`) stays: it is an opaque reference.
 */
export function withoutSecrets(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value)) return value as JsonValue;
  const kept = Object.create(null) as Record<string, JsonValue>;
  for (const name of Object.keys(value)) {
    const member = value[name];
    kept[name] = isSecret(name, member) ? REMOVED : withoutSecrets(member);
  }
  return kept;
}

export const REMOVED = '[REMOVED]';

function isSecret(name: string, value: unknown): boolean {
  if (typeof value !== 'string' || value === '' || value.startsWith('hmac-sha256:')) return false;
  return SECRET_NAMES.has(name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
}

const SECRET_NAMES: ReadonlySet<string> = new Set(
  (
    'password passwd passphrase newpassword oldpassword secret clientsecret secretkey ' +
    'secretaccesskey secretstring secretbinary sessiontoken securitytoken token accesstoken ' +
    'refreshtoken idtoken bearertoken clienttoken authtoken apitoken jwt assertion ' +
    'clientassertion subjecttoken actortoken authorization proxyauthorization cookie setcookie ' +
    'apikey apisecret xapikey privatekey signingkey encryptionkey plaintext'
  ).split(' '),
);
