import type { Kafka } from 'kafkajs';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Bus, BusConsumer } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import {
  type KafkaConnection,
  type KafkaSurroundings,
  kafkaClient,
  type RETRIES,
} from './client.ts';
import { KafkaConsumer } from './consumer.ts';
import { KafkaOffsets } from './offsets.ts';
import { KafkaProducer } from './producer.ts';
import { ensureTopics } from './topics.ts';

export interface KafkaBusOptions {
  readonly connection: KafkaConnection;
  readonly clock: Clock;
  readonly log: Log;
  /** Spreads retries; 0 to 1. */
  readonly jitter: () => number;
}

/** The bus port over Kafka. Connects when first used; nothing is loaded before. */
export function createKafkaBus(options: KafkaBusOptions): Bus {
  const { connection, clock, log, jitter } = options;
  const loading = new Map<keyof typeof RETRIES, Promise<Kafka>>();
  const client: KafkaSurroundings['client'] = (patience) => {
    const known = loading.get(patience) ?? kafkaClient(connection, patience, log);
    loading.set(patience, known);
    return known;
  };
  const surroundings: KafkaSurroundings = { clock, log, jitter, client };
  const consumers = new Set<BusConsumer>();
  const producer = new KafkaProducer(surroundings);
  const offsets = new KafkaOffsets(surroundings);
  let closing: Promise<void> | null = null;
  const leave = async (): Promise<void> => {
    await Promise.all([...consumers].map((consumer) => consumer.close()));
    await Promise.all([producer.close(), offsets.close()]);
  };
  return {
    consume: (subscription, handler) => {
      if (closing !== null) throw new TripcoilError('bus_unavailable', 'the bus is closed');
      const consumer = new KafkaConsumer(surroundings, offsets, subscription, handler);
      consumers.add(consumer);
      return consumer;
    },
    produce: (records) => producer.produce(records),
    ensureTopics: (topics) => ensureTopics(surroundings, topics),
    close: () => {
      // Kafka may be away, and then there is nobody to say goodbye to.
      closing ??= Promise.race([leave(), clock.sleep(LIMITS.busCloseMs)]);
      return closing;
    },
  };
}
