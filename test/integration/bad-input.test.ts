import { hash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ExportResponse,
  encode,
  LogsRequest,
  RpcStatus,
  TraceRequest,
} from '../../bench/decode-oracle.ts';
import type { AgentBody, ChainBody, ErrorBody, PageBody } from '../../src/api/contract.ts';
import { type Asked, ask, sumOf } from './http.ts';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  type Workplace,
} from './served-daemon.ts';

const BROKER = 'bad-input-broker-0123456789';
const VIEWER = 'bad-input-viewer-0123456789';
const BOTH = 'bad-input-both-of-them-012345';
const UNKNOWN = 'bad-input-nobody-knows-this-9';

/** In every bad record; none may be seen in what the daemon says. */
const RAW = ['mallory@evil-canary.example', '+1 415 555 2671', 'tellurium-oscillation'];
const RSS_GROWTH_MB = 400;
const MIB = 1024 * 1024;

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };

let workplace: Workplace;
let daemon: ServedDaemon;
let startRssMb: number;

beforeAll(async () => {
  workplace = await createWorkplace(`
log: { level: debug }
tokens:
  - { name: broker, token: ${BROKER}, roles: [ingest, broker], tenants: [acme], trust: broker }
  - { name: viewer, token: ${VIEWER}, roles: [viewer], tenants: [acme] }
  - { name: both, token: ${BOTH}, roles: [ingest, broker], tenants: [acme, globex], trust: broker }
`);
  daemon = await serve(workplace);
  await post('/v1/events', [eventOf('warm-up', 'warm-up')]);
  startRssMb = await memoryMb('VmRSS');
});

afterAll(async () => {
  await daemon?.stop();
  await workplace?.remove();
});

/** Asks, then checks what holds after every kind of bad input. */
async function send(path: string, asked: Asked, port: 'main' | 'otlp' = 'main') {
  const answer = await ask(`${daemon[port]}${path}`, { token: BROKER, ...asked });
  await stillWell();
  for (const raw of RAW) expect(answer.text).not.toContain(raw);
  return answer;
}

async function post(path: string, body: unknown, token = BROKER) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await send(path, { body: text, headers: JSON_TYPE, token });
  return { status: answer.status, headers: answer.headers, body: JSON.parse(answer.text) };
}

async function stillWell(): Promise<void> {
  expect(daemon.process.exitCode).toBeNull();
  expect((await ask(`${daemon.main}/readyz`)).status).toBe(200);
}

async function metrics(): Promise<string> {
  return (await ask(`${daemon.main}/metrics`)).text;
}

/** What a counter gained while something was done. */
async function gained(
  name: string,
  labels: Readonly<Record<string, string>>,
  act: () => Promise<unknown>,
): Promise<number> {
  const before = sumOf(await metrics(), name, labels);
  await act();
  return sumOf(await metrics(), name, labels) - before;
}

