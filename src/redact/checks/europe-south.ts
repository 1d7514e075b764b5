import {
  compact,
  digitAt,
  digitsIn,
  isDayOfYear,
  isUniform,
  lastDigit,
  numberIn,
  passesLuhn,
  passesMod11and10,
  remainder,
  weigh,
} from './arithmetic.ts';

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';

/** DNI or NIE: the letter is the number mod 23; X, Y, Z stand for 0, 1, 2. */
export function isSpanishDni(text: string): boolean {
  const value = compact(text);
  if (!/^(?:\d|[XYZ])\d{7}[A-Z]$/.test(value)) return false;
  const digits = value.slice(0, 8).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return DNI_LETTERS[Number(digits) % 23] === value[8];
}

/** CIF of a company: Luhn's weights over seven digits; a digit or a letter at the end. */
export function isSpanishCif(text: string): boolean {
  const value = compact(text);
  if (!/^[A-HJNP-SUVW]\d{7}[A-J\d]$/.test(value)) return false;
  let sum = 0;
  for (let at = 1; at <= 7; at++) {
    const digit = digitAt(value, at) * (at % 2 === 1 ? 2 : 1);
    sum += Math.floor(digit / 10) + (digit % 10);
  }
  const check = (10 - (sum % 10)) % 10;
  return value[8] === String(check) || value[8] === 'JABCDEFGHI'[check];
}

/** Número de la Seguridad Social (NUSS): province and number mod 97. */
export function isSpanishNuss(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 12 || /[A-Za-z]/.test(text)) return false;
  const number = numberIn(digits, 2, 10);
  const body = number < 10_000_000 ? number + numberIn(digits, 0, 2) * 10_000_000 : null;
  const rest = body === null ? remainder(digits.slice(0, 10), 97) : body % 97;
  return rest === numberIn(digits, 10, 12);
}

const ODD_VALUES = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/** Codice fiscale of a person: sixteen characters, the last from the others mod 26. */
export function isItalianTaxCode(text: string): boolean {
  const value = compact(text);
  if (!/^[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]$/.test(value)) {
    return false;
  }
  let sum = 0;
  for (let at = 0; at < 15; at++) {
    const place = value.charCodeAt(at) <= 0x39 ? digitAt(value, at) : digitAt(value, at) - 10;
    sum += at % 2 === 0 ? (ODD_VALUES[place] ?? 0) : place;
  }
  return value.charCodeAt(15) - 65 === sum % 26;
}

/** Partita IVA: eleven digits, Luhn. */
export function isItalianVat(text: string): boolean {
  const digits = digitsIn(text);
  return digits.length === 11 && !isUniform(digits) && passesLuhn(digits);
}

/** Número de identificação fiscal: weights 9 to 2, mod 11. */
export function isPortugueseNif(text: string): boolean {
  const digits = digitsIn(text);
  if (!/^[1-9]\d{8}$/.test(digits)) return false;
  const rest = weigh(digits, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
  return (rest < 2 ? 0 : 11 - rest) === lastDigit(digits);
}

/** ΑΦΜ: powers of two, mod 11, mod 10. */
export function isGreekAfm(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 9 || isUniform(digits)) return false;
  return (weigh(digits, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10 === lastDigit(digits);
}

/** ΑΜΚΑ: date of birth and number, Luhn. */
export function isGreekAmka(text: string): boolean {
  const digits = digitsIn(text);
  return digits.length === 11 && !isUniform(digits) && passesLuhn(digits);
}

/** Croatian OIB: ISO 7064 MOD 11,10. */
export function isCroatianOib(text: string): boolean {
  const digits = digitsIn(text);
  return digits.length === 11 && !isUniform(digits) && passesMod11and10(digits);
}

/** Enotna matična številka občana: date of birth, weights 7 to 2 twice, mod 11. */
export function isSlovenianEmso(text: string): boolean {
  const digits = digitsIn(text);
  if (digits.length !== 13) return false;
  if (!isDayOfYear(numberIn(digits, 0, 2), numberIn(digits, 2, 4))) return false;
  const rest = weigh(digits, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
  return ((11 - rest) % 11) % 10 === lastDigit(digits);
}

/**
 * Slovenska davčna številka, mod 11: weights 8 to 2 (OECD), or 7 to 1 as another scanner has it.
 * Taking both costs one wrong number in ten more, and only where the context says tax.
 */
export function isSlovenianTaxNumber(text: string): boolean {
  const digits = digitsIn(text);
  if (!/^[1-9]\d{7}$/.test(digits)) return false;
  return [8, 7].some((first) => {
    const rest =
      weigh(
        digits,
        Array.from({ length: 7 }, (_, at) => first - at),
      ) % 11;
    return rest > 1 && 11 - rest === lastDigit(digits);
  });
}

/** T.C. Kimlik No: two check digits over odd and even places. */
export function isTurkishId(text: string): boolean {
  const digits = digitsIn(text);
  if (!/^[1-9]\d{10}$/.test(digits)) return false;
  const odd = weigh(digits, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  const even = weigh(digits, [0, 1, 0, 1, 0, 1, 0, 1]);
  const tenth = (((odd * 7 - even) % 10) + 10) % 10;
  if (tenth !== digitAt(digits, 9)) return false;
  return (odd + even + tenth) % 10 === digitAt(digits, 10);
}
