import { defineConfig } from 'vitest/config';

/** Everything that needs a real Apache Kafka: Java 17 and Maven must be there, else it skips. */
export default defineConfig({
  test: {
    name: 'kafka',
    include: ['test/kafka/**/*.test.ts'],
    globalSetup: ['test/kafka/broker.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
