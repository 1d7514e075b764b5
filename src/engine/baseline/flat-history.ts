import { assert } from '../../core/errors.ts';
import { createMeasureHistory, type MeasureHistory } from './measure-history.ts';

type Tree = number | Tree[] | { [name: string]: Tree };

/** Where every number of a history is: with slots of the week, or without. */
const SHAPES = [true, false].map(
  (hasWeek) => createMeasureHistory(0, 1, undefined, undefined, hasWeek) as unknown as Tree,
);

/** Made once: walking the shape anew for each history was half the time a snapshot takes. */
const FLATTENINGS = SHAPES.map(flattening);

/** The numbers of a history in one list, without their names; null where its shape is another. */
export function flatHistory(history: MeasureHistory): number[] | null {
  for (const flatten of FLATTENINGS) {
    const numbers: number[] = [];
    if (flatten(history, numbers)) return numbers;
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

type Flatten = (value: unknown, numbers: number[]) => boolean;

/** What writes values of one shape; false where a value is of another. */
function flattening(shape: Tree): Flatten {
  if (typeof shape === 'number') return flattenNumber;
  if (Array.isArray(shape)) {
    assert(
      shape.every((item) => typeof item === 'number'),
      'lists of a history hold numbers',
    );
    return (value, numbers) => flattenList(value, shape.length, numbers);
  }
  const members = Object.entries(shape).map(([name, each]) => [name, flattening(each)] as const);
  return (value, numbers) => {
    if (typeof value !== 'object' || value === null) return false;
    if (Object.keys(value).length !== members.length) return false;
    const own = value as { readonly [name: string]: unknown };
    for (const [name, flatten] of members) if (!flatten(own[name], numbers)) return false;
    return true;
  };
}

function flattenNumber(value: unknown, numbers: number[]): boolean {
  if (typeof value !== 'number') return false;
  numbers.push(value);
  return true;
}

function flattenList(value: unknown, length: number, numbers: number[]): boolean {
  if (!Array.isArray(value) || value.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (!flattenNumber(value[at], numbers)) return false;
  return true;
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
