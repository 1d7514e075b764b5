import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { encode, LogsRequest, TraceRequest } from '../../bench/decode-oracle.ts';
import type { AccessEvent } from '../../src/core/access-event.ts';
import type { OutgoingRecord } from '../../src/ports/bus.ts';
import { createTopic } from './broker.ts';
import {
  contents,
  freshName,
  nativeEvent,
  openBus,
  plainConnection,
  type Reading,
  type ReadingOptions,
  read,
} from './reading.ts';

const kafka = inject('kafka');
const readings: Reading[] = [];

afterEach(async () => {
  await Promise.all(readings.splice(0).map(({ source }) => source.close()));
});

/** Sends the records to a new topic and returns what they came to. */
async function landed(
  records: readonly Omit<OutgoingRecord, 'topic' | 'key'>[],
  count: number,
  options: Omit<ReadingOptions, 'topic'>,
): Promise<readonly AccessEvent[]> {
  const topic = freshName('topic');
  await createTopic(plainConnection().brokers[0] ?? '', topic, 2);
  const reading = read({ topic, ...options });
  readings.push(reading);
  const bus = openBus();
  await bus.produce(records.map((record) => ({ topic, key: null, ...record })));
  await bus.close();
  await reading.ledger.until(count);
  return reading.ledger.events;
}

const TRACE_ID = '5b8efff798038103d269b633813fc60c';
const attributes = (of: Readonly<Record<string, string>>) =>
  Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));
const TOOL_CALL = attributes({
  'gen_ai.operation.name': 'execute_tool',
  'gen_ai.agent.id': 'span-bot',
  'gen_ai.tool.name': 'send_email',
});

function traceRequest(traceId: unknown, spanId: unknown) {
  const span = {
    ...{ traceId, spanId, name: 'execute_tool send_email', attributes: TOOL_CALL },
    startTimeUnixNano: `${Date.now()}000000`,
    endTimeUnixNano: `${Date.now()}000000`,
  };
  return { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
}

function logsRequest() {
  const record = {
    timeUnixNano: `${Date.now()}000000`,
    eventName: 'gen_ai.tool.message',
    attributes: TOOL_CALL,
    body: { stringValue: 'done' },
  };
  return { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] };
}

