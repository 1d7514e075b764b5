import {
  compact,
  digitAt,
  digitsIn,
  isDayOfYear,
  isUniform,
  lastDigit,
  numberIn,
  weigh,
} from './arithmetic.ts';

/** CPF: two check digits mod 11. */
export function isCpf(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 11 || isUniform(digits)) return false;
  const first = brazilianCheck(weigh(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]));
  const second = brazilianCheck(weigh(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]));
  return first === digitAt(digits, 9) && second === digitAt(digits, 10);
}

const CNPJ_WEIGHTS = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];

/** CNPJ, also the alphanumeric one of 2026: characters count by ASCII less 48. */
export function isCnpj(text: string): boolean {
  const value = compact(text);
  if (!/^[A-Z\d]{12}\d{2}$/.test(value) || isUniform(value)) return false;
  const first = brazilianCheck(asciiSum(value, CNPJ_WEIGHTS.slice(1)));
  const second = brazilianCheck(asciiSum(value, CNPJ_WEIGHTS));
  return first === digitAt(value, 12) && second === digitAt(value, 13);
}

function asciiSum(text: string, weights: readonly number[]): number {
  let sum = 0;
  for (const [at, weight] of weights.entries()) sum += (text.charCodeAt(at) - 48) * weight;
  return sum;
}

function brazilianCheck(sum: number): number {
  const rest = sum % 11;
  return rest < 2 ? 0 : 11 - rest;
}

/** CURP: name, date of birth, sex, state, and a check digit mod 10 over an alphabet of 37. */
export function isCurp(text: string): boolean {
  const value = compact(text);
  const match = /^[A-Z]{4}\d\d(\d\d)(\d\d)[HMX][A-Z]{5}[A-Z\d]\d$/.exec(value);
  if (match === null || !isDayOfYear(Number(match[2]), Number(match[1]))) return false;
  let sum = 0;
  for (let at = 0; at < 17; at++) {
    // Ñ, which has no place in ASCII, stands between N and O.
    const digit = digitAt(value, at);
    sum += (digit > 23 ? digit + 1 : digit) * (18 - at);
  }
  return (10 - (sum % 10)) % 10 === lastDigit(value);
}

/** RFC of a person or a company: name and a date; the homoclave is not public. */
export function isRfc(text: string): boolean {
  const match = /^[A-ZÑ&]{3,4}\d\d(\d\d)(\d\d)[A-Z\d]{2}[A\d]$/.exec(text.toUpperCase());
  return match !== null && isDayOfYear(Number(match[2]), Number(match[1]));
}

/** CLABE: eighteen digits, weights 3, 7, 1 of which the last digits count, mod 10. */
export function isClabe(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 18) return false;
  let sum = 0;
  for (let at = 0; at < 17; at++) sum += (digitAt(digits, at) * ([3, 7, 1][at % 3] ?? 0)) % 10;
  return (10 - (sum % 10)) % 10 === lastDigit(digits);
}

/** CUIT or CUIL: weights 5 to 2, 7 to 2, mod 11. */
export function isCuit(text: string): boolean {
  const digits = digitsIn(text);
  if (!/^(?:2[03-7]|3[034])\d{9}$/.test(digits)) return false;
  const check = 11 - (weigh(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11);
  return (check === 11 ? 0 : check === 10 ? 9 : check) === lastDigit(digits);
}

/** CBU: bank and branch with a check digit, account with another. */
export function isCbu(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 22) return false;
  const bank = weigh(digits, [7, 1, 3, 9, 7, 1, 3]);
  const account = weigh(digits.slice(8), [3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3]);
  return (
    (10 - (bank % 10)) % 10 === digitAt(digits, 7) &&
    (10 - (account % 10)) % 10 === lastDigit(digits)
  );
}

/** RUT: weights 2 to 7 from the right, mod 11, K for ten. */
export function isRut(text: string): boolean {
  const value = compact(text);
  if (!/^\d{7,8}[\dK]$/.test(value)) return false;
  let sum = 0;
  for (let at = 0; at < value.length - 1; at++) {
    sum += digitAt(value, value.length - 2 - at) * (2 + (at % 6));
  }
  return '0K987654321'[sum % 11] === value.at(-1);
}

/** NIT of Colombia: primes as weights, mod 11. */
export function isColombianNit(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 10 || numberIn(digits, 0, 9) < 1e7) return false;
  const rest = weigh(digits, [41, 37, 29, 23, 19, 17, 13, 7, 3]) % 11;
  return (rest < 2 ? rest : 11 - rest) === lastDigit(digits);
}