async function memoryMb(name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${daemon.process.pid}/status`, 'utf8').catch(() => '');
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1_024;
}

async function agents(): Promise<readonly string[]> {
  const { body } = await call<PageBody<AgentBody>>(daemon, null, 'GET', '/v1/agents');
  return body.items.map(({ agent }) => agent);
}

async function landed(...names: readonly string[]): Promise<void> {
  await eventually(agents, (found) => names.every((name) => found.includes(name)));
}

function eventOf(id: string, agent: string, more: object = {}) {
  return {
    id,
    time: Date.now(),
    agent: { id: agent },
    action: { name: 'read_account', op: 'read', arguments: { to: RAW[0], call: RAW[1] } },
    outcome: { status: 'success' },
    ...more,
  };
}

const traceOf = (name: string) => hash('sha256', name).slice(0, 32);

let spans = 0;
function spanOf(traceId: string, agent: string | null, more: object = {}) {
  spans += 1;
  const nano = `${Date.now()}000000`;
  const attributes = [
    { key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } },
    { key: 'gen_ai.tool.name', value: { stringValue: 'read_account' } },
    { key: 'note', value: { stringValue: RAW[0] } },
    ...(agent === null ? [] : [{ key: 'gen_ai.agent.id', value: { stringValue: agent } }]),
  ];
  const spanId = spans.toString(16).padStart(16, '0');
  const name = 'execute_tool read_account';
  return {
    traceId,
    spanId,
    name,
    startTimeUnixNano: nano,
    endTimeUnixNano: nano,
    attributes,
    ...more,
  };
}

const tracesOf = (list: readonly unknown[]) => ({
  resourceSpans: [{ scopeSpans: [{ spans: list }] }],
});

function protobufTraces(list: readonly ReturnType<typeof spanOf>[]): Uint8Array {
  const binary = list.map((span) => ({
    ...span,
    traceId: Buffer.from(span.traceId, 'hex'),
    spanId: Buffer.from(span.spanId, 'hex'),
  }));
  return encode(TraceRequest, tracesOf(binary));
}

const statusOf = (bytes: Buffer) => RpcStatus.toObject(RpcStatus.decode(bytes));
const partialOf = (bytes: Buffer) =>
  ExportResponse.toObject(ExportResponse.decode(bytes), { longs: Number });

/** A body of one repeated MiB, sent chunked, as fast as it is taken. */
async function stream(path: string, mebibytes: number, headers: Record<string, string>) {
  const request = httpRequest(`${daemon.main}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${BROKER}`, ...headers },
  });
  const answered = once(request, 'response') as Promise<[import('node:http').IncomingMessage]>;
  const chunk = Buffer.alloc(MIB, `"${RAW[2]}",`);
  for (let sent = 0; sent < mebibytes; sent += 1) {
    if (!request.write(chunk)) await once(request, 'drain');
  }
  request.end();
  const [response] = await answered;
  const chunks: Buffer[] = [];
  for await (const part of response) chunks.push(part as Buffer);
  return { status: response.statusCode, bytes: Buffer.concat(chunks) };
}

describe('a body that OTLP cannot read', () => {
  const traces = '/v1/traces';
  const malformedJson = `{"resourceSpans":[{"${RAW[2]}"`;
  const truncated = Buffer.from([0x0a, 0xff, 0x01, 0x0a]);
  const group = Buffer.from([0x07, 0x01, 0x02]);

  it.each<[string, Asked, number, number, RegExp]>([
    [
      'malformed protobuf',
      { body: truncated, headers: PROTOBUF },
      400,
      3,
      /protobuf|resource_?spans/i,
    ],
    ['an unknown wire type', { body: group, headers: PROTOBUF }, 400, 3, /wire|type|protobuf/i],
    ['malformed JSON', { body: malformedJson, headers: JSON_TYPE }, 400, 3, /JSON/],
    [
      'a list of another type',
      { body: '{"resourceSpans":7}', headers: JSON_TYPE },
      400,
      3,
      /resourceSpans must be a list/,
    ],
    [
      'a scope of another type',
      { body: '{"resourceSpans":[{"scopeSpans":["x"]}]}', headers: JSON_TYPE },
      400,
      3,
      /resourceSpans\[0\]\.scopeSpans\[0\] must be an object/,
    ],
    [
      'another content type',
      { body: '{}', headers: { 'content-type': 'text/plain' } },
      415,
      3,
      /media types/,
    ],
    ['no content type', { body: '{}' }, 415, 3, /media types/],
    [
      'a content type that is none',
      { body: '{}', headers: { 'content-type': '///' } },
      415,
      3,
      /./,
    ],
    [
      'an encoding nobody asked for',
      { body: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'br' } },
      415,
      3,
      /gzip/,
    ],
    [
      'gzip that is none',
      { body: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
      400,
      3,
      /gzip/,
    ],
    [
      'gzip cut short',
      {
        body: gzipSync('{"a":1}').subarray(0, 15),
        headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
      },
      400,
      3,
      /gzip/,
    ],
    ['GET', { method: 'GET', headers: JSON_TYPE }, 405, 12, /POST/],
    ['PUT', { method: 'PUT', body: '{}', headers: PROTOBUF }, 405, 12, /POST/],
    ['no token', { body: '{}', headers: JSON_TYPE, token: '' }, 401, 16, /token/],
    ['an unknown token', { body: '{}', headers: JSON_TYPE, token: UNKNOWN }, 401, 16, /token/],
    [
      'a token without the role',
      { body: '{}', headers: PROTOBUF, token: VIEWER },
      403,
      7,
      /role ingest/,
    ],
    ['brackets without end', { body: '['.repeat(2 * MIB), headers: JSON_TYPE }, 400, 3, /nested/],
  ])('%s', async (_name, asked, status, code, message) => {
    const refused = asked.method === undefined || asked.method === 'POST' ? 1 : 0;
    const rejects = await gained(
      'tripcoil_ingest_rejects_total',
      { source: 'otlp.traces' },
      async () => {
        const answer = await send(traces, asked, 'otlp');
        expect(answer.status).toBe(status);
        const isProtobuf = asked.headers?.['content-type'] === PROTOBUF['content-type'];
        const type = isProtobuf ? 'application/x-protobuf' : 'application/json';
        expect(answer.headers.get('content-type')).toContain(type);
        const body = isProtobuf ? statusOf(answer.bytes) : JSON.parse(answer.text);
        expect(body).toMatchObject({ code, message: expect.stringMatching(message) });
        if (status === 405) expect(answer.headers.get('allow')).toBe('POST');
        if (status === 401) expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      },
    );
    if (asked.headers?.['content-type'] !== '///') expect(rejects).toBe(refused);
  });

  it('a body of 200 MB, chunked, is read to its end and refused', async () => {
    const { status, bytes } = await stream(traces, 200, PROTOBUF);
    expect(status).toBe(413);
    expect(statusOf(bytes)).toMatchObject({ code: 3, message: expect.stringMatching(/67108864/) });
    const native = await stream('/v1/events', 200, JSON_TYPE);
    expect(native.status).toBe(413);
    expect(JSON.parse(native.bytes.toString())).toMatchObject({ code: 'payload_too_large' });
    await stillWell();
  });

  it.each(['/v1/traces', '/v1/logs', '/v1/events'])('a gzip bomb to %s', async (path) => {
    const bomb = gzipSync(Buffer.alloc(256 * MIB, 0x20), { level: 9 });
    expect((256 * MIB) / bomb.length).toBeGreaterThan(900);
    const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => send(path, { body: bomb, headers })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([413]));
  });

  it('a declared length beyond all bounds is refused before it is sent', async () => {
    const request = httpRequest(`${daemon.main}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${BROKER}`, 'content-length': String(900 * MIB) },
    });
    request.on('error', () => undefined);
    request.flushHeaders();
    const [response] = (await once(request, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(413);
    request.destroy();
    await stillWell();
  });
});

describe('a bad span amid good ones', () => {
  const ok = (trace: string) => [spanOf(trace, 'good-spans'), spanOf(trace, 'good-spans')] as const;

  it.each<[string, object, RegExp]>([
    ['an all-zero span id', { spanId: '0'.repeat(16) }, /invalid_id at .*spans\[1\]\.spanId/],
    ['an all-zero trace id', { traceId: '0'.repeat(32) }, /invalid_id at .*spans\[1\]\.traceId/],
    ['a short trace id', { traceId: 'abcd' }, /invalid_id at .*spans\[1\]\.traceId/],
    ['no time', { startTimeUnixNano: '0', endTimeUnixNano: '0' }, /startTimeUnixNano/],
    ['a time far ahead', { startTimeUnixNano: '9999999999000000000' }, /clock_skew at time/],
  ])('%s, in both encodings', async (name, fault, message) => {
    for (const encoding of ['json', 'protobuf'] as const) {
      const trace = traceOf(`${encoding} ${name}`);
      const [first, second] = ok(trace);
      const list = [first, spanOf(trace, 'bad-span', fault), second];
      const invalid = await gained(
        'tripcoil_ingest_events_total',
        { source: 'otlp.traces', result: 'invalid' },
        async () => {
          const body = encoding === 'json' ? JSON.stringify(tracesOf(list)) : protobufTraces(list);
          const answer = await send('/v1/traces', {
            body,
            headers: encoding === 'json' ? JSON_TYPE : PROTOBUF,
          });
          expect(answer.status).toBe(200);
          const { partialSuccess } =
            encoding === 'json' ? JSON.parse(answer.text) : partialOf(answer.bytes);
          const said = partialSuccess as Record<string, unknown>;
          expect(Number(said['rejectedSpans'] ?? said['rejected'])).toBe(1);
          expect(said['errorMessage']).toMatch(message);
        },
      );
      expect(invalid).toBe(1);
      const chain = await eventually(
        () => call<ChainBody>(daemon, null, 'GET', `/v1/chains/${trace}`),
        ({ status }) => status === 200,
      );
      expect(chain.body.steps).toHaveLength(2);
      expect(chain.body.agents).toEqual(['good-spans']);
    }
    expect(await agents()).not.toContain('bad-span');
  });

  it.each<[string, object, RegExp]>([
    ['a name of another type', { name: 7 }, /wrong_type at .*spans\[1\]\.name/],
    ['attributes of another type', { attributes: 'x' }, /wrong_type at .*spans\[1\]\.attributes/],
    [
      'an attribute value of another type',
      { attributes: [{ key: 'a', value: { intValue: 'x' } }] },
      /spans\[1\]\.attributes\[0\]\.value/,
    ],
    ['a time of another type', { startTimeUnixNano: { a: 1 } }, /startTimeUnixNano/],
    [
      'no agent',
      { attributes: [{ key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } }] },
      /missing_field at .*gen_ai\.agent\.id/,
    ],
  ])('%s', async (name, fault, message) => {
    const trace = traceOf(name);
    const [first, second] = ok(trace);
    const body = JSON.stringify(tracesOf([first, spanOf(trace, null, fault), second]));
    const answer = await send('/v1/traces', { body, headers: JSON_TYPE });
    expect(answer.status).toBe(200);
    const { partialSuccess } = JSON.parse(answer.text);
    expect(partialSuccess.rejectedSpans).toBe('1');
    expect(partialSuccess.errorMessage).toMatch(message);
    const chain = await eventually(
      () => call<ChainBody>(daemon, null, 'GET', `/v1/chains/${trace}`),
      ({ status }) => status === 200,
    );
    expect(chain.body.steps).toHaveLength(2);
  });

  it('unknown fields and odd shapes are no fault', async () => {
    const trace = 'ab'.repeat(16);
    const odd = spanOf(trace, 'odd-spans', {
      colour: { deep: [1, { x: RAW[2] }] },
      links: 7,
      kind: 99,
    });
    odd.attributes.push({ key: '__proto__', value: { stringValue: 'polluted' } });
    const answer = await send('/v1/traces', {
      body: JSON.stringify({ ...tracesOf([odd]), extra: [] }),
      headers: JSON_TYPE,
    });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('{}');
    const empty = await send('/v1/traces', { body: '', headers: PROTOBUF });
    expect([empty.status, empty.bytes.length]).toEqual([200, 0]);
    const metricsOnly = await send('/v1/metrics', {
      body: '{"resourceMetrics":[]}',
      headers: JSON_TYPE,
    });
    expect([metricsOnly.status, metricsOnly.text]).toEqual([200, '{}']);
    await landed('odd-spans');
  });

  it('a log record without a time, amid good ones', async () => {
    const attributes = [
      { key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } },
      { key: 'gen_ai.tool.name', value: { stringValue: 'read_account' } },
      { key: 'gen_ai.agent.id', value: { stringValue: 'good-logs' } },
    ];
    const good = { timeUnixNano: `${Date.now()}000000`, attributes };
    const bad = { attributes, body: { stringValue: RAW[2] } };
    const request = { resourceLogs: [{ scopeLogs: [{ logRecords: [good, bad] }] }] };
    const json = await send('/v1/logs', { body: JSON.stringify(request), headers: JSON_TYPE });
    expect(JSON.parse(json.text).partialSuccess).toMatchObject({
      rejectedLogRecords: '1',
      errorMessage: expect.stringMatching(/missing_field at .*logRecords\[1\]\.timeUnixNano/),
    });
    const binary = await send('/v1/logs', {
      body: encode(LogsRequest, request),
      headers: PROTOBUF,
    });
    expect(partialOf(binary.bytes)['partialSuccess']).toMatchObject({ rejected: 1 });
    await landed('good-logs');
  });
});

describe('a bad native event amid good ones', () => {
  const day = 86_400_000;
  const deep = (depth: number): unknown => (depth === 0 ? RAW[2] : { in: deep(depth - 1) });

  it.each<[string, object, string, string]>([
    ['without agent', { agent: undefined }, 'missing_field', 'agent.id'],
    ['with an agent of another type', { agent: RAW[0] }, 'wrong_type', 'agent'],
    ['without id', { id: null }, 'missing_field', 'id'],
    ['with an id of 1 MB', { id: RAW[2]!.repeat(50_000) }, 'too_large', 'id'],
    ['with an agent id of 1 MB', { agent: { id: 'x'.repeat(MIB) } }, 'too_large', 'agent.id'],
    ['without action', { action: {} }, 'missing_field', 'action.name'],
    ['with negative volume', { volume: { records: -5 } }, 'out_of_range', 'volume.records'],
    ['with NaN as text', { volume: { bytes_out: 'NaN' } }, 'wrong_type', 'volume.bytes_out'],
    ['with absurd volume', { volume: { tokens_in: 1e300 } }, 'out_of_range', 'volume.tokens_in'],
    ['from a year ahead', { time: Date.now() + 365 * day }, 'clock_skew', 'time'],
    ['from 1971', { time: '1971-01-01T00:00:00Z' }, 'clock_skew', 'time'],
    ['in nanoseconds', { time: Date.now() * 1e6 }, 'out_of_range', 'time'],
    ['at no time', { time: RAW[2] }, 'wrong_type', 'time'],
    ['at a time before time', { time: -1 }, 'out_of_range', 'time'],
    ['of an unknown kind', { kind: RAW[2] }, 'out_of_range', 'kind'],
    ['nested deeply', { attrs: deep(40) }, 'too_deep', ''],
    [
      'with too many attrs',
      { attrs: Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${n}`, RAW[2]])) },
      'too_large',
      'attrs',
    ],
    ['with a delegation of another type', { delegation: [RAW[0]] }, 'wrong_type', 'delegation[0]'],
    [
      'with a scope that is no text',
      { scopes: { granted: [{ s: RAW[2] }] } },
      'wrong_type',
      'scopes.granted[0]',
    ],
  ])('%s', async (name, fault, code, path) => {
    const good = `beside ${name}`;
    const batch = [
      eventOf(`${name} 0`, good),
      eventOf(`${name} 1`, 'bad-event', fault),
      eventOf(`${name} 2`, good),
    ];
    const source = 'native';
    const invalid = await gained(
      'tripcoil_ingest_events_total',
      { source, result: 'invalid' },
      async () => {
        const { status, body } = await post('/v1/events', batch);
        expect(status).toBe(200);
        expect(body).toMatchObject({
          accepted: 2,
          rejected: 1,
          errors: [{ index: 1, code, path }],
        });
      },
    );
    expect(invalid).toBe(1);
    await landed(good);
    expect(await agents()).not.toContain('bad-event');
  });

  it('a line that is no JSON, in NDJSON with NaN and infinity', async () => {
    const line = (agent: string) => JSON.stringify(eventOf(`line of ${agent}`, agent));
    const nan = line('nan').replace('"action"', '"volume":{"records":NaN},"action"');
    const infinite = line('inf').replace('"action"', '"volume":{"records":1e999},"action"');
    const body = [line('line-1'), `{"${RAW[2]}`, nan, infinite, '', line('line-6')].join('\n');
    const answer = await send('/v1/events', {
      body,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(JSON.parse(answer.text)).toMatchObject({
      accepted: 2,
      rejected: 3,
      errors: [
        { line: 2, code: 'malformed' },
        { line: 3, code: 'malformed' },
        { line: 4, code: 'out_of_range', path: 'volume.records' },
      ],
    });
    await landed('line-1', 'line-6');
  });

  it('a `__proto__` key is a key like any other', async () => {
    const event = JSON.stringify(eventOf('proto', 'proto-agent', { attrs: { a: 1 } })).replace(
      '"a":1',
      '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}',
    );
    const { body } = await post('/v1/events', `[${event}]`);
    expect(body).toMatchObject({ accepted: 1, rejected: 0 });
    const top = JSON.stringify(eventOf('proto-2', 'proto-agent')).replace(
      '{',
      '{"__proto__":{"id":"x","polluted":true},',
    );
    expect((await post('/v1/events', top)).body).toMatchObject({ accepted: 1 });
    await landed('proto-agent');
    const { text } = await ask(`${daemon.main}/v1/agents`);
    expect(text).not.toContain('polluted');
  });

  it('what is refused as a whole says why', async () => {
    const whole = async (asked: Asked) => {
      const answer = await send('/v1/events', asked);
      return [answer.status, (JSON.parse(answer.text) as ErrorBody).code];
    };
    const body = JSON.stringify([eventOf('whole', 'whole')]);
    expect(await whole({ body: `[{"${RAW[2]}`, headers: JSON_TYPE })).toEqual([400, 'bad_request']);
    expect(await whole({ body: '['.repeat(9 * MIB), headers: JSON_TYPE })).toEqual([
      400,
      'bad_request',
    ]);
    expect(await whole({ body: '\u0000\u0001', headers: JSON_TYPE })).toEqual([400, 'bad_request']);
    expect(await whole({ body, headers: { 'content-type': 'text/html' } })).toEqual([
      415,
      'unsupported_media_type',
    ]);
    expect(await whole({ body, headers: { ...JSON_TYPE, 'content-encoding': 'zstd' } })).toEqual([
      415,
      'unsupported_media_type',
    ]);
    expect(await whole({ body, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } })).toEqual([
      400,
      'bad_request',
    ]);
    expect(await whole({ method: 'DELETE' })).toEqual([405, 'bad_request']);
    expect(await whole({ body, headers: JSON_TYPE, token: UNKNOWN })).toEqual([
      401,
      'unauthenticated',
    ]);
    expect(await whole({ body, headers: JSON_TYPE, token: VIEWER })).toEqual([403, 'forbidden']);
    expect(await agents()).not.toContain('whole');
  });

  it('a tenant the token does not cover refuses that event alone', async () => {
    const named = (id: string, tenant?: string) =>
      eventOf(id, `agent of ${id}`, tenant === undefined ? {} : { tenant });
    const batch = [
      named('in-acme', 'acme'),
      named('in-initech', 'initech'),
      named('nowhere'),
      named('in-globex', 'globex'),
    ];
    const { body } = await post('/v1/events', batch, BOTH);
    expect(body).toMatchObject({
      accepted: 2,
      rejected: 2,
      errors: [
        { index: 1, code: 'tenant_not_allowed', path: 'tenant' },
        { index: 2, code: 'missing_field', path: 'tenant' },
      ],
    });
    await landed('agent of in-acme', 'agent of in-globex');
  });
});

