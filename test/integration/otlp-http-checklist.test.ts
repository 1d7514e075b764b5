import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExportResponse, encode, RpcStatus, TraceRequest } from '../../bench/decode-oracle.ts';
import { TripcoilError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { createFixture, type Fixture } from '../../src/receivers/testing/receiver-fixture.ts';

// The server's duties of the OTLP specification 1.11, "OTLP/HTTP", in its order, on a socket. The
// cases of the Collector's receiver are among them: JSON and protobuf, requests that are invalid,
// content types and encodings, the size of bodies.

const MIB = 1024 * 1024;
const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/x-protobuf';
const TRACE = '5b8efff798038103d269b633813fc60c';
const SPAN = 'eee19b7ec3c1b174';

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const NAMES = [text('gen_ai.agent.id', 'bot'), text('gen_ai.tool.name', 'get_order')];
const span = (more: object = {}) => ({
  traceId: TRACE,
  spanId: SPAN,
  name: 'x',
  kind: 1,
  startTimeUnixNano: '1544712660000000000',
  endTimeUnixNano: '1544712661000000000',
  attributes: NAMES,
  ...more,
});
const tracesOf = (...spans: readonly object[]) => ({
  resourceSpans: [{ scopeSpans: [{ spans }] }],
});
const GOOD = JSON.stringify(tracesOf(span()));
const binary = (more: object = {}, spanId = SPAN): Buffer =>
  Buffer.from(
    encode(
      TraceRequest,
      tracesOf({
        ...span(more),
        traceId: Buffer.from(TRACE, 'hex'),
        spanId: Buffer.from(spanId, 'hex'),
      }),
    ),
  );

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

let fixture: Fixture;
let port: number;

beforeEach(async () => {
  fixture = await createFixture(2 * MIB);
  await fixture.app.listen({ port: 0, host: '127.0.0.1' });
  port = (fixture.app.server.address() as AddressInfo).port;
});
afterEach(() => fixture.app.close());

async function send(
  path: string,
  body: Buffer | string,
  headers: Readonly<Record<string, string>> = {},
  method = 'POST',
): Promise<Answer> {
  const request = httpRequest({ port, method, path });
  for (const [name, value] of Object.entries({
    authorization: 'Bearer good',
    'content-type': JSON_TYPE,
    ...headers,
  })) {
    if (value !== '') request.setHeader(name, value);
  }
  const answered = once(request, 'response');
  request.end(body);
  const [response] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

const json = ({ body }: Answer) => JSON.parse(body.toString()) as Record<string, never>;
const events = () => fixture.batches.flatMap((batch) => batch.events);

describe('1: methods and paths', () => {
  it.each([
    '/v1/traces',
    '/v1/logs',
    '/v1/metrics',
    '/v1development/profiles',
    '/prefix/v1/traces',
    '/two/parts/v1/logs',
  ])('POST %s', async (path) => {
    expect((await send(path, '{}')).status).toBe(200);
    expect((await send(path, '', {}, 'GET')).status).toBe(405);
  });

  it('answers metrics with full success', async () => {
    const metrics = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'requests' }] }] }] };
    const answer = await send('/v1/metrics', JSON.stringify(metrics));
    expect([answer.status, answer.body.toString()]).toEqual([200, '{}']);
  });
});

describe('2: media types', () => {
  it.each([
    ['application/json', 200],
    ['Application/JSON', 200],
    ['application/json; charset=utf-8', 200],
    ['application/json;charset="UTF-8"', 200],
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/grpc', 415],
    ['', 415],
  ])('%s gets %i', async (type, status) => {
    expect((await send('/v1/traces', GOOD, { 'content-type': type })).status).toBe(status);
  });

  it.each([PROTOBUF, 'application/protobuf', 'APPLICATION/X-PROTOBUF'])('%s', async (type) => {
    expect((await send('/v1/traces', binary(), { 'content-type': type })).status).toBe(200);
    expect(events()).toHaveLength(1);
  });
});

