import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CAEP, ISSUER, PUBLIC_URL, TransmitterSite } from './ssf-site.ts';

/** Modules of the OpenID conformance suite about the management of streams, as our own tests. */
const REVOKED = `${CAEP}/session-revoked`;

let site: TransmitterSite;
let token: string;

beforeAll(async () => {
  site = await TransmitterSite.start();
  token = await site.accessToken();
});
afterAll(() => site?.close());

describe('openid-ssf-transmitter-stream-control', () => {
  it('happy-path: create, read, update, replace, status, delete', async () => {
    await site.clear(token);
    const events_requested = [REVOKED, 'https://example.com/unknown'];
    const receiver = await site.pushReceiver();
    const created = await site.create(token, receiver, { events_requested, description: 'ours' });
    expect(created).toMatchObject({
      status: 201,
      body: {
        ...{ iss: ISSUER, aud: 'https://receiver.example', events_requested, description: 'ours' },
        events_delivered: [REVOKED],
        delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: receiver.url },
      },
    });
    expect(JSON.stringify(created.body)).not.toContain('from-receiver');
    const id = created.body.stream_id as string;
    const one = await site.ask('GET', `/ssf/streams?stream_id=${id}`, { token });
    expect([one.status, one.body]).toEqual([200, created.body]);
    expect(one.headers.get('cache-control')).toBe('no-store');
    expect((await site.ask('GET', '/ssf/streams', { token })).body).toEqual([created.body]);

    const patch = { stream_id: id, events_requested: [`${CAEP}/risk-level-change`] };
    const patched = await site.ask('PATCH', '/ssf/streams', { token, body: patch });
    expect(patched.body).toMatchObject({ description: 'ours', ...patch });
    expect(patched.body.delivery).toEqual(created.body.delivery);
    const foreign = { stream_id: id, iss: 'https://elsewhere.example' };
    expect((await site.ask('PATCH', '/ssf/streams', { token, body: foreign })).status).toBe(400);
    const same = { ...patched.body, description: 'again' };
    expect((await site.ask('PATCH', '/ssf/streams', { token, body: same })).status).toBe(200);

    const replaced = await site.ask('PUT', '/ssf/streams', { token, body: { stream_id: id } });
    expect(replaced.body).toMatchObject({ delivery: { method: 'urn:ietf:rfc:8936' } });
    expect(Object.keys(replaced.body)).not.toContain('description');
    expect(Object.keys(replaced.body)).not.toContain('events_requested');

    for (const status of ['paused', 'disabled', 'enabled']) {
      const set = await site.setStatus(token, id, status);
      expect(set).toMatchObject({ status: 200, body: { stream_id: id, status } });
      const read = await site.ask('GET', `/ssf/status?stream_id=${id}`, { token });
      expect(read.body).toEqual({ stream_id: id, status });
    }
    const gone = await site.ask('DELETE', `/ssf/streams?stream_id=${id}`, { token });
    expect([gone.status, gone.body]).toEqual([204, '']);
    expect((await site.ask('DELETE', `/ssf/streams?stream_id=${id}`, { token })).status).toBe(404);
    expect((await site.ask('GET', '/ssf/streams', { token })).body).toEqual([]);
    expect((await site.ask('GET', '/ssf/streams?stream_id=x', { token: 'bad' })).status).toBe(401);
  });

  it('create: with-broken-input, without-delivery, duplicate; poll-url-unique', async () => {
    await site.clear(token);
    const raw = ';{ broken';
    expect((await site.ask('POST', '/ssf/streams', { token, raw })).status).toBe(400);
    for (const delivery of [
      { method: 'urn:other' },
      { method: 'urn:ietf:rfc:8935' },
      { method: 'urn:ietf:rfc:8935', endpoint_url: 'http://169.254.169.254/latest' },
      { method: 'urn:ietf:rfc:8935', endpoint_url: 'https://10.0.0.1/events' },
      { method: 'urn:ietf:rfc:8935', endpoint_url: 'file:///etc/passwd' },
    ]) {
      expect((await site.ask('POST', '/ssf/streams', { token, body: { delivery } })).status).toBe(
        400,
      );
    }
    const first = await site.ask('POST', '/ssf/streams', { token, body: {} });
    const second = await site.ask('POST', '/ssf/streams', { token, body: {} });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(first.body.delivery.method).toBe('urn:ietf:rfc:8936');
    expect(first.body.delivery.endpoint_url).toMatch(/^https:/);
    expect(first.body.delivery.endpoint_url).not.toBe(second.body.delivery.endpoint_url);
    expect(first.body.stream_id).not.toBe(second.body.stream_id);
  });

  const BASE: readonly (readonly [string, string, string, object | undefined])[] = [
    ['create', 'POST', '/ssf/streams', {}],
    ['read', 'GET', '/ssf/streams?stream_id=unknown', undefined],
    ['status-read', 'GET', '/ssf/status?stream_id=unknown', undefined],
    ['status-update', 'POST', '/ssf/status', { stream_id: 'unknown', status: 'paused' }],
    ['update', 'PATCH', '/ssf/streams', { stream_id: 'unknown' }],
    ['replace', 'PUT', '/ssf/streams', { stream_id: 'unknown' }],
    ['delete', 'DELETE', '/ssf/streams?stream_id=unknown', undefined],
    ['verification', 'POST', '/ssf/verify', { stream_id: 'unknown', state: 'x' }],
    [
      ...(['add-subject', 'POST', '/ssf/subjects:add'] as const),
      { stream_id: 'unknown', subject: { format: 'email', email: 'a@example.com' } },
    ],
    ['poll-endpoint-authorization', 'POST', '/ssf/streams/unknown/poll', {}],
  ];

  it.each(BASE)(
    '%s: invalid-token, without-token, token-in-uri-query, unknown, body',
    async (name, method, path, body) => {
      const invalid = await site.ask(method, path, { token: 'nobody', body });
      expect(invalid.status).toBe(401);
      expect(invalid.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
      const without = await site.ask(method, path, { body });
      expect(without.status).toBe(401);
      expect(without.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(without.headers.get('www-authenticate')).not.toContain('error=');
      const inQuery = `${path}${path.includes('?') ? '&' : '?'}access_token=${token}`;
      expect([400, 401]).toContain((await site.ask(method, inQuery, { body })).status);
      if (name !== 'create') {
        expect((await site.ask(method, path, { token, body })).status).toBe(404);
      }
      if (body !== undefined) {
        // Who asks, then what it says, then of what: never the other way round.
        expect((await site.ask(method, path, { token, raw: ';{ broken' })).status).toBe(400);
        expect((await site.ask(method, path, { token: 'nobody', raw: ';{' })).status).toBe(401);
      }
      const reading = method === 'GET' || path.endsWith('/poll');
      const read = await site.ask(method, path, { token: await site.accessToken('reader'), body });
      expect(read.status).toBe(reading ? 404 : 403);
      if (!reading) {
        const challenge = read.headers.get('www-authenticate');
        expect(challenge).toContain('error="insufficient_scope"');
      }
    },
  );

  it('keeps the streams of one receiver from another, and takes our own tokens too', async () => {
    const { body } = await site.create(token);
    const path = `/ssf/streams?stream_id=${body.stream_id}`;
    expect((await site.ask('GET', path, { token: await site.accessToken('other') })).status).toBe(
      404,
    );
    const gateway = 'gateway-token-of-16';
    expect((await site.ask('GET', path, { token: gateway })).status).toBe(404);
    expect((await site.create(gateway)).status).toBe(201);
    expect((await site.create('viewer-token-of-16')).status).toBe(403);
    const elsewhere = `${PUBLIC_URL}/t/globex/ssf/streams`;
    expect((await site.ask('GET', elsewhere, { token })).status).toBe(401);
    expect((await site.ask('GET', elsewhere, { token: gateway })).status).toBe(403);
  });
});
