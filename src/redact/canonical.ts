import { isIPv6 } from 'node:net';
import type { PersonalType } from './tokens.ts';

/** One spelling for all spellings of a value, so that they get one token. */
export function canonicalForm(type: PersonalType, value: string): string {
  switch (type) {
    case 'email':
      return canonicalEmail(value);
    case 'phone':
      return canonicalPhone(value);
    case 'card':
    case 'ssn':
    case 'itin':
      return value.replaceAll(/\D/g, '');
    case 'iban':
    case 'account':
    case 'id_document':
    case 'national_id':
    case 'health_id':
    case 'device':
    case 'vehicle':
      return value.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase() || value;
    case 'ip':
      return canonicalIp(value);
    case 'id':
    case 'crypto':
    case 'location':
      return value;
    case 'date':
      return canonicalDate(value);
    case 'person':
    case 'address':
      return value
        .normalize('NFKC')
        .toLowerCase()
        .replaceAll(/[\s,]+/g, ' ')
        .trim();
    default:
      return value.normalize('NFKC').trim();
  }
}

/**
 * Lower case throughout: RFC 5321 lets a mailbox be case-sensitive, no provider of note does, and
 * two spellings of one person matter more here.
 */
function canonicalEmail(value: string): string {
  const plain = value.replaceAll(/%[0-9A-Fa-f]{2}/g, (encoded) =>
    String.fromCharCode(Number.parseInt(encoded.slice(1), 16)),
  );
  return plain
    .replace(/\s*[[(]\s?at\s?[\])]\s*/i, '@')
    .replaceAll(/\s*[[(]\s?dot\s?[\])]\s*|\sdot\s/gi, '.')
    .toLowerCase();
}

/** E.164 digits as far as they can be told without a region; a North American ten get their 1. */
function canonicalPhone(value: string): string {
  const [number = '', extension] = value.split(/(?:x|ext\.?)\s*(?=\d+$)/i);
  const international = /^\s*(?:\+|00)/.test(number);
  let digits = (international ? number.replace('(0)', '') : number).replaceAll(/\D/g, '');
  if (international) digits = digits.replace(/^00/, '');
  else if (/^[2-9]\d{2}[2-9]\d{6}$/.test(digits)) digits = `1${digits}`;
  return extension === undefined ? digits : `${digits}x${extension}`;
}

/** Lower case, shortest form (RFC 5952); an IPv4 address mapped into IPv6 is the IPv4 address. */
export function canonicalIp(value: string): string {
  const address = value.replace(/%.*$/, '').toLowerCase();
  if (!isIPv6(address)) return address;
  const mapped = /^(?:0{0,4}:){1,6}ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/** ISO 8601 where the order of the parts is told by their size, else as written. */
function canonicalDate(value: string): string {
  const iso = /^(\d{4})[-./](\d{1,2})[-./](\d{1,2})/.exec(value);
  if (iso === null) return value.toLowerCase().replaceAll(/\s+/g, ' ').trim();
  const [, year = '', month = '', day = ''] = iso;
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}
