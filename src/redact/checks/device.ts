import { compact, digitAt, digitsIn, isUniform, passesLuhn } from './arithmetic.ts';

/** IMEI: fifteen digits, Luhn (3GPP TS 23.003). */
export function isImei(text: string): boolean {
  const digits = digitsIn(text);
  return digits.length === 15 && !isUniform(digits) && passesLuhn(digits);
}

/** ICCID of a SIM card: 89, nineteen or twenty digits, Luhn (ITU-T E.118). */
export function isIccid(text: string): boolean {
  const digits = digitsIn(text);
  return /^89\d{17,18}$/.test(digits) && passesLuhn(digits);
}

const VIN_LETTERS = 'ABCDEFGHJKLMNPRSTUVWXYZ';
const VIN_VALUES = '12345678123457923456789';
const VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/** Vehicle identification number with its North American check digit (ISO 3779, 49 CFR 565). */
export function isVin(text: string): boolean {
  const value = compact(text);
  if (!/^[A-HJ-NPR-Z\d]{17}$/.test(value) || !/\d/.test(value)) return false;
  let sum = 0;
  for (const [at, weight] of VIN_WEIGHTS.entries()) {
    const letter = VIN_LETTERS.indexOf(value.charAt(at));
    sum += weight * (letter < 0 ? digitAt(value, at) : Number(VIN_VALUES[letter]));
  }
  return '0123456789X'[sum % 11] === value[8];
}
