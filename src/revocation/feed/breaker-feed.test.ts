import { connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createEventStreamParser, type StreamEvent } from '../../../client/src/event-stream.ts';
import type { BreakerKey } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import type { BreakerView } from '../../ports/breakers.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { AUTHENTICATOR, createFakeClock, createFakeView, type FakeView } from '../testing/fakes.ts';
import { breakerFeed } from './breaker-feed.ts';
import { openBreakerOf } from './frames.ts';
import { createOpenSetHash } from './open-set-hash.ts';

const AGENT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' };
const OTHER: BreakerKey = { tenant: 'acme', kind: 'session', id: 's-1', agent: 'crm-bot' };

const open: { app: FastifyInstance; readers: AbortController[] }[] = [];
afterEach(async () => {
  for (const { app, readers } of open.splice(0)) {
    for (const reader of readers) reader.abort();
    await app.close();
  }
});

async function serve(view: FakeView, brokerView?: BreakerView) {
  const clock = createFakeClock();
  const acknowledged: unknown[] = [];
  const counts: string[] = [];
  const app = Fastify();
  const readers: AbortController[] = [];
  await app.register(
    breakerFeed({
      view,
      ...(brokerView && { brokerView }),
      clock,
      authenticator: AUTHENTICATOR,
      control: { acknowledge: async (...words) => void acknowledged.push(...words) },
      metrics: {
        count: (name, labels) => counts.push(`${name} ${JSON.stringify(labels)}`),
        gauge: () => undefined,
        observe: () => undefined,
      },
      log: SILENT_LOG,
    }),
  );
  open.push({ app, readers });
  const base = await app.listen({ port: 0, host: '127.0.0.1' });
  const subscribe = async (options: { query?: string; token?: string; lastEventId?: string }) => {
    const abort = new AbortController();
    readers.push(abort);
    const response = await fetch(`${base}/v1/breakers/feed${options.query ?? ''}`, {
      signal: abort.signal,
      headers: {
        authorization: `Bearer ${options.token ?? 'broker-token'}`,
        ...(options.lastEventId ? { 'last-event-id': options.lastEventId } : {}),
      },
    });
    return { response, abort, ...readerOf(response) };
  };
  return { app, base, clock, acknowledged, counts, subscribe };
}

/** Takes events one by one as they arrive. */
function readerOf(response: Response) {
  const events: StreamEvent[] = [];
  const parse = createEventStreamParser();
  const reader = response.body?.getReader();
  const next = async (): Promise<{ event: string; id: string; data: Record<string, never> }> => {
    for (;;) {
      const ready = events.shift();
      if (ready) return { ...ready, data: JSON.parse(ready.data) };
      const chunk = await reader?.read();
      if (!chunk || chunk.done) throw new Error('stream ended');
      events.push(...parse(chunk.value));
    }
  };
  const ended = async (): Promise<boolean> => (await reader?.read())?.done ?? true;
  return { next, ended };
}

