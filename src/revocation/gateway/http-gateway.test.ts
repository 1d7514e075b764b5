import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import type { BreakerKey } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { MINUTE_MS } from '../../core/time.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { AUTHENTICATOR } from '../testing/fakes.ts';
import { httpGateway } from './http-gateway.ts';
import type { GatewaySettings } from './settings.ts';
import { gatewayDependencies, tokenWith } from './testing/gateway.ts';

const AGENT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' };
const SESSION: BreakerKey = { tenant: 'acme', kind: 'session', id: 's-1' };

async function serve(settings: Partial<GatewaySettings> = {}) {
  const dependencies = gatewayDependencies(settings);
  const app = Fastify();
  await app.register(
    httpGateway({ ...dependencies, authenticator: AUTHENTICATOR, log: SILENT_LOG }),
  );
  type Method = 'GET' | 'POST' | 'DELETE' | 'OPTIONS';
  const ask = async (
    headers: Record<string, string>,
    url = '/v1/check/http',
    method: Method = 'GET',
    payload?: string,
  ) => {
    const answer = await app.inject({
      ...{ method, url, headers: { authorization: 'Bearer broker-token', ...headers } },
      ...(payload === undefined ? {} : { payload }),
    });
    expect(answer.body).toBe('');
    return answer;
  };
  return { ...dependencies, ask };
}

