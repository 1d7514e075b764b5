import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type BreakerClient,
  type BreakerClientOptions,
  type BreakerState,
  createBreakerClient,
} from '../../../client/src/index.ts';
import type { BreakerKey } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import {
  AUTHENTICATOR,
  createFakeClock,
  createFakeView,
  type FakeClock,
  type FakeView,
} from '../testing/fakes.ts';
import { breakerFeed } from './breaker-feed.ts';

/** The published client against the real feed over real sockets; only time is played. */

const AGENT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' };
const WRITE = { agent: 'invoice-bot', op: 'write' } as const;
const READ = { agent: 'invoice-bot', op: 'read' } as const;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Acknowledged {
  readonly receiver: string;
  readonly key: BreakerKey;
  readonly term: number;
  readonly epoch: number;
}

async function serve(view: FakeView, clock: FakeClock, port = 0) {
  const acknowledged: Acknowledged[] = [];
  const app: FastifyInstance = Fastify();
  await app.register(
    breakerFeed({
      view,
      clock,
      authenticator: AUTHENTICATOR,
      control: { acknowledge: async (...words) => void acknowledged.push(...words) },
      metrics: SILENT_METRICS,
      log: SILENT_LOG,
    }),
  );
  const url = await app.listen({ port, host: '127.0.0.1' });
  cleanups.push(() => app.close());
  return { app, url, port: Number(new URL(url).port), acknowledged };
}

/** A client on a clock of its own, which can run while the server's stands still. */
function follow(url: string, options: Partial<BreakerClientOptions> = {}) {
  const clock = createFakeClock();
  const trips: BreakerState[] = [];
  const resets: BreakerState[] = [];
  const states: string[] = [];
  const errors: unknown[] = [];
  const client = createBreakerClient({
    url,
    token: 'broker-token',
    clock,
    random: () => 0,
    onTrip: (trip) => void trips.push(trip),
    onReset: (reset) => void resets.push(reset),
    onStale: (state) => states.push(state),
    onFresh: () => states.push('fresh'),
    onError: (error) => errors.push(error),
    ...options,
  });
  cleanups.push(() => client.close());
  return { client, clock, trips, resets, states, errors };
}

/** Turns the event loop until the condition holds; the test's own timeout is the limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

/** Lets the follower sleep off its back-off until the condition holds. */
async function retryUntil(clock: FakeClock, condition: () => boolean): Promise<void> {
  while (!condition()) {
    clock.advance(10);
    await new Promise(setImmediate);
  }
}

async function started(
  options: Partial<BreakerClientOptions> = {},
  prepare?: (v: FakeView) => void,
) {
  const view = createFakeView();
  prepare?.(view);
  const serverClock = createFakeClock();
  const server = await serve(view, serverClock);
  const follower = follow(server.url, options);
  await until(() => follower.client.status().state === 'fresh');
  return { view, server, serverClock, ...follower };
}

describe('following', () => {
  it('obeys a trip, acknowledges it, and lets go on reset', async () => {
    const { view, server, client, trips, resets } = await started();
    expect(client.check(WRITE)).toMatchObject({ allow: true, level: 0, state: 'fresh' });
    view.trip(AGENT, 4);
    await until(() => server.acknowledged.length === 1);
    expect(server.acknowledged).toEqual([{ receiver: 'broker-1', key: AGENT, term: 1, epoch: 1 }]);
    expect(trips).toMatchObject([{ key: AGENT, level: 4, epoch: 1, reason: 'volume_spike' }]);
    expect(client.check(READ)).toMatchObject({ allow: false, level: 4, reason: 'volume_spike' });
    expect(client.check({ agent: 'another', op: 'write' }).allow).toBe(true);
    view.reset(AGENT);
    await until(() => resets.length === 1);
    expect(client.check(WRITE).allow).toBe(true);
    expect(client.status()).toMatchObject({ seq: 2, open: 0, unacknowledged: 0, problem: null });
  });

  it('acknowledges only after the callback is done, and not at all when it throws', async () => {
    let finish = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const failing = { ...AGENT, id: 'failing' };
    const { view, server, errors, client } = await started({
      onTrip: async (trip) => {
        if (trip.key.id === 'failing') throw new Error('sessions not closed');
        await done;
      },
    });
    view.trip(failing, 4);
    view.trip(AGENT, 4);
    await until(() => client.status().open === 2 && errors.length === 1);
    expect(server.acknowledged).toEqual([]);
    expect(client.check({ agent: 'failing' }).allow).toBe(false);
    finish();
    await until(() => server.acknowledged.length === 1);
    expect(server.acknowledged[0]?.key.id).toBe('invoice-bot');
  });

  it('learns of trips from the snapshot and of the posture from the heartbeat', async () => {
    const { view, server, serverClock, client } = await started({}, (fake) => {
      fake.posture = 'shadow';
      fake.trip(AGENT, 5);
    });
    await until(() => server.acknowledged.length === 1);
    expect(client.check(WRITE)).toMatchObject({ allow: true, level: 5 });
    view.posture = 'enforce';
    serverClock.advance(LIMITS.feedHeartbeatMs);
    await until(() => client.status().posture === 'enforce');
    expect(client.check(WRITE).allow).toBe(false);
  });

  it('converges by itself after the server skips a transition', async () => {
    const { view, client, trips } = await started();
    view.trip(AGENT, 4, { silent: true });
    view.trip({ ...AGENT, id: 'second' }, 4);
    await until(() => client.status().open === 2);
    expect(trips.length).toBe(2);
  });

  it('asks again when the hash of the open set differs', async () => {
    let connections = 0;
    const tampering: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      connections += init?.method === 'POST' ? 0 : 1;
      if (connections > 1 || !response.body) return response;
      const tamper = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          const text = Buffer.from(chunk).toString().replace('"level":4', '"level":1');
          controller.enqueue(Buffer.from(text));
        },
      });
      return new Response(response.body.pipeThrough(tamper), response);
    };
    const { view, serverClock, client, clock } = await started({ fetch: tampering });
    view.trip(AGENT, 4);
    await until(() => client.status().seq === 1);
    expect(client.check(WRITE)).toMatchObject({ allow: true, level: 1 });
    serverClock.advance(LIMITS.feedHeartbeatMs);
    await retryUntil(clock, () => client.check(WRITE).level === 4);
    expect(connections).toBe(2);
    expect(client.status()).toMatchObject({ state: 'fresh', problem: null });
  });
});