describe('3: compression', () => {
  it.each([
    ['', Buffer.from(GOOD), 200],
    ['identity', Buffer.from(GOOD), 200],
    ['gzip', gzipSync(GOOD), 200],
    ['GZIP', gzipSync(GOOD), 200],
    ['zstd', zstdCompressSync(GOOD), 415],
    ['gzip', Buffer.from(GOOD), 400],
    ['gzip', gzipSync(GOOD).subarray(0, -9), 400],
  ])('%s', async (encoding, body, status) => {
    const answer = await send('/v1/traces', body, { 'content-encoding': encoding });
    expect(answer.status).toBe(status);
    expect(fixture.batches).toHaveLength(status === 200 ? 1 : 0);
  });
});

describe('4: chunked bodies', () => {
  it('in any pieces', async () => {
    const request = httpRequest({ port, method: 'POST', path: '/v1/traces' });
    request.setHeader('authorization', 'Bearer good').setHeader('content-type', PROTOBUF);
    const answered = once(request, 'response');
    for (const byte of binary()) request.write(Buffer.from([byte]));
    request.end();
    const [response] = await answered;
    response.resume();
    expect([response.statusCode, events().length]).toEqual([200, 1]);
  });
});

describe('5: size', () => {
  it.each([
    ['sent', Buffer.alloc(2 * MIB + 1, ' '), {}],
    ['decompressed', gzipSync(Buffer.alloc(2 * MIB + 1, ' ')), { 'content-encoding': 'gzip' }],
  ])('over the limit when %s: 413, and the connection ends', async (_case, body, headers) => {
    const answer = await send('/v1/traces', body, headers);
    expect([answer.status, answer.headers['connection']]).toEqual([413, 'close']);
    expect(answer.headers['retry-after']).toBeUndefined();
    expect(json(answer)).toHaveProperty('message');
  });

  it('is 64 MiB by default', () => {
    expect(LIMITS.bodyBytes).toBe(64 * MIB);
  });
});

describe('6: success', () => {
  it('has the type of the request and no partial_success', async () => {
    const asJson = await send('/v1/traces', GOOD);
    expect([asJson.headers['content-type'], asJson.body.toString()]).toEqual([JSON_TYPE, '{}']);
    const asProtobuf = await send('/v1/traces', binary(), { 'content-type': PROTOBUF });
    expect([asProtobuf.headers['content-type'], asProtobuf.body.length]).toEqual([PROTOBUF, 0]);
  });

  it.each([
    ['', PROTOBUF],
    ['', JSON_TYPE],
    ['{}', JSON_TYPE],
    ['{"resourceSpans":[]}', JSON_TYPE],
    ['{"resourceSpans":[{"scopeSpans":[{}]}]}', JSON_TYPE],
    ['\n\0', PROTOBUF],
  ])('of nothing at all: %j as %s', async (body, type) => {
    expect((await send('/v1/traces', body, { 'content-type': type })).status).toBe(200);
    expect(fixture.batches).toHaveLength(0);
  });
});

describe('7: partial success', () => {
  const BAD_LOG = {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: NAMES }] }] }],
  };
  const BAD_METRIC = {
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'gen_ai.client.token.usage',
                sum: { aggregationTemporality: 1, dataPoints: [{ asInt: '1' }] },
              },
            ],
          },
        ],
      },
    ],
  };

  it.each([
    ['/v1/traces', tracesOf(span(), span({ spanId: '' })), 'rejectedSpans'],
    ['/v1/logs', BAD_LOG, 'rejectedLogRecords'],
    ['/v1/metrics', BAD_METRIC, 'rejectedDataPoints'],
  ])('%s counts and says where', async (path, body, name) => {
    const answer = await send(path, JSON.stringify(body));
    expect(answer.status).toBe(200);
    const { partialSuccess } = json(answer);
    expect(partialSuccess).toEqual({
      [name]: '1',
      errorMessage: expect.stringMatching(/ at resource/),
    });
    expect(answer.body.length).toBeLessThan(4 * MIB);
  });

  it('in protobuf too, where the good spans land', async () => {
    const body = Buffer.concat([binary(), binary({}, '0000000000000000')]);
    const answer = await send('/v1/traces', body, { 'content-type': PROTOBUF });
    const decoded = ExportResponse.toObject(ExportResponse.decode(answer.body), { longs: Number });
    expect(decoded['partialSuccess']).toMatchObject({ rejected: 1 });
    expect(events()).toHaveLength(1);
  });
});

