import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExportResponse, encode, RpcStatus, TraceRequest } from '../../../bench/decode-oracle.ts';
import { createHttpServer } from '../../api/server.ts';
import { TripcoilError } from '../../core/errors.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import type { Fixture } from '../testing/receiver-fixture.ts';
import { createFixture } from '../testing/receiver-fixture.ts';
import { otlpReceiver } from './plugin.ts';

const MIB = 1024 * 1024;
const JSON_TYPE = { authorization: 'Bearer good', 'content-type': 'application/json' };
const PROTO_TYPE = { authorization: 'Bearer good', 'content-type': 'application/x-protobuf' };

const span = (spanId: string) => ({
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId,
  name: 'execute_tool get_order',
  startTimeUnixNano: '1544712660000000000',
  endTimeUnixNano: '1544712661000000000',
  attributes: [
    { key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } },
    { key: 'gen_ai.agent.id', value: { stringValue: 'bot' } },
    { key: 'gen_ai.tool.name', value: { stringValue: 'get_order' } },
  ],
});
const requestOf = (...spans: object[]) => ({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
const GOOD = requestOf(span('eee19b7ec3c1b174'));
const MIXED = requestOf(span('eee19b7ec3c1b174'), span('0000000000000000'));
const asProto = (request: ReturnType<typeof requestOf>): Uint8Array =>
  encode(TraceRequest, {
    resourceSpans: request.resourceSpans.map(({ scopeSpans }) => ({
      scopeSpans: scopeSpans.map(({ spans }) => ({
        spans: spans.map((each) => ({
          ...each,
          traceId: Buffer.from((each as { traceId: string }).traceId, 'hex'),
          spanId: Buffer.from((each as { spanId: string }).spanId, 'hex'),
        })),
      })),
    })),
  });

let fixture: Fixture;

beforeEach(async () => {
  fixture = await createFixture(2 * MIB);
});
afterEach(() => fixture.app.close());

const post = (url: string, headers: object, payload: Buffer | string) =>
  fixture.app.inject({ method: 'POST', url, headers: { ...headers }, payload });

describe('the OTLP receiver', () => {
  it('accepts JSON and says nothing more than that', async () => {
    const type = { ...JSON_TYPE, 'content-type': 'Application/JSON; charset=utf-8' };
    const answer = await post('/v1/traces', type, JSON.stringify(GOOD));
    expect([answer.statusCode, answer.body]).toEqual([200, '{}']);
    expect(answer.headers['content-type']).toContain('application/json');
    expect(fixture.batches[0]?.sender.name).toBe('broker');
    expect(fixture.batches[0]?.events[0]).toMatchObject({
      id: '5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174',
      agent: { id: 'bot' },
      action: { name: 'get_order', op: 'read' },
    });
  });

  it('accepts protobuf, gzipped, under a prefix, and answers in protobuf', async () => {
    const body = gzipSync(asProto(GOOD));
    const answer = await post(
      '/a/b/v1/traces',
      { ...PROTO_TYPE, 'content-encoding': 'gzip' },
      body,
    );
    expect([answer.statusCode, answer.rawPayload.length]).toEqual([200, 0]);
    expect(answer.headers['content-type']).toBe('application/x-protobuf');
    expect(fixture.batches).toHaveLength(1);
  });

  it('lands the rest of a batch and names the refused span, in both encodings', async () => {
    const json = await post('/v1/traces', JSON_TYPE, JSON.stringify(MIXED));
    const { partialSuccess } = json.json<{ partialSuccess: Record<string, string> }>();
    expect(partialSuccess['rejectedSpans']).toBe('1');
    expect(partialSuccess['errorMessage']).toContain(
      'invalid_id at resourceSpans[0].scopeSpans[0].spans[1].spanId',
    );
    const proto = await post('/v1/traces', PROTO_TYPE, Buffer.from(asProto(MIXED)));
    const decoded = ExportResponse.toObject(ExportResponse.decode(proto.rawPayload), {
      longs: Number,
    });
    expect(decoded['partialSuccess']).toEqual({
      rejected: 1,
      errorMessage: partialSuccess['errorMessage'],
    });
    expect(fixture.batches.map((batch) => batch.events.length)).toEqual([1, 1]);
    expect(fixture.counts.get('tripcoil_ingest_rejects_total otlp.traces invalid_id')).toBe(2);
  });

  it('takes an empty request, and profiles, which it throws away', async () => {
    expect((await post('/v1/traces', PROTO_TYPE, '')).statusCode).toBe(200);
    expect((await post('/v1/metrics', PROTO_TYPE, '')).statusCode).toBe(200);
    const profiles = await post('/v1development/profiles', PROTO_TYPE, Buffer.from([1, 2, 3]));
    expect(profiles.statusCode).toBe(200);
    expect((await post('/v1/logs', JSON_TYPE, '{}')).body).toBe('{}');
    expect(fixture.batches).toHaveLength(0);
  });

  it.each([
    ['nobody', {}, 401, 16],
    ['an unknown token', { authorization: 'Bearer bad' }, 401, 16],
    ['another role', { authorization: 'Bearer viewer' }, 403, 7],
    ['another encoding', { authorization: 'Bearer good', 'content-encoding': 'br' }, 415, 3],
    ['broken gzip', { authorization: 'Bearer good', 'content-encoding': 'gzip' }, 400, 3],
    ['undecodable bytes', { authorization: 'Bearer good' }, 400, 3],
  ])('refuses %s with a google.rpc.Status in protobuf', async (_case, headers, status, code) => {
    const type = { 'content-type': 'application/x-protobuf', ...headers };
    const answer = await post('/v1/traces', type, Buffer.from([0x0a, 0xff, 1]));
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/x-protobuf');
    expect(RpcStatus.toObject(RpcStatus.decode(answer.rawPayload))['code']).toBe(code);
    expect(fixture.batches).toHaveLength(0);
  });

  it('refuses other media types, none, and nonsense with 415', async () => {
    for (const type of ['text/plain', '', 'nonsense', 'application/grpc']) {
      const headers = { authorization: 'Bearer good', 'content-type': type };
      const answer = await post('/v1/traces', headers, '{}');
      expect([type, answer.statusCode]).toEqual([type, 415]);
      expect(answer.json()).toHaveProperty('code', 3);
    }
  });

  it('refuses other methods with 405', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD'] as const) {
      const answer = await fixture.app.inject({ method, url: '/v1/traces' });
      expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'POST']);
    }
  });

  it.each(['/', '/v1/trace', '/v1/a/b/c/d'])('answers %s by OTLP where alone', async (url) => {
    const app = createHttpServer({ ...fixture.options, clock: new FakeClock(0) });
    await app.register(otlpReceiver({ ...fixture.options, alone: true }));
    const [json, proto, other] = await Promise.all([
      app.inject({ method: 'POST', url, headers: JSON_TYPE, payload: '{}' }),
      app.inject({ method: 'POST', url, headers: PROTO_TYPE, payload: Buffer.from([1, 2]) }),
      app.inject({ method: 'GET', url }),
    ]);
    expect([json.statusCode, proto.statusCode, other.statusCode]).toEqual([404, 404, 404]);
    expect([json.json(), other.json()]).toMatchObject([{ code: 5 }, { code: 5 }]);
    expect(proto.headers['content-type']).toBe('application/x-protobuf');
    expect(RpcStatus.toObject(RpcStatus.decode(proto.rawPayload))['code']).toBe(5);
    const known = { method: 'POST', url: '/v1/traces', headers: JSON_TYPE } as const;
    expect((await app.inject({ ...known, payload: JSON.stringify(GOOD) })).statusCode).toBe(200);
    expect((await app.inject({ method: 'GET', url: '/v1/traces' })).statusCode).toBe(405);
    await app.close();
  });

  it('sheds load before and after reading, always asking to come back', async () => {
    fixture.overloaded = true;
    const early = await post('/v1/traces', JSON_TYPE, JSON.stringify(GOOD));
    expect([early.statusCode, early.headers['retry-after']]).toEqual([429, '1']);
    fixture.overloaded = false;
    fixture.failure = new TripcoilError('overloaded', 'full', { retryable: true });
    expect((await post('/v1/traces', JSON_TYPE, JSON.stringify(GOOD))).statusCode).toBe(503);
    fixture.failure = new TripcoilError('storage_unavailable', 'disk', { retryable: true });
    const late = await post('/v1/traces', JSON_TYPE, JSON.stringify(GOOD));
    expect([late.statusCode, late.headers['retry-after']]).toEqual([503, '1']);
    expect(late.json()).toEqual({ code: 14, message: 'disk' });
  });

  it('says nothing of a fault of its own', async () => {
    fixture.failure = new Error('secret detail');
    const answer = await post('/v1/traces', JSON_TYPE, JSON.stringify(GOOD));
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('secret');
  });

  it('leaves the bodies of other routes alone', async () => {
    const answer = await post('/elsewhere', { 'content-type': 'application/json' }, '{"a":1}');
    expect(answer.json()).toEqual({ got: { a: 1 } });
  });

  it('refuses a body over the limit, compressed or not', async () => {
    const zeros = Buffer.alloc(2 * MIB + 1);
    expect((await post('/v1/traces', PROTO_TYPE, zeros)).statusCode).toBe(413);
    const bomb = { ...PROTO_TYPE, 'content-encoding': 'gzip' };
    expect((await post('/v1/traces', bomb, gzipSync(zeros))).statusCode).toBe(413);
  });
});

