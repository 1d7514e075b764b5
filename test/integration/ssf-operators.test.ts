import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CAEP, PUBLIC_URL, type PushReceiver, TransmitterSite, UPDATED } from './ssf-site.ts';

let site: TransmitterSite;
let receiver: PushReceiver;
let streamId: string;

beforeAll(async () => {
  site = await TransmitterSite.start();
  receiver = await site.pushReceiver();
  const created = await site.create(await site.accessToken(), receiver, { description: 'ours' });
  streamId = created.body.stream_id;
});
afterAll(() => site.close());

const ask = (method: string, path: string, body?: object, as?: string | null) =>
  site.ask(method, `${PUBLIC_URL}${path}`, {
    token: as === undefined ? site.own.token('local-operator') : as,
    ...(body && { body }),
  });
const named = () => ({ tenant: 'acme', stream_id: streamId });

describe('streams, for operators', () => {
  it('are listed with how they stand, and without any secret', async () => {
    const { status, body } = await ask('GET', '/v1/streams?tenant=acme');
    expect([status, body.items]).toEqual([
      200,
      [
        {
          ...{
            ...named(),
            receiver: 'oauth:manager',
            delivery: 'push',
            endpoint_url: receiver.url,
          },
          ...{ status: 'enabled', reason: null, description: 'ours', subjects: 0 },
          events_delivered: expect.arrayContaining([expect.stringContaining('session-revoked')]),
          ack_lag_seconds: expect.any(Number),
        },
      ],
    ]);
    expect(JSON.stringify(body)).not.toContain('from-receiver');
    expect((await ask('GET', '/v1/streams?tenant=globex')).body).toEqual({ items: [] });
  });

  it.each([
    ['GET', '/v1/streams'],
    ['POST', '/v1/streams/status'],
    ['POST', '/v1/streams/delete'],
    ['POST', '/v1/keys/signing/rotate'],
  ])('%s %s takes the role of an operator', async (method, path) => {
    const body = method === 'GET' ? undefined : { ...named(), status: 'disabled' };
    expect((await ask(method, path, body, null)).status).toBe(401);
    expect((await ask(method, path, body, 'no-such-token-of-16')).status).toBe(401);
    for (const token of ['gateway-token-of-16', 'viewer-token-of-16']) {
      expect((await ask(method, path, body, token)).status).toBe(403);
    }
    expect((await ask('GET', '/v1/streams')).body.items[0].status).toBe('enabled');
  });

  it('refuse what is no status, and name nobody’s stream', async () => {
    const reason = 'test';
    const away = { ...named(), status: 'away', reason };
    expect((await ask('POST', '/v1/streams/status', away)).status).toBe(400);
    const silent = { ...named(), status: 'paused' };
    expect((await ask('POST', '/v1/streams/status', silent)).status).toBe(400);
    const unknown = { tenant: 'acme', stream_id: 'no-such-stream', status: 'paused', reason };
    expect((await ask('POST', '/v1/streams/status', unknown)).status).toBe(404);
    const elsewhere = { ...named(), tenant: 'globex', status: 'paused', reason };
    expect((await ask('POST', '/v1/streams/status', elsewhere)).status).toBe(404);
    expect((await ask('POST', '/v1/streams/delete', { tenant: 'acme' })).status).toBe(400);
  });

  it('are paused with a word to the receiver, and what they hold comes when enabled', async () => {
    const reason = 'under repair';
    const paused = await ask('POST', '/v1/streams/status', {
      ...named(),
      status: 'paused',
      reason,
    });
    expect(paused.body).toMatchObject({ ...named(), status: 'paused', reason });
    expect(await receiver.event(UPDATED)).toMatchObject({
      events: { [UPDATED]: { status: 'paused', reason } },
    });
    // Held while paused, not lost.
    await site.trip('held-bot');
    const enabled = await ask('POST', '/v1/streams/status', {
      ...{ ...named(), status: 'enabled', reason: 'repaired' },
    });
    expect(enabled.body).toMatchObject({ status: 'enabled' });
    expect(await receiver.event(`${CAEP}/session-revoked`, 'held-bot')).toHaveProperty('jti');
  });

  it('sign with a new key that receivers find beside the old one', async () => {
    const jwks = async () =>
      (await site.ask('GET', '/jwks.json')).body.keys.map(({ kid }: { kid: string }) => kid);
    const before = await jwks();
    const rotated = (await ask('POST', '/v1/keys/signing/rotate', {})).body;
    expect(rotated.previous_key_id).toBe(before[0]);
    expect(Date.parse(rotated.used_from)).toBeGreaterThan(Date.now());
    expect(await jwks()).toEqual(expect.arrayContaining([rotated.key_id, ...before]));
    expect((await jwks())[0]).toBe(before[0]);
  });

  it('are deleted, and gone for their receiver too', async () => {
    expect((await ask('POST', '/v1/streams/delete', named())).body).toMatchObject(named());
    expect((await ask('GET', '/v1/streams')).body).toEqual({ items: [] });
    const token = await site.accessToken();
    expect((await site.ask('GET', '/ssf/streams', { token })).body).toEqual([]);
  });
});
