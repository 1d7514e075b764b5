import { isDigit } from './text-classes.ts';

/** Digits of the longest number this folder knows, with room for a neighbour on either side. */
const MAX_DIGITS = 40;
const MAX_GROUPS = 8;
/** Digits set apart one by one, as evaders write them, make as many groups as digits. */
const MAX_SINGLES = 24;

/** A run of digits with single separators between them, as people write numbers. */
export interface DigitGroups {
  readonly start: number;
  readonly end: number;
  readonly digits: string;
  readonly groups: readonly DigitGroup[];
  /** The run goes on beyond what was read. */
  readonly cut: boolean;
}

export interface DigitGroup {
  readonly start: number;
  readonly end: number;
  /** What stands between this group and the one before; empty for the first. */
  readonly separator: string;
}

// In a form's encoding a space is a plus.
const SEPARATOR = /(?:[ .+-]?\(0\)[ .+-]?|\)[ +]?-?|[ .+-]?\(|[ .\-/+])(?=\d)/y;

/** Reads groups from `at`, which is a digit, `+` or `(`. Null when the run is none or endless. */
export function digitGroupsAt(text: string, at: number): DigitGroups | null {
  let index = at;
  if (text.charCodeAt(index) === 0x2b) index++;
  if (text.charCodeAt(index) === 0x28) index++;
  const groups: DigitGroup[] = [];
  let digits = '';
  let separator = '';
  let cut = false;
  for (;;) {
    const start = index;
    while (isDigit(text.charCodeAt(index))) index++;
    if (index === start) return null;
    digits += text.slice(start, index);
    groups.push({ start, end: index, separator });
    const most = digits.length === groups.length ? MAX_SINGLES : MAX_GROUPS;
    cut = digits.length > MAX_DIGITS || groups.length >= most;
    if (cut) break;
    const next = separatorEnd(text, index);
    if (next === index) break;
    separator = text.slice(index, next);
    index = next;
  }
  return { start: at, end: groups.at(-1)?.end ?? at, digits, groups, cut };
}

/** Where the separator at `index` ends, with a digit behind it; `index` when there is none. */
function separatorEnd(text: string, index: number): number {
  const code = text.charCodeAt(index);
  const isSign = code === 0x20 || code === 0x2b || (code >= 0x2d && code <= 0x2f);
  const next = text.charCodeAt(index + 1);
  if (isSign && isDigit(next)) return index + 1;
  // What is left has a parenthesis in it.
  const isOpen = code === 0x28 || code === 0x29 || (isSign && next === 0x28);
  if (!isOpen) return index;
  SEPARATOR.lastIndex = index;
  return SEPARATOR.test(text) ? SEPARATOR.lastIndex : index;
}

/** Whether a short number goes on after its first group, as far as two characters tell. */
export function mayGoOn(text: string, end: number): boolean {
  const code = text.charCodeAt(end);
  // A short number with a slash behind it is a part of a path; the others are ` ()+-.`.
  if (code !== 0x20 && (code < 0x28 || code > 0x2e || code === 0x2a || code === 0x2c)) {
    return false;
  }
  const next = text.charCodeAt(end + 1);
  return isDigit(next) || next === 0x28 || code === 0x28 || code === 0x29;
}

/** The run from one of its groups on. */
export function runFrom(text: string, run: DigitGroups, from: number): DigitGroups {
  if (from === 0) return run;
  const [first, ...rest] = run.groups.slice(from);
  if (first === undefined) return run;
  const digits = digitsOf(text, run, from, run.groups.length - 1);
  const start = text.charCodeAt(first.start - 1) === 0x28 ? first.start - 1 : first.start;
  return { ...run, start, digits, groups: [{ ...first, separator: '' }, ...rest] };
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

/** How many digits the groups `from` to `to` have, both included. */
export function sizeOf(run: DigitGroups, from: number, to: number): number {
  let size = 0;
  for (let index = from; index <= to; index++) {
    const group = run.groups[index];
    if (group !== undefined) size += group.end - group.start;
  }
  return size;
}

/** The separator that all groups from `from` to `to` share, or null. */
export function sharedSeparator(run: DigitGroups, from: number, to: number): string | null {
  const separator = run.groups[from + 1]?.separator ?? '';
  for (let index = from + 1; index <= to; index++) {
    if (run.groups[index]?.separator !== separator) return null;
  }
  return separator;
}