describe('on a socket', () => {
  it('answers a gzip bomb and a 70 MiB chunked body with 413 and little memory', async () => {
    const real = await createFixture();
    await real.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = real.app.server.address() as AddressInfo;
    const send = async (headers: object, chunks: Iterable<Buffer>): Promise<IncomingMessage> => {
      const request = httpRequest({ port, method: 'POST', path: '/v1/traces' });
      for (const [name, value] of Object.entries({ ...PROTO_TYPE, ...headers })) {
        request.setHeader(name, String(value));
      }
      const answered = once(request, 'response');
      for (const chunk of chunks) if (!request.write(chunk)) await once(request, 'drain');
      request.end();
      const [response] = (await answered) as [IncomingMessage];
      response.resume();
      return response;
    };
    // 400 MiB of zeros in 400 KiB.
    const member = gzipSync(Buffer.alloc(MIB));
    const bomb = Buffer.concat(Array.from({ length: 400 }, () => member));
    const before = process.memoryUsage().rss;
    expect((await send({ 'content-encoding': 'gzip' }, [bomb])).statusCode).toBe(413);
    const megabyte = Buffer.alloc(MIB, 1);
    const chunks = Array.from({ length: 70 }, () => megabyte);
    expect((await send({}, chunks)).statusCode).toBe(413);
    expect(process.memoryUsage().rss - before).toBeLessThan(250 * MIB);
    expect((await send({}, [Buffer.from(asProto(GOOD))])).statusCode).toBe(200);
    await real.app.close();
  }, 30_000);
});