describe('bad requests elsewhere', () => {
  it.each<[string, string, string, number, string, RegExp]>([
    ['POST', '/v1/check', '{"agent":', 400, 'bad_request', /JSON/],
    [
      'POST',
      '/v1/check',
      `{"agent":${JSON.stringify('x'.repeat(2_000))}}`,
      400,
      'bad_request',
      /agent/,
    ],
    [
      'POST',
      '/v1/check',
      '{"phase":"proposed","id":"1","time":1,"action":{"name":"x"}}',
      400,
      'bad_request',
      /agent\.id/,
    ],
    ['POST', '/v1/breakers/ack', '{"key":{"tenant":"acme"}}', 400, 'bad_request', /key\./],
    ['POST', '/v1/breakers/trip', `{"level":"${RAW[2]}"}`, 400, 'bad_request', /key/],
    ['POST', '/v1/breakers/trip', `{"${RAW[0]}`, 400, 'bad_request', /parsed/],
    ['PUT', '/v1/grants', `{"agents":[{"agent":"${RAW[2]}"}]}`, 400, 'config_invalid', /problem/],
    ['GET', '/v1/findings?limit=lots', '', 400, 'bad_request', /limit/],
    ['GET', `/v1/${RAW[2]}`, '', 404, 'not_found', /address/],
    ['GET', `/v1/agents/%E0%A4%A/${RAW[2]}`, '', 400, 'bad_request', /parsed/],
  ])('%s %s: %#', async (method, path, body, status, code, message) => {
    const operator = await daemon.token('local-operator');
    const answer = await send(path, {
      method,
      token: path.includes('check') || path.includes('ack') ? BROKER : operator,
      headers: JSON_TYPE,
      ...(body === '' ? {} : { body }),
    });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      status,
      { code, message: expect.stringMatching(message) },
    ]);
  });
});

describe('after all of it', () => {
  it('the same process runs, in bounded memory, and said nothing raw', async () => {
    expect(daemon.process.signalCode).toBeNull();
    await post('/v1/events', [eventOf('last', 'last-agent')]);
    await landed('last-agent');
    const peakMb = await memoryMb('VmHWM');
    console.info(`resident: ${startRssMb.toFixed(0)} MB at start, ${peakMb.toFixed(0)} MB at most`);
    expect(peakMb - startRssMb).toBeLessThan(RSS_GROWTH_MB);
    const said = [...daemon.said, ...daemon.printed].join('\n');
    expect(said).toContain('request refused');
    for (const raw of [...RAW, BROKER, VIEWER, BOTH, UNKNOWN]) expect(said).not.toContain(raw);
    expect(said).not.toMatch(/internal|"level":"error"/);
  });
});
