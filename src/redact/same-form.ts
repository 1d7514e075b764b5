import type { KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { passesLuhn } from './checks/arithmetic.ts';
import { encryptFf1 } from './format-preserving.ts';
import type { PersonalType } from './tokens.ts';

/** Their parts have ranges that other digits would leave. */
const RANGED: ReadonlySet<PersonalType> = new Set(['date', 'ip', 'location']);
const FEWEST_DIGITS = 6;
const EXTENSION = /(?:x|ext\.?)\s*(?=\d+$)/i;

/**
 * Another value of the same form (FF1 under the type as tweak): digits for digits and separators in
 * place, a right check digit for a card's, an IPv4 address for one, an IBAN of the same country.
 * Null where there is no such value: letters would stay, dates and places would be none.
 */
export function inSameForm(type: PersonalType, value: string, key: KeyObject): string | null {
  const tweak = Buffer.from(type);
  const encrypt = (digits: string): string | null =>
    digits.length < FEWEST_DIGITS
      ? null
      : encryptFf1(key, tweak, 10, [...digits].map(Number)).join('');
  if (type === 'ip' && isIPv4(value)) {
    return otherAddress(value, (bits) => encryptFf1(key, tweak, 2, bits));
  }
  if (type === 'iban') return otherIban(value, encrypt);
  const written = type === 'phone' ? value.replace(EXTENSION, '') : value;
  if (RANGED.has(type) || /\p{L}/u.test(written)) return null;
  const digits = value.replaceAll(/\D/g, '');
  if (type !== 'card' || !passesLuhn(digits)) return inPlace(value, encrypt(digits));
  const payload = encrypt(digits.slice(0, -1));
  return inPlace(value, payload && withCheckDigit(payload));
}

/** Digits for the digits of a value, left to right. */
function inPlace(value: string, digits: string | null): string | null {
  if (digits === null) return null;
  let next = 0;
  return value.replaceAll(/\d/g, () => digits[next++] ?? '0');
}

function withCheckDigit(digits: string): string {
  for (let digit = 0; digit < 10; digit++)
    if (passesLuhn(`${digits}${digit}`)) return `${digits}${digit}`;
  return `${digits}0`;
}

function otherAddress(
  value: string,
  encrypt: (bits: readonly number[]) => readonly number[],
): string {
  const bits = value.split('.').map((part) => Number(part).toString(2).padStart(8, '0'));
  const other = encrypt([...bits.join('')].map(Number)).join('');
  return [0, 8, 16, 24].map((at) => Number.parseInt(other.slice(at, at + 8), 2)).join('.');
}

const NUMERIC_IBAN = /^\s*([A-Za-z]{2})[\s-]*\d{2}[\d\s-]*$/;

/** The country stays, the national part is another, the check digits are right (ISO 13616-1). */
function otherIban(value: string, encrypt: (digits: string) => string | null): string | null {
  const country = NUMERIC_IBAN.exec(value)?.[1]?.toUpperCase();
  if (country === undefined) return null;
  const national = encrypt(value.replaceAll(/\D/g, '').slice(2));
  if (national === null) return null;
  const letters = [...country].map((letter) => letter.charCodeAt(0) - 55).join('');
  const check = 98n - (BigInt(`${national}${letters}00`) % 97n);
  return inPlace(value, `${String(check).padStart(2, '0')}${national}`);
}
