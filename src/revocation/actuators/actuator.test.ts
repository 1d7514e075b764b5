import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { createFakeClock } from '../testing/fakes.ts';
import { createActuator } from './actuator.ts';
import type { Call } from './call.ts';
import { createCredentials } from './credentials.ts';
import type { Answer } from './expression.ts';
import type { Template } from './template.ts';
import { parseTemplate, shippedTemplates } from './templates.ts';
import { orderOf } from './testing/orders.ts';

const SHIPPED = shippedTemplates();

function actuator(
  template: Template | undefined,
  parameters: Readonly<Record<string, string>>,
  answers: (call: Call) => Partial<Answer> | Promise<Partial<Answer>> = () => ({}),
) {
  const calls: Call[] = [];
  const clock = createFakeClock();
  const made = createActuator({
    name: 'test',
    template: template!,
    keys: ['agent'],
    minimumLevel: 5,
    automatic: true,
    parameters,
    clock,
    credentials: createCredentials({
      environment: { SECRET: 's3cret-value' },
      readFile: async (path) => `text of ${path}\n`,
    }),
    send: async (call) => {
      calls.push(call);
      return { status: 200, text: '', json: null, ...(await answers(call)) };
    },
  });
  return { made, calls, clock };
}

const VAULT = { address: 'https://vault.example:8200', token: 'env:SECRET' };

