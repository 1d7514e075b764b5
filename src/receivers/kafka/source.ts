import type { ReceivedEvent } from '../../core/access-event.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reject } from '../../core/reject.ts';
import type {
  Bus,
  BusBatch,
  BusConsumer,
  BusConsumerState,
  BusRecord,
  OutgoingRecord,
} from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ingest, Principal } from '../../ports/ingest.ts';
import type { IngestNotes } from '../../ports/ingest-notes.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { countRejects } from '../http-answer.ts';
import { noteRejects } from '../record-shape.ts';
import { deadLetter, type Fingerprint } from './dead-letter.ts';

/** What one record came to. */
export interface DecodedRecord {
  readonly events: readonly ReceivedEvent[];
  /** Place of each event within the record. */
  readonly positions: readonly number[];
  readonly rejects: readonly Reject[];
  /** Parts that report no agent's action; nothing is wrong with them. */
  readonly ignored: number;
  /** To be called once the events are durable. */
  commit?(): void;
}

/**
 * Reads a record that has a value. Pure.
 * @throws TripcoilError when nothing of it can be read.
 */
export type DecodeRecord = (record: BusRecord & { readonly value: Uint8Array }) => DecodedRecord;

export interface KafkaSourceOptions {
  /** Named after the source; its tenants and trust are those of every record of the topic. */
  readonly sender: Principal;
  readonly topic: string;
  readonly group: string;
  readonly fromBeginning: boolean;
  /** Where to tell of records that came to nothing; null only counts and logs them. */
  readonly deadLetterTopic: string | null;
  /** What the records are counted as: `otlp.traces`, `native`, the name of an audit format. */
  readonly format: string;
  readonly decode: DecodeRecord;
  /** Records are decoded one after the other, each when the one before it is durable. */
  readonly singly?: boolean;
  readonly fingerprint: Fingerprint;
  /** Used for this source alone, and closed with it. */
  readonly bus: Bus;
  readonly ingest: Ingest;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly notes?: IngestNotes;
}

/** One topic being read. */
export interface KafkaSource {
  readonly name: string;
  readonly topic: string;
  readonly format: string;
  readonly tenants: readonly string[];
  readonly state: BusConsumerState;
  /** Records behind the newest, as last asked; null until known. */
  readonly lag: number | null;
  /** The same by partition; empty until known. */
  readonly partitions: ReadonlyMap<number, number>;
  /** Finishes what is being handled, leaves the group. Safe twice. */
  close(): Promise<void>;
}

/**
 * Reads a topic into the ledger. Offsets are committed once every event is durable; under pressure
 * the topic is paused; what cannot be read is told to the dead-letter topic and passed over.
 */
export function startKafkaSource(options: KafkaSourceOptions): KafkaSource {
  return new Source(options);
}

