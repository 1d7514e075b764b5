import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import type { KafkaConnection } from '../../src/bus/kafkajs/client.ts';
import { createKafkaBus } from '../../src/bus/kafkajs/kafka-bus.ts';
import { kafkaDecoder } from '../../src/composition/kafka-decoders.ts';
import type { AccessEvent } from '../../src/core/access-event.ts';
import type { Reject } from '../../src/core/reject.ts';
import type { Bus, BusRecord } from '../../src/ports/bus.ts';
import type { Ingest, Principal } from '../../src/ports/ingest.ts';
import type { Log, LogFields } from '../../src/ports/log.ts';
import { SILENT_METRICS } from '../../src/ports/metrics.ts';
import { AUDIT_FORMATS } from '../../src/receivers/audit/formats.ts';
import { type KafkaSource, startKafkaSource } from '../../src/receivers/kafka/source.ts';
import { attribute } from '../../src/runtime/attribution.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';

/** The connection without credentials to the broker of the run. */
export function plainConnection(): KafkaConnection {
  return { brokers: [inject('kafka')?.plain ?? ''], tls: null, sasl: null };
}

export function openBus(connection = plainConnection(), log = new HeardLog()): Bus {
  return createKafkaBus({ connection, clock: WALL_CLOCK, log, jitter: Math.random });
}

/** Remembers what was said at warn and above, and wakes who waits for it. */
export class HeardLog implements Log {
  readonly heard: { readonly message: string; readonly fields: LogFields }[] = [];
  #waiting: (() => void)[] = [];

  debug(): void {}
  info(message: string, fields: LogFields = {}): void {
    this.#hear(message, fields);
  }
  warn(message: string, fields: LogFields = {}): void {
    this.#hear(message, fields);
  }
  error(message: string, fields: LogFields = {}): void {
    this.#hear(message, fields);
  }

  /** Resolves with the fields of the first message, said already or yet to be. */
  async when(message: string, wanted: (fields: LogFields) => boolean = () => true) {
    for (;;) {
      const found = this.heard.find((each) => each.message === message && wanted(each.fields));
      if (found) return found.fields;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #hear(message: string, fields: LogFields): void {
    this.heard.push({ message, fields });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** A ledger that attributes as the real one does, and fails on demand. */
export class FakeLedger implements Ingest {
  readonly events: AccessEvent[] = [];
  isOverloaded = false;
  failure: Error | null = null;
  submissions = 0;
  #waiting: { readonly isDone: () => boolean; readonly done: () => void }[] = [];

  refusal(): 'overloaded' | null {
    return this.isOverloaded ? 'overloaded' : null;
  }

  async turn(): Promise<void> {}

  submit: Ingest['submit'] = async ({ sender, events, positions }) => {
    this.submissions += 1;
    this.#wake();
    if (this.failure !== null) throw this.failure;
    const rejects: Reject[] = [];
    events.forEach((received, index) => {
      const event = attribute(received, sender, positions?.[index] ?? index, false);
      if ('code' in event) rejects.push(event);
      else this.events.push(event);
    });
    this.#wake();
    return { accepted: events.length - rejects.length, duplicates: 0, rejects };
  };

  ids(): readonly string[] {
    return this.events.map((event) => event.id);
  }

  until(count: number): Promise<void> {
    return this.when(() => this.events.length >= count);
  }

  when(isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((done) => {
      this.#waiting.push({ isDone, done });
    });
  }

  #wake(): void {
    for (const { isDone, done } of this.#waiting) if (isDone()) done();
    this.#waiting = this.#waiting.filter(({ isDone }) => !isDone());
  }
}

export interface ReadingOptions {
  readonly topic: string;
  readonly format: string;
  readonly signal?: 'traces' | 'logs';
  readonly sender?: Partial<Principal>;
  readonly group?: string;
  readonly deadLetterTopic?: string;
  readonly connection?: KafkaConnection;
  readonly ledger?: FakeLedger;
}

export interface Reading {
  readonly source: KafkaSource;
  readonly ledger: FakeLedger;
  readonly log: HeardLog;
}

/** The real source with the real decoders on the real broker, over a fake ledger. */
export function read(options: ReadingOptions): Reading {
  const { topic, format, signal = null, group = freshName('group') } = options;
  const ledger = options.ledger ?? new FakeLedger();
  const log = new HeardLog();
  const sender: Principal = {
    ...{ name: 'source', roles: ['ingest'], tenants: ['acme'], trust: 'broker' },
    ...options.sender,
  };
  const decoder = kafkaDecoder({ format, signal, sender, formats: AUDIT_FORMATS });
  if (decoder === null) throw new Error(`no decoder for ${format}`);
  const source = startKafkaSource({
    ...{ sender, topic, group, fromBeginning: true, log },
    deadLetterTopic: options.deadLetterTopic ?? null,
    format: decoder.source,
    decode: decoder.decode,
    fingerprint: (bytes) => `hash-of-${bytes.byteLength}`,
    bus: openBus(options.connection, log),
    ingest: ledger,
    clock: WALL_CLOCK,
    metrics: SILENT_METRICS,
  });
  return { source, ledger, log };
}

/** Everything that a topic holds, up to `count` records. */
export async function contents(topic: string, count: number): Promise<readonly BusRecord[]> {
  const bus = openBus();
  const records: BusRecord[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  bus.consume(
    { topics: [topic], group: freshName('group'), fromBeginning: true },
    async (batch) => {
      records.push(...batch.records);
      if (records.length >= count) resolve();
    },
  );
  await promise;
  await bus.close();
  return records;
}

export function freshName(kind: string): string {
  return `${kind}-${randomUUID()}`;
}

/** Native events of one agent, each with an id of its own. */
export function nativeEvent(id: string, more: object = {}): string {
  return JSON.stringify({
    ...{ id, time: Date.now(), agent: { id: 'kafka-bot' }, action: { name: 'read_account' } },
    ...more,
  });
}
