import { gzipSync } from 'node:zlib';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { KAFKA_USER, type KafkaServer, startKafka } from '../../scripts/kafka.ts';
import type { KafkaSasl } from '../../src/bus/kafkajs/client.ts';
import { TripcoilError } from '../../src/core/errors.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { createTopic } from './broker.ts';
import { CODECS, produceWithJava } from './java-producer.ts';
import {
  contents,
  FakeLedger,
  freshName,
  HeardLog,
  nativeEvent,
  openBus,
  plainConnection,
  type Reading,
  type ReadingOptions,
  read,
} from './reading.ts';

const kafka = inject('kafka');
const readings: Reading[] = [];
const buses: Bus[] = [];

afterEach(async () => {
  await Promise.all(readings.splice(0).map(({ source }) => source.close()));
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
});

function reading(options: Omit<ReadingOptions, 'format'>): Reading {
  const started = read({ format: 'native', ...options });
  readings.push(started);
  return started;
}

function bus(...more: Parameters<typeof openBus>): Bus {
  const opened = openBus(...more);
  buses.push(opened);
  return opened;
}

async function newTopic(config: Readonly<Record<string, string>> = {}): Promise<string> {
  const topic = freshName('topic');
  await createTopic(plainConnection().brokers[0] ?? '', topic, 2, config);
  return topic;
}

const idsOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
const records = (topic: string, ids: readonly string[]) =>
  ids.map((id) => ({ topic, key: id, value: nativeEvent(id) }));

