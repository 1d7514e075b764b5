import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BREAKER_CLAIM } from '../../src/core/revocation.ts';
import { eventually } from './served-daemon.ts';
import {
  CAEP,
  ISSUER,
  isAbout,
  type Json,
  PUBLIC_URL,
  type PushReceiver,
  RISC,
  TransmitterSite,
  VERIFICATION,
} from './ssf-site.ts';

/** Modules of the OpenID conformance suite for SSF transmitters, as our own tests. */
const REVOKED = `${CAEP}/session-revoked`;

let site: TransmitterSite;
let token: string;

beforeAll(async () => {
  site = await TransmitterSite.start();
  token = await site.accessToken();
});
afterAll(() => site?.close());

async function pollUntil(stream: Json, type: string, agent?: string) {
  const got = await eventually(
    async () => {
      const { body } = await site.poll(token, stream, { returnImmediately: true });
      const all = Object.values(body.sets as Record<string, string>).map((set) =>
        site.verified(set),
      );
      return (await Promise.all(all)).find((claims) => isAbout(claims, type, agent));
    },
    (claims) => claims !== undefined,
  );
  if (!got) throw new Error('nothing came');
  return got;
}

describe('openid-ssf-transmitter-metadata', () => {
  it('is found at the address of each tenant', async () => {
    const url = `${PUBLIC_URL}/.well-known/ssf-configuration/t/acme`;
    const { status, headers, body } = await site.ask('GET', url);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(body).toMatchObject({
      ...{ issuer: ISSUER, spec_version: '1_0', default_subjects: 'ALL' },
      delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    });
    for (const [name, value] of Object.entries(body)) {
      if (/_endpoint$|_uri$/.test(name)) expect(value).toMatch(/^https:\/\//);
      expect(value).not.toEqual([]);
    }
    const names = [
      'jwks_uri',
      'configuration_endpoint',
      'status_endpoint',
      'verification_endpoint',
    ];
    expect(Object.keys(body)).toEqual(expect.arrayContaining(names));
  });

  it('publishes public keys that sign, and nothing else', async () => {
    const { body } = await site.ask('GET', '/jwks.json');
    for (const key of body.keys) {
      expect(key).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig' });
      expect(Buffer.from(key.n, 'base64url').length).toBeGreaterThanOrEqual(256);
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])
        expect(key[secret]).toBe(undefined);
    }
  });

  it('names an authorisation server that gives short-lived tokens to known clients', async () => {
    const url = `${PUBLIC_URL}/.well-known/oauth-authorization-server/t/acme`;
    const { body } = await site.ask('GET', url);
    expect(body).toMatchObject({ issuer: ISSUER, token_endpoint: `${ISSUER}/oauth/token` });
    const form = (entries: Record<string, string>) =>
      site.ask('POST', body.token_endpoint, { form: new URLSearchParams(entries) });
    const wrong = { client_id: 'manager', client_secret: 'wrong' };
    const grant_type = 'client_credentials';
    expect(await form({ grant_type, ...wrong })).toMatchObject({
      ...{ status: 401, body: { error: 'invalid_client' } },
    });
    expect(await form({ grant_type: 'password' })).toMatchObject({
      ...{ status: 400, body: { error: 'unsupported_grant_type' } },
    });
    expect(await form({})).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(await site.accessToken('reader', 'ssf.manage')).toBe(undefined);
    const basic = Buffer.from('manager:a+secret+of+sixteen+characters+and+more').toString('base64');
    const answer = await fetch(site.local(body.token_endpoint), {
      method: 'POST',
      headers: {
        authorization: `Basic ${basic}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&scope=ssf.read',
    });
    const given = (await answer.json()) as Record<string, unknown>;
    expect(given).toMatchObject({ token_type: 'Bearer', scope: 'ssf.read' });
    expect(given['expires_in']).toBeLessThanOrEqual(3_600);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('openid-ssf-transmitter-subject-control', () => {
  it('adds and removes subjects, and transmits accordingly', async () => {
    await site.clear(token);
    const receiver = await site.pushReceiver();
    const witness = await site.pushReceiver();
    await site.create(token, witness);
    const { body } = await site.create(token, receiver);
    const stream_id = body.stream_id as string;
    const subject = { format: 'iss_sub', iss: ISSUER, sub: 'removed-bot' };
    const say = (what: string, given: unknown) =>
      site.ask('POST', `/ssf/subjects:${what}`, { token, body: { stream_id, subject: given } });
    expect(await say('add', subject)).toMatchObject({ status: 200, body: '' });
    expect(await say('remove', subject)).toMatchObject({ status: 204, body: '' });
    expect((await say('add', 'nobody')).status).toBe(400);
    await site.trip('removed-bot');
    await witness.event(REVOKED, 'removed-bot');
    await site.trip('kept-bot');
    await receiver.event(REVOKED, 'kept-bot');
    expect(receiver.claims.some((each) => isAbout(each, REVOKED, 'removed-bot'))).toBe(false);
    await say('add', subject);
    await site.trip('removed-bot', 5);
    await receiver.event(`${RISC}/account-disabled`, 'removed-bot');
  });
});

describe('openid-ssf-transmitter-stream-verification', () => {
  async function verify(stream_id: string, state?: string) {
    return site.ask('POST', '/ssf/verify', { token, body: { stream_id, state } });
  }

  it('push, and push-no-auth', async () => {
    await site.clear(token);
    const receiver = await site.pushReceiver();
    const { body } = await site.create(token, receiver);
    expect(await verify(body.stream_id, 'state-1')).toMatchObject({ status: 204, body: '' });
    const claims = await receiver.event(VERIFICATION);
    expect(claims).toMatchObject({
      ...{ iss: ISSUER, aud: 'https://receiver.example' },
      sub_id: { format: 'opaque', id: body.stream_id },
      events: { [VERIFICATION]: { state: 'state-1' } },
    });
    expect(receiver.requests[0]?.headers).toMatchObject({
      'content-type': 'application/secevent+jwt',
      accept: 'application/json',
      authorization: 'Bearer from-receiver',
    });
    const again = await verify(body.stream_id, 'state-2');
    if (again.status === 429) expect(again.headers.get('retry-after')).toBe('1');

    const bare = await site.pushReceiver();
    const delivery = { method: 'urn:ietf:rfc:8935', endpoint_url: bare.url };
    const plain = await site.create(token, undefined, { delivery });
    await verify(plain.body.stream_id);
    const unsolicited = await bare.event(VERIFICATION);
    expect(unsolicited['events'][VERIFICATION]).toEqual({});
    expect(Object.keys(bare.requests[0]?.headers ?? {})).not.toContain('authorization');
  });

  it('poll-only, poll-and-ack, ack-only', async () => {
    await site.clear(token);
    const stream = await site.create(token);
    await verify(stream.body.stream_id, 'polled');
    const { jti = '' } = await pollUntil(stream, VERIFICATION);
    const first = await site.poll(token, stream, { returnImmediately: false });
    expect(await site.verified(first.body.sets[jti])).toMatchObject({
      events: { [VERIFICATION]: { state: 'polled' } },
    });
    const again = await site.poll(token, stream, { returnImmediately: true });
    expect(again.body.sets).toMatchObject(first.body.sets);
    await site.trip('acked-bot');
    const found = await pollUntil(stream, REVOKED, 'acked-bot');
    const acked = await site.poll(token, stream, { ack: [jti], maxEvents: 0 });
    expect([acked.status, acked.body]).toEqual([200, { sets: {} }]);
    const one = await site.poll(token, stream, { maxEvents: 1, returnImmediately: true });
    expect(Object.keys(one.body.sets)).toHaveLength(1);
    await site.poll(token, stream, { ack: [found.jti], maxEvents: 0 });
    const rest = await site.poll(token, stream, { returnImmediately: true });
    expect(Object.keys(rest.body.sets)).not.toContain(found.jti);
    expect((await site.poll(token, stream, { maxEvents: -1 })).status).toBe(400);
  });

  it('long-poll: the answer comes with the event', async () => {
    await site.clear(token);
    const stream = await site.create(token);
    const before = await site.poll(token, stream, { returnImmediately: true });
    const ack = Object.keys(before.body.sets);
    const waiting = site.poll(token, stream, { ack, returnImmediately: false });
    await verify(stream.body.stream_id, 'late');
    const { body } = await waiting;
    expect(Object.keys(body.sets).length).toBeGreaterThan(0);
  });

  it('set-errs: a refused token is not offered again', async () => {
    await site.clear(token);
    const stream = await site.create(token);
    await verify(stream.body.stream_id, 'refused');
    const { jti = '' } = await pollUntil(stream, VERIFICATION);
    const setErrs = { [jti]: { err: 'invalid_request', description: 'not wanted' } };
    const told = await site.poll(token, stream, { setErrs, returnImmediately: true });
    expect(told.status).toBe(200);
    expect(Object.keys(told.body.sets)).not.toContain(jti);
  });
});

describe('paused-holds and disabled-drops', () => {
  it('hold and drop what happens meanwhile, and go on afterwards', async () => {
    await site.clear(token);
    const [held, dropped, witness] = await Promise.all([
      site.pushReceiver(),
      site.pushReceiver(),
      site.pushReceiver(),
    ]);
    const [paused, disabled] = [await site.create(token, held), await site.create(token, dropped)];
    await site.create(token, witness);
    // What was open before is told first.
    const settledIn = async (receiver: PushReceiver, agent: string) => {
      await site.trip(agent);
      await receiver.event(REVOKED, agent);
    };
    await settledIn(held, 'before-bot');
    await dropped.event(REVOKED, 'before-bot');
    await site.setStatus(token, paused.body.stream_id, 'paused');
    await site.setStatus(token, disabled.body.stream_id, 'disabled');
    const quiet = [held, dropped].map(({ requests }) => requests.length);
    await site.trip('while-bot');
    await site.trip('while-bot-2');
    await site.ask('POST', '/ssf/verify', { token, body: { stream_id: paused.body.stream_id } });
    await witness.event(REVOKED, 'while-bot');
    await witness.event(REVOKED, 'while-bot-2');
    expect([held, dropped].map(({ requests }) => requests.length)).toEqual(quiet);
    await site.setStatus(token, paused.body.stream_id, 'enabled');
    await site.setStatus(token, disabled.body.stream_id, 'enabled');
    await held.event(REVOKED, 'while-bot');
    await held.event(REVOKED, 'while-bot-2');
    await held.event(VERIFICATION);
    await settledIn(dropped, 'after-bot');
    expect(dropped.claims.some((each) => isAbout(each, REVOKED, 'while-bot'))).toBe(false);
  });
});

describe('openid-ssf-transmitter-stream-caep-interop', () => {
  it.each(['push', 'poll'])('%s: standard events with standard members', async (how) => {
    await site.clear(token);
    const receiver = how === 'push' ? await site.pushReceiver() : undefined;
    const stream = await site.create(token, receiver);
    const bot = `${how}-bot`;
    const event = async (type: string) => {
      const claims = receiver
        ? await receiver.event(type, bot)
        : await pollUntil(stream, type, bot);
      if (!receiver) await site.poll(token, stream, { ack: [claims.jti], maxEvents: 0 });
      return claims as Record<string, Json>;
    };
    await site.trip(bot, 2);
    const risk = await event(`${CAEP}/risk-level-change`);
    expect(risk['events'][`${CAEP}/risk-level-change`]).toMatchObject({
      ...{ principal: 'AGENT', current_level: 'HIGH', previous_level: 'LOW' },
      ...{ initiating_entity: 'admin', reason_admin: { en: expect.stringMatching(/./) } },
    });
    await site.trip(bot, 3);
    const narrowed = await event(`${CAEP}/token-claims-change`);
    expect(narrowed['events'][`${CAEP}/token-claims-change`].claims).toEqual({ scope: 'read' });
    await site.trip(bot, 5);
    const revoked = await event(REVOKED);
    const disabled = await event(`${RISC}/account-disabled`);
    expect(revoked['txn']).toBe(disabled['txn']);
    expect(revoked['jti']).not.toBe(disabled['jti']);
    const member = revoked['events'][REVOKED];
    expect(Object.keys(member).sort()).toEqual([
      ...['event_timestamp', 'initiating_entity', 'reason_admin'],
    ]);
    expect(Math.abs(member.event_timestamp - Date.now() / 1_000)).toBeLessThan(600);
    for (const claims of [risk, narrowed, revoked, disabled]) {
      expect(Object.keys(claims['events'])).toHaveLength(1);
      expect(claims['sub_id']).toEqual({ format: 'iss_sub', iss: ISSUER, sub: bot });
      expect(claims['sub']).toBe(undefined);
      expect(claims['exp']).toBe(undefined);
      expect(claims['iat']).toBeLessThanOrEqual(Math.ceil(Date.now() / 1_000));
      expect(claims[BREAKER_CLAIM]).toMatchObject({ v: 1, key: `acme/agent/${bot}` });
    }
  });

  it('tells that a risk is gone', async () => {
    await site.clear(token);
    const receiver = await site.pushReceiver();
    await site.create(token, receiver);
    await site.trip('calm-bot', 2);
    const type = `${CAEP}/risk-level-change`;
    const risen = await receiver.event(type, 'calm-bot');
    await site.reset('calm-bot');
    const about = () => receiver.claims.filter((each) => isAbout(each, type, 'calm-bot'));
    await eventually(
      async () => about().length,
      (count) => count > 1,
    );
    const fallen = about().at(-1) ?? {};
    expect(fallen['events'][type]).toMatchObject({ current_level: 'LOW', previous_level: 'HIGH' });
    expect(fallen['txn']).toBe(risen['txn']);
  });

  it('tells a whole tenant in one token, and parts of a subject where asked to', async () => {
    const complex = await site.accessToken('complex');
    const receiver = await site.pushReceiver();
    await site.create(complex, receiver);
    await site.trip('session-9', 4, 'session');
    const session = await receiver.event(REVOKED, 'session-9');
    expect(session['sub_id']).toEqual({
      format: 'complex',
      session: { format: 'opaque', id: 'session-9' },
      tenant: { format: 'opaque', id: 'acme' },
    });
    await site.trip('acme', 6, 'tenant');
    const whole = { format: 'complex', tenant: { format: 'opaque', id: 'acme' } };
    const tells = () =>
      receiver.claims.filter((each) => {
        return JSON.stringify(each['sub_id']) === JSON.stringify(whole);
      });
    await eventually(
      async () => tells().length,
      (count) => count > 0,
    );
    expect(tells()).toHaveLength(1);
  });
});

describe('receivers from before SSF 1.0', () => {
  it('are found, named and answered as they expect', async () => {
    const legacy = await site.accessToken('legacy');
    const url = `${PUBLIC_URL}/.well-known/sse-configuration/t/acme`;
    const { body: metadata } = await site.ask('GET', url);
    const [method] = metadata.delivery_methods_supported;
    expect(method).toBe('https://schemas.openid.net/secevent/risc/delivery-method/push');
    const receiver = await site.pushReceiver();
    const delivery = { method, url: receiver.url, endpoint_url: receiver.url };
    const { body } = await site.ask('POST', '/ssf/streams', { token: legacy, body: { delivery } });
    expect(body.delivery.method).toBe(method);
    const verify = await site.ask('POST', '/ssf/verify', { token: legacy, body: { state: 's' } });
    expect(verify.status).toBe(200);
    await receiver.event(VERIFICATION);
  });
});
