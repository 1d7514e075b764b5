import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { namedPath } from './problem.ts';
import * as schemas from './schemas.ts';
import { bearer, createHarness, startApi } from './testing/harness.ts';

let harness: ReturnType<typeof createHarness>;
let app: FastifyInstance;
beforeEach(async () => {
  harness = createHarness({ localReads: true });
  app = await startApi(harness);
});
afterEach(() => app.close());

const key = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' };

const post = (url: string, payload: object, as = 'operator-acme') =>
  app.inject({ method: 'POST', url, headers: bearer(as), payload });

const trip = (changes: object = {}, as?: string) =>
  post('/v1/breakers/trip', { key, level: 4, reason: 'looks wrong', ...changes }, as);

describe('orders', () => {
  it('trips by a named credential and answers with the breaker', async () => {
    const response = await trip();
    expect(response.statusCode, response.body).toBe(200);
    expect(schemas.ORDER.parse(response.json()).breaker).toMatchObject({ key, phase: 'open' });
    expect(harness.state.orders).toEqual([
      {
        tenant: 'acme',
        command: { type: 'trip', actor: 'operator-acme', reason: 'looks wrong', key, level: 4 },
      },
    ]);
  });

  it('refuses a chain that no broker asks for, and says what to trip instead', async () => {
    const chain = (id: string) => trip({ key: { tenant: 'acme', kind: 'chain', id } });
    const refused = await chain('session:s-1');
    expect([refused.statusCode, refused.json().path]).toEqual([400, 'key.id']);
    expect(refused.json().message).toMatch(/kind session/);
    expect((await chain('jti:t-1')).json().message).toMatch(/kind token/);
    expect((await chain('decision:d-1')).json().message).toMatch(/its session, token or agent/);
    expect((await chain('event:00:e')).statusCode).toBe(400);
    expect(harness.state.orders).toEqual([]);
    for (const id of ['x-1', 'urn:uuid:1', 'txn:session:s-1', 'trace:jti:1']) await chain(id);
    const ids = harness.state.orders.map(({ command }) => 'key' in command && command.key.id);
    expect(ids).toEqual(['x-1', 'urn:uuid:1', 'session:s-1', 'jti:1']);
  });

  it('keeps a claimed name beside the credential, never in its place', async () => {
    await trip({ actor: 'kim' });
    expect(harness.state.orders[0]?.command.actor).toBe('kim (operator-acme)');
  });

  it('resets the epoch that was seen, and no other', async () => {
    const reset = (epoch: number) => post('/v1/breakers/reset', { key, epoch, reason: 'checked' });
    expect((await reset(2)).statusCode).toBe(200);
    expect(harness.state.orders[0]?.command).toMatchObject({ type: 'reset', epoch: 2 });
    const stale = await reset(1);
    expect([stale.statusCode, stale.json().code]).toEqual([409, 'conflict']);
  });

  it.each(['enforce', 'shadow'])('puts a tenant into %s with a reason', async (posture) => {
    const url = `/v1/tenants/acme/${posture}`;
    expect((await post(url, { reason: 'after review' })).json()).toEqual({
      tenant: 'acme',
      posture,
    });
    expect(harness.state.orders[0]).toMatchObject({ tenant: 'acme', command: { type: posture } });
    expect((await post(url, {})).json()).toMatchObject({ code: 'bad_request', path: 'reason' });
    expect((await post('/v1/tenants/globex/enforce', { reason: 'x' })).statusCode).toBe(403);
    expect(harness.state.orders).toHaveLength(1);
  });

  it('finds a breaker by the key as a person writes it and as it is recorded', async () => {
    const get = (query: string, as = 'operator-acme') =>
      app.inject({ url: `/v1/breakers/by-key?${query}`, headers: bearer(as) });
    for (const id of ['invoice@example.com', 'invoice-bot']) {
      const found = await get(`tenant=acme&kind=agent&id=${encodeURIComponent(id)}`);
      expect(schemas.BREAKER.parse(found.json())).toMatchObject({ key, phase: 'open' });
    }
    const calm = await get('tenant=acme&kind=agent&id=calm-bot');
    expect(calm.json()).toMatchObject({ phase: 'closed' });
    const missing = await get('tenant=acme&kind=session&id=invoice-bot');
    expect([missing.statusCode, missing.json().code]).toEqual([404, 'not_found']);
    expect((await get('tenant=globex&kind=agent&id=globex-bot')).statusCode).toBe(403);
    expect((await get('tenant=acme&kind=agent')).statusCode).toBe(400);
  });

  it('enforces a tenant never seen only where told to, for it may be misspelt', async () => {
    const url = '/v1/tenants/acmee/enforce';
    const misspelt = await post(url, { reason: 'x' }, 'operator-all');
    expect([misspelt.statusCode, misspelt.json().code]).toEqual([404, 'not_found']);
    expect(misspelt.json().message).toContain('Did you mean acme?');
    expect((await post(url, { reason: 'x' })).statusCode).toBe(403);
    expect(harness.state.orders).toEqual([]);
    const meant = await post(url, { reason: 'x', create: true }, 'operator-all');
    expect(meant.json()).toEqual({ tenant: 'acmee', posture: 'enforce' });
    expect(harness.state.orders).toHaveLength(1);
  });

  it('puts a tenant never seen into shadow only where told to', async () => {
    const url = '/v1/tenants/gobex/shadow';
    const misspelt = await post(url, { reason: 'x' }, 'operator-all');
    expect([misspelt.statusCode, misspelt.json().code]).toEqual([404, 'not_found']);
    expect(misspelt.json().message).toContain('Did you mean globex? If it is new, set `create`.');
    const strange = await post('/v1/tenants/zzzzzzzz/shadow', { reason: 'x' }, 'operator-all');
    expect(strange.json().message).toContain('Is it misspelt? If it is new, set `create`.');
    expect(harness.state.orders).toEqual([]);
    const meant = await post(url, { reason: 'x', create: true }, 'operator-all');
    expect(meant.json()).toEqual({ tenant: 'gobex', posture: 'shadow' });
  });

  it.each([
    [{ reason: '  ' }, 'reason'],
    [{ reason: undefined }, 'reason'],
    [{ level: 0 }, 'level'],
    [{ level: 4.5 }, 'level'],
    [{ level: 6 }, 'level'],
    [{ key: { ...key, kind: 'planet' } }, 'key.kind'],
    [{ key: { ...key, id: '' } }, 'key.id'],
    [{ key: { tenant: 'acme', kind: 'tenant', id: 'globex' }, level: 6 }, 'key.id'],
  ])('refuses %j, naming %s', async (changes, path) => {
    const response = await trip(changes);
    expect(response.statusCode).toBe(400);
    expect(schemas.ERROR.parse(response.json()).path).toBe(path);
    expect(harness.state.orders).toEqual([]);
  });

  it('says to a credential of every tenant how to stop everything, to others nothing', async () => {
    const all = { key: { tenant: '_system', kind: 'global', id: '*' }, level: 7 };
    expect((await trip(all)).statusCode).toBe(403);
    const answer = await trip(all, 'operator-all');
    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('level 6')]);
  });

  it('replaces grants from YAML and JSON', async () => {
    for (const type of ['application/yaml', 'application/json', 'text/yaml; charset=utf-8']) {
      const response = await app.inject({
        method: 'PUT',
        url: '/v1/grants',
        headers: { ...bearer('operator-acme'), 'content-type': type },
        payload: 'agents: [{ tenant: acme }]',
      });
      expect(response.json()).toEqual({ tenants: [{ tenant: 'acme', agents: 0 }] });
    }
    expect(harness.state.grants.map(({ tenant }) => tenant)).toEqual(['acme', 'acme', 'acme']);
  });

  it('refuses grants that are wrong, another’s, too big or of another type', async () => {
    const put = (payload: string, type = 'application/yaml') =>
      app.inject({
        method: 'PUT',
        url: '/v1/grants',
        headers: { ...bearer('operator-acme'), 'content-type': type },
        payload,
      });
    expect((await put('agents: [{}]')).json()).toMatchObject({
      code: 'config_invalid',
      path: 'agents.0.agent',
    });
    const facts = await put('resources: [{ match: "crm:*", tenant: globex }]');
    expect([facts.statusCode, facts.json().path]).toEqual([400, 'agents']);
    expect((await put('x'.repeat(LIMITS.orderBytes + 1))).statusCode).toBe(413);
    expect((await put('acme', 'application/xml')).statusCode).toBe(415);
    const other = await app.inject({
      method: 'PUT',
      url: '/v1/grants',
      headers: { ...bearer('operator-globex'), 'content-type': 'application/yaml' },
      payload: 'acme',
    });
    expect(other.statusCode).toBe(403);
    expect(harness.state.grants).toEqual([]);
  });

  it('names an unknown field that looks like one, and repeats nothing else', async () => {
    const misspelt = await trip({ levl: 4 });
    expect(misspelt.json()).toMatchObject({ message: 'unknown field: levl' });
    const personal = await trip({ 'bob@example.com': 4, '+1 415 555 2671': 4 });
    expect(personal.json()).toMatchObject({ code: 'bad_request', message: 'unknown field' });
    const query = await app.inject({
      url: '/v1/findings?bob%40x.com=1',
      headers: bearer('viewer-all'),
    });
    expect([query.statusCode, query.json().message]).toEqual([400, 'unknown field']);
    expect(namedPath('agents[0].bob.toolz["a b"]')).toBe('agents[0].bob.toolz');
    expect(namedPath('agents[0].421-45-9282')).toBe('agents[0]');
    expect(namedPath('agents.0["bob@example.com"].x')).toBe('agents.0');
  });

  it.each(['', '{', '[]', '"text"', 'null'])('refuses the body %j', async (payload) => {
    const response = await app.inject({
      method: 'POST',
      url: '/v1/breakers/trip',
      headers: { ...bearer('operator-acme'), 'content-type': 'application/json' },
      payload,
    });
    expect(response.statusCode).toBe(400);
    expect(schemas.ERROR.parse(response.json()).code).toBe('bad_request');
  });

  it.each(['viewer-all', 'broker-acme', 'ingest-acme'])('refuses %s every order', async (as) => {
    expect((await trip({}, as)).statusCode).toBe(403);
    expect((await post('/v1/tenants/acme/enforce', { reason: 'x' }, as)).statusCode).toBe(403);
    expect(harness.state.orders).toEqual([]);
  });

  it('takes no order without a token, not even from this machine’s own page', async () => {
    const response = await app.inject({
      method: 'POST',
      url: '/v1/breakers/trip',
      headers: { host: '127.0.0.1:8787', 'sec-fetch-site': 'same-origin' },
      payload: { key, level: 4, reason: 'x' },
    });
    expect(response.statusCode).toBe(401);
    expect(harness.state.orders).toEqual([]);
  });
});