describe('/v1/check/http', () => {
  it('lets pass what nothing holds back', async () => {
    const { ask } = await serve();
    const answer = await ask({ 'x-tripcoil-agent': 'invoice-bot' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'x-tripcoil-level': '0',
      'x-tripcoil-reason': 'closed',
    });
    expect(answer.headers).not.toHaveProperty('retry-after');
  });

  it.each([
    ['a header', { 'x-tripcoil-agent': 'invoice-bot' }, ''],
    ['the query', {}, '?agent=invoice-bot'],
    ['the subject of the token', { 'x-forwarded-authorization': tokenWith({ sub: AGENT.id }) }, ''],
    [
      'an actor behind the actor',
      {
        'x-forwarded-authorization': `Bearer ${tokenWith({
          sub: 'alice',
          act: { sub: 'helper', act: { sub: AGENT.id } },
        })}`,
      },
      '',
    ],
    [
      'a token beside a credential of its own header',
      {
        'x-tripcoil-authorization': 'Bearer broker-token',
        authorization: `Bearer ${tokenWith({ sub: AGENT.id })}`,
      },
      '',
    ],
    [
      'a token beside another name, which takes nothing away',
      {
        'x-tripcoil-agent': 'someone-else',
        'x-forwarded-authorization': tokenWith({ sub: AGENT.id }),
      },
      '',
    ],
  ])('denies a suspended agent named by %s', async (_name, headers, query) => {
    const { view, ask } = await serve();
    view.trip(AGENT, 4);
    const answer = await ask(headers, `/v1/check/http${query}`);
    expect(answer.statusCode).toBe(403);
    expect(answer.headers).toMatchObject({
      'x-tripcoil-level': '4',
      'x-tripcoil-reason': 'volume_spike',
      'x-tripcoil-kind': 'agent',
      'x-tripcoil-epoch': '1',
    });
  });

  it('denies by session', async () => {
    const { view, ask } = await serve();
    view.trip(SESSION, 4);
    for (const headers of [
      { 'x-tripcoil-session': 's-1' },
      { 'x-tripcoil-agent': 'invoice-bot', 'x-tripcoil-session': 's-1' },
      { 'x-forwarded-authorization': tokenWith({ sub: 'a', sid: 's-1' }) },
      { 'x-tripcoil-session': 's-2', 'x-forwarded-authorization': tokenWith({ sid: 's-1' }) },
    ] as const) {
      expect((await ask(headers)).statusCode).toBe(403);
    }
    expect((await ask({ 'x-tripcoil-session': 's-2' })).statusCode).toBe(200);
  });

  it('lets reads pass at levels 2 and 3, told by the method or by the gateway', async () => {
    const { view, ask } = await serve();
    view.trip(AGENT, 2);
    const agent = { 'x-tripcoil-agent': AGENT.id };
    const write = await ask({ ...agent, 'x-original-method': 'POST' });
    expect(write.statusCode).toBe(403);
    expect(write.headers['x-tripcoil-approvable']).toBe('true');
    expect((await ask(agent)).statusCode).toBe(403);
    expect((await ask({ ...agent, 'x-original-method': 'GET' })).statusCode).toBe(200);
    expect((await ask(agent, '/v1/check/http?op=read')).statusCode).toBe(200);
    view.trip(AGENT, 3);
    expect((await ask({ ...agent, 'x-original-method': 'HEAD' })).statusCode).toBe(200);
  });

  it('denies a request that names nobody, only where the tenant enforces', async () => {
    const { view, ask } = await serve();
    const answer = await ask({});
    expect([answer.statusCode, answer.headers['x-tripcoil-reason']]).toEqual([403, 'unidentified']);
    view.posture = 'shadow';
    expect((await ask({})).statusCode).toBe(200);
    const lenient = await serve({ unidentified: 'allow' });
    expect((await lenient.ask({})).statusCode).toBe(200);
  });

  it('lets a shadow tenant pass, but for what a person tripped', async () => {
    const { view, ask } = await serve();
    view.posture = 'shadow';
    view.trip(AGENT, 4);
    const agent = { 'x-tripcoil-agent': AGENT.id };
    expect((await ask(agent)).statusCode).toBe(200);
    view.trip(AGENT, 4, { class: 'operator', reason: 'looks wrong\r\nx: y' });
    const answer = await ask(agent);
    expect([answer.statusCode, answer.headers['x-tripcoil-reason']]).toEqual([403, 'operator']);
  });

  it('denies a token from before the revocation, after the breaker closed', async () => {
    const { view, ask } = await serve();
    const token = (brk: unknown) => ({
      'x-forwarded-authorization': tokenWith({ sub: 'alice', act: { sub: AGENT.id }, brk }),
    });
    expect((await ask(token({ e: 0, t: 1 }))).statusCode).toBe(200);
    view.trip(AGENT, 4);
    view.reset(AGENT);
    const answer = await ask(token({ e: 0, t: 1 }));
    expect([answer.statusCode, answer.headers['x-tripcoil-reason']]).toEqual([
      403,
      'token_before_revocation',
    ]);
    expect((await ask(token({ e: 2, t: 1 }))).statusCode).toBe(200);
    expect((await ask(token(undefined))).statusCode).toBe(200);
  });

  it('asks for patience at level 1, and counts where it is told to', async () => {
    const { view, ask } = await serve();
    view.trip(AGENT, 1);
    const agent = { 'x-tripcoil-agent': AGENT.id };
    const patient = await ask(agent);
    expect([patient.statusCode, patient.headers['retry-after']]).toEqual([
      200,
      String(LIMITS.retryAfterSeconds),
    ]);
    const counting = await serve({ throttlePerMinute: 2 });
    counting.view.trip(AGENT, 1);
    const statuses: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) statuses.push((await counting.ask(agent)).statusCode);
    expect(statuses).toEqual([200, 200, 403]);
    const denied = await counting.ask(agent);
    expect(denied.headers['x-tripcoil-throttled']).toBe('true');
    expect(Number(denied.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect((await counting.ask(agent, '/v1/check/http/', 'GET')).statusCode).toBe(429);
    counting.clock.advance(MINUTE_MS);
    expect((await counting.ask(agent)).statusCode).toBe(200);
  });

  it('keeps an agent to the rate that its breaker lets pass, in shadow none', async () => {
    const { view, ask, clock } = await serve({ throttlePerMinute: 60 });
    const { check } = view;
    let level: 1 | 2 = 1;
    view.check = (request) => ({ ...check(request), level, key: AGENT, ratePerMin: 2.5 });
    const agent = { 'x-tripcoil-agent': AGENT.id, 'x-original-method': 'GET' };
    const statusesOf = async (turns: number) => {
      const statuses: number[] = [];
      for (let turn = 0; turn < turns; turn += 1) statuses.push((await ask(agent)).statusCode);
      return statuses;
    };
    expect(await statusesOf(3)).toEqual([200, 200, 403]);
    level = 2;
    clock.advance(MINUTE_MS);
    expect(await statusesOf(3)).toEqual([200, 200, 403]);
    view.posture = 'shadow';
    expect(await statusesOf(3)).toEqual([200, 200, 200]);
  });

  it('refuses tokens nobody vouches for where it is told to verify', async () => {
    const { ask } = await serve({ tokens: 'verify' });
    const answer = await ask({ 'x-forwarded-authorization': tokenWith({ sub: 'invoice-bot' }) });
    expect([answer.statusCode, answer.headers['x-tripcoil-reason']]).toEqual([
      401,
      'token_unknown_issuer',
    ]);
  });

  it.each([
    [{ authorization: 'Bearer nope' }, '', 401],
    [{ authorization: 'Bearer viewer-token' }, '', 403],
    [{ 'x-tripcoil-authorization': 'Bearer nope' }, '', 401],
    [{ 'x-tripcoil-tenant': 'globex' }, '', 403],
    [{}, '?agent=a&agent=b', 400],
    [{ 'x-tripcoil-agent': 'x'.repeat(LIMITS.identifierChars + 1) }, '', 400],
    [{ 'x-tripcoil-tool': 'x'.repeat(LIMITS.identifierChars + 1) }, '', 400],
    [{ authorization: 'Bearer wide-token' }, '', 400],
  ])('fails closed on %j %s', async (headers, query, status) => {
    const { ask } = await serve();
    expect((await ask(headers, `/v1/check/http${query}`)).statusCode).toBe(status);
  });
});

describe('/v1/check/http/… for ext_authz', () => {
  it('takes the method, and believes neither path nor query', async () => {
    const { view, ask } = await serve();
    view.trip(AGENT, 3);
    const agent = { 'x-tripcoil-agent': AGENT.id, 'content-type': 'text/odd' };
    const url = '/v1/check/http/orders/5?op=read&agent=nobody';
    expect((await ask(agent, url, 'GET')).statusCode).toBe(200);
    expect((await ask(agent, url, 'POST', 'anything')).statusCode).toBe(403);
    expect((await ask(agent, url, 'DELETE')).statusCode).toBe(403);
    const pretended = { ...agent, 'x-original-method': 'GET' };
    expect((await ask(pretended, url, 'POST')).statusCode).toBe(403);
    expect((await ask({}, url, 'OPTIONS')).statusCode).toBe(403);
  });
});
