import { join } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { encode, TraceRequest } from '../../bench/decode-oracle.ts';
import type { AgentBody, PageBody } from '../../src/api/contract.ts';
import { createRandom } from '../../src/demo/random.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  type Workplace,
} from '../integration/served-daemon.ts';
import { storedEventIds } from '../integration/stored-event-ids.ts';
import { createTopic } from './broker.ts';
import { contents, freshName, nativeEvent, openBus } from './reading.ts';

const kafka = inject('kafka');
const ROUNDS = Number(process.env['TRIPCOIL_KAFKA_KILL_ROUNDS'] ?? 3);
const SEED = 7;

describe.skipIf(kafka === null)('serve with Kafka sources', () => {
  const plain = kafka?.plain ?? '';
  let workplace: Workplace | undefined;
  let daemon: ServedDaemon | undefined;
  let bus: Bus | undefined;

  afterEach(async () => {
    await daemon?.kill();
    await bus?.close();
    await workplace?.remove();
  });

  const source = (name: string, topic: string, more: string) =>
    `    - { name: ${name}, brokers: ["${plain}"], topic: ${topic}, ${more} }\n`;

  it('shows agents of spans and native events, and tells of poison', async () => {
    const [spans, events, dead] = [freshName('spans'), freshName('events'), freshName('dead')];
    for (const topic of [spans, events, dead]) await createTopic(plain, topic, 2);
    workplace = await createWorkplace(
      'kafka:\n  sources:\n' +
        source('collector', spans, 'format: otlp_proto, signal: traces, tenants: [acme]') +
        source(
          'broker-eu',
          events,
          `format: native, tenants: [acme, globex], trust: broker, dead_letter_topic: ${dead}`,
        ),
    );
    daemon = await serve(workplace);
    const operator = await daemon.token('local-operator');
    bus = openBus();
    await bus.produce([
      { topic: spans, key: null, value: encode(TraceRequest, spanOf('span-agent')) },
      { topic: events, key: 'a', value: nativeEvent('e-1', { tenant: 'globex' }) },
      { topic: events, key: 'b', value: 'kim@planted.example' },
    ]);
    const served = daemon;
    const seen = await eventually(
      async () =>
        (await call<PageBody<AgentBody>>(served, operator, 'GET', '/v1/agents')).body.items,
      (agents) => agents.length >= 2,
      30_000,
    );
    expect(seen.map(({ tenant, agent }) => `${tenant}/${agent}`).toSorted()).toEqual([
      'acme/span-agent',
      'globex/kafka-bot',
    ]);
    const [letter] = await contents(dead, 1);
    const told = Buffer.from(letter?.value ?? []).toString();
    expect(JSON.parse(told)).toMatchObject({ source: 'broker-eu', topic: events });
    expect(told).not.toContain('planted');

    const metrics = await eventually(
      async () => {
        const answer = await fetch(`${served.main}/metrics`, {
          headers: { authorization: `Bearer ${operator}` },
        });
        return answer.text();
      },
      (text) => text.includes('tripcoil_kafka_consumer_lag_messages{source="broker-eu"} 0'),
      30_000,
    );
    expect(metrics).toContain('tripcoil_kafka_consumer_up{source="collector"} 1');
    expect(metrics).toContain(
      'tripcoil_kafka_dead_letters_total{source="broker-eu",result="written"} 1',
    );
    expect(await daemon.stop()).toBe(0);
    expect(daemon.said.join('\n')).not.toMatch(/TimeoutNegativeWarning|planted/);
  });

  it('starts, serves and stops in time without its broker', async () => {
    workplace = await createWorkplace(
      'kafka:\n  sources:\n    - { name: away, brokers: ["127.0.0.1:1"], topic: t, ' +
        'format: native, tenants: [acme] }\n',
    );
    daemon = await serve(workplace);
    const served = daemon;
    const answer = await fetch(`${daemon.main}/readyz`);
    expect(answer.status).toBe(200);
    await eventually(
      async () => served.said.join('\n'),
      (text) => text.includes('kafka cannot be read'),
    );
    const began = performance.now();
    expect(await daemon.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it(`loses nothing to kill -9, ${ROUNDS} times`, async () => {
    const random = createRandom(SEED);
    const topic = freshName('events');
    await createTopic(plain, topic, 3);
    workplace = await createWorkplace(
      `kafka:\n  sources:\n${source('events', topic, 'format: native, tenants: [acme]')}`,
    );
    bus = openBus();
    const sent = new Set<string>();
    let isSending = true;
    const sending = sendUntil(bus, topic, sent, () => isSending);
    for (let round = 0; round < ROUNDS; round += 1) {
      daemon = await serve(workplace);
      await joined(daemon);
      await WALL_CLOCK.sleep(random.integer(50, 500));
      await daemon.kill();
    }
    isSending = false;
    await sending;
    daemon = await serve(workplace);
    await joined(daemon);
    const served = daemon;
    await eventually(
      () => committed(topic, 'tripcoil-events'),
      (count) => count === sent.size,
      60_000,
    );
    expect(await served.stop()).toBe(0);
    const directory = join(workplace.directory, 'data', 'ledger');
    expect(await verifyLedger(directory)).toMatchObject({ ok: true });
    const stored = await storedEventIds(directory);
    expect(sent.size).toBeGreaterThan(100);
    expect([...sent].filter((id) => !stored.has(id))).toEqual([]);
  }, 180_000);
});

/** The group's dead member holds its partitions until its session has expired. */
async function joined(daemon: ServedDaemon): Promise<void> {
  await eventually(
    async () => daemon.said.join('\n'),
    (text) => text.includes('kafka is being read'),
    40_000,
  );
}

async function sendUntil(
  bus: Bus,
  topic: string,
  sent: Set<string>,
  isSending: () => boolean,
): Promise<void> {
  for (let batch = 0; isSending(); batch += 1) {
    const ids = Array.from({ length: 20 }, (_, index) => `e-${batch}-${index}`);
    await bus.produce(ids.map((id) => ({ topic, key: id, value: nativeEvent(id) })));
    for (const id of ids) sent.add(id);
    await WALL_CLOCK.sleep(20);
  }
}

/** Records the group has committed, over all partitions. */
async function committed(topic: string, group: string): Promise<number> {
  const { Kafka, logLevel } = await import('kafkajs');
  const client = new Kafka({ brokers: [inject('kafka')?.plain ?? ''], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  await admin.disconnect();
  const offsets = answer?.partitions.map(({ offset }) => Math.max(0, Number(offset))) ?? [];
  return offsets.reduce((sum, offset) => sum + offset, 0);
}

function spanOf(agent: string): object {
  const attributes = Object.entries({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.agent.id': agent,
    'gen_ai.tool.name': 'send_email',
  }).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const span = {
    ...{ traceId: Buffer.alloc(16, 3), spanId: Buffer.alloc(8, 7), name: 'execute_tool' },
    startTimeUnixNano: `${Date.now()}000000`,
    endTimeUnixNano: `${Date.now()}000000`,
    attributes,
  };
  return { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
}
