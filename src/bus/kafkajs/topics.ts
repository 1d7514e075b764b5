import { TripcoilError } from '../../core/errors.ts';
import type { WantedTopic } from '../../ports/bus.ts';
import { busError, type KafkaSurroundings } from './client.ts';

/** Error code of Kafka: somebody else made the topic first. */
const TOPIC_ALREADY_EXISTS = 36;

/** Makes the topics that are not there; those that are stay as they are. */
export async function ensureTopics(
  { client }: KafkaSurroundings,
  wanted: readonly WantedTopic[],
): Promise<void> {
  const admin = (await client('brisk')).admin();
  try {
    await admin.connect();
    const known = new Set(await admin.listTopics());
    const missing = wanted.filter(({ topic }) => !known.has(topic));
    if (missing.length === 0) return;
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ topic, partitions, replication, compacted }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: replication,
        configEntries: compacted ? [{ name: 'cleanup.policy', value: 'compact' }] : [],
      })),
    });
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === TOPIC_ALREADY_EXISTS) return;
    if (error instanceof TripcoilError) throw error;
    throw busError('topics cannot be made', error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
