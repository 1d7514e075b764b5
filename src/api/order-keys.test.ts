import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BreakerKey } from '../core/breaker.ts';
import { bearer, createHarness, NOW, startApi } from './testing/harness.ts';

let harness: ReturnType<typeof createHarness>;
let app: FastifyInstance;
beforeEach(async () => {
  harness = createHarness();
  app = await startApi(harness);
});
afterEach(() => app.close());

const post = (url: string, payload: object, as: string) =>
  app.inject({ method: 'POST', url, headers: bearer(as), payload });

const GLOBAL: BreakerKey = { tenant: 'acme', kind: 'global', id: 'global' };
const BROKER: BreakerKey = { tenant: 'acme', kind: 'broker', id: 'gateway' };
const SESSION: BreakerKey = { tenant: 'acme', kind: 'session', id: 's-1' };

/** Every order about a key, with what it takes beside the key. */
const ORDERS: readonly (readonly [string, object])[] = [
  ['trip', { level: 4 }],
  ['reset', { epoch: 2 }],
  ['reset?preview=true', { epoch: 2 }],
  ['release', { epoch: 2 }],
  ['exempt', { minutes: 10 }],
  ['break-glass', { minutes: 10, ticket: 'T-1' }],
  ['approvals', { epoch: 2, order: 'reset' }],
];

describe.each(ORDERS)('%s', (order, given) => {
  const say = (key: BreakerKey, as: string) => {
    const level = order === 'trip' && key.kind === 'global' ? { level: 7 } : {};
    return post(`/v1/breakers/${order}`, { key, reason: 'x', ...given, ...level }, as);
  };

  it.each([GLOBAL, BROKER])('of the $kind takes a credential of every tenant', async (key) => {
    expect((await say(key, 'operator-acme')).statusCode).toBe(403);
    expect(harness.state.orders).toEqual([]);
    expect((await say(key, 'operator-all')).statusCode).not.toBe(403);
  });

  it('of a session takes one of its tenant', async () => {
    expect((await say(SESSION, 'operator-globex')).statusCode).toBe(403);
    expect((await say(SESSION, 'operator-acme')).statusCode).not.toBe(403);
  });

  it('of a tenant names it twice', async () => {
    const answer = await say({ tenant: 'acme', kind: 'tenant', id: 'globex' }, 'operator-acme');
    expect([answer.statusCode, answer.json().path]).toEqual([400, 'key.id']);
    expect(harness.state.orders).toEqual([]);
  });
});

describe('a global stop', () => {
  it.each(['trip', 'trip?preview=true'])('is refused, with what to do instead: %s', async (way) => {
    const body = { key: GLOBAL, level: 7, reason: 'x' };
    const answer = await post(`/v1/breakers/${way}`, body, 'operator-all');
    expect([answer.statusCode, answer.json().path]).toEqual([400, 'key.kind']);
    expect(answer.body).toContain('trip each tenant at level 6');
    expect(harness.state.orders).toEqual([]);
  });
});

describe('the second person', () => {
  const decide = (as: string) =>
    post('/v1/breakers/approvals/a1', { verdict: 'approve', reason: 'x' }, as);

  it.each([BROKER, SESSION])('may decide about a $kind as the first may ask', async (key) => {
    const asked = { id: 'a1', key, epoch: 2, order: 'reset', forMs: 0, reason: 'checked' } as const;
    const by = { requestedBy: 'kim', credential: 'kim', requestedAt: NOW, expiresAt: NOW + 1 };
    harness.state.approvals.push({ ...asked, ...by });
    const isShared = key.kind === 'broker';
    expect((await decide('operator-globex')).statusCode).toBe(404);
    expect((await decide('operator-acme')).statusCode).toBe(isShared ? 403 : 200);
    expect((await decide('operator-all')).statusCode).toBe(200);
    expect(harness.state.orders).toHaveLength(isShared ? 1 : 2);
  });
});
