import type * as z from 'zod';
import { LIMITS } from '../core/limits.ts';
import { nearest } from '../core/nearest.ts';
import {
  childKeys,
  describeExpected,
  type JsonSchema,
  type Path,
  schemaAt,
} from './schema-path.ts';

/** Exit code of a process whose configuration is invalid (`EX_CONFIG` of sysexits.h). */
export const CONFIG_EXIT_CODE = 78;

/** Counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing wrong with a file. Names keys and places, never values, which might be secrets. */
export interface Problem extends Position {
  readonly path: string;
  readonly message: string;
  readonly expected?: string;
  readonly didYouMean?: string;
  /** Lines that cure it, ready to paste. */
  readonly add?: string;
  /** The file, where it is not the one being read. */
  readonly file?: string;
}

/** Where a key or a value stands in the text; the nearest enclosing place when it is absent. */
export type Locate = (path: Path, part: 'key' | 'value') => Position;

/** `file:line:column path: message (expected …; did you mean …?)`, then the lines to add. */
export function formatProblem(problem: Problem, file: string): string {
  const hints = [
    problem.expected === undefined ? [] : [`expected ${problem.expected}`],
    problem.didYouMean === undefined ? [] : [`did you mean ${problem.didYouMean}?`],
  ].flat();
  const path = problem.path === '' ? '' : ` ${problem.path}:`;
  const tail = hints.length === 0 ? '' : ` (${hints.join('; ')})`;
  const add = problem.add === undefined ? '' : `\n${problem.add.replace(/^/gm, '    ')}`;
  const place = `${problem.file ?? file}:${problem.line}:${problem.column}`;
  return `${place}${path} ${problem.message}${tail}${add}`;
}

/** Dotted text of a path: `tokens[0].roles`. Names with dots or spaces are quoted. */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!/^[\w-]+$/.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** In order of place, at most `LIMITS.documentProblems` of them. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...problems]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .slice(0, LIMITS.documentProblems);
}

/** Turns what the schema found into problems with places and suggestions. */
export function problemsOfIssues(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  schema: JsonSchema,
  locate: Locate,
  prefix: Path = [],
): readonly Problem[] {
  return issues.flatMap((issue) => {
    const inner = issue.path.filter((part) => typeof part !== 'symbol');
    const path = [...prefix, ...inner];
    if (issue.code === 'unrecognized_keys') {
      const known = childKeys(schemaAt(schema, inner));
      return issue.keys.map((key) => unknownKey([...path, key], key, known, locate));
    }
    const here = { path: pathText(path) };
    if (issue.code === 'invalid_key') {
      return [{ ...here, ...locate(path, 'key'), message: 'is not a valid name here' }];
    }
    const expected = describeExpected(schemaAt(schema, inner)) ?? issueExpectation(issue);
    const hints = expected === undefined || issue.code === 'custom' ? {} : { expected };
    const given = valueAt(value, path);
    if (given === undefined) {
      return [{ ...here, ...locate(path, 'value'), message: 'is required', ...hints }];
    }
    return [{ ...here, ...locate(path, 'value'), ...invalidValue(issue, given), ...hints }];
  });
}

/** A key that nobody reads. Suggests the nearest of `known`, if one is near. */
export function unknownKey(
  path: Path,
  key: string,
  known: readonly string[],
  locate: Locate,
): Problem {
  const didYouMean = nearest(key, known);
  return {
    path: pathText(path),
    ...locate(path, 'key'),
    message: 'is not a known key',
    ...(known.length === 0 ? {} : { expected: `one of ${known.join(', ')}` }),
    ...(didYouMean === null ? {} : { didYouMean }),
  };
}

function invalidValue(
  issue: z.core.$ZodIssue,
  given: unknown,
): Pick<Problem, 'message' | 'didYouMean'> {
  if (issue.code === 'invalid_value' && typeof given === 'string') {
    const didYouMean = nearest(given, issue.values.map(String));
    return { message: 'is not an allowed value', ...(didYouMean === null ? {} : { didYouMean }) };
  }
  if (issue.code === 'invalid_type') return { message: 'has the wrong type' };
  if (issue.code === 'too_small') return { message: 'is too small or too short' };
  if (issue.code === 'too_big') return { message: 'is too large or too long' };
  if (issue.code === 'custom') return { message: issue.message };
  return { message: 'is not valid' };
}

function issueExpectation(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_type') return issue.expected;
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`;
  return undefined;
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as Record<string | number, unknown>)[part];
  }
  return here;
}
