import { expect, it } from 'vitest';
import { moveLast } from './latest-last.ts';

it('moves one item behind the others, which keep their order', () => {
  const moved = (at: number) => {
    const items = ['a', 'b', 'c', 'd'];
    moveLast(items, at);
    return items.join('');
  };
  expect([0, 1, 3].map(moved)).toEqual(['bcda', 'acdb', 'abcd']);
  expect([-1, 4].map(moved)).toEqual(['abcd', 'abcd']);
});
