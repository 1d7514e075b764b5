import {
  compact,
  digitAt,
  digitsIn,
  isDayOfYear,
  isUniform,
  lastDigit,
  numberIn,
  passesLuhn,
  passesMod11and2,
  passesVerhoeff,
  weigh,
} from './arithmetic.ts';

/** Aadhaar: twelve digits, the first from 2 on, Verhoeff; no palindromes (UIDAI). */
export function isAadhaar(text: string): boolean {
  const digits = digitsIn(text);
  return /^[2-9]\d{11}$/.test(digits) && passesVerhoeff(digits) && !isUniform(digits);
}

/** Permanent Account Number: the fourth letter says what kind of holder. */
export function isIndianPan(text: string): boolean {
  return /^[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]$/.test(compact(text));
}

/** GSTIN: state, PAN, and a check character mod 36. */
export function isGstin(text: string): boolean {
  const value = compact(text);
  if (!/^(?:0[1-9]|[1-3]\d|97|99)[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[\dA-Z]$/.test(value)) return false;
  let sum = 0;
  for (let at = 0; at < 14; at++) {
    const product = digitAt(value, at) * (at % 2 === 0 ? 1 : 2);
    sum += Math.floor(product / 36) + (product % 36);
  }
  return (36 - (sum % 36)) % 36 === digitAt(value, 14);
}

/** NRIC or FIN: weights 2, 7 to 2; the letter by series S, T, F, G and M. */
export function isSingaporeNric(text: string): boolean {
  const value = compact(text);
  if (!/^[STFGM]\d{7}[A-Z]$/.test(value)) return false;
  const series = value.charAt(0);
  const offset = series === 'T' || series === 'G' ? 4 : series === 'M' ? 3 : 0;
  const rest = (weigh(value.slice(1), [2, 7, 6, 5, 4, 3, 2]) + offset) % 11;
  const letters = 'ST'.includes(series)
    ? 'JZIHGFEDCBA'
    : series === 'M'
      ? 'XWUTRQPNJLK'
      : 'XWUTRQPNMLK';
  return letters[rest] === value[8];
}

/** Resident identity number of China: region, date of birth, ISO 7064 MOD 11-2. */
export function isChineseId(text: string): boolean {
  const value = compact(text);
  if (!/^[1-9]\d{16}[\dX]$/.test(value)) return false;
  return isDayOfYear(numberIn(value, 12, 14), numberIn(value, 10, 12)) && passesMod11and2(value);
}

/** Hong Kong identity card: one or two letters, weights 9 to 1, mod 11. */
export function isHongKongId(text: string): boolean {
  const match = /^([A-Z]{1,2})(\d{6})([\dA])$/.exec(compact(text));
  if (match === null) return false;
  const [, letters = '', digits = '', check = ''] = match;
  const first = letters.length === 2 ? digitAt(letters, 0) : 36;
  const second = digitAt(letters, letters.length - 1);
  const sum = first * 9 + second * 8 + weigh(digits, [7, 6, 5, 4, 3, 2]);
  const value = check === 'A' ? 10 : Number(check);
  return (sum + value) % 11 === 0;
}

/** National identification card of Taiwan: letter as two digits, weights 1, 9 to 1, 1. */
export function isTaiwaneseId(text: string): boolean {
  const value = compact(text);
  if (!/^[A-Z][1289]\d{8}$/.test(value)) return false;
  const code = 10 + 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf(value.charAt(0));
  const sum = Math.floor(code / 10) + (code % 10) * 9;
  return (sum + weigh(value.slice(1), [8, 7, 6, 5, 4, 3, 2, 1, 1])) % 10 === 0;
}

/** My Number: twelve digits, weights 6 to 2, 7 to 2, mod 11. */
export function isJapaneseMyNumber(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 12 || isUniform(digits)) return false;
  const rest = weigh(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
  return (rest <= 1 ? 0 : 11 - rest) === lastDigit(digits);
}

/** Resident or foreigner registration number: a date; since October 2020 without a check. */
export function isKoreanRrn(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 13 || !/^\d{6}[0-9]/.test(digits)) return false;
  return isDayOfYear(numberIn(digits, 4, 6), numberIn(digits, 2, 4));
}

/** Business registration number of Korea: weights 1, 3, 7, 1, 3, 7, 1, 3, 5. */
export function isKoreanBrn(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 10) return false;
  const sum =
    weigh(digits, [1, 3, 7, 1, 3, 7, 1, 3, 5]) + Math.floor((digitAt(digits, 8) * 5) / 10);
  return (10 - (sum % 10)) % 10 === lastDigit(digits);
}

/** Thai identity number: weights 13 to 2, mod 11. */
export function isThaiId(text: string): boolean {
  const digits = digitsIn(text);
  if (!/^[1-8]\d{12}$/.test(digits)) return false;
  const sum = weigh(digits, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  return (11 - (sum % 11)) % 10 === lastDigit(digits);
}

/** Teudat zehut: nine digits, Luhn. */
export function isIsraeliId(text: string): boolean {
  const digits = digitsIn(text).padStart(9, '0');
  return digits.length === 9 && !isUniform(digits) && passesLuhn(digits);
}

/** Emirates ID: 784, year of birth, Luhn. */
export function isEmiratesId(text: string): boolean {
  const digits = digitsIn(text);
  return /^784(?:19|20)\d{10}$/.test(digits) && passesLuhn(digits);
}
