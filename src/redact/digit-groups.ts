import { isDigit } from './text-classes.ts';

/** Digits of the longest number this folder knows, with room for a neighbour on either side. */
const MAX_DIGITS = 40;
const MAX_GROUPS = 12;

/** A run of digits with single separators between them, as people write numbers. */
export interface DigitGroups {
  readonly start: number;
  readonly end: number;
  readonly digits: string;
  readonly groups: readonly DigitGroup[];
}

export interface DigitGroup {
  readonly start: number;
  readonly end: number;
  /** What stands between this group and the one before; empty for the first. */
  readonly separator: string;
}

const SEPARATOR = /(?:[ .-]?\(0\)[ .-]?|\) ?-?|[ .-]?\(|[ .\-/])(?=\d)/y;

/** Reads groups from `at`, which is a digit, `+` or `(`. Null when the run is none or endless. */
export function digitGroupsAt(text: string, at: number): DigitGroups | null {
  let index = at;
  if (text.charCodeAt(index) === 0x2b) index++;
  if (text.charCodeAt(index) === 0x28) index++;
  const groups: DigitGroup[] = [];
  let digits = '';
  let separator = '';
  for (;;) {
    const start = index;
    while (isDigit(text.charCodeAt(index))) index++;
    if (index === start) return null;
    digits += text.slice(start, index);
    groups.push({ start, end: index, separator });
    if (digits.length > MAX_DIGITS || groups.length > MAX_GROUPS) break;
    SEPARATOR.lastIndex = index;
    const match = SEPARATOR.exec(text);
    if (match === null) break;
    separator = match[0];
    index += separator.length;
  }
  return { start: at, end: groups.at(-1)?.end ?? at, digits, groups };
}

/** Digits of the groups `from` to `to`, both included. */
export function digitsOf(text: string, run: DigitGroups, from: number, to: number): string {
  let digits = '';
  for (let index = from; index <= to; index++) {
    const group = run.groups[index];
    if (group !== undefined) digits += text.slice(group.start, group.end);
  }
  return digits;
}

/** The separator that all groups from `from` to `to` share, or null. */
export function sharedSeparator(run: DigitGroups, from: number, to: number): string | null {
  const separator = run.groups[from + 1]?.separator ?? '';
  for (let index = from + 1; index <= to; index++) {
    if (run.groups[index]?.separator !== separator) return null;
  }
  return separator;
}
