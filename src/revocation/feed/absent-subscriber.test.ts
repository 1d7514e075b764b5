import Fastify from 'fastify';
import { afterEach, expect, it } from 'vitest';
import { createBreakerClient } from '../../../client/src/index.ts';
import type { BreakerKey } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { HOUR_MS } from '../../core/time.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { AUTHENTICATOR, createFakeClock, createFakeView, type FakeView } from '../testing/fakes.ts';
import { breakerFeed } from './breaker-feed.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(view: FakeView, port = 0) {
  const app = Fastify();
  const control = { acknowledge: async () => {} };
  const given = { view, clock: createFakeClock(), authenticator: AUTHENTICATOR, control };
  await app.register(breakerFeed({ ...given, metrics: SILENT_METRICS, log: SILENT_LOG }));
  cleanups.push(() => app.close());
  const url = await app.listen({ port, host: '127.0.0.1' });
  return { app, url, port: Number(new URL(url).port) };
}

/** Counts the events of each name on every stream that is opened. */
function countingFetch(counts: Map<string, number>): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!response.body || init?.method === 'POST') return response;
    let rest = '';
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        const lines = `${rest}${Buffer.from(chunk).toString()}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines.filter((each) => each.startsWith('event: '))) {
          counts.set(line.slice(7), (counts.get(line.slice(7)) ?? 0) + 1);
        }
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(count), response);
  };
}

const keyOf = (n: number): BreakerKey => ({ tenant: 'acme', kind: 'agent', id: `bot-${n}` });
const write = (n: number) => ({ agent: `bot-${n}`, op: 'write' });

it('a subscriber that was away for an hour converges with one snapshot', {
  timeout: 60_000,
}, async () => {
  const view = createFakeView();
  for (const n of [0, 1]) view.trip(keyOf(n), 4);
  const before = await serve(view);
  const counts = new Map<string, number>();
  const clock = createFakeClock();
  const client = createBreakerClient({
    ...{ url: before.url, token: 'broker-token', clock, random: () => 0 },
    fetch: countingFetch(counts),
  });
  cleanups.push(() => client.close());
  const until = async (condition: () => boolean, ms = 0) => {
    while (!condition()) {
      clock.advance(ms);
      await new Promise(setImmediate);
    }
  };
  await until(() => client.status().state === 'fresh');
  await before.app.close();

  // More happens than can be resumed over: one closes, one is raised, thousands open.
  view.reset(keyOf(0));
  view.trip(keyOf(1), 5);
  const opened = LIMITS.feedRing + 10;
  for (let n = 0; n < opened; n += 1) view.trip(keyOf(n + 2), 4);
  clock.advance(HOUR_MS);
  await until(() => client.status().state === 'lost');
  expect(client.check(write(9_999_999))).toMatchObject({ allow: false, reason: 'feed_lost' });
  expect(client.check(write(1)).level).toBe(4);

  counts.clear();
  await serve(view, before.port);
  await until(() => client.status().state === 'fresh', 10);
  expect(client.status()).toMatchObject({ open: opened + 1, seq: opened + 4, refused: 0 });
  expect([client.check(write(0)).allow, client.check(write(1)).level]).toEqual([true, 5]);
  expect(client.check(write(opened + 1))).toMatchObject({ allow: false, level: 4 });
  expect([counts.get('snapshot'), counts.get('transition') ?? 0]).toEqual([1, 0]);
});
