import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Input, type InputFormat, readInput } from './read-input.ts';

let directory = '';
let files = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tripcoil-input-'));
});

afterAll(() => rm(directory, { recursive: true }));

async function fileWith(content: string): Promise<string> {
  files += 1;
  const file = join(directory, `input-${files}`);
  await writeFile(file, content);
  return file;
}

async function read(content: string, format: InputFormat = 'auto'): Promise<Input> {
  return readInput([await fileWith(content)], format, 'default');
}

const idsOf = ({ events }: Input): readonly string[] => events.map(({ event }) => event.id);

const rejectsOf = ({ rejects }: Input) =>
  rejects.map(({ reject: { position, code, path } }) => ({ position, code, path }));

function event(id: string, second = 0, more: object = {}): object {
  const time = `2026-11-21T09:00:${String(second).padStart(2, '0')}.000Z`;
  return { id, time, agent: { id: 'bot' }, action: { name: 'read_thing' }, ...more };
}

const SPAN = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  name: 'execute_tool search',
  startTimeUnixNano: '1795251600000000000',
  endTimeUnixNano: '1795251600100000000',
  attributes: [
    { key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } },
    { key: 'gen_ai.tool.name', value: { stringValue: 'search' } },
    { key: 'gen_ai.agent.id', value: { stringValue: 'span-bot' } },
  ],
};
const SPANS = { resourceSpans: [{ scopeSpans: [{ spans: [SPAN] }] }] };

describe('readInput', () => {
  it('reads lines, one array, one object and a document over many lines', async () => {
    const [a, b] = [event('a'), event('b', 1)];
    const forms = [
      `${JSON.stringify(a)}\n\n${JSON.stringify(b)}\n`,
      JSON.stringify([a, b]),
      JSON.stringify([a, b], null, 2),
      `${JSON.stringify([a])}\n${JSON.stringify([b])}`,
    ];
    for (const form of forms) expect(idsOf(await read(form))).toEqual(['a', 'b']);
    expect(idsOf(await read(JSON.stringify(a, null, 2)))).toEqual(['a']);
  });

  it('merges files by time, then file, then line', async () => {
    const one = await fileWith(['a1', 'a2'].map((id) => JSON.stringify(event(id, 5))).join('\n'));
    const late = [event('b2', 5), event('b1', 1)];
    const two = await fileWith(late.map((each) => JSON.stringify(each)).join('\n'));
    expect(idsOf(await readInput([one, two], 'auto', 'default'))).toEqual(['b1', 'a1', 'a2', 'b2']);
    expect(idsOf(await readInput([two, one], 'auto', 'default'))).toEqual(['b1', 'b2', 'a1', 'a2']);
  });

  it('rejects a bad line by its number and field, and keeps its neighbours', async () => {
    const input = await read(
      [
        JSON.stringify(event('a')),
        '{"id":',
        JSON.stringify(event('b', 0, { agent: {} })),
        '[not json',
        '17',
        JSON.stringify(event('c', 1)),
      ].join('\n'),
    );
    expect(idsOf(input)).toEqual(['a', 'c']);
    expect(rejectsOf(input)).toEqual([
      { position: 2, code: 'malformed', path: '' },
      { position: 3, code: 'missing_field', path: 'agent.id' },
      { position: 4, code: 'malformed', path: '' },
      { position: 5, code: 'wrong_type', path: '' },
    ]);
  });

  it('says which item of an array was bad', async () => {
    const input = await read(JSON.stringify([event('a'), event('b', 0, { time: true }), 3]));
    expect(idsOf(input)).toEqual(['a']);
    expect(rejectsOf(input)).toEqual([
      { position: 1, code: 'wrong_type', path: '[1].time' },
      { position: 1, code: 'wrong_type', path: '[2]' },
    ]);
  });

  it('takes for a native event that lacks something only what has the shape of one', async () => {
    const near = [
      { id: 'a', time: 1, action: { name: 'x' } },
      { id: 'a', agent: { id: 'bot' } },
      { v: 1, id: 'a' },
      { id: 'a', time: 1 },
    ];
    for (const record of near) {
      const [reject] = rejectsOf(await read(JSON.stringify(record)));
      expect([record, reject?.code]).not.toEqual([record, 'unknown_format']);
    }
    const foreign = [
      { action: 'ACCEPT', srcAddr: '10.0.0.1', version: 2 },
      { action: 'BLOCK', webaclId: 'w', timestamp: 1 },
      { name: 'pack', action: 'added', hostIdentifier: 'h' },
      { agent: 'curl/8', id: 'r' },
    ];
    for (const form of [foreign.map((each) => JSON.stringify(each)).join('\n'), foreign]) {
      const text = typeof form === 'string' ? form : JSON.stringify(form);
      const codes = rejectsOf(await read(text)).map(({ code }) => code);
      expect(codes).toEqual(foreign.map(() => 'unknown_format'));
    }
  });

  it('counts records that tell of no agent, by format', async () => {
    const client = { ...SPAN, name: 'GET', attributes: [] };
    const request = { resourceSpans: [{ scopeSpans: [{ spans: [client, SPAN, client] }] }] };
    const { events, ignored } = await read(`${JSON.stringify(request)}\n`.repeat(2));
    expect(events).toHaveLength(2);
    expect([...ignored]).toEqual([['otlp.traces', 4]]);
  });

  it('reads OTLP requests among native lines, and passes over metrics', async () => {
    const lines = [
      SPANS,
      event('a'),
      { resourceMetrics: [] },
      { schemaUrl: 'x', ...SPANS, resourceSpans: SPANS.resourceSpans },
    ];
    const input = await read(lines.map((line) => JSON.stringify(line)).join('\n'));
    expect(input.events.map(({ event: { agent }, line }) => [agent.id, line])).toEqual([
      ['span-bot', 1],
      ['bot', 2],
      ['span-bot', 4],
    ]);
    expect(input.rejects).toEqual([]);
    const pretty = await read(JSON.stringify(SPANS, null, 2));
    expect(pretty.events).toHaveLength(1);
  });

  it('gives a bad span the line it stands on', async () => {
    const bad = { ...SPAN, spanId: '0000000000000000' };
    const request = { resourceSpans: [{ scopeSpans: [{ spans: [SPAN, bad] }] }] };
    const input = await read(`${JSON.stringify(event('a'))}\n${JSON.stringify(request)}`);
    expect(input.events).toHaveLength(2);
    expect(rejectsOf(input)).toEqual([
      { position: 2, code: 'invalid_id', path: expect.stringContaining('spans[1]') },
    ]);
  });

  it('takes the format by its word', async () => {
    const native = await read(JSON.stringify(SPANS), 'native');
    expect(rejectsOf(native)).toMatchObject([{ position: 1, code: 'missing_field' }]);
    const otlp = await read(`${JSON.stringify(event('a'))}\nnonsense`, 'otlp');
    expect(rejectsOf(otlp)).toEqual([
      { position: 1, code: 'unknown_format', path: '' },
      { position: 2, code: 'unknown_format', path: '' },
    ]);
  });

  it('rejects a broken OTLP line and reads on', async () => {
    const input = await read(`{"resourceSpans":[\n${JSON.stringify(event('a'))}`);
    expect(idsOf(input)).toEqual(['a']);
    expect(rejectsOf(input)).toEqual([{ position: 1, code: 'malformed', path: '' }]);
  });

  it('gives a tenant to events that name none, and leaves the others theirs', async () => {
    const lines = [event('a'), event('b', 1, { tenant: 'acme' })];
    const input = await read(lines.map((line) => JSON.stringify(line)).join('\n'));
    expect(input.events.map((each) => each.event.tenantClaimed)).toEqual(['default', 'acme']);
  });
});