describe('a restarted daemon', () => {
  it('keeps the trip while away and resumes under the new term', async () => {
    const { view, server, client, clock, trips } = await started();
    view.trip(AGENT, 4);
    await until(() => client.status().open === 1);
    await server.app.close();
    expect(client.check(READ).allow).toBe(false);
    const next = createFakeView(2, view);
    const second = { ...AGENT, id: 'second' };
    next.trip(second, 5);
    await serve(next, createFakeClock(), server.port);
    await retryUntil(clock, () => client.status().term === 2);
    expect(client.status()).toMatchObject({ open: 2, seq: 2 });
    expect(trips.map((trip) => trip.key.id)).toEqual(['invoice-bot', 'second']);
    expect(client.check(READ).allow).toBe(false);
  });

  it('cannot lift a trip when it comes back older than it was', async () => {
    const { view, server, client, clock } = await started({}, (fake) => fake.trip(AGENT, 4));
    view.trip({ ...AGENT, id: 'second' }, 4);
    await until(() => client.status().seq === 2);
    await server.app.close();
    const older = await serve(createFakeView(1), createFakeClock(), server.port);
    const refused = client.status().refused;
    await retryUntil(clock, () => client.status().refused > refused);
    expect(client.status()).toMatchObject({ open: 2, seq: 2 });
    expect(client.check(READ).allow).toBe(false);
    await older.app.close();
  });

  it('delivers acknowledgements that it could not take before', async () => {
    let allowed = false;
    const fetchOnce: typeof fetch = (input, init) => {
      if (init?.method === 'POST' && !allowed) return Promise.reject(new TypeError('down'));
      return fetch(input, init);
    };
    const { view, server, client, clock } = await started({ fetch: fetchOnce });
    view.trip(AGENT, 4);
    await until(() => client.status().unacknowledged === 1);
    allowed = true;
    await retryUntil(clock, () => server.acknowledged.length === 1);
    await until(() => client.status().unacknowledged === 0);
  });
});

describe('forged and older data', () => {
  it('never lifts a trip with an older epoch', async () => {
    const { view, client } = await started();
    view.trip(AGENT, 4);
    view.reset(AGENT);
    const trip = view.trip(AGENT, 5);
    await until(() => client.status().seq === 3);
    view.emit({ term: 1, transition: { ...trip, epoch: 1, feedSeq: 4, to: 'closed', level: 0 } });
    await until(() => client.status().refused === 1);
    expect(client.check(READ)).toMatchObject({ allow: false, level: 5 });
  });
});

