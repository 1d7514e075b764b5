import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import type { BreakerKey } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { gatewayDependencies, tokenWith } from '../gateway/testing/gateway.ts';
import type { Post, PostRequest } from '../guarded-post.ts';
import { AUTHENTICATOR, createFakeClock } from '../testing/fakes.ts';
import { tokenIntrospection } from './introspection.ts';
import { createIntrospectionUpstream, type UpstreamOptions } from './upstream.ts';

const AGENT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' };
const ACTIVE = { active: true, sub: 'alice', client_id: 'invoice-bot', scope: 'mail.send' };

type Answer = { readonly status?: number; readonly text?: string } | Error;

async function serve(
  answers: readonly Answer[] | null = null,
  more: Partial<UpstreamOptions> = {},
  isVerified = false,
) {
  const dependencies = gatewayDependencies();
  const requests: PostRequest[] = [];
  const left = [...(answers ?? [])];
  const post: Post = async (request) => {
    requests.push(request);
    const answer = left.shift() ?? new Error('no answer');
    if (answer instanceof Error) throw answer;
    return { status: 200, text: '', retryAfter: null, ...answer };
  };
  const upstream = createIntrospectionUpstream({
    ...{ url: 'https://as.example/introspect', authorization: 'Basic x', timeoutMs: 1_000 },
    ...{ onFailure: 'closed', clock: dependencies.clock, log: SILENT_LOG, post, ...more },
  });
  const verifier: (typeof dependencies)['verifier'] = {
    verify: async () => ({ facts: { verified: isVerified }, assertions: {}, tenants: ['acme'] }),
  };
  const app = Fastify();
  await app.register(
    tokenIntrospection({
      ...{ ...dependencies, verifier, authenticator: AUTHENTICATOR, log: SILENT_LOG },
      upstreamOf: () => (answers === null ? null : upstream),
    }),
  );
  const ask = (payload: string, authorization = 'Bearer broker-token', tenant = 'acme') =>
    app.inject({
      ...{ method: 'POST', url: `/t/${tenant}/oauth/introspect`, payload },
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    });
  return { ...dependencies, requests, ask };
}

const json = (value: unknown): Answer => ({ text: JSON.stringify(value) });

