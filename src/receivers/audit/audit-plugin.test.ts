import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Principal, ReceivedBatch } from '../../ports/ingest.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { BodyReader } from '../body.ts';
import type { RecordAnswer } from '../record-answer.ts';
import { auditReceiver } from './audit-plugin.ts';

const NOW = Date.parse('2026-11-21T09:30:00Z');
const AUTH = { authorization: 'Bearer one' };
const JSON_TYPE = { ...AUTH, 'content-type': 'application/json' };
const PRINCIPALS: Readonly<Record<string, Principal>> = {
  one: { name: 'broker', roles: ['ingest'], tenants: ['acme'], trust: 'broker' },
  two: { name: 'hub', roles: ['ingest'], tenants: ['acme', '111122223333'], trust: 'broker' },
};

const LINES = { ...AUTH, 'content-type': 'application/x-ndjson' };

const opa = (id: string, result: unknown = true) => ({
  ...{ decision_id: id, path: 'agents/allow', timestamp: '2026-11-21T09:00:00Z', result },
  input: { agent: { id: 'crm-bot' }, action: 'list_accounts' },
});
const cloudEvent = (id: string) => ({
  ...{ specversion: '1.0', id, source: '/hub', type: 'com.example.call' },
  ...{ time: '2026-11-21T09:00:00Z', partitionkey: 'crm-bot', data: { tool: 'search' } },
});

let app: FastifyInstance;
let batches: ReceivedBatch[];
let overloaded: boolean;
let failure: Error | null;

beforeEach(async () => {
  app = Fastify();
  batches = [];
  overloaded = false;
  failure = null;
  await app.register(
    auditReceiver({
      ingest: {
        submit: async (batch) => {
          if (failure !== null) throw failure;
          batches.push(batch);
          return { accepted: batch.events.length, duplicates: 0, rejects: [] };
        },
        refusal: () => (overloaded ? 'over_share' : null),
        turn: async () => {},
      },
      authenticator: { authenticate: (token) => PRINCIPALS[token] ?? null },
      metrics: { count() {}, gauge() {}, observe() {} },
      log: SILENT_LOG,
      bodies: new BodyReader(),
      clock: { now: () => NOW } as never,
      tenantOfAccount: (format, account) =>
        format === 'cloudtrail' && account === '999900001111' ? 'acme' : undefined,
    }),
  );
});
afterEach(() => app.close());

const post = (url: string, headers: object, payload: Buffer | string) =>
  app.inject({ method: 'POST', url, headers: { ...headers }, payload });
const events = () => batches.flatMap((batch) => batch.events);

