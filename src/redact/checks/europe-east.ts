import {
  compact,
  digitAt,
  digitsIn,
  isDayOfYear,
  isUniform,
  lastDigit,
  numberIn,
  remainder,
  weigh,
} from './arithmetic.ts';

/** ЕГН: powers of two mod 11 mod 10; months run on by 20 and 40 for other centuries. */
export function isBulgarianEgn(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 10) return false;
  const month = numberIn(digits, 2, 4) % 20;
  if (!isDayOfYear(numberIn(digits, 4, 6), month)) return false;
  return (weigh(digits, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === lastDigit(digits);
}

/** Rodné číslo: ten digits divisible by eleven; the nine of births before 1954 have no check. */
export function isBirthNumber(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length === 9) return true;
  if (digits.length !== 10) return false;
  const rest = remainder(digits.slice(0, 9), 11) % 10;
  return rest === lastDigit(digits);
}

/** Czech DIČ: the birth number of a person or the eight digits of a company, mod 11. */
export function isCzechTaxNumber(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 8) return isBirthNumber(digits);
  const rest = weigh(digits, [8, 7, 6, 5, 4, 3, 2]) % 11;
  return (rest === 0 ? 1 : rest === 1 ? 0 : 11 - rest) === lastDigit(digits);
}

/** Isikukood and asmens kodas: two rounds of weights, mod 11. */
export function isBalticPersonalCode(text: string): boolean {
  const digits = digitsIn(text);
  if (/[A-Za-z]/.test(text) || !/^[1-8]\d{10}$/.test(digits)) return false;
  let check = weigh(digits, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
  if (check === 10) check = weigh(digits, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
  return check % 10 === lastDigit(digits);
}

/** Personas kods: from 2017 on it begins with 32 and carries no check. */
export function isLatvianPersonalCode(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 11) return false;
  if (digits.startsWith('32')) return true;
  const sum = weigh(digits, [1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
  if (!isDayOfYear(numberIn(digits, 0, 2), numberIn(digits, 2, 4))) return false;
  return ((((1101 - sum) % 11) + 11) % 11) % 10 === lastDigit(digits);
}

/** Adóazonosító jel: ten digits, places as weights, mod 11. */
export function isHungarianTaxNumber(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 10 || isUniform(digits)) return false;
  return (weigh(digits, [1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11) % 10 === lastDigit(digits);
}

/** TAJ szám: weights 3 and 7, mod 10. */
export function isHungarianInsuranceNumber(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 9 || isUniform(digits)) return false;
  return weigh(digits, [3, 7, 3, 7, 3, 7, 3, 7]) % 10 === lastDigit(digits);
}

/** PESEL: weights 1, 3, 7, 9, mod 10. */
export function isPolishPesel(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 11) return false;
  // Months run on by 20 per century; twelve of every twenty exist.
  if (isUniform(digits) || digits.startsWith('0000000000')) return false;
  const sum = weigh(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
  return (10 - (sum % 10)) % 10 === lastDigit(digits);
}

/** NIP: weights 6, 5, 7, 2 to 7, mod 11. */
export function isPolishNip(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 10 || isUniform(digits)) return false;
  return weigh(digits, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 === lastDigit(digits);
}

/** REGON of nine digits: weights 8, 9, 2 to 7, mod 11 mod 10. */
export function isPolishRegon(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 9 || isUniform(digits)) return false;
  return (weigh(digits, [8, 9, 2, 3, 4, 5, 6, 7]) % 11) % 10 === lastDigit(digits);
}

/** Cod numeric personal: date of birth, county, weights 279146358279, mod 11. */
export function isRomanianCnp(text: string): boolean {
  const digits = digitsIn(text);
  if (!/^[1-9]\d{12}$/.test(digits)) return false;
  if (!isDayOfYear(numberIn(digits, 5, 7), numberIn(digits, 3, 5))) return false;
  const rest = weigh(digits, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
  return (rest === 10 ? 1 : rest) === lastDigit(digits);
}

const HETU_CHECKS = '0123456789ABCDEFHJKLMNPRSTUVWXY';

/** Henkilötunnus: date and number mod 31; the century signs of 2023 too. */
export function isFinnishHetu(text: string): boolean {
  const match = /^(\d{2})(\d{2})(\d{2})[-+A-FU-Y](\d{3})([0-9A-Y])$/i.exec(text);
  if (match === null) return false;
  const [, day = '', month = '', year = '', number = '', check = ''] = match;
  if (!isDayOfYear(Number(day), Number(month))) return false;
  return HETU_CHECKS[Number(day + month + year + number) % 31] === check.toUpperCase();
}

/** Personnummer or samordningsnummer: date, Luhn over the last ten digits. */
export function isSwedishNumber(text: string): boolean {
  const digits = digitsIn(text).slice(-10);
  if (digits.length !== 10 || !/^\d{6,8}[-+]?\d{4}$/.test(text)) return false;
  const day = numberIn(digits, 4, 6);
  const month = numberIn(digits, 2, 4);
  // A coordination number may have 00 for a month that nobody knows.
  if (!isDayOfYear(day > 60 ? day - 60 : day, day > 60 ? month || 1 : month)) return false;
  return luhnOf(digits);
}

function luhnOf(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = digitAt(digits, digits.length - 1 - at) * (at % 2 === 1 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

/** CPR-nummer: a date and four digits; the mod 11 of old is no longer kept since 2007. */
export function isDanishCpr(text: string): boolean {
  const digits = digitsIn(text);
  return digits.length === 10 && isDayOfYear(numberIn(digits, 0, 2), numberIn(digits, 2, 4));
}

/** Fødselsnummer or D-nummer: two check digits mod 11. */
export function isNorwegianNumber(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 11 || isUniform(digits)) return false;
  const day = numberIn(digits, 0, 2) % 40;
  if (!isDayOfYear(day, numberIn(digits, 2, 4) % 40)) return false;
  const first = weigh(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11;
  return first === 0 && weigh(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0;
}

/** Íslensk kennitala: weights 3, 2, 7 to 2, mod 11. */
export function isIcelandicNumber(text: string): boolean {
  const digits = compact(text);
  if (!/^\d{10}$/.test(digits)) return false;
  return weigh(digits, [3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0;
}
