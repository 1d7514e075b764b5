import { defineConfig } from 'vitest/config';

/**
 * OpenTelemetry SDKs of other languages and a real Collector; skips loudly where Python or Go is
 * missing. Run by `.ci/run`. The Collector is compiled once, which takes minutes.
 */
export default defineConfig({
  test: {
    name: 'foreign',
    include: ['test/foreign/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
