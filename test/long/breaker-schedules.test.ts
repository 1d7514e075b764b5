import { describe, expect, it } from 'vitest';
import { foldSchedules } from '../property/breaker-schedules.ts';

const SCHEDULES = 100_000;
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
const OF_EACH = SCHEDULES / SEEDS.length;

/** Everything of reference section 6.5; a failure names the seed and the shortest schedule. */
describe(`breakers over ${SCHEDULES} simulated schedules`, () => {
  it.each(SEEDS)('keep their promises: seed %i', (seed) => {
    foldSchedules(OF_EACH, seed);
    expect(OF_EACH).toBeGreaterThan(0);
  });
});
