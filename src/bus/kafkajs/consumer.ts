import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { LIMITS } from '../../core/limits.ts';
import type {
  BusConsumer,
  BusConsumerState,
  BusHandler,
  BusHeaders,
  BusRecord,
  BusSubscription,
} from '../../ports/bus.ts';
import { type KafkaSurroundings, RETRIES } from './client.ts';
import { UnreadableRecords } from './codecs.ts';
import type { KafkaOffsets } from './offsets.ts';

/** One reader of a group: joins, reads, and joins again after whatever ended it. */
export class KafkaConsumer implements BusConsumer {
  readonly #surroundings: KafkaSurroundings;
  readonly #offsets: KafkaOffsets;
  readonly #subscription: BusSubscription;
  readonly #handler: BusHandler;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  /** Consecutive refusals by partition; empty while all goes well. */
  readonly #refusals = new Map<string, number>();
  /** Partitions held back by `pause`, each with what lets it go on. */
  #held: (() => void)[] = [];
  #isPaused = false;
  #condition: 'waiting' | 'reading' | 'failing' | 'closed' = 'waiting';
  #attempts = 0;

  constructor(
    surroundings: KafkaSurroundings,
    offsets: KafkaOffsets,
    subscription: BusSubscription,
    handler: BusHandler,
  ) {
    this.#surroundings = surroundings;
    this.#offsets = offsets;
    this.#subscription = subscription;
    this.#handler = handler;
    this.#running = this.#run();
  }

  get state(): BusConsumerState {
    return this.#condition === 'reading' && this.#isPaused ? 'paused' : this.#condition;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const held = this.#held;
    this.#held = [];
    for (const release of held) release();
  }

  lag(): Promise<ReadonlyMap<string, number>> {
    return this.#offsets.lag(this.#subscription);
  }

