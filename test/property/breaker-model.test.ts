import { describe, expect, it } from 'vitest';
import { foldSchedules } from './breaker-schedules.ts';

/** By chance, so that every run looks elsewhere; `npm run test:long` folds 100,000. */
const SCHEDULES = Number(process.env['TRIPCOIL_SCHEDULES'] ?? 2_000);
const TIMEOUT_MS = 240_000;

describe('breakers over simulated schedules', () => {
  it('keep what reference section 6.5 promises', { timeout: TIMEOUT_MS }, () => {
    foldSchedules(SCHEDULES);
    expect(SCHEDULES).toBeGreaterThan(0);
  });
});
