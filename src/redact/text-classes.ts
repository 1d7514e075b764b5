/** What a character may begin; the scanner looks at nothing else. */
export const CLASS = {
  other: 0,
  letter: 1,
  digit: 2,
  at: 3,
  colon: 4,
  equals: 5,
  phoneStart: 6,
  bracket: 7,
  dash: 8,
  /** Escapes begin with it. */
  escape: 9,
} as const;

/** Class of each ASCII character. */
export const CHAR_CLASSES = buildClasses();

function buildClasses(): Uint8Array {
  const classes = new Uint8Array(128);
  for (let code = 0x30; code <= 0x39; code++) classes[code] = CLASS.digit;
  for (let code = 0x41; code <= 0x5a; code++) classes[code] = CLASS.letter;
  for (let code = 0x61; code <= 0x7a; code++) classes[code] = CLASS.letter;
  const single: readonly (readonly [string, number])[] = [
    ['@', CLASS.at],
    [':', CLASS.colon],
    ['=', CLASS.equals],
    ['+', CLASS.phoneStart],
    ['(', CLASS.phoneStart],
    ['[', CLASS.bracket],
    ['-', CLASS.dash],
    ['%', CLASS.escape],
    ['&', CLASS.escape],
    ['\\', CLASS.escape],
  ];
  for (const [char, kind] of single) classes[char.charCodeAt(0)] = kind;
  return classes;
}

/** Whether the code unit is an ASCII digit; false for NaN, so one may look past either end. */
export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether the code unit is an ASCII letter. */
export function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

/** Whether the code unit is an ASCII letter or digit. */
export function isAlphanumeric(code: number): boolean {
  return isDigit(code) || isLetter(code);
}

/** Whether the code unit is a hexadecimal digit. */
export function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}
