import * as z from 'zod';
import { LIMITS } from '../core/limits.ts';
import { listOf, type Report, recordOf, repeated } from './checking.ts';
import {
  connectionProblems,
  KAFKA_CONNECTION_SCHEMA,
  type KafkaConnectionConfig,
  kafkaConnectionOf,
  TOPIC,
} from './kafka.ts';
import type { Problem } from './problems.ts';
import type { Path } from './schema-path.ts';

/** A cluster that is told of breakers. */
export interface KafkaSinkConfig extends KafkaConnectionConfig {
  readonly name: string;
  readonly tenants: readonly string[] | '*';
  readonly stateTopic: string;
  readonly eventTopic: string | null;
  readonly audience: string;
  readonly create: { readonly partitions: number; readonly replication: number } | null;
}

const identifier = z.string().min(1).max(LIMITS.identifierChars);

/** One entry of `revocation.kafka`, as written. */
export const KAFKA_SINK_SCHEMA = z.strictObject({
  name: identifier.describe('Names the sink in acknowledgements, metrics and logs.'),
  ...KAFKA_CONNECTION_SCHEMA,
  tenants: z.array(identifier).min(1).describe('Tenants it hears about, or `*` for all.'),
  state_topic: TOPIC.default('tripcoil-breakers').describe(
    'Compacted topic with the newest state of each breaker, by its key.',
  ),
  event_topic: TOPIC.optional().describe('Topic with signed security event tokens, in order.'),
  audience: z.string().min(1).default('kafka').describe('The `aud` claim of those tokens.'),
  create_topics: z
    .strictObject({
      partitions: z.int().min(1).max(10_000).default(3).describe('Of each topic.'),
      replication: z.int().min(1).max(100).default(3).describe('Copies of each partition.'),
    })
    .optional()
    .describe('Makes topics that are missing, the state topic with `cleanup.policy=compact`.'),
});

/** The sink with its defaults and the texts of its files. */
export function kafkaSinkOf(
  sink: z.output<typeof KAFKA_SINK_SCHEMA>,
  readSecret: (path: string) => string | null,
): KafkaSinkConfig {
  const { name, tenants, audience } = sink;
  return {
    ...{ name, audience, tenants: tenants.includes('*') ? '*' : tenants },
    ...kafkaConnectionOf(sink, readSecret),
    stateTopic: sink.state_topic,
    eventTopic: sink.event_topic ?? null,
    create: sink.create_topics ?? null,
  };
}

/** What is wrong with `revocation.kafka` beyond the form of its values. */
export function kafkaSinkProblems(
  root: Record<string, unknown>,
  readSecret: (path: string) => string | null,
  at: Report,
): readonly Problem[] {
  const revocation = recordOf(root['revocation']);
  const sinks = listOf(revocation['kafka']).map(recordOf);
  const receivers = listOf(revocation['receivers']).map((each) => recordOf(each)['name']);
  return [
    ...repeated(sinks, ['revocation', 'kafka'], at),
    ...sinks.flatMap((sink, index) => {
      const path: Path = ['revocation', 'kafka', index];
      const problems = [...connectionProblems(sink, path, readSecret, at)];
      if (receivers.includes(sink['name'])) {
        problems.push(at([...path, 'name'], 'is the name of a receiver: each needs its own'));
      }
      // One compacts away what the other is kept for.
      if (sink['event_topic'] !== undefined && sink['event_topic'] === sink['state_topic']) {
        problems.push(at([...path, 'event_topic'], 'must be another topic than state_topic'));
      }
      return problems;
    }),
  ];
}