describe.skipIf(kafka === null)('formats on a real Kafka', () => {
  it('reads OTLP protobuf as the Collector writes it', async () => {
    const traces = traceRequest(Buffer.from(TRACE_ID, 'hex'), Buffer.alloc(8, 7));
    const [event] = await landed([{ value: encode(TraceRequest, traces) }], 1, {
      ...{ format: 'otlp_proto', signal: 'traces' },
      sender: { name: 'collector', tenants: ['globex'], trust: 'agent' },
    });
    expect(event).toMatchObject({
      source: { format: 'otlp.traces', deliveredBy: 'collector', trust: 'agent' },
      tenant: { id: 'globex' },
      agent: { id: 'span-bot' },
      action: { name: 'send_email' },
      trace: { traceId: TRACE_ID },
    });
    const logs = [{ value: encode(LogsRequest, logsRequest()) }];
    const [record] = await landed(logs, 1, { format: 'otlp_proto', signal: 'logs' });
    expect(record).toMatchObject({ source: { format: 'otlp.logs' }, agent: { id: 'span-bot' } });
  });

  it('reads OTLP JSON as the Collector writes it', async () => {
    const traces = JSON.stringify(traceRequest(TRACE_ID, '0000000000000007'));
    const options = { format: 'otlp_json', signal: 'traces' } as const;
    const [event] = await landed([{ value: traces }], 1, options);
    expect(event).toMatchObject({ agent: { id: 'span-bot' }, trace: { traceId: TRACE_ID } });
    const logs = JSON.stringify(logsRequest());
    const [record] = await landed([{ value: logs }], 1, { format: 'otlp_json', signal: 'logs' });
    expect(record).toMatchObject({ source: { format: 'otlp.logs' }, agent: { id: 'span-bot' } });
  });

  it('reads native events alone, in arrays and line by line', async () => {
    const values = [
      nativeEvent('a'),
      `[${nativeEvent('b')},${nativeEvent('c')}]`,
      `${nativeEvent('d')}\n${nativeEvent('e')}\n`,
    ];
    const events = await landed(
      values.map((value) => ({ value })),
      5,
      { format: 'native', sender: { name: 'broker-1', trust: 'pdp' } },
    );
    expect(events.map((event) => event.id).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
    for (const event of events) {
      expect(event.source).toMatchObject({ deliveredBy: 'broker-1', trust: 'pdp' });
    }
  });

  it('takes the tenant from the topic, and of several only one of them', async () => {
    const events = await landed([{ value: nativeEvent('a', { tenant: 'globex' }) }], 1, {
      format: 'native',
    });
    expect(events[0]?.tenant).toEqual({ id: 'acme', claimed: 'globex' });

    const deadLetterTopic = freshName('dead');
    await createTopic(plainConnection().brokers[0] ?? '', deadLetterTopic, 1);
    const values = ['acme', 'globex', 'initech'].map((tenant) => ({
      value: nativeEvent(tenant, { tenant }),
    }));
    const several = await landed(values, 2, {
      ...{ format: 'native', deadLetterTopic },
      sender: { tenants: ['acme', 'globex'] },
    });
    const [letter] = await contents(deadLetterTopic, 1);
    expect(several.map((event) => event.tenant.id).toSorted()).toEqual(['acme', 'globex']);
    expect(JSON.parse(Buffer.from(letter?.value ?? []).toString())).toMatchObject({
      errors: [{ code: 'tenant_not_allowed', path: 'tenant' }],
    });
  });

  it('reads CloudEvents in binary and structured mode, and passes over tombstones', async () => {
    const headers = {
      ...{ ce_specversion: '1.0', ce_id: 'é-1', ce_source: '/broker', ce_type: 'tool.called' },
      'content-type': 'application/json; charset=utf-8',
    };
    const data = { agent: 'ce-bot', tool: 'send_email' };
    const structured = {
      ...{ specversion: '1.0', id: '2', source: '/broker', type: 'tool.called', data },
    };
    const events = await landed(
      [
        { value: JSON.stringify(data), headers },
        { value: null, headers },
        {
          value: JSON.stringify(structured),
          headers: { 'content-type': 'application/cloudevents+json' },
        },
        { value: nativeEvent('inner'), headers: { ...headers, ce_id: '3' } },
      ],
      3,
      { format: 'cloudevents' },
    );
    const byId = Object.fromEntries(events.map((event) => [event.id, event]));
    expect(Object.keys(byId).toSorted()).toEqual(['/broker#2', '/broker#3', '/broker#é-1']);
    expect(byId['/broker#é-1']).toMatchObject({
      source: { format: 'cloudevents', trust: 'broker' },
      agent: { id: 'ce-bot' },
      action: { name: 'send_email' },
    });
    expect(byId['/broker#2']).toMatchObject({ agent: { id: 'ce-bot' } });
    expect(byId['/broker#3']).toMatchObject({ agent: { id: 'kafka-bot' } });
  });

  it.each([
    ...['authzen', 'cerbos', 'cloudevents', 'cloudtrail', 'kubernetes', 'native', 'ocsf', 'opa'],
    ...['teleport', 'vault'],
  ])('reads audit records of %s, named and recognised', async (name) => {
    const folder = join('src/receivers/audit', name, 'testing');
    const records = JSON.parse(readFileSync(join(folder, 'records.json'), 'utf8')) as unknown[];
    const values = records.map((record) => ({ value: JSON.stringify(record) }));
    const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as object[][];
    const ids = expected.flat().flatMap((each) => ('id' in each ? [String(each.id)] : []));
    for (const format of [`audit:${name}`, 'audit:auto']) {
      const events = await landed(values, ids.length, { format });
      expect(events.map((event) => event.id).toSorted()).toEqual(ids.toSorted());
      expect(events.every((event) => event.tenant.id === 'acme')).toBe(true);
      expect(events.every((event) => event.source.trust === 'broker')).toBe(true);
      expect(new Set(events.map((event) => event.source.format))).toContain(name);
    }
  });

  it('names what Cerbos must be told when it publishes protobuf', async () => {
    const deadLetterTopic = freshName('dead');
    await createTopic(plainConnection().brokers[0] ?? '', deadLetterTopic, 1);
    const headers = { 'cerbos.audit.kind': 'decision', 'cerbos.audit.encoding': 'protobuf' };
    const record = { value: Buffer.from([10, 3, 1, 2, 3]), headers };
    await landed([record], 0, { format: 'audit:cerbos', deadLetterTopic });
    const [letter] = await contents(deadLetterTopic, 1);
    expect(Buffer.from(letter?.value ?? []).toString()).toContain('set encoding: json');
  });
});
