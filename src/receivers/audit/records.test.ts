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
    expect(sniffShape(Buffer.from(text))).toBe(shape);
    expect(sniffShape(Buffer.from(`\u{feff}${text}`))).toBe(shape);
  });
});

describe('parseNativeBody', () => {
  it('keeps good lines and reports bad ones by number', async () => {
    const body = Buffer.from(`${event('1')}\n\nnot json\n${event('2')}\r\n{"id":"3"}\n`);
    const batch = await parseNativeBody(body, null);
    expect(batch.events.map((read) => read.id)).toEqual(['1', '2']);
    expect(batch.positions).toEqual([1, 4]);
    expect(batch.rejects.map(({ position, code }) => [position, code])).toEqual([
      [3, 'malformed'],
      [5, 'missing_field'],
    ]);
  });

  it('reads an array by index and a single object', async () => {
    const batch = await parseNativeBody(Buffer.from(`[${event('1')},5]`), null);
    expect(batch.positions).toEqual([0]);
    expect(batch.rejects).toMatchObject([{ position: 1, code: 'wrong_type' }]);
    expect((await parseNativeBody(Buffer.from(event('9')), null)).events).toHaveLength(1);
  });

  it('takes nothing for nothing', async () => {
    for (const text of ['', ' \n', '[]', ' [ ]\n']) {
      expect(await parseNativeBody(Buffer.from(text), null)).toMatchObject({
        ...{ events: [], rejects: [] },
      });
    }
  });

  it('refuses the whole only when none of it is JSON, or too much', async () => {
    const refusal = (text: string, shape: 'ndjson' | null) =>
      expect(parseNativeBody(Buffer.from(text), shape)).rejects;
    await refusal('a\nb', 'ndjson').toThrow('nothing in the body');
    await refusal('hello', null).toThrow('not valid JSON');
    await refusal('{}\n'.repeat(LIMITS.recordsPerBody + 1), null).toThrow('at most');
  });

  it.each([
    ['\n', ''],
    [',', 'array'],
  ])('lets others run in the middle of records parted by %j', async (separator, shape) => {
    const texts = Array.from({ length: 4_000 }, (_, index) =>
      event(`e${index}-${'x'.repeat(120)}`),
    );
    const joined = texts.join(separator);
    let turns = 0;
    const body = Buffer.from(shape === 'array' ? `[${joined}]` : joined);
    const batch = await parseNativeBody(body, null, async () => ++turns);
    expect(batch.events).toHaveLength(texts.length);
    expect(batch.positions).toEqual([...batch.positions].sort((one, other) => one - other));
    expect(turns).toBeGreaterThanOrEqual(Math.floor(joined.length / LIMITS.ingestSliceChars));
    expect(turns).toBeGreaterThan(1);
  });
});
