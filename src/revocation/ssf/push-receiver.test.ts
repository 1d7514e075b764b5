import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Fastify from 'fastify';
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import { LIMITS } from '../../core/limits.ts';
import {
  BREAKER_CLAIM,
  CAEP_SESSION_REVOKED,
  RISC_ACCOUNT_DISABLED,
} from '../../core/revocation.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import type { Post, PostRequest } from '../guarded-post.ts';
import { fixedKeyRing } from '../keys.ts';
import { createFakeClock } from '../testing/fakes.ts';
import { CAEP_RISK_LEVEL_CHANGE, RISC_ACCOUNT_ENABLED } from './event-types.ts';
import { ssfMetadata } from './metadata.ts';
import { createSsfPushReceiver, type SsfPushOptions } from './push-receiver.ts';
import { setsOf } from './security-event-token.ts';
import { retryAfterMs } from './set-push.ts';

const ORDER: BreakerOrder = {
  jti: 'rev-1',
  time: 1_795_252_020_812,
  eventId: 'evt-9',
  key: { tenant: 'acme', kind: 'agent', id: 'invoice-bot' },
  agent: 'invoice-bot',
  phase: 'open',
  level: 5,
  previousLevel: 0,
  term: 7,
  epoch: 42,
  class: 'statistical',
  reason: 'volume_spike',
  title: '4,812 records, usually 120',
  findingId: '9-0',
  txn: 'trip-1',
};
const ADDRESS = { issuer: 'https://t.example/t/acme', audience: 'https://broker.example' };
const keys = fixedKeyRing();
const issuer = (tenant: string): string => `https://t.example/t/${tenant}`;

describe('setsOf', () => {
  it('puts one standard event in each SET and ours in one claim', () => {
    const [revoked, disabled] = setsOf(ORDER, ADDRESS, 1_795_252_021_999);
    expect(revoked).toEqual({
      iss: ADDRESS.issuer,
      jti: 'rev-1',
      iat: 1_795_252_021,
      aud: ADDRESS.audience,
      txn: 'trip-1',
      sub_id: { format: 'iss_sub', iss: ADDRESS.issuer, sub: 'invoice-bot' },
      events: {
        [CAEP_SESSION_REVOKED]: {
          event_timestamp: 1_795_252_020,
          initiating_entity: 'policy',
          reason_admin: { en: '4,812 records, usually 120' },
        },
      },
      [BREAKER_CLAIM]: {
        v: 1,
        key: 'acme/agent/invoice-bot',
        kind: 'agent',
        id: 'invoice-bot',
        phase: 'open',
        level: 5,
        term: 7,
        epoch: 42,
        class: 'statistical',
        detector: 'volume_spike',
        finding_id: '9-0',
        revoke_before_epoch: 42,
        detected_at: 1_795_252_020.812,
      },
    });
    expect(disabled).toMatchObject({
      jti: 'rev-1.2',
      txn: 'trip-1',
      events: { [RISC_ACCOUNT_DISABLED]: { reason: 'hijacking' } },
    });
  });

  it.each([
    ['token', {}, { format: 'jwt_id', iss: ADDRESS.issuer, jti: 'k' }],
    [
      'session',
      { agent: 'a' },
      {
        format: 'complex',
        user: { format: 'iss_sub', iss: ADDRESS.issuer, sub: 'a' },
        session: { format: 'opaque', id: 'k' },
        tenant: { format: 'opaque', id: 'acme' },
      },
    ],
    [
      'session',
      {},
      {
        format: 'complex',
        session: { format: 'opaque', id: 'k' },
        tenant: { format: 'opaque', id: 'acme' },
      },
    ],
    ['tenant', {}, { format: 'complex', tenant: { format: 'opaque', id: 'acme' } }],
  ] as const)('names the subject of a %s key with %j', (kind, rest, subject) => {
    const key = { tenant: 'acme', kind, id: 'k', ...rest };
    const [claims] = setsOf({ ...ORDER, key, agent: null }, ADDRESS, 0);
    expect(claims?.['sub_id']).toEqual(subject);
  });

  it('tells a recovery as a fallen risk, and an account that is enabled again', () => {
    const closed = { ...ORDER, phase: 'closed', level: 0, previousLevel: 5 } as const;
    const [risk, enabled, ...more] = setsOf(closed, ADDRESS, 0);
    expect(more).toEqual([]);
    expect(risk?.events).toMatchObject({
      [CAEP_RISK_LEVEL_CHANGE]: { current_level: 'LOW', previous_level: 'HIGH' },
    });
    expect(enabled).toMatchObject({ jti: 'rev-1.2', events: { [RISC_ACCOUNT_ENABLED]: {} } });
  });

  it('says that a person did it', () => {
    const byHand = {
      ...ORDER,
      phase: 'isolated',
      class: 'operator',
      reason: 'looks wrong',
    } as const;
    const [revoked, disabled] = setsOf(byHand, ADDRESS, 0);
    expect(revoked?.events[CAEP_SESSION_REVOKED]).toMatchObject({ initiating_entity: 'admin' });
    expect(revoked?.[BREAKER_CLAIM]).toMatchObject({ phase: 'isolated' });
    expect(disabled?.events[RISC_ACCOUNT_DISABLED]).toEqual({});
  });

  it('has the shape of the examples in the specifications', () => {
    const folder = join(process.env['TRIPCOIL_DATA'] ?? '../shared/data', 'ssf');
    if (!existsSync(folder)) {
      console.warn(`skipped: no SSF examples at ${folder}`);
      return;
    }
    const ours = setsOf(ORDER, ADDRESS, 0);
    let compared = 0;
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), 'utf8');
      const theirs = JSON.parse(text) as Record<string, never>;
      const type = Object.keys(theirs['events'] ?? {})[0] ?? '';
      const claims = ours.find((one) => type in one.events);
      if (!claims) continue;
      compared += 1;
      for (const [member, value] of Object.entries(theirs)) {
        if (member === 'aud') continue;
        expect(typeof claims[member], `${name} ${member}`).toBe(typeof value);
      }
    }
    expect(compared).toBeGreaterThan(2);
  });
});