class Source implements KafkaSource {
  readonly #options: KafkaSourceOptions;
  readonly #consumer: BusConsumer;
  readonly #closing = new AbortController();
  #lag: number | null = null;
  #partitions: ReadonlyMap<number, number> = new Map();
  #relieving: Promise<void> | null = null;
  #refusals = 0;

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
    const { bus, topic, group, fromBeginning } = options;
    const subscription = { topics: [topic], group, fromBeginning };
    this.#consumer = bus.consume(subscription, (batch) => this.#take(batch));
    void this.#watch();
  }

  get name(): string {
    return this.#options.sender.name;
  }

  get topic(): string {
    return this.#options.topic;
  }

  get format(): string {
    return this.#options.format;
  }

  get tenants(): readonly string[] {
    const { tenants } = this.#options.sender;
    return tenants === '*' ? [] : tenants;
  }

  get partitions(): ReadonlyMap<number, number> {
    return this.#partitions;
  }

  get state(): BusConsumerState {
    return this.#consumer.state;
  }

  get lag(): number | null {
    return this.#lag;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#options.bus.close();
  }

  async #take(batch: BusBatch): Promise<void> {
    try {
      const refusal = this.#options.ingest.refusal(this.#options.sender);
      if (refusal !== null) {
        throw new TripcoilError(refusal, 'the queue is full', { retryable: true });
      }
      const { records } = batch;
      const parts = this.#options.singly ? records.map((record) => [record]) : [records];
      for (const part of parts) await this.#submit(part);
      if (this.#refusals > 0) this.#note('kafka records are taken again', 'info');
      this.#refusals = 0;
    } catch (error) {
      const code = error instanceof TripcoilError ? error.code : 'internal';
      const { metrics, log } = this.#options;
      metrics.count('tripcoil_kafka_refusals_total', { source: this.name, code });
      if (this.#refusals === 0) this.#note('kafka records wait', 'warn', code);
      if (code === 'internal') log.error('kafka records not taken', { error: nameOf(error) });
      this.#refusals += 1;
      this.#relieving ??= this.#relieve();
      throw error;
    }
  }

  /** All of a batch, in order; resolves once every event is durable and every refusal is told. */
  async #submit(records: readonly BusRecord[]): Promise<void> {
    const decoded = records.map((record) => this.#decode(record));
    const rejects = decoded.map((each) => [...each.rejects]);
    const events = decoded.flatMap((each) => each.events);
    const origins = decoded.flatMap(({ positions, events: { length } }, index) =>
      Array.from({ length }, (_, at) => ({ index, position: positions[at] ?? at })),
    );
    const { ingest, sender } = this.#options;
    for (let start = 0; start < events.length; start += LIMITS.commitEntries) {
      const part = events.slice(start, start + LIMITS.commitEntries);
      const positions = part.map((_, at) => start + at);
      const result = await ingest.submit({ sender, events: part, positions });
      for (const reject of result.rejects) {
        const origin = origins[reject.position];
        if (origin) rejects[origin.index]?.push({ ...reject, position: origin.position });
      }
    }
    for (const each of decoded) each.commit?.();
    const letters = await this.#bury(records, rejects);
    this.#count(records, decoded, rejects, letters);
  }

  #decode(record: BusRecord): DecodedRecord {
    const { value } = record;
    // A tombstone says that a key is gone, which is no action of an agent.
    if (value === null) return { events: [], positions: [], rejects: [], ignored: 1 };
    try {
      return this.#options.decode({ ...record, value });
    } catch (error) {
      const isOurs = error instanceof TripcoilError;
      if (!isOurs) this.#options.log.error('decoder failed', { error: nameOf(error) });
      const code = isOurs && error.code === 'payload_too_large' ? 'too_large' : 'malformed';
      const message = isOurs ? error.message : 'the record cannot be read';
      const reject: Reject = { position: 0, code, path: '', message };
      return { events: [], positions: [], rejects: [reject], ignored: 0 };
    }
  }

  /**
   * Tells of what was refused. A dead-letter topic that cannot be written costs the letters and not
   * the stream: the records stay where they are in their own topic, and the log says where.
   */
  async #bury(
    records: readonly BusRecord[],
    rejects: readonly (readonly Reject[])[],
  ): Promise<'written' | 'failed' | 'unwanted'> {
    const { bus, clock, log, deadLetterTopic, fingerprint, format } = this.#options;
    const letters: OutgoingRecord[] = [];
    records.forEach((record, index) => {
      const reasons = rejects[index] ?? [];
      const [first] = reasons;
      if (first === undefined) return;
      log.debug('kafka record refused', { ...placeOf(record), code: first.code, path: first.path });
      if (deadLetterTopic === null) return;
      const input = { source: this.name, format, at: clock.now(), record, rejects: reasons };
      letters.push({
        topic: deadLetterTopic,
        key: `${record.topic}/${record.partition}`,
        value: deadLetter(input, fingerprint),
        headers: { 'content-type': 'application/json', 'tripcoil-code': first.code },
      });
    });
    if (letters.length === 0) return 'unwanted';
    try {
      await bus.produce(letters);
      return 'written';
    } catch (error) {
      const [first] = records;
      const code = error instanceof TripcoilError ? error.code : 'internal';
      log.warn('dead letters not written', {
        ...(first === undefined ? {} : placeOf(first)),
        ...{ source: this.name, code, letters: letters.length },
      });
      return 'failed';
    }
  }

  #count(
    records: readonly BusRecord[],
    decoded: readonly DecodedRecord[],
    rejects: readonly (readonly Reject[])[],
    letters: 'written' | 'failed' | 'unwanted',
  ): void {
    const { metrics, format, notes, sender } = this.#options;
    const source = this.name;
    const bytes = records.reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0);
    metrics.count('tripcoil_ingest_bytes_total', { source: format }, bytes);
    for (const each of decoded) {
      countRejects(metrics, format, each.rejects);
      noteRejects(notes, sender, format, each.rejects);
    }
    const ignored = decoded.reduce((sum, each) => sum + each.ignored, 0);
    const labels = { source: format, result: 'ignored' };
    if (ignored > 0) metrics.count('tripcoil_ingest_events_total', labels, ignored);
    notes?.ignored(sender, format, ignored, []);
    const refused = rejects.filter((reasons) => reasons.length > 0).length;
    const read = records.length - refused;
    metrics.count('tripcoil_kafka_records_total', { source, result: 'read' }, read);
    if (refused === 0) return;
    metrics.count('tripcoil_kafka_records_total', { source, result: 'refused' }, refused);
    const told = { source, result: letters };
    metrics.count('tripcoil_kafka_dead_letters_total', told, refused);
  }

  /** Stops fetching until the pressure is gone; what was refused comes again by the bus itself. */
  async #relieve(): Promise<void> {
    const { clock, ingest, sender } = this.#options;
    const { signal } = this.#closing;
    this.#consumer.pause();
    let waitMs: number = LIMITS.busBackoffFirstMs;
    do {
      await clock.sleep(waitMs, signal);
      waitMs = Math.min(2 * waitMs, LIMITS.busRedeliveryMaxMs);
    } while (!signal.aborted && ingest.refusal(sender) !== null);
    this.#relieving = null;
    this.#consumer.resume();
  }

  /** Keeps lag and state in the metrics. */
  async #watch(): Promise<void> {
    const { clock, metrics } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.sleep(LIMITS.busLagEveryMs, signal);
      if (signal.aborted) return;
      const { state } = this.#consumer;
      const labels = { source: this.name };
      const isUp = state === 'reading' || state === 'paused';
      metrics.gauge('tripcoil_kafka_consumer_up', isUp ? 1 : 0, labels);
      const lag = await this.#consumer.partitionLag(this.topic).catch(() => null);
      if (lag === null) continue;
      this.#partitions = lag;
      this.#lag = [...lag.values()].reduce((sum, each) => sum + each, 0);
      metrics.gauge('tripcoil_kafka_consumer_lag_messages', this.#lag, labels);
    }
  }

  #note(message: string, level: 'info' | 'warn', code?: string): void {
    this.#options.log[level](message, { source: this.name, topic: this.topic, code });
  }
}

function placeOf({ topic, partition, offset }: BusRecord) {
  return { topic, partition, offset };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
