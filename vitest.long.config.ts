import { defineConfig } from 'vitest/config';

/**
 * What takes more than minutes: the fleet at full size, floods by the million, breakers over
 * 100,000 simulated schedules, 200 kills.
 */
export default defineConfig({
  test: {
    name: 'long',
    include: ['test/long/**/*.test.ts'],
    testTimeout: 2 * 60 * 60 * 1_000,
    fileParallelism: false,
  },
});
