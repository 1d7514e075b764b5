import { expect, it } from 'vitest';
import { criteriaByWeight } from './review.ts';

it('puts what failed first, and what is required before what is heavy', () => {
  const one = (id: string, result: 'pass' | 'fail' | 'not_applicable', weight = 1) => ({
    ...{ id, question: id, result, weight, required: id.startsWith('required') },
  });
  const given = [
    one('none', 'not_applicable', 4),
    one('passed', 'pass', 2),
    one('failed', 'fail', 1),
    one('failed heavily', 'fail', 3),
    one('required failed', 'fail', 2),
  ];
  expect(criteriaByWeight(given).map(({ id }) => id)).toEqual([
    'required failed',
    'failed heavily',
    'failed',
    'passed',
    'none',
  ]);
});