describe('createActuator', () => {
  it('asks for the time that all its calls may take, logins and looks too', async () => {
    for (const template of SHIPPED.values()) {
      const { login, freeze, restore, observe } = template;
      const { made } = actuator(template, {});
      const looks = observe.length > 0 ? login.length + observe.length : 0;
      const steps = Math.max(
        login.length + freeze.length + looks,
        login.length + restore.length + 2 * looks,
      );
      expect(made.attemptMs).toBeGreaterThan(steps * LIMITS.actuatorTimeoutMs);
    }
  });

  it('fills in what the template says', async () => {
    const { made, calls } = actuator(SHIPPED.get('vault-entity'), VAULT);
    const receipt = await made.freeze(orderOf(), 'ent/1');
    expect(receipt).toMatchObject({ status: 'done', detail: 'frozen' });
    expect(calls).toEqual([
      {
        kind: 'http',
        method: 'POST',
        url: new URL('https://vault.example:8200/v1/identity/entity/id/ent%2F1'),
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'x-vault-token': 's3cret-value',
        },
        body: '{"disabled":true}',
      },
    ]);
  });

  it('looks by an expression on the answer', async () => {
    let json: unknown = { data: { disabled: true } };
    const { made } = actuator(SHIPPED.get('vault-entity'), VAULT, () => ({ json }));
    expect(await made.observe(orderOf(), 'e')).toBe('frozen');
    json = { data: { disabled: false } };
    expect(await made.observe(orderOf(), 'e')).toBe('active');
    json = { errors: [] };
    expect(await made.observe(orderOf(), 'e')).toBe('unknown');
  });

  it('logs in first and keeps what the answers tell', async () => {
    const { made, calls } = actuator(
      SHIPPED.get('keycloak-client'),
      { address: 'https://sso.example', realm: 'r', client_id: 'c', client_secret: 'env:SECRET' },
      (call) => {
        if (call.kind !== 'http') return {};
        if (call.url.pathname.endsWith('/token')) return { json: { access_token: 'at' } };
        return { json: [{ id: 'uuid-1' }] };
      },
    );
    expect((await made.freeze(orderOf(), 'bot')).status).toBe('done');
    const lines = calls.map(
      (call) => call.kind === 'http' && `${call.method} ${call.url.pathname}`,
    );
    expect(lines).toEqual([
      'POST /realms/r/protocol/openid-connect/token',
      'GET /admin/realms/r/clients',
      'PUT /admin/realms/r/clients/uuid-1',
      'POST /admin/realms/r/clients/uuid-1/push-revocation',
    ]);
    const put = calls[2];
    expect(put).toMatchObject({ headers: { authorization: 'Bearer at' } });
    expect(JSON.parse(put?.kind === 'http' ? put.body : '')).toEqual({
      clientId: 'bot',
      enabled: false,
      notBefore: 1_795_252_021,
    });
  });

  it.each([
    [400, 'refused'],
    [404, 'refused'],
    [401, 'retry'],
    [429, 'retry'],
    [503, 'retry'],
  ])('takes %i for %s', async (status, expected) => {
    const { made } = actuator(SHIPPED.get('vault-entity'), VAULT, () => ({ status }));
    expect(await made.freeze(orderOf(), 'e')).toMatchObject({
      status: expected,
      detail: `status_${status}`,
    });
  });

  it('waits for no target longer than its time', async () => {
    const { made, clock } = actuator(
      SHIPPED.get('vault-entity'),
      VAULT,
      () => new Promise(() => undefined),
    );
    const receipt = made.freeze(orderOf(), 'e');
    while (clock.sleepers === 0) await new Promise(setImmediate);
    clock.advance(LIMITS.actuatorTimeoutMs);
    expect(await receipt).toMatchObject({ status: 'retry', detail: 'timeout' });
  });

  it('tells of a missing credential without calling', async () => {
    const { made, calls } = actuator(SHIPPED.get('vault-entity'), { ...VAULT, token: 'env:NONE' });
    expect(await made.freeze(orderOf(), 'e')).toMatchObject({ detail: 'credential_missing' });
    expect(calls).toEqual([]);
  });

  it('shows the exact request with secrets masked, and sends nothing', () => {
    const { made, calls } = actuator(SHIPPED.get('vault-entity'), VAULT);
    expect(made.describe('freeze', orderOf(), 'e-1')).toEqual([
      'POST https://vault.example:8200/v1/identity/entity/id/e-1',
      'accept: application/json',
      'content-type: application/json',
      'x-vault-token: ***',
      '',
      '{"disabled":true}',
      '',
    ]);
    expect(calls).toEqual([]);
  });

  it.each([...SHIPPED.values()])('describes every action of $name', (template) => {
    const parameters = Object.fromEntries(
      Object.entries(template.parameters).map(([name, { secret, url }]) => [
        name,
        secret ? 'env:SECRET' : url ? 'https://x.example' : name === 'socket' ? '/run/x' : 'value',
      ]),
    );
    const { made } = actuator(template, parameters);
    for (const action of ['freeze', 'restore', 'observe'] as const) {
      const text = made.describe(action, orderOf(), 'target-1').join('\n');
      expect(text === '').toBe(template[action].length === 0);
      expect(text).not.toContain('s3cret-value');
      expect(text).not.toMatch(/(?<!\{)\{[a-z_]+\}(?!\})/);
    }
  });

  it('signs webhooks as the standard asks, with the same id at each attempt', async () => {
    const { made, calls } = actuator(SHIPPED.get('signed-webhook'), {
      url: 'https://hooks.example/x',
      signing_secret: 'env:SECRET',
    });
    await made.freeze(orderOf(), 'a');
    await made.freeze(orderOf(), 'a');
    await made.freeze(orderOf({ epoch: 2 }), 'a');
    const sent = calls.flatMap((call) => (call.kind === 'http' ? [call] : []));
    const [first] = sent;
    const { 'webhook-id': id, 'webhook-timestamp': at } = first!.headers;
    const expected = createHmac('sha256', Buffer.from('s3cret-value', 'base64'))
      .update(`${id}.${at}.${first!.body}`)
      .digest('base64');
    expect(first!.headers['webhook-signature']).toBe(`v1,${expected}`);
    expect(sent[1]!.headers['webhook-id']).toBe(id);
    expect(sent[2]!.headers['webhook-id']).not.toBe(id);
    expect(JSON.parse(first!.body).data).toMatchObject({ level: 5, epoch: 1, action: 'freeze' });
  });

  it('reads one secret for each target, and none outside of its place', async () => {
    const parameters = {
      revocation_endpoint: 'https://as.example/revoke',
      introspection_endpoint: 'https://as.example/introspect',
      client_id: 'c:1',
      client_secret: 'env:SECRET',
      token: 'file:/run/agents/{target}.token',
    };
    const { made, calls } = actuator(SHIPPED.get('oauth-grant'), parameters);
    await made.freeze(orderOf(), 'invoice-bot');
    const [call] = calls;
    expect(call?.kind === 'http' && new URLSearchParams(call.body).get('token')).toBe(
      'text of /run/agents/invoice-bot.token',
    );
    const basic = Buffer.from('c%3A1:s3cret-value').toString('base64');
    expect(call).toMatchObject({ headers: { authorization: `Basic ${basic}` } });
    for (const target of ['../../etc/shadow', '..', 'a/b', '']) {
      expect(await made.freeze(orderOf(), target)).toMatchObject({ detail: 'unrepresentable' });
    }
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['haproxy-map', 'bot; disable server x/y'],
    ['haproxy-map', 'two words'],
    ['haproxy-map', 'line\nshut sessions'],
    ['vault-entity', '..'],
    ['vault-entity', '.'],
    ['spire-agent', '-socketPath'],
  ])('lets no id leave its place in %s: %j', async (name, target) => {
    const parameters = { ...VAULT, socket: '/run/x', map: '/etc/m' };
    const { made, calls } = actuator(SHIPPED.get(name), parameters);
    expect(await made.freeze(orderOf(), target)).toMatchObject({
      status: 'refused',
      detail: 'unrepresentable',
    });
    expect(calls).toEqual([]);
  });
});

describe('parseTemplate', () => {
  const TEMPLATE = `
name: mine
title: Mine
summary: Mine.
verified: template, not verified
reversible: false
takes: session
keys: [agent]
delay: none
parameters: {}
freeze:
  - http: { method: POST, url: 'https://x.example/{target}' }
`;

  it('takes a template of the user', () => {
    expect(parseTemplate(TEMPLATE)).toMatchObject({ name: 'mine', restore: [], observe: [] });
  });

  it.each([
    [TEMPLATE.replace('{target}', '{nobody}'), 'freeze.0: nothing is called {nobody}'],
    [TEMPLATE.replace('reversible: false', 'reversible: true'), 'restore:'],
    [`${TEMPLATE}state: '"frozen"'\n`, 'state:'],
    [`${TEMPLATE}    expect: 'status ='\n`, 'freeze.0.expect'],
    [`${TEMPLATE}surplus: 1\n`, 'surplus'],
    [TEMPLATE.replace('http:', 'smtp:'), 'freeze.0'],
    ['{', 'The template is wrong'],
  ])('refuses what is wrong and says where', (text, expected) => {
    expect(() => parseTemplate(text)).toThrow(expected);
  });
});
