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

it('cuts no pair of surrogates apart', () => {
  for (const lead of ['', 'a']) {
    const id = boundedId(`${lead}${'😀'.repeat(LIMITS.identifierChars)}`);
    expect(id).toHaveLength(LIMITS.identifierChars);
    expect(id.isWellFormed()).toBe(true);
  }
});
