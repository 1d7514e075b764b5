import { DAY_MS } from '../core/time.ts';

const MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september'],
  ...['october', 'november', 'december'],
];
const NAME = '[A-Za-z]{3,9}';
const END = '(?=$|[T\\s,.;])';

/** Ways to write a day; `order` names what the groups hold, and a `joint` stands in between. */
const FORMS: readonly (readonly [pattern: RegExp, order: string])[] = [
  [/^(\d{4})([-/.]?)(\d{2})\2(\d{2})(?=$|[T\s])/, 'yjmd'],
  [new RegExp(`^(\\d{1,2})(\\.)(\\d{1,2})\\.(\\d{4})${END}`), 'djmy'],
  [new RegExp(`^(1[3-9]|2\\d|3[01])([-/])(\\d{1,2})\\2(\\d{4})${END}`), 'djmy'],
  [new RegExp(`^(\\d{1,2})([-/])(1[3-9]|2\\d|3[01])\\2(\\d{4})${END}`), 'mjdy'],
  [new RegExp(`^(\\d{1,2})( )(${NAME}) (\\d{4})${END}`), 'djmy'],
  [new RegExp(`^(${NAME})( )(\\d{1,2}), (\\d{4})${END}`), 'mjdy'],
];

/**
 * The date at the beginning of a text, so many days later, written as it was; null where the order
 * of its parts cannot be told, as in 02/03/1980, or where there is no such day.
 */
export function shiftedDate(text: string, days: number): string | null {
  for (const [pattern, order] of FORMS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const part = (name: string): string => match[order.indexOf(name) + 1] ?? '';
    const [year, month, day] = [Number(part('y')), monthOf(part('m')), Number(part('d'))];
    const at = Date.UTC(year, month - 1, day);
    const same = new Date(at);
    if (same.getUTCMonth() !== month - 1 || same.getUTCDate() !== day) return null;
    const moved = new Date(at + days * DAY_MS);
    const written = [...order].map((name) => {
      if (name === 'y') return String(moved.getUTCFullYear());
      if (name === 'd') return sized(moved.getUTCDate(), part('d'));
      return name === 'm' ? monthAs(moved.getUTCMonth(), part('m')) : '';
    });
    const parts = written.filter((piece) => piece !== '');
    const comma = match[0].includes(', ') ? ', ' : part('j');
    return `${parts[0]}${part('j')}${parts[1]}${comma}${parts[2]}${text.slice(match[0].length)}`;
  }
  return null;
}

/** From one; NaN for no month. */
function monthOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const name = text.toLowerCase();
  const index = MONTHS.findIndex((month) => month === name || month.slice(0, 3) === name);
  return index < 0 ? Number.NaN : index + 1;
}

function monthAs(month: number, like: string): string {
  if (/^\d/.test(like)) return sized(month + 1, like);
  const name = MONTHS[month] ?? '';
  const short = like.length === 3 ? name.slice(0, 3) : name;
  return short.charAt(0).toUpperCase() + short.slice(1);
}

function sized(number: number, like: string): string {
  return String(number).padStart(like.startsWith('0') || like.length === 2 ? 2 : 1, '0');
}
