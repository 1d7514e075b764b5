import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type {
  Bus,
  BusBatch,
  BusConsumer,
  BusConsumerState,
  BusHandler,
  BusRecord,
  BusSubscription,
  OutgoingRecord,
} from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';

/** The topics and groups that several buses of one test share, as they share a cluster. */
export class MemoryCluster {
  readonly clock: Clock;
  readonly #topics = new Map<string, BusRecord[][]>();
  readonly #groups = new Map<string, MemoryGroup>();
  #spread = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  createTopic(name: string, partitions: number): void {
    this.#topics.set(
      name,
      Array.from({ length: partitions }, () => []),
    );
    this.pump();
  }

  partitions(topic: string): readonly (readonly BusRecord[])[] {
    return this.#topics.get(topic) ?? [];
  }

  group(name: string): MemoryGroup {
    const known = this.#groups.get(name) ?? new MemoryGroup(this);
    this.#groups.set(name, known);
    return known;
  }

  append({ topic, key, value, headers = {} }: OutgoingRecord): void {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) {
      throw new TripcoilError('bus_unavailable', 'no such topic', { retryable: true });
    }
    const bytes = bytesOf(key);
    const place = bytes === null ? this.#spread++ : bytes.reduce((sum, byte) => sum + byte, 0);
    const partition = place % partitions.length;
    const records = partitions[partition] ?? [];
    records.push({
      ...{ topic, partition, offset: String(records.length), timestamp: this.clock.now() },
      ...{ key: bytes, value: bytesOf(value) },
      headers: new Map(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
    });
  }

  pump(): void {
    for (const group of this.#groups.values()) group.pump();
  }
}

/** A bus within this process, for tests: the contract of the port without a broker. */
export function memoryBus(cluster: MemoryCluster): Bus {
  const consumers: BusConsumer[] = [];
  let isClosed = false;
  return {
    consume: (subscription, handler) => {
      const group = cluster.group(subscription.group);
      const consumer = new MemoryConsumer(cluster, group, subscription, handler);
      consumers.push(consumer);
      return consumer;
    },
    produce: async (records) => {
      if (isClosed) throw new TripcoilError('bus_unavailable', 'the bus is closed');
      for (const record of records) cluster.append(record);
      cluster.pump();
    },
    ensureTopics: async (topics) => {
      for (const { topic, partitions } of topics) {
        if (cluster.partitions(topic).length === 0) cluster.createTopic(topic, partitions);
      }
    },
    close: async () => {
      isClosed = true;
      await Promise.all(consumers.map((consumer) => consumer.close()));
    },
  };
}

interface Position {
  committed: number;
  /** Being handled, or held back after a refusal. */
  isBusy: boolean;
  refusals: number;
}

/** Who reads for one group, and how far it has come. */
class MemoryGroup {
  readonly #cluster: MemoryCluster;
  readonly #positions = new Map<string, Position>();
  #members: readonly MemoryConsumer[] = [];

  constructor(cluster: MemoryCluster) {
    this.#cluster = cluster;
  }

  join(member: MemoryConsumer): void {
    this.#members = [...this.#members, member];
    this.pump();
  }

  leave(member: MemoryConsumer): void {
    this.#members = this.#members.filter((each) => each !== member);
    this.pump();
  }

  position(topic: string, partition: number, start: number): Position {
    const key = `${topic}/${partition}`;
    const known = this.#positions.get(key) ?? { committed: start, isBusy: false, refusals: 0 };
    this.#positions.set(key, known);
    return known;
  }

  pump(): void {
    for (const topic of this.#members[0]?.subscription.topics ?? []) {
      for (const [partition, records] of this.#cluster.partitions(topic).entries()) {
        const member = this.#members[partition % this.#members.length];
        if (member === undefined) return;
        const start = member.subscription.fromBeginning ? 0 : records.length;
        const position = this.position(topic, partition, start);
        if (position.isBusy || member.isPaused || position.committed >= records.length) continue;
        const end = position.committed + LIMITS.busBatchRecords;
        void this.#hand(member, position, {
          ...{ topic, partition },
          records: records.slice(position.committed, end),
        });
      }
    }
  }

  async #hand(member: MemoryConsumer, position: Position, batch: BusBatch): Promise<void> {
    position.isBusy = true;
    try {
      await member.handle(batch);
      position.committed += batch.records.length;
      position.refusals = 0;
    } catch {
      const waitMs = LIMITS.busBackoffFirstMs * 2 ** position.refusals++;
      await this.#cluster.clock.sleep(Math.min(waitMs, LIMITS.busRedeliveryMaxMs), member.signal);
    }
    position.isBusy = false;
    this.pump();
  }
}

class MemoryConsumer implements BusConsumer {
  readonly subscription: BusSubscription;
  isPaused = false;
  readonly #cluster: MemoryCluster;
  readonly #group: MemoryGroup;
  readonly #handler: BusHandler;
  readonly #closing = new AbortController();
  readonly #handling = new Set<Promise<void>>();

  constructor(
    cluster: MemoryCluster,
    group: MemoryGroup,
    subscription: BusSubscription,
    handler: BusHandler,
  ) {
    this.#cluster = cluster;
    this.#group = group;
    this.subscription = subscription;
    this.#handler = handler;
    group.join(this);
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  get state(): BusConsumerState {
    if (this.signal.aborted) return 'closed';
    const { topics } = this.subscription;
    const isThere = topics.every((topic) => this.#cluster.partitions(topic).length > 0);
    if (!isThere) return 'waiting';
    return this.isPaused ? 'paused' : 'reading';
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#group.pump();
  }

  async lag(): Promise<ReadonlyMap<string, number>> {
    const lag = new Map<string, number>();
    for (const topic of this.subscription.topics) {
      const partitions = await this.partitionLag(topic);
      const sum = [...partitions.values()].reduce((total, each) => total + each, 0);
      lag.set(topic, sum);
    }
    return lag;
  }

  async partitionLag(topic: string): Promise<ReadonlyMap<number, number>> {
    const lag = new Map<number, number>();
    for (const [partition, records] of this.#cluster.partitions(topic).entries()) {
      const start = this.subscription.fromBeginning ? 0 : records.length;
      const { committed } = this.#group.position(topic, partition, start);
      lag.set(partition, records.length - committed);
    }
    return lag;
  }

  async handle(batch: BusBatch): Promise<void> {
    const handling = Promise.resolve().then(() => this.#handler(batch));
    const settled = handling.catch(() => undefined);
    this.#handling.add(settled);
    try {
      await handling;
    } finally {
      this.#handling.delete(settled);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#group.leave(this);
    await Promise.all(this.#handling);
  }
}

function bytesOf(value: Uint8Array | string | null): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