describe('8: errors are google.rpc.Status in the encoding of the request', () => {
  it('with a BadRequest for what cannot be decoded', async () => {
    const asJson = await send('/v1/traces', '{');
    expect([asJson.status, asJson.headers['content-type']]).toEqual([400, JSON_TYPE]);
    const message = 'the body is not valid JSON';
    expect(json(asJson)).toEqual({
      code: 3,
      message,
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [{ field: 'body', description: message }],
        },
      ],
    });
    const type = { 'content-type': PROTOBUF };
    const asProtobuf = await send('/v1/traces', Buffer.from([0x0a, 0xff, 1]), type);
    expect([asProtobuf.status, asProtobuf.headers['content-type']]).toEqual([400, PROTOBUF]);
    expect(RpcStatus.toObject(RpcStatus.decode(asProtobuf.body))['code']).toBe(3);
    expect(asProtobuf.body.includes('google.rpc.BadRequest')).toBe(true);
  });

  it.each([
    ['an unknown token', { authorization: 'Bearer bad' }, 401, 16],
    ['no token', { authorization: '' }, 401, 16],
    ['another role', { authorization: 'Bearer viewer' }, 403, 7],
  ])('%s', async (_case, headers, status, code) => {
    const answer = await send('/v1/traces', GOOD, headers);
    expect([answer.status, json(answer)['code']]).toEqual([status, code]);
  });
});

describe('9 and 10: what may be sent again, and when', () => {
  it.each([
    ['over_share', 429],
    ['overloaded', 503],
    ['storage_unavailable', 503],
    ['internal', 503],
  ] as const)('%s, when it passes, is %i with a delay of at most 5 s', async (code, status) => {
    fixture.failure = new TripcoilError(code, 'later', { retryable: true });
    const answer = await send('/v1/traces', GOOD);
    expect(answer.status).toBe(status);
    expect([1, 2, 3, 4, 5]).toContain(Number(answer.headers['retry-after']));
  });

  it('only those: nothing else names a delay', async () => {
    const answers = [
      await send('/v1/traces', '{'),
      await send('/v1/traces', GOOD, { authorization: '' }),
      await send('/v1/traces', GOOD, { 'content-type': 'text/plain' }),
      await send('/v1/traces', '', {}, 'GET'),
    ];
    for (const { status, headers } of answers) {
      expect([429, 502, 503, 504]).not.toContain(status);
      expect(headers['retry-after']).toBeUndefined();
    }
  });
});

