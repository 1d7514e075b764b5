import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNested } from './content.ts';

describe('JSON inside a text', () => {
  it('is found wherever a parser finds an object, a list or a text', () => {
    const structured = fc.oneof(fc.array(fc.jsonValue()), fc.object(), fc.string());
    const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
    fc.assert(
      fc.property(structured, space, fc.constantFrom(0, 1), (value, around, indent) => {
        const text = `${around}${JSON.stringify(value, null, indent)}${around}`;
        expect(parseNested(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each(['', '[', '{', '"', '[]x', 'true', '12', '[email:k1:x]', '[INFO] done [ok]', '{a}'])(
    'is not seen in %j',
    (text) => {
      expect(parseNested(text)).toBeUndefined();
    },
  );
});
