import { Kafka, logLevel } from 'kafkajs';
import type { TestProject } from 'vitest/node';
import { startKafka, whyNoKafka } from '../../scripts/kafka.ts';

/** How tests reach the one broker of the run. */
export interface BrokerAddresses {
  readonly plain: string;
  readonly sasl: string;
  readonly tls: string;
  readonly certificate: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    kafka: BrokerAddresses | null;
  }
}

/** Starts Kafka before the tests and removes it after them; says loudly where it cannot. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const why = await whyNoKafka();
  if (why !== null) {
    console.warn(`!! SKIPPED: no real Kafka here: ${why}`);
    project.provide('kafka', null);
    return undefined;
  }
  const kafka = await startKafka();
  const { plain, sasl, tls, certificate } = kafka;
  project.provide('kafka', { plain, sasl, tls, certificate });
  return () => kafka.remove();
}

/** Makes a topic, which brokers of the tests do not make by themselves. */
export async function createTopic(
  bootstrap: string,
  topic: string,
  partitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  const client = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic,
          numPartitions: partitions,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
        },
      ],
    });
  } finally {
    await admin.disconnect();
  }
}