function receiver(answers: readonly (Partial<Awaited<ReturnType<Post>>> | Error)[], more = {}) {
  const requests: PostRequest[] = [];
  const clock = createFakeClock();
  const left = [...answers];
  const options: SsfPushOptions = {
    name: 'idp',
    url: 'https://receiver.example/set',
    tenants: ['acme'],
    audience: ADDRESS.audience,
    issuer,
    keys,
    clock,
    metrics: SILENT_METRICS,
    log: SILENT_LOG,
    post: async (request) => {
      requests.push(request);
      const answer = left.shift();
      if (answer instanceof Error) throw answer;
      return { status: 202, retryAfter: null, text: '', ...answer };
    },
    ...more,
  };
  return { push: createSsfPushReceiver(options), requests, clock };
}

const signal = new AbortController().signal;

describe('createSsfPushReceiver', () => {
  it('posts one verifiable SET per event type', async () => {
    const { push, requests } = receiver([{}, {}]);
    expect(await push.deliver(ORDER, signal)).toEqual({ status: 'acknowledged' });
    expect(requests.map(({ headers }) => headers)).toEqual(
      Array(2).fill({ 'content-type': 'application/secevent+jwt', accept: 'application/json' }),
    );
    const jwks = createLocalJWKSet((await keys.jwks()) as JSONWebKeySet);
    for (const { body } of requests) {
      const { payload, protectedHeader } = await jwtVerify(body, jwks, {
        typ: 'secevent+jwt',
        algorithms: ['RS256'],
        issuer: ADDRESS.issuer,
        audience: ADDRESS.audience,
      });
      expect(protectedHeader.kid).toBeDefined();
      expect(payload).not.toHaveProperty('sub');
      expect(payload).not.toHaveProperty('exp');
      expect(Object.keys(payload['events'] as object)).toHaveLength(1);
    }
  });

  it('has an account enabled until one step is acknowledged, whichever that is', async () => {
    const { push, requests } = receiver([{}, {}, { status: 503 }]);
    const step = { phase: 'probation', previousLevel: 5, peakLevel: 5 } as const;
    const first = { ...ORDER, ...step, jti: 'rev-2', level: 3, epoch: 43 } as const;
    const second = { ...first, jti: 'rev-3', level: 1, previousLevel: 3, epoch: 44 } as const;
    await push.deliver(ORDER, signal);
    expect(push.concerns?.(first)).toBe(true);
    expect(await push.deliver(first, signal)).toMatchObject({ status: 'retry' });
    expect(push.concerns?.(second)).toBe(true);
    await push.deliver(second, signal);
    expect(requests.map(({ body }) => decodeJwt(body).jti)).toEqual([
      ...['rev-1', 'rev-1.2', 'rev-2.2', 'rev-3.2'],
    ]);
    expect(push.concerns?.({ ...second, level: 0, previousLevel: 1 })).toBe(false);
    await push.deliver({ ...ORDER, jti: 'rev-5', epoch: 45 }, signal);
    expect(push.concerns?.(first)).toBe(true);
  });

  it('keeps identifiers on a replay', async () => {
    const { push, requests, clock } = receiver([{}, {}, {}, {}]);
    await push.deliver(ORDER, signal);
    clock.advance(60_000);
    await push.deliver(ORDER, signal);
    const names = requests.map(({ body }) => decodeJwt(body).jti);
    expect(names).toEqual(['rev-1', 'rev-1.2', 'rev-1', 'rev-1.2']);
  });

  it.each([
    [{ status: 400, text: '{"err":"<script>"}' }, 'retry', 'status_400'],
    [{ status: 400, text: 'null' }, 'retry', 'status_400'],
    [{ status: 200 }, 'retry', 'status_200'],
    [{ status: 204 }, 'retry', 'status_204'],
    [{ status: 302 }, 'retry', 'status_302'],
    [{ status: 401 }, 'retry', 'status_401'],
    [{ status: 503 }, 'retry', 'status_503'],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'retry', 'econnrefused'],
    [new Error('secret text'), 'retry', 'no_answer'],
  ] as const)('takes %j as %s', async (answer, status, detail) => {
    const { push } = receiver([answer]);
    expect(await push.deliver(ORDER, signal)).toEqual({ status, detail });
  });

  it.each([
    'invalid_issuer',
    'invalid_key',
    'invalid_audience',
    'authentication_failed',
    'access_denied',
    'something_else',
  ])('goes on after %s, slowly', async (err) => {
    const { push, requests } = receiver([{ status: 400, text: JSON.stringify({ err }) }]);
    const afterMs = LIMITS.deliveryBackoffMaxMs;
    expect(await push.deliver(ORDER, signal)).toEqual({
      status: 'retry',
      detail: err,
      afterMs,
    });
    expect(await push.deliver(ORDER, signal)).toEqual({ status: 'acknowledged' });
    expect(requests).toHaveLength(3);
  });

  it('is obeyed where the receiver does not take one of the event types', async () => {
    const unsupported = { status: 400, text: '{"err":"invalid_request"}' };
    const { push, requests } = receiver([{}, unsupported]);
    expect(await push.deliver(ORDER, signal)).toEqual({ status: 'acknowledged' });
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['none of them', 400],
    ['the account event alone', 202],
  ])('is rejected where the receiver takes %s', async (_name, status) => {
    const unsupported = { status: 400, text: '{"err":"invalid_request"}' };
    const { push } = receiver([unsupported, { ...unsupported, status }]);
    expect(await push.deliver(ORDER, signal)).toEqual({
      status: 'rejected',
      detail: 'invalid_request',
    });
  });

  it('does not push again what was accepted', async () => {
    const { push, requests } = receiver([{}, { status: 503 }, {}]);
    expect(await push.deliver(ORDER, signal)).toMatchObject({ status: 'retry' });
    expect(await push.deliver(ORDER, signal)).toEqual({ status: 'acknowledged' });
    const names = requests.map(({ body }) => decodeJwt(body).jti);
    expect(names).toEqual(['rev-1', 'rev-1.2', 'rev-1.2']);
  });

  it('honours Retry-After within reason', async () => {
    const { push } = receiver([{ status: 429, retryAfter: '7' }]);
    expect(await push.deliver(ORDER, signal)).toMatchObject({ afterMs: 7_000 });
    expect(retryAfterMs('Thu, 01 Jan 1970 00:01:00 GMT', 30_000)).toBe(30_000);
    expect(retryAfterMs('999999999', 0)).toBe(LIMITS.deliveryRetryAfterMaxMs);
    expect(retryAfterMs('soon', 0)).toBeNull();
  });

  it('gives up after the time limit', async () => {
    let started = (): void => undefined;
    const posting = new Promise<void>((resolve) => {
      started = resolve;
    });
    const post: Post = ({ signal: limit }) =>
      new Promise((_resolve, reject) => {
        limit.addEventListener('abort', () => reject(new Error('aborted')));
        started();
      });
    const { push, clock } = receiver([], { post });
    const delivering = push.deliver(ORDER, signal);
    await posting;
    clock.advance(LIMITS.deliveryTimeoutMs);
    expect(await delivering).toEqual({ status: 'retry', detail: 'timeout' });
  });

  it('refuses an inside address at once', () => {
    expect(() => receiver([], { url: 'https://169.254.169.254/' })).toThrow('not allowed');
  });

  it('speaks to a real receiver', async () => {
    const seen: { headers: IncomingHttpHeaders; body: string }[] = [];
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(202).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { push } = receiver([], {
      url: `http://127.0.0.1:${port}/set`,
      allowLoopback: true,
      authorizationHeader: 'Bearer given',
      post: undefined,
    });
    expect(await push.deliver(ORDER, signal)).toEqual({ status: 'acknowledged' });
    expect(seen).toHaveLength(2);
    expect(seen[0]?.headers.authorization).toBe('Bearer given');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('ssfMetadata', () => {
  it('names the issuer, its keys and every endpoint', async () => {
    const app = Fastify();
    await app.register(ssfMetadata({ keys, issuer, legacySse: false }));
    const metadata = await app.inject('/.well-known/ssf-configuration/t/acme');
    expect(metadata.json()).toEqual({
      spec_version: '1_0',
      issuer: ADDRESS.issuer,
      jwks_uri: 'https://t.example/t/acme/jwks.json',
      delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
      configuration_endpoint: `${ADDRESS.issuer}/ssf/streams`,
      status_endpoint: `${ADDRESS.issuer}/ssf/status`,
      add_subject_endpoint: `${ADDRESS.issuer}/ssf/subjects:add`,
      remove_subject_endpoint: `${ADDRESS.issuer}/ssf/subjects:remove`,
      verification_endpoint: `${ADDRESS.issuer}/ssf/verify`,
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
      default_subjects: 'ALL',
    });
    expect((await app.inject('/t/acme/jwks.json')).json()).toEqual(await keys.jwks());
    await app.close();
  });
});
