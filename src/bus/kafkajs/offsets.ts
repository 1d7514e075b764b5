import type { Admin } from 'kafkajs';
import type { BusSubscription } from '../../ports/bus.ts';
import { busError, type KafkaSurroundings } from './client.ts';

/** Asks the brokers how far a group has come. Connects at the first question. */
export class KafkaOffsets {
  readonly #surroundings: KafkaSurroundings;
  #opening: Promise<Admin> | null = null;

  constructor(surroundings: KafkaSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Records behind what the group committed, by topic. */
  async lag(subscription: BusSubscription): Promise<ReadonlyMap<string, number>> {
    const lag = new Map<string, number>();
    for (const topic of subscription.topics) {
      const partitions = await this.partitionLag(topic, subscription);
      lag.set(
        topic,
        [...partitions.values()].reduce((sum, each) => sum + each, 0),
      );
    }
    return lag;
  }

  /** The same for each partition of a topic. */
  async partitionLag(
    topic: string,
    subscription: BusSubscription,
  ): Promise<ReadonlyMap<number, number>> {
    this.#opening ??= this.#open();
    const opening = this.#opening;
    try {
      return await topicLag(await opening, topic, subscription);
    } catch (error) {
      // The next question starts over; what is left of this connection is given up.
      if (this.#opening === opening) this.#opening = null;
      opening.then((admin) => admin.disconnect()).catch(() => undefined);
      throw busError('the lag cannot be read', error);
    }
  }

  async close(): Promise<void> {
    await this.#opening?.then((admin) => admin.disconnect()).catch(() => undefined);
    this.#opening = null;
  }

  async #open(): Promise<Admin> {
    const admin = (await this.#surroundings.client('brisk')).admin();
    await admin.connect();
    return admin;
  }
}

async function topicLag(
  admin: Admin,
  topic: string,
  { group, fromBeginning }: BusSubscription,
): Promise<ReadonlyMap<number, number>> {
  const ends = await admin.fetchTopicOffsets(topic);
  const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const committed = new Map(answer?.partitions.map((each) => [each.partition, each.offset]));
  const lag = new Map<number, number>();
  for (const { partition, low, high } of ends) {
    const offset = BigInt(committed.get(partition) ?? -1);
    const start = fromBeginning || offset >= 0n ? BigInt(low) : BigInt(high);
    lag.set(partition, Number(BigInt(high) - (offset > start ? offset : start)));
  }
  return lag;
}
