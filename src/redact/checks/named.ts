import { ibanLength, passesIbanCheck } from './account-numbers.ts';
import {
  compact,
  digitsIn,
  icaoCheckDigit,
  lastDigit,
  passesLuhn,
  passesMod11and2,
  passesMod11and10,
  passesVerhoeff,
  remainder,
} from './arithmetic.ts';
import { isCalendarDate } from './calendar.ts';
import { looksRandom } from './randomness.ts';

/** What a recogniser of the configuration may ask of a value, by name. */
export const NAMED_CHECKS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['luhn', passesLuhn],
  ['mod97', passesMod97],
  ['verhoeff', (text: string) => withDigits(text, passesVerhoeff)],
  ['mod11_10', (text: string) => withDigits(text, passesMod11and10)],
  ['mod11_2', (text: string) => /^\d+X?$/.test(compact(text)) && passesMod11and2(compact(text))],
  ['icao9303', passesIcao],
  ['iban', isIban],
  ['calendar_date', isCalendarDate],
  ['random', looksRandom],
]);

/** ISO 7064 MOD 97-10: letters count from ten, and the whole leaves one. */
function passesMod97(text: string): boolean {
  const value = compact(text);
  const digits = [...value].map((char) => Number.parseInt(char, 36)).join('');
  return value.length > 2 && remainder(digits, 97) === 1;
}

function isIban(text: string): boolean {
  const value = compact(text);
  return value.length === ibanLength(value.slice(0, 2)) && passesIbanCheck(value);
}

/** ICAO 9303 part 3: the last character checks those before it. */
function passesIcao(text: string): boolean {
  const value = text.replaceAll('<', '0').toUpperCase();
  return /^[A-Z0-9]+\d$/.test(value) && icaoCheckDigit(value.slice(0, -1)) === lastDigit(value);
}

function withDigits(text: string, check: (digits: string) => boolean): boolean {
  const digits = digitsIn(text);
  return digits.length > 1 && check(digits);
}
