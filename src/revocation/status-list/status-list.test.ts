import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list';
import Fastify from 'fastify';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BreakerKey, BreakerState } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { BreakerChanges } from '../breaker-changes.ts';
import { fixedKeyRing } from '../keys.ts';
import { AUTHENTICATOR, createFakeClock, createFakeView } from '../testing/fakes.ts';
import { AllocationFile } from './allocation-file.ts';
import { tokenStatusList } from './status-list.ts';

const KEYS = fixedKeyRing();
const ISSUER = 'https://t.example/t/acme';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tripcoil-lists-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function serve() {
  const view = createFakeView();
  const clock = createFakeClock();
  const file = await AllocationFile.open({ path: join(directory, 'lists.jsonl'), clock });
  const app = Fastify();
  app.addHook('onClose', () => file.close());
  let signed = 0;
  const keys = {
    ...KEYS,
    signJwt: (payload: Readonly<Record<string, unknown>>, typ: string) => {
      signed += 1;
      return KEYS.signJwt(payload, typ);
    },
  };
  await app.register(
    tokenStatusList({
      ...{ view, changes: new BreakerChanges(view, clock), file, keys, clock },
      ...{ issuer: () => ISSUER, authenticator: AUTHENTICATOR, log: SILENT_LOG },
    }),
  );
  const allocate = (payload: object, token = 'broker-token') =>
    app.inject({
      ...{ method: 'POST', url: '/v1/status-lists', payload },
      headers: { authorization: `Bearer ${token}` },
    });
  const places = async (items: readonly object[]) => {
    const { items: given } = (await allocate({ items })).json<{
      items: { status_list: { idx: number; uri: string } }[];
    }>();
    return given.map(({ status_list: { idx } }) => idx);
  };
  const fetchList = (headers = {}) =>
    app.inject({ url: `/t/acme/status-lists/${file.listId}`, headers });
  /** As a relying party sees it, through somebody else's library. */
  const statuses = async (of: readonly number[]) => {
    const list = getListFromStatusListJWT((await fetchList()).body);
    return of.map((index) => list.getStatus(index));
  };
  return { view, clock, app, allocate, places, fetchList, statuses, signed: () => signed };
}

const key = (kind: BreakerKey['kind'], id: string): BreakerKey => ({ tenant: 'acme', kind, id });
const EXP = 1_795_260_000;

