import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryCluster, memoryBus } from '../../bus/testing/memory-bus.ts';
import type { ReceivedEvent } from '../../core/access-event.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reject } from '../../core/reject.ts';
import type { Principal, ReceivedBatch } from '../../ports/ingest.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { FakeClock, settled } from '../../runtime/testing/fake-clock.ts';
import { type KafkaSource, type KafkaSourceOptions, startKafkaSource } from './source.ts';

const NOW = Date.UTC(2026, 10, 21, 9);
const PLANTED = 'kim@planted.example';
const SENDER: Principal = { name: 'orders', roles: ['ingest'], tenants: ['acme'], trust: 'pdp' };

/** `a,b!` decodes to an event `a` and a reject for `b!`; `broken` and `bug` throw. */
const decode: KafkaSourceOptions['decode'] = ({ value }) => {
  const text = Buffer.from(value).toString();
  if (text === 'broken') throw new TripcoilError('bad_request', 'the body is not valid JSON');
  if (text === 'bug') throw new TypeError(`cannot read ${PLANTED}`);
  const parts = text.split(',');
  const events = parts.filter((part) => !part.endsWith('!')).map(eventOf);
  const positions = parts.flatMap((part, index) => (part.endsWith('!') ? [] : [index]));
  const rejects = parts.flatMap((part, position): readonly Reject[] =>
    part.endsWith('!')
      ? [{ position, code: 'missing_field', path: 'agent.id', message: 'is required' }]
      : [],
  );
  return { events, positions, rejects, ignored: 0 };
};

let clock: FakeClock;
let cluster: MemoryCluster;
let batches: ReceivedBatch[];
let counts: Map<string, number>;
let failure: Error | null;
let isOverloaded: boolean;
let refusedIds: ReadonlySet<string>;

beforeEach(() => {
  clock = new FakeClock(NOW);
  cluster = new MemoryCluster(clock);
  cluster.createTopic('orders', 1);
  cluster.createTopic('dead', 1);
  batches = [];
  counts = new Map();
  failure = null;
  isOverloaded = false;
  refusedIds = new Set();
});

function start(more: Partial<KafkaSourceOptions> = {}): KafkaSource {
  const count = (name: string, labels: Readonly<Record<string, string>> = {}, by = 1) => {
    const key = [name, ...Object.values(labels)].join(' ');
    counts.set(key, (counts.get(key) ?? 0) + by);
  };
  return startKafkaSource({
    ...{ sender: SENDER, topic: 'orders', group: 'g', fromBeginning: true, format: 'native' },
    ...{ deadLetterTopic: 'dead', decode, bus: memoryBus(cluster), clock, log: SILENT_LOG },
    fingerprint: (bytes) => createHash('sha256').update('key').update(bytes).digest('hex'),
    ingest: {
      refusal: () => (isOverloaded ? 'overloaded' : null),
      turn: async () => {},
      submit: async (batch) => {
        if (failure !== null) throw failure;
        batches.push(batch);
        const rejects = batch.events.flatMap((event, index): readonly Reject[] =>
          refusedIds.has(event.id)
            ? [
                {
                  position: batch.positions?.[index] ?? index,
                  ...{ code: 'tenant_not_allowed', path: 'tenant', message: 'not covered' },
                },
              ]
            : [],
        );
        return { accepted: batch.events.length - rejects.length, duplicates: 0, rejects };
      },
    },
    metrics: {
      count,
      gauge: (name, value, labels = {}) =>
        counts.set([name, ...Object.values(labels)].join(' '), value),
      observe() {},
    },
    ...more,
  });
}

async function send(...values: readonly (string | null)[]): Promise<void> {
  const bus = memoryBus(cluster);
  await bus.produce(
    values.map((value) => ({
      topic: 'orders',
      key: PLANTED,
      value,
      headers: { [PLANTED]: PLANTED, ce_id: PLANTED },
    })),
  );
  await settled();
}

const taken = () => batches.flatMap((batch) => batch.events.map((event) => event.id));
const letters = () =>
  (cluster.partitions('dead')[0] ?? []).map(({ value }) => Buffer.from(value ?? []).toString());

