import { createHmac } from 'node:crypto';
import { createKafkaBus } from '../bus/kafkajs/kafka-bus.ts';
import { SYSTEM_TENANT } from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import type { Principal } from '../ports/ingest.ts';
import { type KafkaSource, startKafkaSource } from '../receivers/kafka/source.ts';
import { compileTable } from '../receivers/otlp/attribute-table.ts';
import { UsageMetrics } from '../receivers/otlp/usage-metrics.ts';
import { kafkaDecoder } from './kafka-decoders.ts';
import type { Surroundings } from './surroundings.ts';

/** Starts reading every configured topic; brokers that are away are waited for. */
export function kafkaSources({
  options,
  keys,
  metrics,
  host,
  audit,
  notes,
}: Surroundings): readonly KafkaSource[] {
  const { config, clock, log } = options;
  const { ingest } = host;
  const table = compileTable(config.aliases);
  const usage = new UsageMetrics(table);
  const planned = config.kafka.sources.map((source) => {
    const { name, tenants, trust, format, signal, tls, sasl, brokers } = source;
    const sender: Principal = { name, roles: ['ingest'], tenants, trust };
    const decoder = kafkaDecoder({ format, signal, sender, table, usage, ...audit });
    if (decoder === null) {
      throw new TripcoilError('config_invalid', `kafka source ${name}: unknown format ${format}`);
    }
    return { source, sender, decoder, connection: { brokers, tls, sasl } };
  });
  return planned.map(({ source, sender, decoder, connection }) =>
    startKafkaSource({
      ...{ sender, ingest, clock, log, metrics, notes },
      topic: source.topic,
      group: source.group,
      fromBeginning: source.fromBeginning,
      deadLetterTopic: source.deadLetterTopic,
      ...{ format: decoder.source, decode: decoder.decode, singly: decoder.singly ?? false },
      fingerprint: (bytes) =>
        createHmac('sha256', keys.pseudonymKey(source.tenants[0] ?? SYSTEM_TENANT).secret)
          .update(bytes)
          .digest('hex'),
      bus: createKafkaBus({ connection, clock, log, jitter: Math.random }),
    }),
  );
}