describe.skipIf(kafka === null)('a source on a real Kafka', () => {
  it.each(['overloaded', 'storage_unavailable'] as const)(
    'commits nothing while the ledger is %s, and loses nothing',
    async (code) => {
      const topic = await newTopic();
      const group = freshName('group');
      const sent = idsOf('e', 500);
      await bus().produce(records(topic, sent));
      const failing = new FakeLedger();
      failing.failure = new TripcoilError(code, 'not now', { retryable: true });
      const first = reading({ topic, group, ledger: failing });
      await failing.when(() => failing.submissions >= 4);
      await first.source.close();
      expect(failing.events).toEqual([]);

      const ledger = new FakeLedger();
      ledger.failure = failing.failure;
      const second = reading({ topic, group, ledger });
      await ledger.when(() => ledger.submissions >= 2);
      ledger.failure = null;
      await ledger.until(sent.length);
      expect(ledger.ids().toSorted()).toEqual(sent.toSorted());
      await second.log.when('kafka records are taken again');
      await second.source.close();

      await bus().produce(records(topic, ['last']));
      const third = reading({ topic, group });
      await third.ledger.until(1);
      expect(third.ledger.ids()).toEqual(['last']);
    },
  );

  it('stays in its group while it is paused, and resumes where it was', async () => {
    const topic = await newTopic();
    const { source, ledger, log } = reading({ topic });
    await bus().produce(records(topic, ['before']));
    await ledger.until(1);
    ledger.isOverloaded = true;
    await bus().produce(records(topic, idsOf('under-pressure', 50)));
    await log.when('kafka records wait');
    // Longer than a session lasts without heartbeats.
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    expect(source.state).toBe('paused');
    expect(ledger.events).toHaveLength(1);
    ledger.isOverloaded = false;
    await ledger.until(51);
    expect(new Set(ledger.ids()).size).toBe(51);
    const joined = log.heard.filter(({ message }) => message === 'kafka is being read');
    expect(joined).toHaveLength(1);
  });

  it('tells the dead-letter topic of poison, without a word of it, and goes on', async () => {
    const topic = await newTopic();
    const deadLetterTopic = await newTopic();
    const planted = 'kim@planted.example';
    const poison = (value: string | Buffer) => ({
      ...{ topic, key: planted, value, headers: { 'x-user': planted, [planted]: planted } },
    });
    const { ledger } = reading({ topic, deadLetterTopic });
    await bus().produce([
      ...records(topic, ['a']),
      poison(`{"id":"${planted}"`),
      poison(nativeEvent('no-agent', { agent: { [planted]: planted } })),
      poison(gzipSync(planted)),
      poison(`{"id":1,"${planted}":"${planted}"}`),
      ...Array.from({ length: 300 }, () => poison(`"${planted}"`)),
      ...records(topic, ['b']),
    ]);
    await ledger.until(2);
    const letters = await contents(deadLetterTopic, 304);
    expect(letters).toHaveLength(304);
    const told = letters.map((letter) => Buffer.from(letter.value ?? []).toString());
    const all = letters.map(({ key, headers }, index) =>
      [told[index], Buffer.from(key ?? []), ...[...headers].flat()].join(),
    );
    expect(all.join()).not.toContain('planted');
    for (const text of told) {
      const letter = JSON.parse(text);
      expect(letter).toMatchObject({ topic, source: 'source', rejected: 1 });
      expect(letter.errors[0].code).toMatch(/^(malformed|missing_field|wrong_type)$/);
      expect(letter.value.bytes).toBeGreaterThan(0);
    }
    expect(told.join()).toContain('"path":"agent.id"');
  });

  it.each(CODECS)('reads records that the broker compressed with %s', async (type) => {
    const topic = await newTopic({ 'compression.type': type });
    const { ledger } = reading({ topic });
    await bus().produce(records(topic, idsOf(type, 200)));
    await ledger.until(200);
  });

  it.each(CODECS)('reads what the Java client compressed with %s', async (type) => {
    const topic = await newTopic();
    const { ledger } = reading({ topic });
    await ledger.when(() => true);
    const values = idsOf(type, 5_000).map((id) => nativeEvent(id));
    await produceWithJava(plainClient().brokers[0] ?? '', topic, type, values);
    await ledger.until(5_000);
    expect(new Set(ledger.ids()).size).toBe(5_000);
  });

  it('writes what it compresses so that others can read it', async () => {
    const topic = await newTopic();
    const { ledger } = reading({ topic });
    await ledger.when(() => true);
    const client = new Kafka({ ...plainClient(), logLevel: logLevel.NOTHING });
    const producer = client.producer();
    await producer.connect();
    const messages = idsOf('z', 200).map((id) => ({ value: nativeEvent(id) }));
    await producer.send({ topic, messages, compression: CompressionTypes.ZSTD });
    await producer.disconnect();
    await ledger.until(200);
  });

  it('says what it cannot unpack, and reads other topics', async () => {
    const topic = await newTopic({ 'max.message.bytes': String(128 * 1024 * 1024) });
    const other = await newTopic();
    const value = Buffer.alloc(65 * 1024 * 1024, ' ').toString();
    await produceWithJava(plainClient().brokers[0] ?? '', topic, 'lz4', [value]);
    const stuck = reading({ topic });
    const fine = reading({ topic: other });
    await bus().produce(records(other, ['a']));
    const { reason } = await stuck.log.when('kafka cannot be read');
    expect(reason).toContain('a batch (lz4) unfolds to more than 67108864 bytes');
    expect(stuck.source.state).toBe('failing');
    await fine.ledger.until(1);
    expect(stuck.ledger.events).toEqual([]);
  });

  it('refuses a batch that unfolds beyond the limit', async () => {
    const topic = await newTopic({ 'max.message.bytes': String(128 * 1024 * 1024) });
    const client = new Kafka({ ...plainClient(), logLevel: logLevel.NOTHING });
    const producer = client.producer();
    await producer.connect();
    const value = Buffer.alloc(65 * 1024 * 1024, ' ');
    await producer.send({ topic, messages: [{ value }], compression: CompressionTypes.GZIP });
    await producer.disconnect();
    const { log, source } = reading({ topic });
    const { reason } = await log.when('kafka cannot be read');
    expect(reason).toContain('unfolds to more than 67108864 bytes');
    expect(source.state).toBe('failing');
  });

  it.each(['plain', 'scram-sha-512'] as const)('proves its password by %s', async (mechanism) => {
    const topic = await newTopic();
    const sasl: KafkaSasl = { mechanism, ...KAFKA_USER };
    const inClear = { brokers: [kafka?.sasl ?? ''], tls: null, sasl };
    const tls = { ca: kafka?.certificate ?? '', certificate: null, key: null };
    const encrypted = { brokers: [kafka?.tls ?? ''], tls, sasl };
    await bus(encrypted).produce(records(topic, ['a']));
    await reading({ topic, connection: inClear }).ledger.until(1);
    await reading({ topic, connection: encrypted }).ledger.until(1);
  });

  it('waits, and says why, when its password is wrong or the broker is not trusted', async () => {
    const topic = await newTopic();
    const sasl: KafkaSasl = { mechanism: 'scram-sha-512', username: 'tripcoil', password: 'wrong' };
    const refused = reading({
      ...{ topic, connection: { brokers: [kafka?.sasl ?? ''], tls: null, sasl } },
    });
    const denied = await refused.log.when('kafka cannot be read');
    expect(denied['reason']).toMatch(/authentication/i);
    expect(denied['reason']).not.toContain('wrong');
    expect(refused.source.state).toBe('waiting');

    const tls = { ca: null, certificate: null, key: null };
    const untrusted = reading({
      ...{ topic, connection: { brokers: [kafka?.tls ?? ''], tls, sasl } },
    });
    const { reason } = await untrusted.log.when('kafka cannot be read');
    expect(reason).toMatch(/self.signed certificate/i);
  });
});

