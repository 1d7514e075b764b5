import { expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { boundedId } from './identifier.ts';

it('keeps identifiers up to the limit and keeps longer ones apart', () => {
  const long = 'a'.repeat(LIMITS.identifierChars);
  expect(boundedId(long)).toBe(long);
  const [one, other] = [boundedId(`${long}1`), boundedId(`${long}2`)];
  expect(one).toHaveLength(LIMITS.identifierChars);
  expect(one).not.toBe(other);
});
