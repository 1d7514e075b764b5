import { defineConfig } from 'vitest/config';

/** Everything that needs only Node. Browser and foreign-client tests have configs of their own. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,detectors,client,dashboards,bench,scripts}/**/*.test.ts'],
        },
      },
      { test: { name: 'tidy', include: ['test/tidy/**/*.test.ts'] } },
      { test: { name: 'property', include: ['test/property/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
