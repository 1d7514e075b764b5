import { createMeasureHistory, type MeasureHistory } from './measure-history.ts';

type Tree = number | Tree[] | { [name: string]: Tree };

/** Where every number of a history is: with slots of the week, or without. */
const SHAPES = [true, false].map(
  (hasWeek) => createMeasureHistory(0, 1, undefined, undefined, hasWeek) as unknown as Tree,
);

/** The numbers of a history in one list, without their names; null where its shape is another. */
export function flatHistory(history: MeasureHistory): number[] | null {
  for (const shape of SHAPES) {
    const numbers: number[] = [];
    if (flatten(history, shape, numbers)) return numbers;
  }
  return null;
}

/** The history of which these are the numbers; null where they are not as many. */
export function historyOfFlat(numbers: readonly number[]): MeasureHistory | null {
  for (const shape of SHAPES) {
    const taken = { count: 0 };
    const tree = unflatten(shape, numbers, taken);
    if (taken.count === numbers.length) return tree as unknown as MeasureHistory;
  }
  return null;
}

function flatten(value: unknown, shape: Tree, numbers: number[]): boolean {
  if (typeof shape === 'number') {
    if (typeof value !== 'number') return false;
    numbers.push(value);
    return true;
  }
  if (typeof value !== 'object' || value === null) return false;
  const [own, known] = [Object.entries(value), Object.entries(shape)];
  if (own.length !== known.length) return false;
  const members = value as { readonly [name: string]: unknown };
  return known.every(([name, member]) => flatten(members[name], member, numbers));
}

function unflatten(shape: Tree, numbers: readonly number[], taken: { count: number }): Tree {
  if (typeof shape === 'number') {
    taken.count += 1;
    return numbers[taken.count - 1] ?? 0;
  }
  if (Array.isArray(shape)) return shape.map((each) => unflatten(each, numbers, taken));
  const members = Object.entries(shape);
  return Object.fromEntries(members.map(([name, each]) => [name, unflatten(each, numbers, taken)]));
}
