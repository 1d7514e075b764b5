import { defineConfig } from 'vitest/config';

/** A busy machine is not a fault: only what hangs may end a test. */
const PATIENT = { testTimeout: 120_000, hookTimeout: 120_000 };

/** Everything that needs only Node. Browser and foreign-client tests have configs of their own. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,detectors,client,dashboards,bench,scripts}/**/*.test.ts'],
          ...PATIENT,
        },
      },
      { test: { name: 'tidy', include: ['test/tidy/**/*.test.ts'], ...PATIENT } },
      { test: { name: 'property', include: ['test/property/**/*.test.ts'], ...PATIENT } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
