import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** GitHub and npm: the last six characters are the CRC-32 of the thirty before, in base 62. */
export function passesGitHubCheck(text: string): boolean {
  const match = /_([A-Za-z0-9]{30})([A-Za-z0-9]{6})$/.exec(text);
  if (match === null) return false;
  let value = 0;
  for (const char of match[2] ?? '') value = value * 62 + BASE62.indexOf(char);
  return value === crc32(match[1] ?? '');
}

/** Atlassian: the last eight characters are the CRC-32 of all before, in upper-case hex. */
export function passesAtlassianCheck(text: string): boolean {
  const match = /^([A-Za-z0-9_=-]{20,}=)([0-9A-F]{8})$/.exec(text);
  return match !== null && Number.parseInt(match[2] ?? '', 16) === crc32(match[1] ?? '');
}

/** JSON web token: a header that is JSON with an algorithm (RFC 7515 section 4). */
export function hasTokenHeader(text: string): boolean {
  const [head = '', body] = text.split('.');
  if (body === undefined || head.length < 8) return false;
  const written = Buffer.from(head, 'base64url').toString().trimEnd();
  // A parser that throws costs a hundred times as much.
  if (!written.endsWith('}')) return false;
  try {
    const header: unknown = JSON.parse(written);
    return typeof header === 'object' && header !== null && ('alg' in header || 'typ' in header);
  } catch {
    return false;
  }
}
