import { at } from '../json-pointer.ts';
import { matcherOf } from './glob.ts';
import type { Condition, Source, Step } from './schema.ts';

/** Reads one value out of a record; undefined where the record does not carry it. */
export type Reading = (record: unknown) => unknown;
export type Test = (record: unknown) => boolean;

/** A source of a profile as a function. Texts of `blank` count as nothing. */
export function readingOf(source: Source, blank: ReadonlySet<string>): Reading {
  const singles = (Array.isArray(source) ? source : [source]).map((single) => {
    const step: Step = typeof single === 'string' ? { at: single } : single;
    return readingOfStep(step, blank);
  });
  return (record) => {
    for (const read of singles) {
      const value = read(record);
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

/** A condition of a profile as a function. */
export function testOf(condition: Condition): Test {
  if (typeof condition === 'string') return (record) => at(record, condition) !== undefined;
  const { at: pointer, is, absent } = condition;
  if (absent) return (record) => at(record, pointer) === undefined;
  if (is === undefined) return (record) => at(record, pointer) !== undefined;
  const matches = is.map(matcherOf);
  return (record) => {
    const value = asText(at(record, pointer));
    return value !== undefined && matches.some((match) => match(value));
  };
}

function readingOfStep(step: Step, blank: ReadonlySet<string>): Reading {
  const tests = (step.when ?? []).map(testOf);
  const map = step.map && mapOf(step.map);
  return (record) => {
    if (!tests.every((test) => test(record))) return undefined;
    const found = raw(step, record);
    const value = typeof found === 'string' && step.take !== undefined ? part(step, found) : found;
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string' && blank.has(value)) return undefined;
    if (map) return map(value);
    if (step.duration) return durationMs(value);
    return step.scale === undefined ? value : scaled(value, step.scale);
  };
}

function raw(step: Step, record: unknown): unknown {
  if (step.constant !== undefined) return step.constant;
  if (step.join) {
    const texts = step.join.flatMap((pointer) => asText(at(record, pointer)) ?? []);
    return texts.length === 0 ? undefined : texts.join(step.by ?? '.');
  }
  if (step.find) return found(step.find, record);
  return step.at === undefined ? undefined : at(record, step.at);
}

function found(find: NonNullable<Step['find']>, record: unknown): unknown {
  const list = at(record, find.in);
  if (!Array.isArray(list)) return undefined;
  const matches = find.is.map(matcherOf);
  for (const item of list.slice(0, ITEMS_SEARCHED)) {
    const key = asText(at(item, find.key));
    if (key !== undefined && matches.some((match) => match(key))) return at(item, find.value);
  }
  return undefined;
}

/** Lists of headers, parameters and the like; nothing real is longer. */
const ITEMS_SEARCHED = 256;

function part(step: Step, text: string): string | undefined {
  return text
    .split(step.by ?? '/')
    .at(step.take ?? 0)
    ?.toWellFormed();
}

function mapOf(map: NonNullable<Step['map']>): (value: unknown) => unknown {
  const rules = Object.entries(map).map(([glob, to]) => ({ match: matcherOf(glob), to }));
  return (value) => {
    const text = asText(value);
    return text === undefined ? undefined : rules.find(({ match }) => match(text))?.to;
  };
}

function scaled(value: unknown, factor: number): number | undefined {
  const number = Number(typeof value === 'string' && value.trim() !== '' ? value : NaN);
  const counted = typeof value === 'number' ? value : number;
  return Number.isFinite(counted) ? counted * factor : undefined;
}

const DURATION = /^(\d{1,15}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m)$/;
const MS_BY_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
};

function durationMs(value: unknown): number | undefined {
  const [, count, unit = ''] = DURATION.exec(typeof value === 'string' ? value : '') ?? [];
  return count === undefined ? undefined : Number(count) * (MS_BY_UNIT[unit] ?? 1);
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
