import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatProbability,
  measureInWords,
  plural,
  shortened,
} from './number.ts';

describe('numbers', () => {
  it('groups counts and keeps one decimal only below ten', () => {
    expect(formatCount(4812)).toBe('4,812');
    expect(formatCount(2.46)).toBe('2.5');
    expect(formatCount(120.4)).toBe('120');
  });

  it('shortens from ten thousand on', () => {
    expect(formatCompact(9_871)).toBe('9,871');
    expect(formatCompact(12_400)).toBe('12.4K');
  });

  it('writes bytes in decimal units', () => {
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(84_200_000)).toBe('84.2 MB');
  });

  it('names what was counted, and bytes by their unit alone', () => {
    expect(measureInWords('calls', 29)).toBe('29 calls');
    expect(measureInWords('bytes', 84_200_000)).toBe('84.2 MB');
  });

  it('shortens ids in the middle', () => {
    expect(shortened('t-demo-spike-28', 16)).toBe('t-demo-spike-28');
    expect(shortened('token-of-the-spike-28', 16)).toBe('token-o…spike-28');
    expect(shortened('token-of-the-spike-28', 16)).toHaveLength(16);
  });

  it('never claims a smaller probability than was found', () => {
    expect(formatProbability(1e-9)).toBe('p<1e-9');
    expect(formatProbability(4e-7)).toBe('p<1e-6');
    expect(formatProbability(0.0004)).toBe('p<1e-3');
    expect(formatProbability(0.012)).toBe('p=0.01');
    expect(formatProbability(0)).toBe('p<1e-300');
  });

  it('says durations with at most two units', () => {
    expect(formatDuration(null)).toBe('–');
    expect(formatDuration(84)).toBe('84 ms');
    expect(formatDuration(2210)).toBe('2.2 s');
    expect(formatDuration(192_000)).toBe('3 min');
    expect(formatDuration(7_440_000)).toBe('2 h 4 min');
    expect(formatDuration(2.2 * 86_400_000)).toBe('2 d 4 h');
    expect(formatDuration(14 * 86_400_000)).toBe('14 d');
  });

  it('says ages with one unit', () => {
    expect(formatAge(400)).toBe('now');
    expect(formatAge(59_999)).toBe('59 s');
    expect(formatAge(60_000)).toBe('1 min');
    expect(formatAge(86_400_000)).toBe('1 d');
  });

  it('counts in words', () => {
    expect(plural(1, 'breaker')).toBe('1 breaker');
    expect(plural(3, 'entry', 'entries')).toBe('3 entries');
  });
});