describe('a Kafka source', () => {
  it('submits the events of its topic as its own sender', async () => {
    const source = start();
    await send('a,b', 'c');
    expect(taken()).toEqual(['a', 'b', 'c']);
    expect(batches.every((batch) => batch.sender === SENDER)).toBe(true);
    expect(source).toMatchObject({ name: 'orders', topic: 'orders', state: 'reading' });
    expect(counts.get('tripcoil_kafka_records_total orders read')).toBe(2);
    await source.close();
    expect(source.state).toBe('closed');
  });

  it('passes over tombstones', async () => {
    const source = start();
    await send(null, 'a', null);
    expect(taken()).toEqual(['a']);
    expect(letters()).toEqual([]);
    expect(counts.get('tripcoil_ingest_events_total native ignored')).toBe(2);
    await source.close();
  });

  it.each(['overloaded', 'storage_unavailable'] as const)(
    'commits nothing while the ledger says %s, and loses nothing',
    async (code) => {
      failure = new TripcoilError(code, 'not now', { retryable: true });
      const source = start();
      await send('a', 'b');
      expect(source.state).toBe('paused');
      await clock.advance(LIMITS.busLagEveryMs);
      expect(source.lag).toBe(2);
      expect(counts.get('tripcoil_kafka_consumer_lag_messages orders')).toBe(2);
      expect(counts.get(`tripcoil_kafka_refusals_total orders ${code}`)).toBeGreaterThan(2);
      expect(counts.get('tripcoil_kafka_records_total orders read')).toBeUndefined();
      failure = null;
      await clock.advance(3 * LIMITS.busRedeliveryMaxMs);
      expect(taken()).toEqual(['a', 'b']);
      expect(source).toMatchObject({ state: 'reading', lag: 0 });
      await source.close();
    },
  );

  it('neither reads nor decodes while the queue is full', async () => {
    isOverloaded = true;
    let decoded = 0;
    const source = start({
      decode: (record) => {
        decoded += 1;
        return decode(record);
      },
    });
    await send('a');
    await clock.advance(60_000);
    expect(decoded).toBe(0);
    expect(source.state).toBe('paused');
    isOverloaded = false;
    await clock.advance(3 * LIMITS.busRedeliveryMaxMs);
    expect(taken()).toEqual(['a']);
    expect(source.state).toBe('reading');
    await source.close();
  });

  it('tells the dead-letter topic of every refusal, and goes on', async () => {
    refusedIds = new Set(['elsewhere']);
    const source = start();
    await send('a', 'broken', 'b,c!,elsewhere', 'bug', 'd');
    expect(taken()).toEqual(['a', 'b', 'elsewhere', 'd']);
    const told = letters().map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(told.map(({ offset, rejected }) => [offset, rejected])).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', 1],
    ]);
    expect(told[0]).toEqual({
      ...{ v: 1, time: '2026-11-21T09:00:00.000Z', timestamp: '2026-11-21T09:00:00.000Z' },
      ...{ source: 'orders', format: 'native', topic: 'orders', partition: 0, offset: '1' },
      rejected: 1,
      errors: [{ position: 0, code: 'malformed', path: '', message: 'the body is not valid JSON' }],
      value: { bytes: 6, hash: createHash('sha256').update('keybroken').digest('hex') },
      key: { bytes: PLANTED.length, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      headers: { count: 2, names: ['ce_id'] },
    });
    expect(told[1]?.['errors']).toMatchObject([
      { position: 1, code: 'missing_field', path: 'agent.id' },
      { position: 2, code: 'tenant_not_allowed', path: 'tenant' },
    ]);
    expect(letters().join()).not.toContain(PLANTED);
    expect(counts.get('tripcoil_kafka_records_total orders refused')).toBe(3);
    expect(counts.get('tripcoil_kafka_dead_letters_total orders written')).toBe(3);
    expect(counts.get('tripcoil_ingest_rejects_total native malformed')).toBe(2);
    await clock.advance(LIMITS.busLagEveryMs);
    expect(source.lag).toBe(0);
    await source.close();
  });

  it('goes on when the dead-letter topic cannot be written', async () => {
    const source = start({ deadLetterTopic: 'missing' });
    await send('broken', 'a');
    expect(taken()).toEqual(['a']);
    expect(counts.get('tripcoil_kafka_dead_letters_total orders failed')).toBe(1);
    await source.close();
  });

  it('decodes a record only once the one before it is durable, where it has to', async () => {
    const order: string[] = [];
    const noted: KafkaSourceOptions['decode'] = (record) => {
      const read = decode(record);
      const [first] = read.events;
      order.push(`decode ${first?.id}`);
      return { ...read, commit: () => order.push(`commit ${first?.id} of ${batches.length}`) };
    };
    for (const value of ['a', 'b']) {
      await memoryBus(cluster).produce([{ topic: 'orders', key: null, value: Buffer.from(value) }]);
    }
    const source = start({ decode: noted, singly: true });
    await settled();
    expect(order).toEqual(['decode a', 'commit a of 1', 'decode b', 'commit b of 2']);
    await source.close();
  });

  it('submits a record of many events in parts that fit a commit', async () => {
    const source = start();
    const ids = Array.from({ length: 2 * LIMITS.commitEntries + 1 }, (_, index) => `e${index}`);
    refusedIds = new Set([`e${LIMITS.commitEntries + 5}`]);
    await send(ids.join());
    expect(batches.map((batch) => batch.events.length)).toEqual([
      LIMITS.commitEntries,
      LIMITS.commitEntries,
      1,
    ]);
    expect(taken()).toEqual(ids);
    const [letter] = letters().map((text) => JSON.parse(text) as { errors: unknown });
    expect(letter?.errors).toMatchObject([{ position: LIMITS.commitEntries + 5 }]);
    await source.close();
  });
});

function eventOf(id: string): ReceivedEvent {
  return {
    ...{ v: 1, id, time: NOW, kind: 'tool_call', phase: 'executed' },
    source: { format: 'native' },
    agent: { id: 'bot' },
    action: { name: 'read', op: 'read' },
    outcome: { status: 'success' },
    attrs: {},
  };
}
