import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encode, LogsRequest } from '../../bench/decode-oracle.ts';
import type { ChainBody, ErrorBody } from '../../src/api/contract.ts';
import { type Asked, ask } from './http.ts';
import {
  agents,
  BOTH,
  closeDaemon,
  daemon,
  eventOf,
  expectUnharmed,
  gained,
  JSON_TYPE,
  landed,
  MIB,
  openDaemon,
  PROTOBUF,
  partialOf,
  post,
  protobufTraces,
  RAW,
  send,
  spanOf,
  traceOf,
  tracesOf,
  UNKNOWN,
  VIEWER,
} from './ill-treated-daemon.ts';
import { call, eventually } from './served-daemon.ts';

beforeAll(openDaemon);
afterAll(closeDaemon);

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
          rejected_count: 1,
          rejected: [{ index: 1, code, path }],
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
      rejected_count: 3,
      rejected: [
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
    expect(body).toMatchObject({ accepted: 1, rejected_count: 0 });
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
      rejected_count: 2,
      rejected: [
        { index: 1, code: 'tenant_not_allowed', path: 'tenant' },
        { index: 2, code: 'missing_field', path: 'tenant' },
      ],
    });
    await landed('agent of in-acme', 'agent of in-globex');
  });
});

it('is unharmed by all of it', expectUnharmed);