describe('POST /v1/audit', () => {
  it.each([
    ['one object', JSON_TYPE, JSON.stringify(opa('1')), 1],
    ['an array', JSON_TYPE, JSON.stringify([opa('1'), opa('2')]), 2],
    ['lines', AUTH, `${JSON.stringify(opa('1'))}\n${JSON.stringify(opa('2'))}\n`, 2],
    ['lines of arrays', LINES, `[${JSON.stringify(opa('1'))}]\n[${JSON.stringify(opa('2'))}]`, 2],
    ['gzip', { ...JSON_TYPE, 'content-encoding': 'gzip' }, gzipSync(JSON.stringify([opa('1')])), 1],
    ['no content type', AUTH, Buffer.from(JSON.stringify(opa('1'))), 1],
    ['nothing', JSON_TYPE, '', 0],
  ])('takes %s, named and detected', async (_name, headers, payload, count) => {
    for (const url of ['/v1/audit/opa', '/v1/audit']) {
      const answer = await post(url, headers, payload);
      expect(answer.statusCode).toBe(200);
      expect(answer.json<RecordAnswer>()).toEqual({
        ...{ accepted: count, duplicates: 0, ignored: 0 },
        ...{ rejected_count: 0, rejected: [] },
      });
    }
    expect(events()).toHaveLength(2 * count);
  });

  it('tells formats apart in one body, and lands the good beside the bad', async () => {
    const native = { id: 'n', time: NOW, agent: { id: 'a' }, action: { name: 'get_x' } };
    const records = [native, opa('1', false), { what: 'ever' }, { ...opa('2'), input: {} }];
    const answer = await post('/v1/audit', JSON_TYPE, JSON.stringify(records));
    expect(answer.statusCode).toBe(200);
    expect(answer.json<RecordAnswer>()).toMatchObject({
      ...{ accepted: 2, rejected_count: 2 },
      rejected: [
        { index: 2, code: 'unknown_format' },
        { index: 3, code: 'missing_field', path: '/input/agent/id' },
      ],
    });
    expect(events().map((event) => event.source.format)).toEqual(['native', 'opa']);
    expect(events()[1]).toMatchObject({
      outcome: { status: 'denied' },
      decision: { verdict: 'deny', id: '1' },
    });
    expect(batches[0]?.positions).toEqual([0, 1]);
  });

  it('counts records that tell of nothing done apart from those at fault', async () => {
    const stage = { kind: 'Event', apiVersion: 'audit.k8s.io/v1', auditID: 'a' };
    const list = [{ ...stage, stage: 'RequestReceived' }, { what: 'ever' }, opa('1')];
    const answer = await post('/v1/audit', JSON_TYPE, JSON.stringify(list));
    expect(answer.json<RecordAnswer>()).toMatchObject({
      ...{ accepted: 1, duplicates: 0, ignored: 1, rejected_count: 1 },
      rejected: [{ index: 1, code: 'unknown_format' }],
    });
  });

  it('answers 200 even when every record is bad, so that nobody retries for ever', async () => {
    const answer = await post('/v1/audit/vault', AUTH, '{"type":"request","request":{"id":"r"}}');
    expect(answer.statusCode).toBe(200);
    expect(answer.json<RecordAnswer>()).toMatchObject({ accepted: 0, rejected_count: 1 });
    expect(batches).toHaveLength(0);
  });

  it.each([
    [400, 'a body that is no JSON', JSON_TYPE, 'nonsense', '/v1/audit/opa'],
    [404, 'a format nobody knows', JSON_TYPE, '{}', '/v1/audit/nonsense'],
    [401, 'no credential', { 'content-type': 'application/json' }, '{}', '/v1/audit'],
    [415, 'an image', { ...AUTH, 'content-type': 'image/png' }, '{}', '/v1/audit'],
    [415, 'a foreign encoding', { ...JSON_TYPE, 'content-encoding': 'zstd' }, '{}', '/v1/audit'],
  ])('refuses with %i %s', async (status, _what, headers, payload, url) => {
    const answer = await post(url, headers, payload);
    expect(answer.statusCode).toBe(status);
    expect(batches).toHaveLength(0);
  });

  it.each([
    ['octa', 'did you mean okta?'],
    ['nonsense', '/v1/audit recognises'],
  ])('names the formats that are near %s', async (name, told) => {
    const answer = await post(`/v1/audit/${name}`, JSON_TYPE, '{}');
    const { code, message } = answer.json<{ code: string; message: string }>();
    expect([code, message]).toEqual(['not_found', expect.stringContaining(told)]);
    expect(message.length).toBeLessThan(120);
  });

  it('acknowledges after the durable append alone', async () => {
    failure = new TripcoilError('storage_unavailable', 'disk', { retryable: true });
    expect((await post('/v1/audit', JSON_TYPE, JSON.stringify(opa('1')))).statusCode).toBe(503);
    overloaded = true;
    const full = await post('/v1/audit', JSON_TYPE, JSON.stringify(opa('1')));
    expect([full.statusCode, full.headers['retry-after']]).toEqual([429, '1']);
  });

  it('stamps what states no time with its receipt', async () => {
    await post('/v1/audit/zoom', JSON_TYPE, '{"operator":"kim","category_type":"User"}');
    expect(events()[0]).toMatchObject({ time: NOW, attrs: { time_source: 'received' } });
  });

  it('takes an account of a vendor for a tenant only where it is one', async () => {
    const trail = (account: string) =>
      JSON.stringify({
        ...{ eventVersion: '1.11', eventID: account, eventTime: '2026-11-21T09:00:00Z' },
        ...{ eventSource: 's3.amazonaws.com', eventName: 'GetObject' },
        userIdentity: { arn: 'arn:aws:iam::1:user/bot', accountId: account },
      });
    await post('/v1/audit', JSON_TYPE, trail('111122223333'));
    await post('/v1/audit', JSON_TYPE, trail('999900001111'));
    const hub = { ...JSON_TYPE, authorization: 'Bearer two' };
    await post('/v1/audit', hub, trail('111122223333'));
    expect(events().map((event) => event.tenantClaimed)).toEqual([
      undefined,
      'acme',
      '111122223333',
    ]);
    expect(events()[0]?.attrs['account']).toBe('111122223333');
  });

  it('is not there for other methods', async () => {
    const answer = await app.inject({ method: 'PUT', url: '/v1/audit/opa' });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'POST, OPTIONS']);
  });
});