describe('GET /v1/breakers/feed', () => {
  it('starts with a snapshot and a heartbeat that agree on the hash', async () => {
    const view = createFakeView(3);
    view.trip(AGENT, 4);
    view.trip(OTHER, 2, { class: 'operator', reason: 'looks wrong' });
    const { subscribe } = await serve(view);
    const { response, next } = await subscribe({});
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(response.headers.get('cache-control')).toContain('no-store');
    const snapshot = await next();
    expect(snapshot).toMatchObject({
      event: 'snapshot',
      id: '3:2',
      data: { v: 1, tenant: 'acme', term: 3, seq: 2, posture: 'enforce', open: 2 },
    });
    expect(snapshot.data['breakers']).toMatchObject([
      { key: AGENT, phase: 'open', level: 4, epoch: 1, class: 'statistical' },
      { key: OTHER, phase: 'isolated', level: 2, class: 'operator', reason: 'looks wrong' },
    ]);
    const beat = await next();
    expect(beat.event).toBe('heartbeat');
    expect(beat.data['hash']).toBe(snapshot.data['hash']);
  });

  it('follows with each transition once and heartbeats on time', async () => {
    const view = createFakeView();
    const { subscribe, clock } = await serve(view);
    const { next } = await subscribe({});
    await next();
    await next();
    view.trip(AGENT, 4);
    view.reset(AGENT);
    view.trip({ ...AGENT, tenant: 'globex' }, 4);
    expect(await next()).toMatchObject({
      event: 'transition',
      id: '1:1',
      data: {
        key: AGENT,
        from: 'closed',
        phase: 'open',
        level: 4,
        epoch: 1,
        level_name: 'suspend',
      },
    });
    expect(await next()).toMatchObject({ id: '1:2', data: { phase: 'closed', epoch: 2 } });
    view.trip(OTHER, 5);
    await next();
    clock.advance(LIMITS.feedHeartbeatMs);
    const records = view.snapshot('acme').breakers.map(openBreakerOf);
    expect(await next()).toMatchObject({
      event: 'heartbeat',
      data: { term: 1, seq: 3, open: 1, hash: createOpenSetHash(records).hex() },
    });
  });

  it('resumes after Last-Event-ID with the missed transitions alone', async () => {
    const view = createFakeView();
    for (let count = 0; count < 5; count += 1) view.trip({ ...AGENT, id: `a${count}` }, 4);
    const { subscribe } = await serve(view);
    const { next } = await subscribe({ lastEventId: '1:3' });
    expect(await next()).toMatchObject({ event: 'transition', id: '1:4' });
    expect(await next()).toMatchObject({ event: 'transition', id: '1:5' });
    expect((await next()).event).toBe('heartbeat');
  });

  it.each([
    ['another term', '9:3'],
    ['a position ahead of the head', '1:99'],
  ])('resynchronises from %s', async (_name, lastEventId) => {
    const view = createFakeView();
    for (let count = 0; count < 5; count += 1) view.trip({ ...AGENT, id: `a${count}` }, 4);
    const { subscribe } = await serve(view);
    const { next } = await subscribe({ lastEventId });
    expect(await next()).toMatchObject({ event: 'resync', data: { why: 'position' } });
    expect(await next()).toMatchObject({ event: 'snapshot', id: '1:5' });
  });

  it('resynchronises from a position that has left the ring', async () => {
    const view = createFakeView();
    for (let count = 0; count < LIMITS.feedRing + 5; count += 1) view.trip(AGENT, 4);
    const { subscribe } = await serve(view);
    const { next } = await subscribe({ lastEventId: '1:2' });
    expect((await next()).event).toBe('resync');
    expect((await next()).event).toBe('snapshot');
  });

  it('sends a snapshot instead of a gap, and never a duplicate', async () => {
    const view = createFakeView();
    const { subscribe } = await serve(view);
    const { next } = await subscribe({});
    await next();
    await next();
    const first = view.trip(AGENT, 4);
    view.emit({ term: 1, transition: first });
    expect(await next()).toMatchObject({ event: 'transition', id: '1:1' });
    view.emit({ term: 1, transition: first });
    view.trip(OTHER, 4, { silent: true });
    view.trip({ ...AGENT, id: 'third' }, 4);
    expect(await next()).toMatchObject({ event: 'resync', data: { why: 'gap' } });
    const snapshot = await next();
    expect(snapshot).toMatchObject({ event: 'snapshot', id: '1:3', data: { open: 3 } });
  });

  it('tells a burst in few messages, and each trip within a moment', async () => {
    const view = createFakeView();
    const { clock, subscribe } = await serve(view);
    const { next } = await subscribe({});
    await next();
    await next();
    const atOnce = LIMITS.feedPublicationsAtOnce;
    for (let n = 1; n <= atOnce; n += 1) {
      view.trip({ ...AGENT, id: `a${n}` }, 4);
      expect((await next()).id).toBe(`1:${n}`);
    }
    view.trip({ ...AGENT, id: 'late' }, 4);
    await new Promise(setImmediate);
    view.trip({ ...AGENT, id: 'later' }, 4);
    const late = next();
    const early = await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 20))]);
    expect(early).toBeUndefined();
    clock.advance(LIMITS.feedCoalesceMs);
    expect((await late).id).toBe(`1:${atOnce + 1}`);
    expect((await next()).id).toBe(`1:${atOnce + 2}`);
    clock.advance(2 * LIMITS.feedCoalesceMs);
    view.trip(OTHER, 4);
    expect((await next()).id).toBe(`1:${atOnce + 3}`);
  });

  it('cuts a subscriber that does not read, and leaves the others alone', async () => {
    const view = createFakeView();
    const { app, base, clock, subscribe, counts } = await serve(view);
    const healthy = await subscribe({});
    await healthy.next();
    await healthy.next();
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    socket.pause();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.write(
      'GET /v1/breakers/feed HTTP/1.1\r\nhost: x\r\nauthorization: Bearer broker-token\r\n\r\n',
    );
    while (view.listeners > 0 && (await connections(app)) < 2) await new Promise(setImmediate);
    const reason = 'x'.repeat(8_000);
    let sent = 0;
    while (!counts.includes('tripcoil_feed_cuts_total {"why":"slow"}') && sent < 20_000) {
      for (let more = 0; more < 10; more += 1) {
        sent += 1;
        view.trip({ ...AGENT, id: `a${sent}` }, 4, { reason });
      }
      clock.advance(LIMITS.feedCoalesceMs);
      while ((await healthy.next()).id !== `1:${sent}`);
    }
    expect(sent).toBeGreaterThan(LIMITS.feedBufferBytes / 8_200);
    expect(sent).toBeLessThan(20_000);
    socket.resume();
    await closed;
    view.trip(OTHER, 4);
    clock.advance(LIMITS.feedCoalesceMs);
    expect((await healthy.next()).data['key']).toEqual(OTHER);
  });

  it('ends streams at once when the app closes', async () => {
    const view = createFakeView();
    const { app, subscribe } = await serve(view);
    const { next, ended } = await subscribe({});
    await next();
    await next();
    const closing = app.close();
    expect(await ended()).toBe(true);
    await closing;
    expect(view.listeners).toBe(0);
  });

  it.each([
    ['no token', {}, 401, 'unauthenticated', 'Bearer realm="tripcoil"'],
    [
      'an unknown token',
      { authorization: 'Bearer nope' },
      401,
      'unauthenticated',
      'Bearer realm="tripcoil", error="invalid_token"',
    ],
    [
      'another role',
      { authorization: 'Bearer viewer-token' },
      403,
      'forbidden',
      'Bearer realm="tripcoil", error="insufficient_scope"',
    ],
    ['no tenant named', { authorization: 'Bearer wide-token' }, 400, 'bad_request', undefined],
  ])('refuses %s', async (_name, headers, status, code, challenge) => {
    const { app } = await serve(createFakeView());
    const answer = await app.inject({ url: '/v1/breakers/feed', headers });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code });
    expect(answer.headers['www-authenticate']).toBe(challenge);
  });

  it('keeps tenants apart', async () => {
    const { app, subscribe } = await serve(createFakeView());
    const headers = { authorization: 'Bearer broker-token' };
    const answer = await app.inject({ url: '/v1/breakers/feed?tenant=globex', headers });
    expect(answer.statusCode).toBe(403);
    const wide = await subscribe({ query: '?tenant=globex', token: 'wide-token' });
    expect((await wide.next()).data['tenant']).toBe('globex');
  });
});

