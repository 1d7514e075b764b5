import { createMeasureHistory, type MeasureHistory } from './measure-history.ts';

type Tree = number | Tree[] | { [name: string]: Tree };

/** Where the numbers of an object are: read off once, since ten thousand agents have it each. */
interface Layout {
  readonly names: readonly string[];
  /** One for each name: null for a number, a length for a list of numbers. */
  readonly members: readonly (Layout | number | null)[];
  readonly count: number;
}

/** Every number of a history: with slots of the week, or without. */
const LAYOUTS = [true, false].map((hasWeek) =>
  layoutOf(createMeasureHistory(0, 1, undefined, undefined, hasWeek) as unknown as Tree),
);

/** The numbers of a history in one list, without their names; null where its shape is another. */
export function flatHistory(history: MeasureHistory): number[] | null {
  for (const layout of LAYOUTS) {
    const numbers: number[] = [];
    if (flatten(history, layout, numbers)) return numbers;
  }
  return null;
}

/** The history of which these are the numbers; null where they are not as many. */
export function historyOfFlat(numbers: readonly number[]): MeasureHistory | null {
  const layout = LAYOUTS.find(({ count }) => count === numbers.length);
  return layout ? (unflatten(layout, numbers, 0) as unknown as MeasureHistory) : null;
}

function layoutOf(tree: Tree): Layout {
  const names = Object.keys(tree);
  const members = Object.values(tree).map((member: Tree) => {
    if (typeof member === 'number') return null;
    const numbers = Array.isArray(member) && member.every((each) => typeof each === 'number');
    return numbers ? member.length : layoutOf(member);
  });
  return { names, members, count: members.reduce<number>((sum, each) => sum + countOf(each), 0) };
}

function countOf(member: Layout | number | null): number {
  if (member === null) return 1;
  return typeof member === 'number' ? member : member.count;
}

function flatten(value: unknown, { names, members }: Layout, numbers: number[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.keys(value).length !== names.length) return false;
  const own = value as { readonly [name: string]: unknown };
  for (let place = 0; place < names.length; place += 1) {
    const member = own[names[place] ?? ''];
    const expected = members[place] ?? null;
    if (expected === null) {
      if (typeof member !== 'number') return false;
      numbers.push(member);
    } else if (typeof expected === 'number') {
      if (!Array.isArray(member) || member.length !== expected) return false;
      for (let at = 0; at < expected; at += 1) {
        const number: unknown = member[at];
        if (typeof number !== 'number') return false;
        numbers.push(number);
      }
    } else if (!flatten(member, expected, numbers)) return false;
  }
  return true;
}

function unflatten({ names, members }: Layout, numbers: readonly number[], from: number): Tree {
  const own: { [name: string]: Tree } = {};
  let at = from;
  for (let place = 0; place < names.length; place += 1) {
    const expected = members[place] ?? null;
    own[names[place] ?? ''] =
      expected === null
        ? (numbers[at] ?? 0)
        : typeof expected === 'number'
          ? numbers.slice(at, at + expected)
          : unflatten(expected, numbers, at);
    at += countOf(expected);
  }
  return own;
}