describe('introspection in front of an authorisation server', () => {
  it('passes on what the upstream says', async () => {
    const { ask, requests } = await serve([json(ACTIVE), json({ active: false, why: 'expired' })]);
    const answer = await ask('token=opaque-1&token_type_hint=access_token');
    expect(answer.json()).toEqual(ACTIVE);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(requests[0]).toMatchObject({
      body: 'token=opaque-1',
      headers: { authorization: 'Basic x', accept: 'application/json' },
    });
    expect((await ask('token=opaque-1')).json()).toEqual({ active: false });
  });

  it('calls a token of a stopped agent inactive and says nothing else', async () => {
    const { ask, view, requests } = await serve([json(ACTIVE), json(ACTIVE)]);
    view.trip(AGENT, 4);
    const answer = await ask('token=opaque-1');
    expect([answer.statusCode, answer.body]).toEqual([200, '{"active":false}']);
    view.reset(AGENT);
    view.trip(AGENT, 3);
    expect((await ask('token=opaque-1')).json()).toEqual(ACTIVE);
    expect(requests).toHaveLength(2);
  });

  it('asks nobody about a JWT whose chain is stopped', async () => {
    const { ask, view, requests } = await serve([]);
    view.trip(AGENT, 5);
    const token = tokenWith({ sub: 'alice', act: { sub: 'x', act: { sub: AGENT.id } } });
    expect((await ask(`token=${token}`)).body).toBe('{"active":false}');
    expect(requests).toHaveLength(0);
  });

  it('stops a token minted before the revocation', async () => {
    const claims = { ...ACTIVE, act: { sub: AGENT.id }, brk: { e: 0, t: 1 } };
    const { ask, view } = await serve([json(claims), json({ ...claims, brk: { e: 2, t: 1 } })]);
    view.trip(AGENT, 4);
    view.reset(AGENT);
    expect((await ask('token=opaque')).body).toBe('{"active":false}');
    expect((await ask('token=opaque')).json()).toMatchObject({ active: true });
  });

  it('does nothing in shadow but what a person ordered', async () => {
    const { ask, view } = await serve([json(ACTIVE), json(ACTIVE)]);
    view.posture = 'shadow';
    view.trip(AGENT, 4);
    expect((await ask('token=opaque')).json()).toEqual(ACTIVE);
    view.trip(AGENT, 4, { class: 'operator' });
    expect((await ask('token=opaque')).body).toBe('{"active":false}');
  });

  it.each([
    ['an error', new Error('away')],
    ['a refusal', { status: 401, text: '{"active":true}' }],
    ['no JSON', { text: '<html>' }],
    ['an array', { text: '[]' }],
  ])('is closed where the upstream gives %s', async (_name, answer) => {
    const { ask } = await serve([answer], {}, true);
    expect((await ask('token=opaque')).body).toBe('{"active":false}');
  });

  it('is open, where told so, for what a configured issuer signed and nothing else', async () => {
    const token = tokenWith({ sub: 'invoice-bot', jti: 't-1' });
    const signed = await serve([new Error('away')], { onFailure: 'open' }, true);
    expect((await signed.ask(`token=${token}`)).json()).toMatchObject({ active: true, jti: 't-1' });
    const unsigned = await serve([new Error('away')], { onFailure: 'open' });
    expect((await unsigned.ask(`token=${token}`)).body).toBe('{"active":false}');
  });

  it('gives the upstream no longer than its time', async () => {
    let asked = (): void => undefined;
    const asking = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const clock = createFakeClock();
    const post: Post = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        asked();
      });
    const { ask } = await serve([], { post, clock });
    const answering = ask('token=opaque');
    await asking;
    clock.advance(1_000);
    expect((await answering).body).toBe('{"active":false}');
    expect(clock.sleepers).toBe(0);
  });
});

describe('introspection without an upstream', () => {
  it('believes the signatures of configured issuers', async () => {
    const token = tokenWith({ sub: 'invoice-bot', scope: 'a b' });
    const { ask, view } = await serve(null, {}, true);
    expect((await ask(`token=${token}`)).json()).toEqual({
      ...{ active: true, sub: 'invoice-bot', scope: 'a b' },
    });
    view.trip(AGENT, 4);
    expect((await ask(`token=${token}`)).body).toBe('{"active":false}');
    const other = await serve(null);
    expect((await other.ask(`token=${token}`)).body).toBe('{"active":false}');
  });
});

describe('who may introspect', () => {
  const basic = (user: string, password: string) =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  it.each([
    ['a broker by token', 'Bearer broker-token', 'acme', 200],
    ['a broker as client', basic('broker-1', 'broker-token'), 'acme', 200],
    ['a client by another name', basic('broker-2', 'broker-token'), 'acme', 401],
    ['an unknown client', basic('broker-1', 'nope'), 'acme', 401],
    ['a broken escape', basic('broker-1', '%'), 'acme', 401],
    ['a viewer', 'Bearer viewer-token', 'acme', 403],
    ['a broker of another tenant', 'Bearer broker-token', 'globex', 403],
  ])('%s', async (_name, authorization, tenant, status) => {
    const { ask } = await serve([json(ACTIVE)]);
    const answer = await ask('token=opaque', authorization, tenant);
    expect(answer.statusCode).toBe(status);
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it.each(['', 'token=', 'token=a&token=b', `token=${'x'.repeat(LIMITS.jwtChars + 1)}`])(
    'refuses %j',
    async (payload) => {
      const { ask } = await serve([json(ACTIVE)]);
      expect((await ask(payload)).statusCode).toBe(400);
    },
  );
});