async function connections(app: FastifyInstance): Promise<number> {
  return new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)));
}

describe('GET /v1/breakers/snapshot', () => {
  it('answers 304 until something changes', async () => {
    const view = createFakeView();
    const { app } = await serve(view);
    const headers = { authorization: 'Bearer broker-token' };
    const first = await app.inject({ url: '/v1/breakers/snapshot', headers });
    expect(first.json()).toMatchObject({ tenant: 'acme', seq: 0, open: 0, breakers: [] });
    const again = { ...headers, 'if-none-match': String(first.headers.etag) };
    expect((await app.inject({ url: '/v1/breakers/snapshot', headers: again })).statusCode).toBe(
      304,
    );
    view.trip(AGENT, 5);
    const changed = await app.inject({ url: '/v1/breakers/snapshot', headers: again });
    expect(changed.statusCode).toBe(200);
    expect(changed.json()).toMatchObject({ open: 1, breakers: [{ key: AGENT, level: 5 }] });
  });
});

describe('POST /v1/breakers/ack', () => {
  const post = async (payload: unknown, token = 'broker-token') => {
    const { app, acknowledged } = await serve(createFakeView());
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/breakers/ack',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
    return { answer, acknowledged };
  };

  it('passes the word on under the name of the token', async () => {
    const { answer, acknowledged } = await post({ key: OTHER, term: 2, epoch: 7, receiver: 'me' });
    expect(answer.statusCode).toBe(204);
    expect(acknowledged).toEqual([{ receiver: 'broker-1', key: OTHER, term: 2, epoch: 7 }]);
  });

  it.each([
    ['another tenant', { key: { ...AGENT, tenant: 'globex' }, term: 1, epoch: 1 }, 403],
    ['an unknown kind', { key: { ...AGENT, kind: 'galaxy' }, term: 1, epoch: 1 }, 400],
    ['a missing epoch', { key: AGENT, term: 1 }, 400],
    ['broken JSON', '{"key":', 400],
  ])('refuses %s', async (_name, payload, status) => {
    const { answer, acknowledged } = await post(payload);
    expect(answer.statusCode).toBe(status);
    expect(answer.json().code).toBe(status === 403 ? 'forbidden' : 'bad_request');
    expect(acknowledged).toEqual([]);
  });
});