  partitionLag(topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#offsets.partitionLag(topic, this.#subscription);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const { clock } = this.#surroundings;
    // Kafka may be away, and then there is nobody to say goodbye to.
    await Promise.race([this.#running, clock.sleep(LIMITS.busCloseMs)]);
  }

  async #run(): Promise<void> {
    const { clock, log, jitter } = this.#surroundings;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const error = await this.#session();
      if (signal.aborted) break;
      this.#condition = isUnreadable(error) ? 'failing' : 'waiting';
      log.warn('kafka cannot be read', {
        topics: this.#subscription.topics.join(),
        group: this.#subscription.group,
        attempt: this.#attempts,
        reason: error instanceof Error ? error.message.slice(0, REASON_CHARS) : 'unknown',
      });
      await clock.sleep(backoff(this.#attempts, LIMITS.busBackoffMaxMs, jitter()), signal);
      this.#attempts += 1;
    }
    this.#condition = 'closed';
  }

  /** Joins the group and reads until closed or until kafkajs gives up; resolves to why. */
  async #session(): Promise<unknown> {
    const { topics, fromBeginning } = this.#subscription;
    const closed = aborted(this.#closing.signal);
    let consumer: Consumer | null = null;
    try {
      const opened = await this.#open();
      consumer = opened;
      await opened.connect();
      await opened.subscribe({ topics: [...topics], fromBeginning });
      if (this.#closing.signal.aborted) return null;
      const crashed = new Promise<unknown>((resolve) => {
        opened.on(opened.events.CRASH, ({ payload }) => resolve(payload.error));
      });
      await opened.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: LIMITS.busPartitionsAtOnce,
        eachBatch: (payload) => this.#take(payload),
      });
      return await Promise.race([crashed, closed]);
    } catch (error) {
      return error;
    } finally {
      this.#held = [];
      await consumer?.disconnect().catch(() => undefined);
    }
  }

  /** Fails soon where nobody answers; the patience of a session is for what comes later. */
  async #probe(): Promise<void> {
    const admin = (await this.#surroundings.client('brisk')).admin();
    try {
      await admin.connect();
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  async #open(): Promise<Consumer> {
    await this.#probe();
    const consumer = (await this.#surroundings.client('patient')).consumer({
      groupId: this.#subscription.group,
      sessionTimeout: LIMITS.busSessionMs,
      heartbeatInterval: LIMITS.busHeartbeatMs,
      maxWaitTimeInMs: LIMITS.busPollMs,
      maxBytes: LIMITS.busFetchBytes,
      maxBytesPerPartition: LIMITS.busPartitionFetchBytes,
      allowAutoTopicCreation: false,
      retry: { ...RETRIES.patient, restartOnFailure: NEVER },
    });
    consumer.on(consumer.events.GROUP_JOIN, () => {
      this.#condition = 'reading';
      this.#surroundings.log.info('kafka is being read', {
        topics: this.#subscription.topics.join(),
        group: this.#subscription.group,
      });
    });
    // Joining is no success yet where what then comes cannot be read.
    consumer.on(consumer.events.FETCH, () => {
      this.#attempts = 0;
    });
    return consumer;
  }

  /** Hands what was fetched of one partition over, part by part, each committed once taken. */
  async #take(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    for (const part of parts(messages)) {
      if (!payload.isRunning() || payload.isStale()) return;
      if (this.#isPaused) {
        this.#held.push(payload.pause());
        return;
      }
      const records = part.map((message) => recordOf(topic, partition, message));
      const heart = this.#beat(payload);
      try {
        await this.#handler({ topic, partition, records });
        this.#refusals.delete(`${topic}/${partition}`);
      } catch (error) {
        this.#holdBack(payload, error);
        return;
      } finally {
        heart.stop();
      }
      const last = part.at(-1)?.offset ?? '0';
      const offset = String(BigInt(last) + 1n);
      // Committed before it counts as read: were the commit lost, it comes again.
      await payload.commitOffsetsIfNecessary({
        topics: [{ topic, partitions: [{ partition, offset }] }],
      });
      payload.resolveOffset(last);
      if (heart.error !== null) throw heart.error;
      await payload.heartbeat();
    }
  }

  /** Stops the partition for a while; kafkajs then fetches again what was not resolved. */
  #holdBack(payload: EachBatchPayload, error: unknown): void {
    const { clock, log, jitter } = this.#surroundings;
    const { topic, partition } = payload.batch;
    const key = `${topic}/${partition}`;
    const refusals = this.#refusals.get(key) ?? 0;
    this.#refusals.set(key, refusals + 1);
    const resume = payload.pause();
    const waitMs = backoff(refusals, LIMITS.busRedeliveryMaxMs, jitter());
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal';
    log.debug('records not taken, they will come again', { topic, partition, code, refusals });
    void clock.sleep(waitMs, this.#closing.signal).then(() => {
      if (this.#isPaused) this.#held.push(resume);
      else resume();
    });
  }

  /** Keeps the membership while a handler works. */
  #beat(payload: EachBatchPayload): { readonly error: unknown; stop(): void } {
    const done = new AbortController();
    const heart = { error: null as unknown, stop: () => done.abort() };
    const beat = async (): Promise<void> => {
      for (;;) {
        await this.#surroundings.clock.sleep(LIMITS.busHeartbeatMs, done.signal);
        if (done.signal.aborted) return;
        await payload.heartbeat();
      }
    };
    void beat().catch((error: unknown) => {
      heart.error = error;
    });
    return heart;
  }
}

/** kafkajs would start again by itself; here the session ends and a new one is made. */
const NEVER = async (): Promise<boolean> => false;
const REASON_CHARS = 300;

function backoff(attempt: number, maxMs: number, jitter: number): number {
  const base = Math.min(maxMs, LIMITS.busBackoffFirstMs * 2 ** Math.min(attempt, 20));
  return base * (0.5 + jitter / 2);
}

function isUnreadable(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof UnreadableRecords) return true;
  }
  return false;
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

/** Cuts what was fetched into parts of bounded count and size, at least one record each. */
function* parts(messages: readonly KafkaMessage[]): Iterable<readonly KafkaMessage[]> {
  let part: KafkaMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = (message.value?.length ?? 0) + (message.key?.length ?? 0);
    const isFull = part.length >= LIMITS.busBatchRecords || bytes + size > LIMITS.busBatchBytes;
    if (part.length > 0 && isFull) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

function recordOf(topic: string, partition: number, message: KafkaMessage): BusRecord {
  const { offset, timestamp, key, value, headers } = message;
  return {
    ...{ topic, partition, offset, key, value },
    timestamp: Number(timestamp),
    headers: headersOf(headers),
  };
}

function headersOf(headers: KafkaMessage['headers']): BusHeaders {
  const byName = new Map<string, Uint8Array>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) byName.set(name, typeof last === 'string' ? Buffer.from(last) : last);
  }
  return byName;
}
