import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { MemoryCluster, memoryBus } from '../../bus/testing/memory-bus.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Bus, BusRecord, OutgoingRecord } from '../../ports/bus.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { fixedKeyRing } from '../keys.ts';
import { createFakeClock } from '../testing/fakes.ts';
import { createKafkaSink, type KafkaSinkOptions } from './kafka-sink.ts';

const KEYS = fixedKeyRing();
const ORDER: BreakerOrder = {
  jti: 'rev-1',
  txn: 'trip-1',
  time: 1_795_252_020_812,
  key: { tenant: 'acme', kind: 'agent', id: 'invoice-bot' },
  agent: 'invoice-bot',
  phase: 'open',
  level: 4,
  previousLevel: 0,
  term: 7,
  epoch: 42,
  class: 'statistical',
  reason: 'volume_spike',
  title: '4,812 records, usually 120',
  findingId: '9-0',
  eventId: 'evt-9',
};
const CLOSED: BreakerOrder = {
  ...{ ...ORDER, jti: 'rev-2', phase: 'closed', level: 0, previousLevel: 4, epoch: 43 },
  title: null,
};
const signal = new AbortController().signal;

function sink(more: Partial<KafkaSinkOptions> = {}) {
  const clock = createFakeClock();
  const cluster = new MemoryCluster(clock);
  const bus = memoryBus(cluster);
  const receiver = createKafkaSink({
    ...{ name: 'lake', tenants: ['acme'], bus, stateTopic: 'states', eventTopic: 'events' },
    ...{ audience: 'kafka', create: { partitions: 3, replication: 1 } },
    issuer: (tenant) => `https://t.example/t/${tenant}`,
    ...{ keys: KEYS, clock, metrics: SILENT_METRICS, log: SILENT_LOG, ...more },
  });
  const records = (topic: string): readonly BusRecord[] => cluster.partitions(topic).flat();
  const texts = (topic: string) =>
    records(topic).map(({ value }) => (value === null ? null : Buffer.from(value).toString()));
  return { receiver, cluster, records, texts, clock };
}

describe('createKafkaSink', () => {
  it('writes state and signed events by key, into topics that it makes', async () => {
    const { receiver, records, texts } = sink();
    expect(await receiver.deliver(ORDER, signal)).toEqual({ status: 'acknowledged' });
    const [state] = records('states');
    expect(Buffer.from(state?.key ?? []).toString()).toBe('acme/agent/invoice-bot');
    const headers = [...(state?.headers ?? [])].map(([name, value]) => [name, String(value)]);
    expect(Object.fromEntries(headers)).toEqual({
      'content-type': 'application/json',
      'tripcoil-jti': 'rev-1',
      'tripcoil-term': '7',
      'tripcoil-epoch': '42',
    });
    expect(JSON.parse(texts('states')[0] ?? '')).toEqual({
      ...{ v: 1, key: ORDER.key, agent: 'invoice-bot', phase: 'open', level: 4 },
      ...{ level_name: 'suspend', previous_level: 0, term: 7, epoch: 42, class: 'statistical' },
      ...{ reason: 'volume_spike', title: ORDER.title, finding_id: '9-0' },
      ...{ time: '2026-11-21T09:07:00.812Z', jti: 'rev-1', txn: 'trip-1' },
    });
    const jwks = createLocalJWKSet((await KEYS.jwks()) as JSONWebKeySet);
    const sets = await Promise.all(
      texts('events').map((text) =>
        jwtVerify(text ?? '', jwks, {
          ...{ typ: 'secevent+jwt', issuer: 'https://t.example/t/acme', audience: 'kafka' },
        }),
      ),
    );
    expect(sets[0]?.payload.jti).toBe('rev-1');
    expect(sets.length).toBeGreaterThan(0);
  });

  it('keeps the closed state of an agent, and forgets what is of one use', async () => {
    const { receiver, texts } = sink({ eventTopic: null });
    await receiver.deliver(CLOSED, signal);
    expect(texts('states')).toHaveLength(1);
    const session = { tenant: 'acme', kind: 'session', id: 's-1' } as const;
    await receiver.deliver({ ...CLOSED, key: session }, signal);
    const [, closed, forgotten] = texts('states');
    expect(JSON.parse(closed ?? '')).toMatchObject({ phase: 'closed', epoch: 43 });
    expect(forgotten).toBeNull();
  });

  it('writes one batch at a time, in the order given, and as few as it can', async () => {
    const batches: (readonly OutgoingRecord[])[] = [];
    let release = (): void => undefined;
    const bus: Pick<Bus, 'produce' | 'ensureTopics'> = {
      ensureTopics: async () => undefined,
      produce: (records) => {
        batches.push(records);
        return new Promise((resolve) => {
          release = resolve;
        });
      },
    };
    const { receiver } = sink({ bus, eventTopic: null });
    const orders = Array.from({ length: LIMITS.kafkaSinkOrders + 2 }, (_, index) => ({
      ...{ ...ORDER, epoch: index, jti: `rev-${index}` },
    }));
    const all = Promise.all(orders.map((order) => receiver.deliver(order, signal)));
    for (const expected of [1, 2, 3]) {
      while (batches.length < expected) await new Promise(setImmediate);
      expect(batches).toHaveLength(expected);
      release();
    }
    expect((await all).every(({ status }) => status === 'acknowledged')).toBe(true);
    const epochs = batches.flat().map(({ headers }) => Number(headers?.['tripcoil-epoch']));
    expect(epochs).toEqual(orders.map(({ epoch }) => epoch));
  });

  it('asks for another attempt while the brokers are away, with the same identifiers', async () => {
    const failure = new TripcoilError('bus_unavailable', 'away', { retryable: true });
    let isAway = true;
    const produced: OutgoingRecord[] = [];
    const bus: Pick<Bus, 'produce' | 'ensureTopics'> = {
      ensureTopics: async () => {
        if (isAway) throw failure;
      },
      produce: async (records) => {
        produced.push(...records);
        if (produced.length === records.length) throw failure;
      },
    };
    const { receiver } = sink({ bus });
    const retry = { status: 'retry', detail: 'bus_unavailable' };
    expect(await receiver.deliver(ORDER, signal)).toEqual(retry);
    expect(produced).toHaveLength(0);
    isAway = false;
    expect(await receiver.deliver(ORDER, signal)).toEqual(retry);
    expect(await receiver.deliver(ORDER, signal)).toEqual({ status: 'acknowledged' });
    const names = produced.map(({ headers }) => headers?.['tripcoil-jti']);
    expect(new Set(names)).toEqual(new Set(['rev-1']));
    const [first, second] = [produced[0], produced[produced.length / 2]];
    expect(second).toEqual(first);
  });

  it('says so when it cannot sign', async () => {
    const keys = { signJwt: () => Promise.reject(new Error('no key')) };
    const { receiver } = sink({ keys });
    expect(await receiver.deliver(ORDER, signal)).toEqual({
      ...{ status: 'retry', detail: 'signing_failed' },
    });
  });
});