describe('ids that are pseudonyms on record', () => {
  const PLAIN: BreakerKey = { ...AGENT, id: 'bot@example.com' };
  const TOKEN: BreakerKey = { ...AGENT, id: '<bot>' };

  /** Tells brokers the plain id until it is erased. */
  function startNamed() {
    const view = createFakeView();
    let renamings = 0;
    const erase = (): void => {
      renamings += 1;
    };
    const named = (key: BreakerKey) => (renamings === 0 && key.id === TOKEN.id ? PLAIN : key);
    const brokerView: BreakerView = {
      ...view,
      get renamings() {
        return renamings;
      },
      snapshot: (tenant) => {
        const snapshot = view.snapshot(tenant);
        const breakers = snapshot.breakers.map((one) => ({ ...one, key: named(one.key) }));
        return { ...snapshot, breakers };
      },
      subscribe: (listener) =>
        view.subscribe(({ term, transition }) =>
          listener({ term, transition: { ...transition, key: named(transition.key) } }),
        ),
    };
    return { view, brokerView, erase };
  }

  it('are told to brokers as they know them, to operators as recorded', async () => {
    const { view, brokerView } = startNamed();
    const { subscribe, app } = await serve(view, brokerView);
    const broker = await subscribe({});
    const operator = await subscribe({ token: 'operator-token', query: '?tenant=acme' });
    for (const { next } of [broker, operator]) {
      expect((await next()).event).toBe('snapshot');
      expect((await next()).event).toBe('heartbeat');
    }
    view.trip(TOKEN, 4);
    expect((await broker.next()).data['key']).toMatchObject({ id: PLAIN.id });
    expect((await operator.next()).data['key']).toMatchObject({ id: TOKEN.id });
    const etags: unknown[] = [];
    for (const [token, id] of [
      ['broker-token', PLAIN.id],
      ['operator-token', TOKEN.id],
    ] as const) {
      const headers = { authorization: `Bearer ${token}` };
      const url = '/v1/breakers/snapshot?tenant=acme';
      const answer = await app.inject({ url, headers });
      expect(answer.json().breakers).toMatchObject([{ key: { id } }]);
      etags.push(answer.headers.etag);
    }
    expect(etags[0]).not.toBe(etags[1]);
  });

  it('are told anew after an erasure, to those who read and to those who come', async () => {
    const { view, brokerView, erase } = startNamed();
    view.trip(TOKEN, 4);
    const { subscribe, clock } = await serve(view, brokerView);
    const { next } = await subscribe({});
    const before = await next();
    expect(before.data['breakers']).toMatchObject([{ key: { id: PLAIN.id } }]);
    await next();
    erase();
    clock.advance(LIMITS.feedHeartbeatMs);
    expect(await next()).toMatchObject({ event: 'resync' });
    const after = await next();
    expect(after.data['breakers']).toMatchObject([{ key: { id: TOKEN.id } }]);
    const beat = await next();
    expect(beat).toMatchObject({ event: 'heartbeat', data: { hash: after.data['hash'] } });
    const late = await subscribe({});
    expect((await late.next()).data['breakers']).toMatchObject([{ key: { id: TOKEN.id } }]);
  });
});
