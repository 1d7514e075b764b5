import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kafkaDecoder } from '../composition/kafka-decoders.ts';
import { auditReceiver } from './audit/audit-plugin.ts';
import { AUDIT_FORMATS } from './audit/formats.ts';
import { wellFormedValue } from './json-body.ts';
import type { Fixture } from './testing/receiver-fixture.ts';
import { createFixture } from './testing/receiver-fixture.ts';

const NOW = Date.parse('2026-11-21T09:00:00Z');
const JSON_TYPE = { authorization: 'Bearer good', 'content-type': 'application/json' };
/** JSON texts whose halves of pairs stand as escapes; U+FFFD takes their place. */
const HALF = String.raw`\ud83d`;
const MENDED = 'bot-\ufffd';

const native = `{"id":"e-${HALF}","time":${NOW},"agent":{"id":"bot-${HALF}"},
  "action":{"name":"${HALF}","arguments":{"${HALF}":"${HALF}"}},"${HALF}":"${HALF}"}`;
const nativeLine = native.replaceAll('\n', '');
const span = {
  ...{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174' },
  ...{ name: 'execute_tool HALF', startTimeUnixNano: '1795251600000000000' },
  attributes: Object.entries({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.agent.id': 'bot-HALF',
    'gen_ai.tool.name': 'HALF',
    'gen_ai.tool.call.arguments': '{"a":"\\ud83d","HALF":1}',
  }).map(([key, stringValue]) => ({ key, value: { stringValue } })),
};
const otlp = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }).replaceAll(
  'HALF',
  HALF,
);
const logs = JSON.stringify({
  resourceLogs: [
    {
      scopeLogs: [
        {
          logRecords: [
            {
              ...{ timeUnixNano: '1795251600000000000', eventName: 'gen_ai.tool.message' },
              ...{ attributes: span.attributes, body: { stringValue: 'HALF' } },
            },
          ],
        },
      ],
    },
  ],
}).replaceAll('HALF', HALF);
const opa = `{"decision_id":"d-${HALF}","path":"p","timestamp":"2026-11-21T09:00:00Z","result":true,
  "input":{"agent":"bot-${HALF}","action":"${HALF}","arguments":{"${HALF}":1}}}`;
const cloudEvent = `{"specversion":"1.0","id":"${HALF}","source":"/${HALF}","type":"t",
  "time":"2026-11-21T09:00:00Z","data":{"agent":"bot-${HALF}","tool":"${HALF}"}}`;
const nested = JSON.stringify({
  ...{ specversion: '1.0', id: '1', source: '/s', type: 't', datacontenttype: 'application/json' },
  ...{ time: '2026-11-21T09:00:00Z', data: `{"agent":"bot-${HALF}","tool":"${HALF}"}` },
});

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
  const clock = { now: () => NOW } as never;
  await fixture.app.register(auditReceiver({ ...fixture.options, clock }));
});
afterEach(() => fixture.app.close());

describe('halves of surrogate pairs', () => {
  it.each([
    ['native events', '/v1/events', native],
    ['native lines', '/v1/events', `${nativeLine}\n${nativeLine}`],
    ['spans', '/v1/traces', otlp],
    ['log records', '/v1/logs', logs],
    ['audit records', '/v1/audit', opa],
    ['audit lines', '/v1/audit/opa', `${opa.replaceAll('\n', '')}\n${opa.replaceAll('\n', '')}`],
    ['CloudEvents', '/v1/cloudevents', cloudEvent],
    ['JSON within a CloudEvent', '/v1/cloudevents', nested],
  ])('are mended before anything is keyed on them: %s', async (_what, url, payload) => {
    const answer = await fixture.app.inject({ method: 'POST', url, headers: JSON_TYPE, payload });
    expect(answer.statusCode).toBeLessThan(300);
    const events = fixture.batches.flatMap((batch) => batch.events);
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) expect(event.agent.id).toBe(MENDED);
    // JSON.stringify escapes each half that is left.
    expect(JSON.stringify(events)).not.toMatch(/[^\\]\\u[dD][89a-f]/);
  });

  it.each([
    ['native', null, native],
    ['otlp_json', 'traces', otlp],
    ['otlp_json', 'logs', logs],
    ['audit:opa', null, opa],
    ['audit:auto', null, opa],
    ['cloudevents', null, cloudEvent],
  ] as const)('are mended in records of Kafka too: %s', (format, signal, text) => {
    const sender = { name: 's', roles: ['ingest'], tenants: ['acme'], trust: 'broker' } as const;
    const decoder = kafkaDecoder({ format, signal, sender, formats: AUDIT_FORMATS });
    const record = { value: Buffer.from(text), headers: new Map(), timestamp: NOW };
    const decoded = decoder?.decode(record as never);
    expect(decoded?.events.map((event) => event.agent.id)).toEqual([MENDED]);
    expect(JSON.stringify(decoded?.events)).not.toMatch(/[^\\]\\u[dD][89a-f]/);
  });

  it('are mended in what the HTTP server parsed', () => {
    expect(wellFormedValue({ '\ud800': ['a\udc00', '😀', 1, null] })).toEqual({
      '\ufffd': ['a\ufffd', '😀', 1, null],
    });
    expect(wellFormedValue(undefined)).toBeUndefined();
  });
});
