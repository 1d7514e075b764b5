import { createKafkaBus } from '../bus/kafkajs/kafka-bus.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { RevocationReceiver } from '../ports/revocation-receiver.ts';
import { createKafkaSink } from '../revocation/kafka/kafka-sink.ts';
import type { DaemonOptions } from './surroundings.ts';

/** Receivers that write to Kafka, each over a connection of its own, which `undo` closes. */
export function kafkaSinks(
  { config, clock, log }: DaemonOptions,
  shared: {
    readonly issuer: (tenant: string) => string;
    readonly keys: KeyRing;
    readonly metrics: Metrics;
  },
  undo: AsyncDisposableStack,
): readonly RevocationReceiver[] {
  return config.revocation.kafka.map(({ brokers, tls, sasl, ...sink }) => {
    const connection = { brokers, tls, sasl };
    const bus = createKafkaBus({ connection, clock, log, jitter: Math.random });
    undo.defer(() => bus.close());
    return createKafkaSink({ ...sink, ...shared, bus, clock, log });
  });
}
