import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { parseNativeBody, sniffShape } from './records.ts';

const event = (id: string): string =>
  JSON.stringify({ id, time: 1, agent: { id: 'a' }, action: { name: 'get' } });

describe('sniffShape', () => {
  it.each([
    [' [1]', 'array'],
    ['{"a":1}', 'object'],
    ['{"a":1}\n', 'object'],
    ['{\n "a":1\n}', 'object'],
    ['{"a":1}\n{"a":2}', 'ndjson'],
    ['{"a":\n{"a":2}\n{"a":3}', 'ndjson'],
    ['', 'array'],
  ])('%j is %s', (text, shape) => {
    expect(sniffShape(text)).toBe(shape);
  });
});

describe('parseNativeBody', () => {
  it('keeps good lines and reports bad ones by number', () => {
    const body = Buffer.from(`${event('1')}\n\nnot json\n${event('2')}\r\n{"id":"3"}\n`);
    const batch = parseNativeBody(body, null);
    expect(batch.events.map((read) => read.id)).toEqual(['1', '2']);
    expect(batch.positions).toEqual([1, 4]);
    expect(batch.rejects.map(({ position, code }) => [position, code])).toEqual([
      [3, 'malformed'],
      [5, 'missing_field'],
    ]);
  });

  it('reads an array by index and a single object', () => {
    const batch = parseNativeBody(Buffer.from(`[${event('1')},5]`), null);
    expect(batch.positions).toEqual([0]);
    expect(batch.rejects).toMatchObject([{ position: 1, code: 'wrong_type' }]);
    expect(parseNativeBody(Buffer.from(event('9')), null).events).toHaveLength(1);
  });

  it('takes nothing for nothing', () => {
    expect(parseNativeBody(Buffer.from(' \n'), null).rejects).toEqual([]);
  });

  it('refuses the whole only when none of it is JSON, or too much', () => {
    expect(() => parseNativeBody(Buffer.from('a\nb'), 'ndjson')).toThrow('nothing in the body');
    expect(() => parseNativeBody(Buffer.from('hello'), null)).toThrow('not valid JSON');
    const lines = Buffer.from('{}\n'.repeat(LIMITS.recordsPerBody + 1));
    expect(() => parseNativeBody(lines, null)).toThrow('at most');
  });
});
