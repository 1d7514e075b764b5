import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Asked } from './http.ts';
import {
  BROKER,
  closeDaemon,
  daemon,
  expectUnharmed,
  expectWell,
  gained,
  JSON_TYPE,
  MIB,
  openDaemon,
  PROTOBUF,
  RAW,
  send,
  statusOf,
  UNKNOWN,
  VIEWER,
} from './ill-treated-daemon.ts';

beforeAll(openDaemon);
afterAll(closeDaemon);

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
    await expectWell();
  });

  it.each(['/v1/traces', '/v1/logs', '/v1/events'])('a gzip bomb to %s', async (path) => {
    const bomb = gzipSync(Buffer.alloc(256 * MIB, 0x20), { level: 9 });
    expect((256 * MIB) / bomb.length).toBeGreaterThan(900);
    const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => send(path, { body: bomb, headers })),
    );
    // Eight at once may be more than is unpacked at once: those are told to come again.
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses.isSubsetOf(new Set([413, 429]))).toBe(true);
    expect((await send(path, { body: bomb, headers })).status).toBe(413);
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
    await expectWell();
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

it('is unharmed by all of it', expectUnharmed);
