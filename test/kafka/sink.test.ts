import { readFile, writeFile } from 'node:fs/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { type KafkaServer, startKafka } from '../../scripts/kafka.ts';
import type { BreakerOrder } from '../../src/core/breaker-order.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { SILENT_METRICS } from '../../src/ports/metrics.ts';
import { createKafkaSink } from '../../src/revocation/kafka/kafka-sink.ts';
import { fixedKeyRing } from '../../src/revocation/keys.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  type Workplace,
} from '../integration/served-daemon.ts';
import { contents, freshName, HeardLog, openBus } from './reading.ts';

const kafka = inject('kafka');
const KEY = { tenant: 'default', kind: 'agent', id: 'invoice-bot' } as const;

interface State {
  readonly phase: string;
  readonly level: number;
  readonly epoch: number;
  readonly jti: string;
}

interface Breakers {
  readonly items: readonly { readonly acknowledged_by: readonly string[] }[];
}

const stateOf = (value: Uint8Array | null): State =>
  JSON.parse(Buffer.from(value ?? []).toString()) as State;

describe.skipIf(kafka === null)('breaker states on a real Kafka', () => {
  const plain = kafka?.plain ?? '';
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const each of undo.splice(0).reverse()) await each();
  });

  function sink(bus: Bus, topics: { readonly states: string; readonly events: string }) {
    return createKafkaSink({
      ...{ name: 'lake', tenants: '*', bus, stateTopic: topics.states, eventTopic: topics.events },
      ...{ audience: 'lake', create: { partitions: 2, replication: 1 }, keys: fixedKeyRing() },
      issuer: (tenant) => `https://t.example/t/${tenant}`,
      ...{ clock: WALL_CLOCK, metrics: SILENT_METRICS, log: new HeardLog() },
    });
  }

  const order = (epoch: number, id = 'invoice-bot'): BreakerOrder => ({
    ...{ jti: `rev-${id}-${epoch}`, txn: 'trip', time: 1_795_252_020_812, agent: id },
    key: { tenant: 'acme', kind: 'agent', id },
    ...{ phase: 'open', level: 4, previousLevel: 0, term: 7, epoch, class: 'statistical' },
    ...{ reason: 'volume_spike', title: null, findingId: null, eventId: null },
  });

  it('makes a compacted topic and keeps each key in order', async () => {
    const topics = { states: freshName('states'), events: freshName('events') };
    const bus = openBus();
    undo.push(() => bus.close());
    const { deliver } = sink(bus, topics);
    const signal = new AbortController().signal;
    const ids = Array.from({ length: 20 }, (_, index) => `bot-${index}`);
    for (let epoch = 1; epoch <= 5; epoch += 1) {
      const told = await Promise.all(ids.map((id) => deliver(order(epoch, id), signal)));
      expect(told.every(({ status }) => status === 'acknowledged')).toBe(true);
    }
    const states = (await contents(topics.states, 100)).map(({ value }) => stateOf(value));
    for (const id of ids) {
      const own = states.filter(({ jti }) => jti.startsWith(`rev-${id}-`));
      expect(own.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
    }
    const admin = new Kafka({ brokers: [plain], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const described = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topics.states, configNames: ['cleanup.policy'] }],
    });
    await admin.disconnect();
    expect(described.resources[0]?.configEntries[0]?.configValue).toBe('compact');
  });

  it('loses nothing when the broker is away, and repeats with the same identifier', async () => {
    const server: KafkaServer = await startKafka();
    undo.push(() => server.remove());
    const topics = { states: 'states', events: 'events' };
    const bus = openBus({ brokers: [server.plain], tls: null, sasl: null });
    undo.push(() => bus.close());
    const { deliver } = sink(bus, topics);
    const signal = new AbortController().signal;
    expect(await deliver(order(1), signal)).toEqual({ status: 'acknowledged' });
    await server.stop();
    expect(await deliver(order(2), signal)).toEqual({ status: 'retry', detail: 'bus_unavailable' });
    await server.start();
    // What the outbox does: the same order, until it is acknowledged.
    let outcome = await deliver(order(2), signal);
    for (let turn = 0; turn < 10 && outcome.status !== 'acknowledged'; turn += 1) {
      outcome = await deliver(order(2), signal);
    }
    expect(outcome).toEqual({ status: 'acknowledged' });
    const consumer = new Kafka({ brokers: [server.plain], logLevel: logLevel.NOTHING }).consumer({
      groupId: freshName('group'),
    });
    undo.push(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topic: topics.states, fromBeginning: true });
    const seen: State[] = [];
    await consumer.run({
      eachMessage: async ({ message }) => void seen.push(stateOf(message.value)),
    });
    await eventually(
      async () => seen.map(({ epoch }) => epoch),
      (epochs) => epochs.includes(2),
      30_000,
    );
    const epochs = seen.map(({ epoch }) => epoch);
    expect(epochs.toSorted()).toEqual(epochs);
    expect(new Set(seen.map(({ jti }) => jti)).size).toBe(2);
  }, 120_000);

  it('is told by a daemon, also of what was owed when that was killed', async () => {
    const topics = { states: freshName('states'), events: freshName('events') };
    const config = (brokers: string): string =>
      `revocation:\n  kafka:\n    - name: lake\n      brokers: ["${brokers}"]\n` +
      `      tenants: ["*"]\n      state_topic: ${topics.states}\n` +
      `      event_topic: ${topics.events}\n` +
      '      create_topics: { partitions: 1, replication: 1 }\n';
    const workplace: Workplace = await createWorkplace(config('127.0.0.1:1'));
    undo.push(() => workplace.remove());
    let daemon: ServedDaemon = await serve(workplace);
    undo.push(() => daemon.kill());
    const operator = await daemon.token('local-operator');
    const trip = { key: KEY, level: 4, reason: 'drill' };
    expect((await call(daemon, operator, 'POST', '/v1/breakers/trip', trip)).status).toBe(200);
    await daemon.kill();

    const text = await readFile(workplace.configFile, 'utf8');
    await writeFile(workplace.configFile, text.replace('127.0.0.1:1', plain));
    daemon = await serve(workplace);
    const served = daemon;
    await eventually(
      async () => (await call<Breakers>(served, operator, 'GET', '/v1/breakers')).body.items[0],
      (breaker) => breaker?.acknowledged_by.includes('lake') === true,
      90_000,
    );
    const [record] = await contents(topics.states, 1);
    expect(Buffer.from(record?.key ?? []).toString()).toBe('default/agent/invoice-bot');
    expect(stateOf(record?.value ?? null)).toMatchObject({ level: 4, epoch: 1 });
    const [event] = await contents(topics.events, 1);
    expect(Buffer.from(event?.value ?? []).toString()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  }, 120_000);
});