describe.skipIf(kafka === null)('a broker that comes and goes', () => {
  let server: KafkaServer | undefined;

  afterEach(() => server?.remove());

  it('is waited for, and a restart loses nothing and repeats nothing committed', async () => {
    server = await startKafka();
    const connection = { brokers: [server.plain], tls: null, sasl: null };
    const topic = freshName('topic');
    await createTopic(server.plain, topic, 2);
    await server.stop();

    const { ledger, log, source } = reading({ topic, connection });
    await log.when('kafka cannot be read');
    expect(source.state).toBe('waiting');
    await expect(bus(connection).produce(records(topic, ['x']))).rejects.toMatchObject({
      code: 'bus_unavailable',
    });
    await server.start();
    const sender = bus(connection);
    await sender.produce(records(topic, idsOf('first', 100)));
    await ledger.until(100);

    for (const [round, end] of [server.stop, server.kill].entries()) {
      const before = ledger.events.length;
      await end();
      await server.start();
      await produceUntilTaken(sender, records(topic, idsOf(`round-${round}`, 100)));
      await ledger.when(() => new Set(ledger.ids()).size >= before + 100);
    }
    const ids = ledger.ids();
    expect(new Set(ids).size).toBe(300);
    expect(ids.filter((id) => id.startsWith('first'))).toHaveLength(100);
  }, 120_000);

  it('does not keep the process from closing in time when it is away', async () => {
    server = await startKafka();
    const connection = { brokers: [server.plain], tls: null, sasl: null };
    const topic = freshName('topic');
    await createTopic(server.plain, topic, 1);
    const log = new HeardLog();
    const { source, ledger } = reading({ topic, connection });
    const sender = bus(connection, log);
    await sender.produce(records(topic, ['a']));
    await ledger.until(1);
    await server.kill();
    const began = performance.now();
    await Promise.all([source.close(), sender.close()]);
    expect(performance.now() - began).toBeLessThan(6_000);
  });
});

function plainClient() {
  return { brokers: [...plainConnection().brokers] };
}

async function produceUntilTaken(
  sender: Bus,
  outgoing: Parameters<Bus['produce']>[0],
): Promise<void> {
  for (;;) {
    const isTaken = await sender.produce(outgoing).then(
      () => true,
      () => false,
    );
    if (isTaken) return;
  }
}
