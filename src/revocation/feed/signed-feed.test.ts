import Fastify from 'fastify';
import { compactVerify, createLocalJWKSet, decodeProtectedHeader } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { createBreakerClient, type FeedKeys } from '../../../client/src/index.ts';
import type { BreakerClientOptions } from '../../../client/src/options.ts';
import type { BreakerKey } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { AUTHENTICATOR, createFakeClock, createFakeView, type FakeView } from '../testing/fakes.ts';
import { breakerFeed } from './breaker-feed.ts';
import type { ChangesBody } from './changes.ts';
import { type FeedSigner, temporaryFeedSigner } from './signer.ts';

const AGENT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' };
const WRITE = { agent: 'invoice-bot', op: 'write' } as const;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What a test of drills begins and hears; nothing is timed. */
function fakeDrills() {
  const listeners: ((tenant: string, drill: string) => void)[] = [];
  const heard: string[] = [];
  return {
    heard,
    begin: (tenant: string, drill: string) => {
      for (const listener of listeners) listener(tenant, drill);
    },
    onDrill: (listener: (tenant: string, drill: string) => void) => {
      listeners.push(listener);
      return () => {};
    },
    acknowledge: (...words: string[]) => void heard.push(words.join(' ')),
  };
}

async function serve(view: FakeView, signer?: FeedSigner) {
  const clock = createFakeClock();
  const acknowledged: unknown[] = [];
  const own = signer ?? (await temporaryFeedSigner(clock));
  const drills = fakeDrills();
  const app = Fastify();
  await app.register(
    breakerFeed({
      view,
      clock,
      drills,
      signer: own,
      authenticator: AUTHENTICATOR,
      control: { acknowledge: async (...words) => void acknowledged.push(...words) },
      metrics: SILENT_METRICS,
      log: SILENT_LOG,
    }),
  );
  cleanups.push(() => app.close());
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const keys = own.jwks as unknown as FeedKeys;
  return { app, url, clock, signer: own, keys, acknowledged, drills };
}

