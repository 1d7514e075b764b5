/** The sums that check digits are made of; everything national in this folder builds on them. */

/** The digits of `text` and nothing else. */
export function digitsIn(text: string): string {
  return text.replaceAll(/\D/g, '');
}

/** Letters and digits of `text` in upper case. */
export function compact(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase();
}

/** Σ digit × weight over as many digits as there are weights. */
export function weigh(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (const [at, weight] of weights.entries()) sum += digitAt(digits, at) * weight;
  return sum;
}

/** The digit at `at`; a letter counts on from ten, as ISO 7064 and ICAO 9303 have it. */
export function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x41 && code <= 0x5a ? code - 55 : 0;
}

/** The last digit of `text`. */
export function lastDigit(text: string): number {
  return digitAt(text, text.length - 1);
}

/** Remainder of a decimal number of any length. */
export function remainder(digits: string, modulus: number): number {
  let rest = 0;
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % modulus;
  return rest;
}

/** Luhn's check (ISO/IEC 7812-1, annex B) over the digits of `text`, skipping all else. */
export function passesLuhn(text: string): boolean {
  let sum = 0;
  let digits = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) continue;
    const doubled = digits % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
    digits++;
  }
  return digits > 1 && sum % 10 === 0;
}

/** ISO 7064 MOD 11,10, check digit last. */
export function passesMod11and10(digits: string): boolean {
  let product = 10;
  for (const digit of digits.slice(0, -1)) {
    const sum = (product + Number(digit)) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === lastDigit(digits);
}

/** ISO 7064 MOD 11-2, check character `0` to `9` or `X` last. */
export function passesMod11and2(text: string): boolean {
  let sum = 0;
  for (const char of text.slice(0, -1)) sum = ((sum + Number(char)) * 2) % 11;
  const check = (12 - (sum % 11)) % 11;
  return text.at(-1) === (check === 10 ? 'X' : String(check));
}

const DIHEDRAL = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const PERMUTATION = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

/** Verhoeff's check over the dihedral group D5, check digit last. */
export function passesVerhoeff(digits: string): boolean {
  let check = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = digitAt(digits, digits.length - 1 - at);
    check = Number(DIHEDRAL[check]?.[Number(PERMUTATION[at % 8]?.[digit])]);
  }
  return check === 0;
}

/** ICAO 9303 part 3, section 4.9: weights 7, 3, 1; the check digit of `text`. */
export function icaoCheckDigit(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum += digitAt(text, at) * ([7, 3, 1][at % 3] ?? 0);
  return sum % 10;
}

/** Whether day and month exist in a year of unknown century. */
export function isDayOfYear(day: number, month: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= (month === 2 ? 29 : [4, 6, 9, 11].includes(month) ? 30 : 31);
}

/** The number in the digits from `from` to `to`. */
export function numberIn(digits: string, from: number, to: number): number {
  return Number(digits.slice(from, to));
}

/** Whether all digits are the same, which passes many a check and is nobody's number. */
export function isUniform(text: string): boolean {
  return /^(.)\1*$/.test(text);
}