describe('silence', () => {
  it('turns stale, then lost, and denies writes of an enforced tenant', async () => {
    const { client, clock, states } = await started();
    clock.advance(3_001);
    expect(client.check(WRITE)).toMatchObject({ allow: true, state: 'stale' });
    clock.advance(6_999);
    expect(client.check(WRITE)).toMatchObject({ allow: true, state: 'stale' });
    clock.advance(1);
    expect(client.check(WRITE)).toMatchObject({ allow: false, state: 'lost', reason: 'feed_lost' });
    expect(client.check(READ)).toMatchObject({ allow: true, state: 'lost' });
    await until(() => states.at(-1) === 'lost');
    expect(states[0]).toBe('fresh');
  });

  it('goes by the posture it was given', async () => {
    const { client, clock } = await started({
      posture: { stale: { write: 'deny' }, lost: { read: 'deny' } },
    });
    clock.advance(3_001);
    expect(client.check(WRITE)).toMatchObject({ allow: false, reason: 'feed_stale' });
    expect(client.check(READ).allow).toBe(true);
    clock.advance(10_000);
    expect(client.check(READ)).toMatchObject({ allow: false, reason: 'feed_lost' });
  });

  it('never blocks a shadow tenant, but for what a person tripped', async () => {
    const held = { ...AGENT, id: 'held' };
    const { client, clock } = await started({}, (fake) => {
      fake.posture = 'shadow';
      fake.trip(held, 4, { class: 'operator' });
    });
    clock.advance(60_000);
    expect(client.check(WRITE)).toMatchObject({ allow: true, state: 'lost' });
    expect(client.check({ agent: 'held', op: 'read' }).allow).toBe(false);
  });

  it('reconnects when no byte has come for two and a half heartbeats', async () => {
    const { client, clock, serverClock } = await started();
    clock.advance(2_600);
    await until(() => client.status().problem === 'silent');
    await retryUntil(clock, () => client.status().problem === null);
    serverClock.advance(LIMITS.feedHeartbeatMs);
    expect(client.status().state).toBe('fresh');
  });

  it('stays fresh as long as heartbeats come', async () => {
    const { client, clock, serverClock } = await started();
    for (let beat = 0; beat < 15; beat += 1) {
      clock.advance(1_000);
      serverClock.advance(LIMITS.feedHeartbeatMs);
      await until(() => (client.status().ageMs ?? 1) === 0);
    }
    expect(client.check(WRITE)).toMatchObject({ allow: true, state: 'fresh' });
  });

  it('fails closed for writes before the first word, and says so through ready()', async () => {
    const { client, clock } = follow('http://127.0.0.1:9');
    expect(client.check(WRITE)).toMatchObject({ allow: false, state: 'lost' });
    expect(client.check(READ)).toMatchObject({ allow: true, state: 'lost' });
    const ready = client.ready({ timeoutMs: 500 });
    clock.advance(500);
    expect(await ready).toBe(false);
  });

  it('trusts nothing after its token is refused', async () => {
    const { url } = await serve(createFakeView(), createFakeClock());
    const { client } = follow(url, { token: 'viewer-token' });
    await until(() => client.status().problem === 'unauthorised');
    expect(client.check(WRITE).allow).toBe(false);
  });
});

describe('the persisted file', () => {
  async function directory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'breakers-'));
    cleanups.push(() => rm(path, { recursive: true }));
    return path;
  }

  it('keeps a trip over a restart of the broker with the daemon away', async () => {
    const persist = join(await directory(), 'breakers.json');
    const first = await started({ persist });
    first.view.trip(AGENT, 4);
    await until(() => first.client.status().open === 1);
    await first.client.close();
    await first.server.app.close();
    expect(JSON.parse(await readFile(persist, 'utf8'))).toMatchObject({ seq: 1, term: 1 });
    const second = follow(first.server.url, { persist });
    await until(() => second.client.status().open === 1);
    expect(second.client.check(READ)).toMatchObject({ allow: false, level: 4, state: 'lost' });
    const back = await serve(createFakeView(2, first.view), createFakeClock(), first.server.port);
    await retryUntil(second.clock, () => second.client.status().term === 2);
    await until(() => back.acknowledged.length === 1);
    expect(second.trips.length).toBe(1);
  });

  it('is ignored, loudly, when it is damaged', async () => {
    const persist = join(await directory(), 'breakers.json');
    await writeFile(persist, '{"v":1,"tenant":"acme","term":1,"seq":1,"posture":"off"');
    const { client, errors } = await started({ persist });
    expect(errors.length).toBe(1);
    expect(client.status().state).toBe('fresh');
  });
});

describe('ready()', () => {
  it('resolves as soon as the first snapshot is in', async () => {
    const { url } = await serve(createFakeView(), createFakeClock());
    const { client } = follow(url);
    expect(await client.ready({ timeoutMs: 60_000 })).toBe(true);
    expect(await readyAfterClose(client)).toBe(true);
  });

  async function readyAfterClose(client: BreakerClient): Promise<boolean> {
    await client.close();
    return client.ready({ timeoutMs: 60_000 });
  }
});