function follow(url: string, options: Partial<BreakerClientOptions> = {}) {
  const clock = createFakeClock();
  const client = createBreakerClient({
    url,
    token: 'broker-token',
    tenant: 'acme',
    clock,
    wallMs: () => clock.now(),
    random: () => 0,
    ...options,
  });
  cleanups.push(() => client.close());
  return { client, clock };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

async function retryUntil(clock: { advance(ms: number): void }, condition: () => boolean) {
  while (!condition()) {
    clock.advance(10);
    await new Promise(setImmediate);
  }
}

const HEADERS = { authorization: 'Bearer broker-token' };

describe('the signed feed', () => {
  it('is followed with pinned keys: snapshot, deltas, heartbeats', async () => {
    const view = createFakeView();
    view.trip({ ...AGENT, id: 'early' }, 5);
    const { url, keys, clock, acknowledged } = await serve(view);
    const { client } = follow(url, { verify: keys });
    await until(() => client.status().state === 'fresh');
    expect(client.check({ agent: 'early', op: 'read' }).allow).toBe(false);
    view.trip(AGENT, 4);
    view.trip({ ...AGENT, id: 'second' }, 4);
    await until(() => client.status().seq === 3);
    await until(() => acknowledged.length === 3);
    clock.advance(LIMITS.feedHeartbeatMs);
    await until(() => (client.status().ageMs ?? 1) === 0);
    view.reset(AGENT);
    await until(() => client.status().seq === 4);
    expect(client.check(WRITE)).toMatchObject({ allow: true, state: 'fresh' });
    expect(client.status()).toMatchObject({ refused: 0, problem: null });
  });

  it('is followed with the address of the keys', async () => {
    const { url } = await serve(createFakeView());
    const { client } = follow(url, { verify: `${url}/v1/breakers/jwks.json` });
    await until(() => client.status().state === 'fresh');
  });

  it('is followed through a change of its key by who fetches keys', async () => {
    const view = createFakeView();
    const { app, url, clock: daemonClock } = await serve(view);
    const { client, clock } = follow(url, { verify: `${url}/v1/breakers/jwks.json` });
    await until(() => client.status().state === 'fresh');
    const rotate = (token: string) =>
      app.inject({
        ...{ method: 'POST', url: '/v1/keys/feed/rotate' },
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await rotate('broker-token')).statusCode).toBe(403);
    // Keys are fetched twice a minute at most.
    for (const each of [clock, daemonClock]) each.advance(LIMITS.feedHeartbeatMs);
    await until(() => (client.status().ageMs ?? 1) === 0);
    for (let second = 0; second < 31; second += 1) {
      for (const each of [clock, daemonClock]) each.advance(LIMITS.feedHeartbeatMs);
      await until(() => (client.status().ageMs ?? 1) === 0);
    }
    const { key_id: kid, previous_key_id: before } = (await rotate('operator-token')).json();
    view.trip(AGENT, 4);
    await until(() => client.status().open === 1);
    expect(client.status()).toMatchObject({ problem: null, state: 'fresh' });
    const { keys } = (await app.inject('/v1/breakers/jwks.json')).json();
    expect(keys.map((key: { kid: string }) => key.kid)).toEqual([kid, before]);
  });

  it('is not believed under another key, nor without one', async () => {
    const view = createFakeView();
    const honest = await serve(view);
    const forger = await serve(createFakeView());
    const { client } = follow(forger.url, { verify: honest.keys });
    await until(() => client.status().problem === 'forged');
    expect(client.status()).toMatchObject({ state: 'lost', tenant: null });
    expect(client.check(WRITE).allow).toBe(false);
  });

  it('is not confirmed, and no trip lifted, by a recording played again', async () => {
    const view = createFakeView();
    const { url, keys } = await serve(view);
    const recorded = await recordingOf(url);
    let connections = 0;
    const replaying: typeof fetch = (input, init) => {
      if (!String(input).includes('/feed')) return fetch(input, init);
      connections += 1;
      const headers = { 'content-type': 'text/event-stream' };
      return Promise.resolve(new Response(recorded, { headers }));
    };
    const { client, clock } = follow(url, { verify: keys, fetch: replaying });
    await until(() => client.status().state === 'fresh');
    const first = connections;
    await retryUntil(clock, () => client.status().state === 'lost');
    expect(connections).toBeGreaterThan(first);
    expect(client.check(WRITE)).toMatchObject({ allow: false, reason: 'feed_lost' });
  });

  it('lifts nothing for what was said before the trip', async () => {
    const view = createFakeView();
    const { app, url, keys } = await serve(view);
    const recorded = await recordingOf(url);
    let isReplaying = false;
    const replaying: typeof fetch = (input, init) => {
      if (!isReplaying || !String(input).includes('/feed')) return fetch(input, init);
      const headers = { 'content-type': 'text/event-stream' };
      return Promise.resolve(new Response(recorded, { headers }));
    };
    const { client, clock } = follow(url, { verify: keys, fetch: replaying });
    await until(() => client.status().state === 'fresh');
    view.trip(AGENT, 4);
    await until(() => client.status().open === 1);
    isReplaying = true;
    await app.close();
    await retryUntil(clock, () => client.status().refused > 0);
    expect(client.check({ ...WRITE, op: 'read' })).toMatchObject({ allow: false, level: 4 });
  });

  it('takes trips and confirms nothing once a message is past its time', async () => {
    const view = createFakeView();
    view.trip(AGENT, 4);
    const { url, keys } = await serve(view);
    const { client } = follow(url, {
      verify: keys,
      wallMs: () => createFakeClock().now() + LIMITS.feedSignatureMs + 60_000,
    });
    await until(() => client.status().open === 1);
    expect(client.check({ ...WRITE, op: 'read' }).allow).toBe(false);
    expect(client.status()).toMatchObject({ state: 'lost', posture: null });
  });
});

describe('GET /v1/breakers/snapshot, signed', () => {
  it.each([
    ['Accept', '', { accept: 'application/jose' }],
    ['?signed', '?signed=1', {}],
  ])('is a JWS that a foreign library verifies, asked by %s', async (_how, query, headers) => {
    const view = createFakeView();
    view.trip(AGENT, 4);
    const { url, keys } = await serve(view);
    const response = await fetch(`${url}/v1/breakers/snapshot${query}`, {
      headers: { ...HEADERS, ...headers },
    });
    expect(response.headers.get('content-type')).toBe('application/jose');
    const jws = await response.text();
    expect(decodeProtectedHeader(jws)).toMatchObject({ alg: 'EdDSA', typ: 'tripcoil-feed+jws' });
    const { payload } = await compactVerify(jws, createLocalJWKSet(keys as never));
    const body = JSON.parse(Buffer.from(payload).toString());
    expect(body).toMatchObject({ event: 'snapshot', tenant: 'acme', term: 1, seq: 1, open: 1 });
    expect(body.not_after - body.t).toBe(LIMITS.feedSignatureMs);
    const etag = response.headers.get('etag') ?? '';
    const again = await fetch(`${url}/v1/breakers/snapshot${query}`, {
      headers: { ...HEADERS, ...headers, 'if-none-match': etag },
    });
    expect(again.status).toBe(304);
  });

  it('is JSON, under another tag, unless asked otherwise', async () => {
    const { url } = await serve(createFakeView());
    const plain = await fetch(`${url}/v1/breakers/snapshot`, { headers: HEADERS });
    const signed = await fetch(`${url}/v1/breakers/snapshot?signed=1`, { headers: HEADERS });
    expect(plain.headers.get('content-type')).toContain('application/json');
    expect(plain.headers.get('etag')).not.toBe(signed.headers.get('etag'));
  });
});

describe('GET /v1/breakers/changes', () => {
  const get = async (url: string, query: string) => {
    const response = await fetch(`${url}/v1/breakers/changes${query}`, { headers: HEADERS });
    const body = (await response.json()) as ChangesBody;
    return { status: response.status, body };
  };

  it('starts with everything, then tells what is new, and nothing is an answer too', async () => {
    const view = createFakeView();
    view.trip(AGENT, 4);
    const { url } = await serve(view);
    const { body: start } = await get(url, '');
    expect(start).toMatchObject({ resync: 'start', term: 1, seq: 1, open: 1 });
    expect(start.breakers).toMatchObject([{ key: AGENT, level: 4 }]);
    expect((await get(url, '?after=1:1')).body).toMatchObject({ seq: 1, transitions: [] });
    view.trip({ ...AGENT, id: 'second' }, 4);
    const { body: next } = await get(url, '?after=1:1');
    expect(next.transitions).toMatchObject([{ seq: 2, key: { id: 'second' } }]);
    expect(next.hash).toBe((await get(url, '')).body.hash);
    const { body: lost } = await get(url, '?after=9:9');
    expect(lost).toMatchObject({ resync: 'position', open: 2 });
  });

  it('holds the answer until something changes, or the time is over', async () => {
    const view = createFakeView();
    const { url, clock } = await serve(view);
    const waiting = get(url, '?after=1:0&wait=20');
    await until(() => clock.sleepers === 2);
    view.trip(AGENT, 4);
    expect((await waiting).body.transitions).toMatchObject([{ seq: 1, level: 4 }]);
    const idle = get(url, '?after=1:1&wait=20');
    await until(() => clock.sleepers === 2);
    clock.advance(20_000);
    expect((await idle).body).toMatchObject({ seq: 1, transitions: [] });
  });

  it.each(['-1', 'soon', '1e9'])('refuses to wait for %s', async (wait) => {
    const { url } = await serve(createFakeView());
    expect((await get(url, `?wait=${wait}`)).status).toBe(400);
  });

  it('is signed too, and enough for a client that can hold no stream', async () => {
    const view = createFakeView();
    const { url, keys } = await serve(view);
    const { client, clock } = follow(url, { verify: keys, transport: 'poll' });
    await until(() => client.status().state === 'fresh');
    view.trip(AGENT, 4);
    await retryUntil(clock, () => client.status().open === 1);
    expect(client.check(WRITE).allow).toBe(false);
  });

  it('tells of a drill at once, until its time is over', async () => {
    const { url, drills, clock } = await serve(createFakeView());
    await get(url, '');
    drills.begin('acme', 'drill-1-1');
    const told = await get(url, '?after=1:0&wait=20');
    expect(told.body).toMatchObject({ seq: 0, transitions: [], drill: 'drill-1-1' });
    expect((await get(url, '?after=1:0')).body).toHaveProperty('drill');
    clock.advance(LIMITS.drillTimeoutMs);
    expect((await get(url, '?after=1:0')).body).not.toHaveProperty('drill');
  });

  it('has a client that polls answer a drill, once', async () => {
    const { url, keys, drills } = await serve(createFakeView());
    const { client, clock } = follow(url, { verify: keys, transport: 'poll' });
    await until(() => client.status().state === 'fresh');
    for (const drill of ['drill-1-1', 'drill-1-2']) {
      drills.begin('acme', drill);
      await retryUntil(clock, () => drills.heard.includes(`acme ${drill} broker-1`));
    }
    expect(drills.heard).toHaveLength(2);
  });

  it('is what a client falls back to when streams come to nothing', async () => {
    const view = createFakeView();
    view.trip(AGENT, 4);
    const { url } = await serve(view);
    const noStreams: typeof fetch = (input, init) =>
      String(input).includes('/feed')
        ? Promise.resolve(new Response('buffered', { status: 502 }))
        : fetch(input, init);
    const { client, clock } = follow(url, { fetch: noStreams });
    await retryUntil(clock, () => client.status().state === 'fresh');
    expect(client.check(WRITE).allow).toBe(false);
  });
});

describe('POST /v1/breakers/ack', () => {
  it('takes several words at once, and none of them when one is wrong', async () => {
    const { url, acknowledged } = await serve(createFakeView());
    const post = (body: unknown) =>
      fetch(`${url}/v1/breakers/ack`, {
        method: 'POST',
        headers: { ...HEADERS, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const word = { key: AGENT, term: 1, epoch: 1 };
    const other = { key: { ...AGENT, tenant: 'globex' }, term: 1, epoch: 1 };
    expect((await post({ acks: [word, other] })).status).toBe(403);
    expect((await post({ acks: [] })).status).toBe(400);
    expect(acknowledged).toEqual([]);
    expect((await post({ acks: [word, { ...word, epoch: 2 }] })).status).toBe(204);
    expect(acknowledged).toMatchObject([{ epoch: 1 }, { epoch: 2 }]);
    const many = Array.from({ length: LIMITS.feedAcknowledgements + 1 }, () => word);
    expect((await post({ acks: many })).status).toBe(400);
  });
});

/** The snapshot and the first heartbeat, as they came. */
async function recordingOf(url: string): Promise<string> {
  const abort = new AbortController();
  const options = { headers: HEADERS, signal: abort.signal };
  const response = await fetch(`${url}/v1/breakers/feed?signed=1`, options);
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes('event: heartbeat') && text.endsWith('\n\n')) break;
  }
  abort.abort();
  return text;
}
