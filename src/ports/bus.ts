import type { EpochMs } from '../core/time.ts';

/** Raw headers by name, as sent; where a name was repeated, the last value. */
export type BusHeaders = ReadonlyMap<string, Uint8Array>;

/** One record of a topic. A null value is a tombstone: the key was deleted. */
export interface BusRecord {
  readonly topic: string;
  readonly partition: number;
  /** Decimal; may exceed what a double holds exactly. */
  readonly offset: string;
  /** When the producer, or the broker, says that it was written. */
  readonly timestamp: EpochMs;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: BusHeaders;
}

/** Consecutive records of one partition, oldest first, at least one. */
export interface BusBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly BusRecord[];
}

/**
 * Takes a batch. Resolving commits it. Rejecting leaves it uncommitted: it comes again, in order
 * and before anything behind it, after a growing pause of its partition. It may also come again
 * after a crash or when partitions move between consumers, so it must be idempotent. Batches of
 * different partitions may be handed over at the same time.
 */
export type BusHandler = (batch: BusBatch) => Promise<void>;

export interface BusSubscription {
  readonly topics: readonly string[];
  /** Consumers of one group share the partitions. All of them read the same topics. */
  readonly group: string;
  /** Where a group without a committed offset starts: at the oldest record or behind the newest. */
  readonly fromBeginning: boolean;
}

/** `waiting` for the broker, the topic or permission; `failing` when what came is unreadable. */
export type BusConsumerState = 'waiting' | 'reading' | 'paused' | 'failing' | 'closed';

/** A reader that goes on until closed, whatever becomes of the broker. */
export interface BusConsumer {
  readonly state: BusConsumerState;
  /** Hands over nothing more until resumed, and stays in the group. */
  pause(): void;
  resume(): void;
  /**
   * Records not committed yet, by topic.
   * @throws TripcoilError `bus_unavailable`, retryable.
   */
  lag(): Promise<ReadonlyMap<string, number>>;
  /** The same for each partition of one topic. @throws TripcoilError as `lag` does. */
  partitionLag(topic: string): Promise<ReadonlyMap<number, number>>;
  /** Waits for what is being handled, commits it, leaves the group. Safe twice. */
  close(): Promise<void>;
}

export interface OutgoingRecord {
  readonly topic: string;
  /** Records of one key stay in order; null spreads them. */
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A topic that ought to be there. */
export interface WantedTopic {
  readonly topic: string;
  readonly partitions: number;
  /** Copies of each partition. */
  readonly replication: number;
  /** Keeps the newest record of each key, rather than everything for a time. */
  readonly compacted: boolean;
}

/** One cluster of a message bus, reached with one credential. */
export interface Bus {
  /** Starts reading and returns at once; a broker that is away is waited for. */
  consume(subscription: BusSubscription, handler: BusHandler): BusConsumer;
  /**
   * Resolves once all in-sync replicas have every record. A retry within the call writes no record
   * twice; a call that was rejected may have written some.
   * @throws TripcoilError `bus_unavailable`, retryable.
   */
  produce(records: readonly OutgoingRecord[]): Promise<void>;
  /**
   * Makes the topics that are missing and leaves the others as they are.
   * @throws TripcoilError `bus_unavailable`, retryable.
   */
  ensureTopics(topics: readonly WantedTopic[]): Promise<void>;
  /** Closes its consumers and the producer. Safe twice. */
  close(): Promise<void>;
}
