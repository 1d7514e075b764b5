import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { jsonBodySteps, parseJsonBody } from './json-body.ts';
import { parseLargeJson } from './large-json.ts';
import { runAtOnce } from './steps.ts';

const utf8 = (part: Uint8Array): unknown => JSON.parse(Buffer.from(part).toString());
const read = (text: string): unknown => runAtOnce(parseLargeJson(Buffer.from(text), utf8));
/** Longer than a slice, so that what holds it is taken apart. */
const LONG = `"${'x'.repeat(LIMITS.ingestSliceChars)}\\"é"`;

describe('JSON in steps', () => {
  it.each([
    ['an array', `[1, ${LONG} ,{"a":[]},[ ],null , -1.5e3]`],
    ['an object', ` { "a" : ${LONG},"b":[{"c":[${LONG},2]}], "é":{} } `],
    ['names that mean something elsewhere', `{"__proto__":{"x":1},"constructor":${LONG}}`],
    ['a name given twice', `{"a":1,"b":2,"a":${LONG}}`],
    ['a long name', `{${LONG}:1}`],
    ['a long text', LONG],
    ['a short one', '[{"a":"]}"}]'],
    ['an empty one', ` [ ${' '.repeat(LIMITS.ingestSliceChars)} ] `],
    ['a byte order mark', `[${LONG}]`],
  ])('is what JSON.parse makes of %s', (_case, text) => {
    const expected: unknown = JSON.parse(text);
    const value = read(text);
    expect(value).toEqual(expected);
    expect(JSON.stringify(value)).toBe(JSON.stringify(expected));
  });

  it.each([
    ['an end too soon', `[${LONG}`],
    ['a comma too many', `[${LONG},]`],
    ['an object’s comma too many', `{"a":${LONG},}`],
    ['no colon', `{"a" ${LONG}}`],
    ['a name without quotes', `{a:${LONG}}`],
    ['the wrong bracket', `[${LONG}}`],
    ['something behind', `[${LONG}] x`],
    ['two numbers', `[1 2,${LONG}]`],
    ['a text without an end', `[${LONG},"${'x'.repeat(2 * LIMITS.ingestSliceChars)}`],
    ['an endless number', '1'.repeat(2 * LIMITS.ingestSliceChars).concat('x')],
    ['nothing', ''],
  ])('is refused for %s', (_case, text) => {
    expect(() => read(text)).toThrow(SyntaxError);
  });

  it('gives others a turn at least every few slices, whatever the nesting', () => {
    const items = Array.from({ length: 20_000 }, (_, id) => ({ id, text: 'x'.repeat(100) }));
    const body = Buffer.from(JSON.stringify({ a: [{ b: [{ c: items }] }] }));
    let turns = 0;
    const steps = jsonBodySteps(body);
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) turns++;
    expect(turns).toBeGreaterThanOrEqual(Math.floor(body.length / LIMITS.ingestSliceChars) - 1);
    expect(step.value).toEqual(parseJsonBody(body));
    expect(step.value).toEqual(JSON.parse(body.toString()));
  });
});
