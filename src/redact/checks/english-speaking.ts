import {
  compact,
  digitAt,
  digitsIn,
  isDayOfYear,
  isUniform,
  lastDigit,
  numberIn,
  passesLuhn,
  weigh,
} from './arithmetic.ts';

/** Whether the Social Security Administration could have issued these nine digits. */
export function isIssuableSsn(digits: string): boolean {
  const area = digits.slice(0, 3);
  if (digits.length !== 9 || area === '000' || area === '666' || area >= '900') return false;
  return digits.slice(3, 5) !== '00' && digits.slice(5) !== '0000';
}

/** Whether nine digits are an Individual Taxpayer Identification Number (IRS, group ranges). */
export function isItin(digits: string): boolean {
  return /^9\d\d(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\d{4}$/.test(digits);
}

/** ABA routing transit number: weights 3, 7, 1, mod 10. */
export function isAbaRouting(text: string): boolean {
  return /^\d{9}$/.test(text) && weigh(text, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0;
}

/** National Provider Identifier: Luhn with 80840 in front. */
export function isNpi(text: string): boolean {
  const digits = digitsIn(text);
  return digits.length === 10 && passesLuhn(`80840${digits}`);
}

/** DEA registration: two letters, seven digits; odd places plus twice the even ones. */
export function isDea(text: string): boolean {
  const value = compact(text);
  if (!/^[A-Z][A-Z9]\d{7}$/.test(value)) return false;
  return weigh(value.slice(2), [1, 2, 1, 2, 1, 2]) % 10 === lastDigit(value);
}

/** Medicare Beneficiary Identifier: a grammar of eleven places without S, L, O, I, B, Z. */
export function isMbi(text: string): boolean {
  const letter = '[AC-HJKMNP-RT-Y]';
  const either = '[AC-HJKMNP-RT-Y\\d]';
  return new RegExp(`^[1-9]${letter}${either}\\d${letter}${either}\\d${letter}{2}\\d{2}$`).test(
    compact(text),
  );
}

/** Employer Identification Number: prefixes of the campuses that give them out. */
export function isEin(text: string): boolean {
  const digits = digitsIn(text);
  return digits.length === 9 && !/^(?:0[07-9]|1[789]|2[89]|49|69|70|78|79|89|96|97)/.test(digits);
}

/** National Insurance number: prefixes never given out are refused. */
export function isNino(text: string): boolean {
  const value = compact(text);
  return (
    /^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$/.test(value) &&
    !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/.test(value)
  );
}

/** NHS number: weights 10 to 2, mod 11. */
export function isNhs(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 10) return false;
  const check = 11 - (weigh(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return (check === 11 ? 0 : check) === lastDigit(digits);
}

/** Unique Taxpayer Reference: check digit first; a K or three digits may stand around it. */
export function isUtr(text: string): boolean {
  const digits = digitsIn(text);
  if (/[A-Z].*[A-Z]/i.test(text)) return false;
  if (digits.length !== 10 && digits.length !== 13) return false;
  const last = digits.slice(-10);
  const sum = weigh(last.slice(1), [6, 7, 8, 9, 10, 5, 4, 3, 2]);
  return '21987654321'[sum % 11] === last[0];
}

/** British driving licence: surname, date of birth with 5 added for women, initials. */
export function isBritishLicence(text: string): boolean {
  const value = compact(text);
  const match = /^[A-Z][A-Z9]{4}\d(\d\d)(\d\d)\d[A-Z9]{2}[A-Z\d]{3}$/.exec(value);
  return match !== null && isDayOfYear(Number(match[2]), Number(match[1]) % 50);
}

/** Social Insurance Number: nine digits, Luhn. */
export function isCanadianSin(text: string): boolean {
  const digits = digitsIn(text);
  return /^[1-79]\d{8}$/.test(digits) && !isUniform(digits) && passesLuhn(digits);
}

/** Tax file number: eight or nine digits, mod 11. */
export function isAustralianTfn(text: string): boolean {
  const digits = digitsIn(text);
  if (/[A-Za-z]/.test(text) || isUniform(digits)) return false;
  if (digits.length === 9) return weigh(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0;
  return digits.length === 8 && weigh(digits, [10, 7, 8, 4, 6, 3, 5, 1]) % 11 === 0;
}

/** Australian Business Number: one off the first digit, mod 89. */
export function isAbn(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 11) return false;
  const sum = weigh(digits, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10;
  return sum % 89 === 0;
}

/** Australian Company Number: weights 8 to 1, mod 10. */
export function isAcn(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 9 || isUniform(digits)) return false;
  return (10 - (weigh(digits, [8, 7, 6, 5, 4, 3, 2, 1]) % 10)) % 10 === lastDigit(digits);
}

/** Australian Medicare card: eight digits, their check, perhaps issue and place. */
export function isAustralianMedicare(text: string): boolean {
  const digits = digitsIn(text);
  if (/[A-Za-z]/.test(text) || !/^[2-6]\d{8,10}$/.test(digits)) return false;
  return weigh(digits, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === digitAt(digits, 8);
}

/** New Zealand IRD number: two rounds of weights, mod 11. */
export function isNewZealandIrd(text: string): boolean {
  const digits = digitsIn(text).padStart(9, '0');
  if (digits.length !== 9 || numberIn(digits, 0, 9) < 10_000_000) return false;
  const first = checkOf(digits, [3, 2, 7, 6, 5, 4, 3, 2]);
  const check = first === 10 ? checkOf(digits, [7, 4, 3, 2, 5, 2, 7, 6]) : first;
  return check === lastDigit(digits);
}

function checkOf(digits: string, weights: readonly number[]): number {
  const rest = weigh(digits, weights) % 11;
  return rest === 0 ? 0 : 11 - rest;
}

/** South African identity number: date of birth, Luhn. */
export function isSouthAfricanId(text: string): boolean {
  const digits = digitsIn(text);
  if (!/^\d{10}[01]\d\d$/.test(digits)) return false;
  return isDayOfYear(numberIn(digits, 4, 6), numberIn(digits, 2, 4)) && passesLuhn(digits);
}