describe('the status list as a foreign library reads it', () => {
  it('shows each token what became of any of its names', async () => {
    const { view, app, places, statuses } = await serve();
    const of = await places([
      { jti: 't-1', agents: ['invoice-bot', 'planner'], exp: EXP },
      { jti: 't-2', agents: ['other-bot', 'planner'], session: 's-2', exp: EXP },
      { jti: 't-3', agents: ['other-bot'], exp: EXP },
      { agents: ['invoice-bot'] },
    ]);
    expect(await statuses(of)).toEqual([0, 0, 0, 0]);
    view.trip(key('agent', 'invoice-bot'), 4);
    expect(await statuses(of)).toEqual([2, 0, 0, 2]);
    view.trip(key('agent', 'planner'), 5);
    expect(await statuses(of)).toEqual([1, 1, 0, 2]);
    view.reset(key('agent', 'planner'));
    view.trip(key('session', 's-2'), 4);
    view.trip(key('token', 't-3'), 5);
    expect(await statuses(of)).toEqual([2, 2, 1, 2]);
    view.reset(key('agent', 'invoice-bot'));
    view.trip(key('agent', 'other-bot'), 3);
    expect(await statuses(of)).toEqual([0, 2, 1, 0]);
    await app.close();
  });

  it('tells probation from health', async () => {
    const { view, app, places, statuses } = await serve();
    const of = await places([{ agents: ['a'] }]);
    const { snapshot } = view;
    const state: BreakerState = {
      ...{ phase: 'probation', epoch: 2, step: 25, level: 3, heldLevel: 4, ratePerMin: null },
      ...{ reason: 'x', class: 'statistical', openedAt: 0, findingId: null, since: 0 },
      cleanCalls: 0,
    };
    const record = { key: key('agent', 'a'), state, term: 1, title: null };
    view.snapshot = (tenant) => ({ ...snapshot(tenant), breakers: [record] });
    expect(await statuses(of)).toEqual([3]);
    await app.close();
  });

  it('shows all of a shadow tenant as valid, but for what a person tripped', async () => {
    const { view, app, places, statuses } = await serve();
    const of = await places([{ agents: ['a'] }, { agents: ['b'] }]);
    view.posture = 'shadow';
    view.trip(key('agent', 'a'), 5);
    view.trip(key('agent', 'b'), 4, { class: 'operator' });
    expect(await statuses(of)).toEqual([0, 2]);
    await app.close();
  });

  it('is signed, typed and bounded in time as the draft wants it', async () => {
    const { app, clock, places, fetchList, signed } = await serve();
    await places([{ agents: ['a'] }]);
    const answer = await fetchList();
    expect(answer.headers).toMatchObject({
      'content-type': 'application/statuslist+jwt',
      'cache-control': 'public, max-age=1',
      'access-control-allow-origin': '*',
    });
    const jwks = createLocalJWKSet((await KEYS.jwks()) as JSONWebKeySet);
    const now = new Date(clock.now());
    const { payload } = await jwtVerify(answer.body, jwks, {
      ...{ typ: 'statuslist+jwt', currentDate: now, issuer: ISSUER },
    });
    const iat = Math.floor(clock.now() / 1_000);
    expect(payload).toMatchObject({ iat, exp: iat + 15, ttl: 5, status_list: { bits: 2 } });
    expect(payload.sub).toMatch(/^https:\/\/t\.example\/t\/acme\/status-lists\/[\w-]{12}$/);
    expect(answer.body.length).toBeLessThan(1_200);

    const { etag } = answer.headers;
    expect((await fetchList({ 'if-none-match': etag })).statusCode).toBe(304);
    expect(signed()).toBe(1);
    clock.advance(5_000);
    expect((await fetchList({ 'if-none-match': etag })).statusCode).toBe(200);
    expect(signed()).toBe(2);
    await app.close();
  });

  it('is not there for another tenant, another list or before the first place', async () => {
    const { app, fetchList, places } = await serve();
    expect((await fetchList()).statusCode).toBe(404);
    await places([{ agents: ['a'] }]);
    expect((await fetchList()).statusCode).toBe(200);
    expect((await app.inject('/t/acme/status-lists/other')).statusCode).toBe(404);
    await app.close();
  });
});

describe('POST /v1/status-lists', () => {
  it('answers with what belongs into the token', async () => {
    const { app, allocate } = await serve();
    const answer = await allocate({ items: [{ agents: ['a'] }] });
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toEqual({
      items: [{ status_list: { idx: expect.any(Number), uri: expect.stringContaining(ISSUER) } }],
    });
    await app.close();
  });

  it.each([
    ['nothing', { items: [] }, 400],
    ['an item without a name', { items: [{}] }, 400],
    ['a token without an end', { items: [{ jti: 't' }] }, 400],
    ['a stranger’s member', { items: [{ agents: ['a'], x: 1 }] }, 400],
    ['too many', { items: Array(LIMITS.statusListItems + 1).fill({ agents: ['a'] }) }, 400],
    ['another tenant', { tenant: 'globex', items: [{ agents: ['a'] }] }, 403],
  ])('refuses %s', async (_name, payload, status) => {
    const { app, allocate } = await serve();
    expect((await allocate(payload)).statusCode).toBe(status);
    expect((await allocate({ items: [{ agents: ['a'] }] }, 'viewer-token')).statusCode).toBe(403);
    await app.close();
  });
});
