import {
  compact,
  digitAt,
  digitsIn,
  icaoCheckDigit,
  isDayOfYear,
  isUniform,
  lastDigit,
  numberIn,
  passesLuhn,
  passesMod11and10,
  passesVerhoeff,
  remainder,
  weigh,
} from './arithmetic.ts';

/** Österreichische Sozialversicherungsnummer: check digit fourth, date of birth at the end. */
export function isAustrianInsuranceNumber(text: string): boolean {
  const digits = digitsIn(text);
  if (/[A-Za-z]/.test(text) || !/^[1-9]\d{9}$/.test(digits)) return false;
  const check = weigh(digits, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
  return check === digitAt(digits, 3);
}

/** Rijksregisternummer: 97 − n mod 97, with a 2 in front for births from 2000 on. */
export function isBelgianNationalNumber(text: string): boolean {
  const digits = digitsIn(text);
  if (/[A-Za-z]/.test(text) || digits.length !== 11) return false;
  const check = numberIn(digits, 9, 11);
  const body = digits.slice(0, 9);
  return 97 - remainder(body, 97) === check || 97 - remainder(`2${body}`, 97) === check;
}

/** Numéro d'inscription au répertoire (NIR): key is 97 − n mod 97; Corsica is 19 and 18. */
export function isFrenchNir(text: string): boolean {
  const value = compact(text);
  if (!/^[1-478]\d{4}(?:\d\d|2[AB])\d{8}$/.test(value)) return false;
  const digits = value.replace('2A', '19').replace('2B', '18');
  return 97 - remainder(digits.slice(0, 13), 97) === numberIn(digits, 13, 15);
}

/** Numéro fiscal de référence (SPI): the first ten digits mod 511 are the last three. */
export function isFrenchTaxNumber(text: string): boolean {
  const digits = digitsIn(text);
  return (
    /^[0-3]\d{12}$/.test(digits) && remainder(digits.slice(0, 10), 511) === numberIn(digits, 10, 13)
  );
}

/** SIREN, nine digits, and SIRET, fourteen: Luhn. */
export function isFrenchCompanyNumber(text: string): boolean {
  const digits = digitsIn(text);
  return (digits.length === 9 || digits.length === 14) && !isUniform(digits) && passesLuhn(digits);
}

/** Steueridentifikationsnummer: ISO 7064 MOD 11,10, and one digit twice or thrice. */
export function isGermanTaxId(text: string): boolean {
  const digits = digitsIn(text);
  if (!/^[1-9]\d{10}$/.test(digits) || !passesMod11and10(digits)) return false;
  const kinds = new Set(digits.slice(0, 10)).size;
  return kinds >= 8 && kinds <= 9;
}

/** Rentenversicherungsnummer: letter as two digits, weighted digit sums modulo ten. */
export function isGermanPensionNumber(text: string): boolean {
  const value = compact(text);
  if (!/^\d{8}[A-Z]\d{3}$/.test(value)) return false;
  const letter = String(digitAt(value, 8) - 9).padStart(2, '0');
  const digits = value.slice(0, 8) + letter + value.slice(9);
  return digitSums(digits, [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]) % 10 === lastDigit(digits);
}

/** Krankenversichertennummer: a letter and nine digits, Luhn's weights from the left. */
export function isGermanHealthNumber(text: string): boolean {
  const value = compact(text);
  if (!/^[A-Z]\d{9}$/.test(value)) return false;
  const digits = String(digitAt(value, 0) - 9).padStart(2, '0') + value.slice(1);
  return digitSums(digits, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]) % 10 === lastDigit(digits);
}

/**
 * German identity card or passport: serial of nine, then perhaps its ICAO check digit and a D. A
 * serial alone carries no check and passes by its alphabet.
 */
export function isGermanDocument(text: string): boolean {
  const value = compact(text).replace(/D$/, '');
  if (!/^[CFGHJKLMNPRTVWXYZ\d]{9}\d?$/.test(value) || !/\d{2}/.test(value)) return false;
  return value.length === 9 || icaoCheckDigit(value.slice(0, 9)) === lastDigit(value);
}

function digitSums(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (const [at, weight] of weights.entries()) {
    const product = digitAt(digits, at) * weight;
    sum += Math.floor(product / 10) + (product % 10);
  }
  return sum;
}

/** Personal Public Service number: weights 8 to 2, a second letter times nine, mod 23. */
export function isIrishPps(text: string): boolean {
  const value = compact(text);
  const match = /^(\d{7})([A-W])([A-IW])?[A-Z]?$/.exec(value);
  if (match === null) return false;
  const second = match[3] === undefined || match[3] === 'W' ? 0 : digitAt(match[3], 0) - 9;
  const sum = weigh(value, [8, 7, 6, 5, 4, 3, 2]) + second * 9;
  return 'WABCDEFGHIJKLMNOPQRSTUV'[sum % 23] === match[2];
}

/** Luxembourg's matricule: Luhn over twelve digits, Verhoeff over eleven and the last. */
export function isLuxembourgNumber(text: string): boolean {
  const digits = digitsIn(text);
  if (!/^(?:19|20)\d{11}$/.test(digits)) return false;
  if (!isDayOfYear(numberIn(digits, 6, 8), numberIn(digits, 4, 6))) return false;
  return passesLuhn(digits.slice(0, 12)) && passesVerhoeff(digits.slice(0, 11) + digits.slice(12));
}

/** Burgerservicenummer: the eleven-test, shorter ones with zeros in front. */
export function isDutchBsn(text: string): boolean {
  const digits = digitsIn(text).padStart(9, '0');
  if (/[A-Za-z]/.test(text) || !/^\d{9}$/.test(digits) || digitsIn(text).length < 7) return false;
  return !isUniform(digits) && weigh(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
}

/** Dutch passport or identity card: two letters, six characters, ICAO check digit. */
export function isDutchDocument(text: string): boolean {
  const value = compact(text);
  if (!/^[A-NP-Z]{2}[A-NP-Z\d]{6}\d$/.test(value)) return false;
  return icaoCheckDigit(value.slice(0, 8)) === lastDigit(value);
}

/** AHV-Nummer: an EAN-13 that begins with 756. */
export function isSwissAhv(text: string): boolean {
  const digits = digitsIn(text);
  if (!/^756\d{10}$/.test(digits)) return false;
  const sum = weigh(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
  return (10 - (sum % 10)) % 10 === lastDigit(digits);
}
