import { digitAt, icaoCheckDigit } from './arithmetic.ts';

type Field = readonly [from: number, to: number];

/** Number, country, birth, sex and expiry, as TD2 and TD3 have them. */
const NUMBER_LINE = /^[A-Z0-9<]{9}[0-9<][A-Z<]{3}[0-9<]{6}\d[MFX<]\d{6}\d/;
/** Birth, sex, expiry and country, as TD1 has them. */
const DATES_LINE = /^[0-9<]{6}\d[MFX<]\d{6}\d[A-Z<]{3}/;
/** Kind of document, country and number of TD1. */
const FRONT_LINE = /^[ACI][A-Z<][A-Z<]{3}[A-Z0-9<]{9}[0-9<]/;
/** Kind of document, country and names: nothing but letters, and two fillers between the names. */
const NAMES_LINE = /^[PVIAC][A-Z<][A-Z<]{3}[A-Z<]+<<[A-Z<]*$/;

/** Lengths of a line: TD1, TD2 and TD3 (ICAO 9303 parts 4 to 7). */
export const ZONE_LENGTHS: readonly number[] = [30, 36, 44];

/** Whether a line of a machine readable zone is one by its check digits (ICAO 9303 part 3). */
export function passesZoneChecks(line: string): boolean {
  if (line.length === 30) {
    return (
      (FRONT_LINE.test(line) && passes(line, [5, 14])) ||
      (DATES_LINE.test(line) && passes(line, [0, 6]) && passes(line, [8, 14]))
    );
  }
  if (!NUMBER_LINE.test(line)) return false;
  const last = line.length - 1;
  const whole = line.slice(0, 10) + line.slice(13, 20) + line.slice(21, last);
  const fields: readonly Field[] = [
    [0, 9],
    [13, 19],
    [21, 27],
  ];
  // Visas have no check digit over the whole.
  const composite = line[last] === '<' || checkOf(whole) === digitAt(line, last);
  return composite && fields.every((field) => passes(line, field));
}

/** Whether a line has the form of one, check digits apart. */
export function isZoneLine(line: string): boolean {
  if (line.length === 30) return FRONT_LINE.test(line) || DATES_LINE.test(line);
  return NUMBER_LINE.test(line);
}

/** Whether a line holds the names; it has no check digits of its own. */
export function isNamesLine(line: string): boolean {
  return line.length === 30 ? /^[A-Z][A-Z<]*<<[A-Z<]*$/.test(line) : NAMES_LINE.test(line);
}

/** A field and its check digit right behind it. */
function passes(line: string, [from, to]: Field): boolean {
  return checkOf(line.slice(from, to)) === digitAt(line, to);
}

function checkOf(field: string): number {
  return icaoCheckDigit(field.replaceAll('<', '0'));
}
