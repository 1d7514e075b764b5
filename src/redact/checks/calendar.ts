import { isDayOfYear } from './arithmetic.ts';

/** Whether the parts can be a day and a month, in either order; true for what has no numbers. */
export function isCalendarDate(text: string): boolean {
  const iso = /^\d{4}[-/.](\d{1,2})[-/.](\d{1,2})/.exec(text);
  if (iso !== null) return isDayOfYear(Number(iso[2]), Number(iso[1]));
  const local = /^(\d{1,2})[-/. ](\d{1,2})[-/. ]\d{2,4}/.exec(text);
  if (local === null) return true;
  const [first, second] = [Number(local[1]), Number(local[2])];
  return isDayOfYear(first, second) || isDayOfYear(second, first);
}
