import { describe, expect, it } from 'vitest';
import { summaryLine } from './test-summary.ts';

const clean = { numPassedTests: 3, numFailedTests: 0, testResults: [] };

describe('summaryLine', () => {
  it('adds reports up', () => {
    const failing = {
      numPassedTests: 4,
      numFailedTests: 2,
      testResults: [{ status: 'failed', assertionResults: [{ status: 'failed' }] }],
    };
    expect(summaryLine([clean, failing])).toBe('7 passed, 2 failed');
  });

  it('counts what ran no test as failed', () => {
    const broken = { ...clean, testResults: [{ status: 'failed', assertionResults: [] }] };
    expect(summaryLine([broken])).toBe('3 passed, 1 failed');
    expect(summaryLine([clean, null])).toBe('3 passed, 1 failed');
  });
});