describe('POST /v1/cloudevents', () => {
  const binary = {
    ...AUTH,
    'ce-specversion': '1.0',
    'ce-id': 'b-1',
    'ce-source': '/hub/%E2%82%AC',
    'ce-type': 'com.example.call',
    'ce-time': '2026-11-21T09:00:00Z',
    'ce-partitionkey': '"crm%20bot"',
    'ce-traceparent': '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  };

  it('takes binary mode with percent-decoded attributes', async () => {
    const headers = { ...binary, 'content-type': 'application/json' };
    expect((await post('/v1/cloudevents', headers, '{"tool":"search"}')).statusCode).toBe(204);
    expect(events()[0]).toMatchObject({
      id: '/hub/€#b-1',
      agent: { id: 'crm bot' },
      action: { name: 'search' },
      trace: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736' },
    });
  });

  it('takes binary data that is no JSON, and none', async () => {
    const xml = { ...binary, 'content-type': 'application/xml' };
    expect((await post('/v1/cloudevents', xml, '<a/>')).statusCode).toBe(204);
    expect((await post('/v1/cloudevents', binary, '')).statusCode).toBe(204);
    expect(events()).toHaveLength(2);
    const damaged = { ...binary, 'content-type': 'application/json' };
    expect((await post('/v1/cloudevents', damaged, '{')).statusCode).toBe(400);
    const tooLong = 'x'.repeat(LIMITS.eventBytes + 1);
    expect((await post('/v1/cloudevents', xml, tooLong)).statusCode).toBe(413);
  });

  it('takes structured mode and batches, whatever the letter case of the type', async () => {
    const structured = { ...AUTH, 'content-type': 'Application/CloudEvents+JSON; charset=UTF-8' };
    await post('/v1/cloudevents', structured, JSON.stringify(cloudEvent('s')));
    const batch = { ...AUTH, 'content-type': 'application/cloudevents-batch+json' };
    const body = JSON.stringify([cloudEvent('1'), cloudEvent('2')]);
    await post('/v1/cloudevents', batch, body);
    await post('/v1/cloudevents', batch, '[]');
    expect(events().map((event) => event.id)).toEqual(['/hub#s', '/hub#1', '/hub#2']);
  });

  it('takes id and time of native data from the envelope', async () => {
    const type = { ...AUTH, 'content-type': 'application/cloudevents+json' };
    const data = { agent: { id: 'crm-bot' }, action: { name: 'search' }, volume: { records: 3 } };
    const { time: _, ...timeless } = { ...cloudEvent('m'), data };
    for (const sent of [{ ...cloudEvent('n'), data }, timeless]) {
      await post('/v1/cloudevents', type, JSON.stringify(sent));
    }
    expect(events()).toMatchObject([
      { id: '/hub#n', time: Date.parse('2026-11-21T09:00:00Z'), volume: { records: 3 } },
      { id: '/hub#m', time: NOW },
    ]);
  });

  it('maps data of a known format as such under the name of the envelope', async () => {
    const type = { ...AUTH, 'content-type': 'application/cloudevents+json' };
    const wrapped = { ...cloudEvent('w'), data: opa('d-1', false) };
    await post('/v1/cloudevents', type, JSON.stringify(wrapped));
    const encoded = Buffer.from(JSON.stringify(opa('d-2'))).toString('base64');
    const packed = { ...cloudEvent('p'), data: undefined, data_base64: encoded };
    await post('/v1/cloudevents', type, JSON.stringify(packed));
    expect(events()).toMatchObject([
      { id: '/hub#w', source: { format: 'opa' }, decision: { id: 'd-1', verdict: 'deny' } },
      { id: '/hub#p', decision: { id: 'd-2' } },
    ]);
  });

  it('answers without a body, which Knative would take for a failure, unless asked', async () => {
    const type = { ...AUTH, 'content-type': 'application/cloudevents+json' };
    const bad = JSON.stringify({ specversion: '1.0', id: 'x', source: '/hub' });
    const quiet = await post('/v1/cloudevents', type, bad);
    expect([quiet.statusCode, quiet.body]).toEqual([204, '']);
    expect(quiet.headers['tripcoil-rejected']).toBe('1');
    const told = await post('/v1/cloudevents', { ...type, accept: '*/*' }, bad);
    expect(told.json<RecordAnswer>().rejected).toMatchObject([{ path: 'type' }]);
  });

  it('shakes hands with a sender that asks first', async () => {
    const ask = (headers: object) =>
      app.inject({ method: 'OPTIONS', url: '/v1/cloudevents', headers: { ...headers } });
    const asked = await ask({
      'webhook-request-origin': 'eventgrid.example.com',
      'webhook-request-rate': '120',
    });
    expect(asked.statusCode).toBe(200);
    expect(asked.headers).toMatchObject({
      'webhook-allowed-origin': 'eventgrid.example.com',
      'webhook-allowed-rate': '120',
      allow: 'POST, OPTIONS',
    });
    const odd = await ask({ 'webhook-request-origin': 'a b', 'webhook-request-rate': '-1' });
    expect(odd.headers['webhook-allowed-origin']).toBeUndefined();
    expect((await ask({})).statusCode).toBe(204);
  });
});
