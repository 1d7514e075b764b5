import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from './nearest.ts';

describe('nearest', () => {
  it('suggests only what is near', () => {
    expect(nearest('recievers', ['receivers', 'store'])).toBe('receivers');
    expect(nearest('xyz', ['receivers', 'log'])).toBeNull();
  });
});

describe('didYouMean', () => {
  const names = ['okta', 'google_workspace', 'google_cloud', 'google_admin', 'vault'];
  it.each([
    ['octa', 'did you mean okta?'],
    ['google', 'did you mean google_workspace, google_cloud or google_admin?'],
    ['valt', 'did you mean vault?'],
    ['zzzzzz', ''],
    ['', ''],
    ['x'.repeat(10_000), ''],
  ])('answers %s', (word, answer) => {
    expect(didYouMean(word, names)).toBe(answer);
  });
});