describe('audit formats', () => {
  const opa = {
    ...{ decision_id: 'd-1', path: 'agents/allow', timestamp: '2026-11-21T09:00:00Z' },
    ...{ result: false, input: { agent: { id: 'crm-bot' }, action: 'refund' } },
  };
  const zoom = { operator: 'kim@acme.example', category_type: 'User', action: 'Add' };

  it('are told apart by line; one without a time follows the one before', async () => {
    const { events, rejects } = await read(
      [zoom, opa, zoom].map((each) => JSON.stringify(each)).join('\n'),
      'auto',
    );
    expect(events.map(({ event, line }) => [event.source.format, line])).toEqual([
      ['opa', 2],
      ['zoom', 3],
    ]);
    expect(events[1]?.event.time).toBe(events[0]?.event.time);
    expect(rejects.map(({ reject }) => reject)).toMatchObject([
      { position: 1, code: 'missing_field', path: '/time' },
    ]);
  });

  it('may be named, then nothing else is read', async () => {
    const { events, rejects } = await read(JSON.stringify([opa, { what: 'ever' }]), 'opa');
    expect(events).toHaveLength(1);
    expect(rejects[0]?.reject).toMatchObject({ code: 'missing_field', path: '[1]/input/agent/id' });
  });

  it('that nothing recognises are refused as such', async () => {
    const { rejects } = await read('{"what":"ever"}', 'auto');
    expect(rejects[0]?.reject.code).toBe('unknown_format');
  });
});
