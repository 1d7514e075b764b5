import { defineConfig } from 'vitest/config';

/** What takes more than minutes: the fleet at full size, and floods by the million. */
export default defineConfig({
  test: {
    name: 'long',
    include: ['test/long/**/*.test.ts'],
    testTimeout: 2 * 60 * 60 * 1_000,
    fileParallelism: false,
  },
});
