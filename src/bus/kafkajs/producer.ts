import type { Message, Producer } from 'kafkajs';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { OutgoingRecord } from '../../ports/bus.ts';
import { busError, type KafkaSurroundings, RETRIES } from './client.ts';

/** All replicas acknowledge, and the brokers drop what a retry repeats. */
const ALL_IN_SYNC = -1;

/** Produces idempotently. Connects at the first record; starts over after a failure. */
export class KafkaProducer {
  readonly #surroundings: KafkaSurroundings;
  #opening: Promise<Producer> | null = null;
  #isClosed = false;

  constructor(surroundings: KafkaSurroundings) {
    this.#surroundings = surroundings;
  }

  async produce(records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    if (this.#isClosed) throw new TripcoilError('bus_unavailable', 'the bus is closed');
    this.#opening ??= this.#open();
    const opening = this.#opening;
    try {
      const sending = opening.then((producer) => send(producer, records));
      await this.#within(sending, LIMITS.busProduceMs);
    } catch (error) {
      // After a lost answer the sequence numbers of this producer may be out of step for good.
      if (this.#opening === opening) this.#opening = null;
      opening.then((producer) => producer.disconnect()).catch(() => undefined);
      throw busError('records cannot be written', error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const closing = this.#opening?.then((producer) => producer.disconnect());
    this.#opening = null;
    await this.#within(closing ?? Promise.resolve(), LIMITS.busCloseMs).catch(() => undefined);
  }

  async #open(): Promise<Producer> {
    const producer = (await this.#surroundings.client('brisk')).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // Fewer than for ever: a call ends, and its caller decides.
      retry: RETRIES.brisk,
    });
    await producer.connect();
    return producer;
  }

  async #within(work: Promise<void>, ms: number): Promise<void> {
    const settled = new AbortController();
    const late = this.#surroundings.clock.sleep(ms, settled.signal).then(() => {
      if (!settled.signal.aborted) throw new Error(`no answer within ${ms} ms`);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      settled.abort();
    }
  }
}

async function send(producer: Producer, records: readonly OutgoingRecord[]): Promise<void> {
  // One call is one batch of each partition, and brokers refuse batches beyond 1 MiB.
  for (let start = 0; start < records.length; ) {
    let end = start;
    let bytes = 0;
    for (; end < records.length; end += 1) {
      bytes += sizeOf(records[end]);
      if (end > start && bytes > LIMITS.busProduceBytes) break;
    }
    await sendPart(producer, records.slice(start, end));
    start = end;
  }
}

async function sendPart(producer: Producer, records: readonly OutgoingRecord[]): Promise<void> {
  const byTopic = new Map<string, Message[]>();
  for (const { topic, key, value, headers } of records) {
    const messages = byTopic.get(topic) ?? [];
    byTopic.set(topic, messages);
    messages.push({
      key: bytesOf(key),
      value: bytesOf(value),
      ...(headers === undefined ? {} : { headers: { ...headers } }),
    });
  }
  await producer.sendBatch({
    acks: ALL_IN_SYNC,
    timeout: LIMITS.busRequestMs,
    topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })),
  });
}

function sizeOf(record: OutgoingRecord | undefined): number {
  const { key = null, value = null, headers = {} } = record ?? {};
  const texts = Object.entries(headers).flat();
  return [key, value, ...texts].reduce((sum, part) => sum + (part?.length ?? 0), RECORD_OVERHEAD);
}

/** Lengths, offset and time of one record, generously. */
const RECORD_OVERHEAD = 64;

function bytesOf(value: Uint8Array | string | null): Buffer | null {
  if (value === null) return null;
  return typeof value === 'string'
    ? Buffer.from(value)
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
