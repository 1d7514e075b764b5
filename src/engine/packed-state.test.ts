import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packNumbers, unpackNumbers } from './packed-numbers.ts';
import { packState, unpackState } from './packed-state.ts';

describe('packNumbers', () => {
  it('gives every number back to the bit', () => {
    const number = fc.oneof(
      fc.double(),
      fc.float(),
      fc.integer(),
      fc.nat({ max: 2 ** 32 - 1 }),
      fc.constantFrom(0, -0, Number.NaN, Number.MAX_SAFE_INTEGER),
    );
    fc.assert(
      fc.property(fc.array(number, { maxLength: 60 }), (numbers) => {
        const back = unpackNumbers(JSON.parse(JSON.stringify(packNumbers(numbers))));
        expect(back.length).toBe(numbers.length);
        expect(back.every((each, at) => Object.is(each, numbers[at]))).toBe(true);
      }),
    );
  });

  it('takes five characters for a word, ten for a double, and one for eight zeroes', () => {
    const list = (number: number) => packNumbers(new Array<number>(800).fill(number)).length;
    expect(list(0)).toBe(100 + 4);
    expect(list(-7)).toBe(800 * 5 + 100 + 4);
    expect(list(2 ** 32 - 1)).toBe(800 * 5 + 100 + 4);
    expect(list(Math.fround(0.1))).toBe(800 * 5 + 100 + 4);
    expect(list(0.1)).toBe(800 * 10 + 100 + 4);
  });

  it('refuses what it did not write', () => {
    for (const text of ['', '3', '1:!', '2:4012345']) {
      expect(() => unpackNumbers(text)).toThrow();
    }
  });
});

describe('packState', () => {
  it('gives any JSON back, also what looks packed', () => {
    const marker = fc.constantFrom({ $n: '1:0' }, { $o: { $n: 'x' } }, { $o: 1 });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), marker), (value) => {
        const plain = JSON.parse(JSON.stringify(value));
        expect(unpackState(JSON.parse(JSON.stringify(packState(plain))))).toEqual(plain);
      }),
    );
  });

  it('keeps a member by the name of __proto__, which a hostile name may be', () => {
    const plain: unknown = JSON.parse('{"__proto__":[1,2,3,4,5],"a":{"__proto__":0}}');
    const back = unpackState(JSON.parse(JSON.stringify(packState(plain))));
    expect(JSON.stringify(back)).toBe(JSON.stringify(plain));
  });
});
