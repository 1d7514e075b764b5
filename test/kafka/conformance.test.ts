import { describe, inject } from 'vitest';
import { createKafkaBus } from '../../src/bus/kafkajs/kafka-bus.ts';
import { busConformance } from '../../src/bus/testing/conformance.ts';
import { SILENT_LOG } from '../../src/ports/log.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';
import { createTopic } from './broker.ts';

const kafka = inject('kafka');

describe.skipIf(kafka === null)('kafkajs on a real Kafka', () => {
  const plain = kafka?.plain ?? '';
  busConformance(() => ({
    open: () =>
      createKafkaBus({
        connection: { brokers: [plain], tls: null, sasl: null },
        clock: WALL_CLOCK,
        log: SILENT_LOG,
        jitter: Math.random,
      }),
    createTopic: (name, partitions) => createTopic(plain, name, partitions),
  }));
});