describe('11: what is sent again has the same ids', () => {
  it('of spans and of log records', async () => {
    const record = { timeUnixNano: '1544712660000000000', attributes: NAMES };
    const logs = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
    for (const [path, body] of [
      ['/v1/traces', GOOD],
      ['/v1/logs', logs],
    ] as const) {
      await send(path, body);
      await send(path, body);
    }
    const ids = events().map(({ id }) => id);
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('12 and 13: shapes', () => {
  const one = async (more: object) => {
    const answer = await send('/v1/traces', JSON.stringify(tracesOf(span(more))));
    return { answer: json(answer), event: events()[0] };
  };

  it('unknown fields and snake_case names are ignored', async () => {
    const { answer, event } = await one({ newField: { a: 1 }, span_id: 'x', flags: 257 });
    expect([answer, event?.trace?.spanId]).toEqual([{}, SPAN]);
  });

  it('attributes of every type, repeated keys, absent and empty values', async () => {
    const attributes = [
      ...NAMES,
      { key: 'none' },
      { key: 'empty', value: {} },
      { key: 'index', value: { stringValueStrindex: 3 } },
      { key: 'bytes', value: { bytesValue: 'aGk=' } },
      {
        key: 'list',
        value: { arrayValue: { values: [{ intValue: 1 }, {}, { boolValue: true }] } },
      },
      { key: 'nothing', value: { arrayValue: {} } },
      { key: 'map', value: { kvlistValue: { values: [text('__proto__', 'inert')] } } },
      text('twice', 'first'),
      text('twice', 'second'),
      text('__proto__', 'inert'),
      { key: 'big', value: { intValue: '9223372036854775807' } },
      { key: 'number', value: { intValue: 42 } },
      { key: 'nan', value: { doubleValue: 'NaN' } },
      { key: 'double', value: { doubleValue: '1.5' } },
    ];
    const { answer, event } = await one({ attributes });
    expect(answer).toEqual({});
    const { attrs = {} } = event ?? {};
    expect(Object.getPrototypeOf(attrs)).toBeNull();
    expect(attrs).toMatchObject({
      bytes: 'aGk=',
      list: [1, null, true],
      nothing: [],
      twice: 'second',
      big: '9223372036854775807',
      number: 42,
      nan: 'NaN',
      double: 1.5,
    });
    expect(JSON.stringify(attrs)).toContain('"__proto__":"inert"');
    expect(({} as Record<string, unknown>)['inert']).toBeUndefined();
  });

  it('ids in hexadecimal of either case; neither base64 nor zeros nor other lengths', async () => {
    const { event } = await one({ spanId: SPAN.toUpperCase(), traceId: TRACE.toUpperCase() });
    expect(event?.trace).toMatchObject({ traceId: TRACE, spanId: SPAN });
    for (const spanId of ['7uGbfsPBsXQ=', '0000000000000000', 'eee1', `${SPAN}00`]) {
      const { answer } = await one({ spanId });
      expect(answer).toHaveProperty('partialSuccess.rejectedSpans', '1');
    }
  });

  it('enums are numbers, times texts or numbers; roots have no parent', async () => {
    const { event } = await one({
      startTimeUnixNano: 1544712660000000000,
      parentSpanId: undefined,
    });
    expect(event?.time).toBe(1544712660000);
    expect(event?.trace).not.toHaveProperty('parentSpanId');
    const { answer } = await one({ kind: 'SPAN_KIND_CLIENT' });
    expect(answer).toHaveProperty('partialSuccess');
  });
});

describe('14: nothing is allowed across origins', () => {
  it('unless asked for', async () => {
    const answer = await send('/v1/traces', GOOD, { origin: 'https://elsewhere.example' });
    expect(Object.keys(answer.headers).join()).not.toContain('access-control');
  });
});

describe('15: fields of the protocol that are not read', () => {
  it('are skipped', async () => {
    const link = { traceId: Buffer.from(TRACE, 'hex'), spanId: Buffer.alloc(8, 1), flags: 257 };
    const body = binary({
      traceState: 'a=b',
      flags: 257,
      links: [link],
      droppedAttributesCount: 1,
      droppedEventsCount: 2,
      droppedLinksCount: 3,
      status: { message: 'm', code: 2 },
      events: [{ name: 'exception', attributes: [text('exception.type', 'TimeoutError')] }],
    });
    const answer = await send('/v1/traces', body, { 'content-type': PROTOBUF });
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
    expect(events()[0]?.outcome).toEqual({ status: 'timeout', errorType: 'TimeoutError' });
  });
});

describe('16: hardening', () => {
  it('values that nest too deeply cost their span alone', async () => {
    let value: object = { intValue: 1 };
    for (let level = 0; level <= LIMITS.valueDepth; level++)
      value = { arrayValue: { values: [value] } };
    const deep = span({
      spanId: 'aaaaaaaaaaaaaaaa',
      attributes: [...NAMES, { key: 'deep', value }],
    });
    const answer = await send('/v1/traces', JSON.stringify(tracesOf(deep, span())));
    expect(json(answer)['partialSuccess']).toMatchObject({ rejectedSpans: '1' });
    expect(events()).toHaveLength(1);
  });

  it('text that is not UTF-8 is taken as far as it goes', async () => {
    const marked = Buffer.from(GOOD.replace('get_order', 'get_order?'));
    marked[marked.indexOf('get_order?') + 9] = 0xff;
    expect((await send('/v1/traces', marked)).status).toBe(200);
    expect(events()[0]?.action.name).toBe('get_order\uFFFD');
  });

  it('a body of brackets is refused before it is parsed', async () => {
    const answer = await send('/v1/traces', '['.repeat(2 * MIB - 1));
    expect(answer.status).toBe(400);
  });
});
