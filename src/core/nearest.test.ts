import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.ts';

describe('nearest', () => {
  it('suggests only what is near', () => {
    expect(nearest('recievers', ['receivers', 'store'])).toBe('receivers');
    expect(nearest('xyz', ['receivers', 'log'])).toBeNull();
  });
});
