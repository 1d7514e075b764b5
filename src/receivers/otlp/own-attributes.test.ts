import { describe, expect, it } from 'vitest';
import { EVENT_FIELDS } from '../../core/event-field.ts';
import { parseNativeValue } from '../audit/native.ts';
import type { Plain } from '../testing/otlp-json.ts';
import { logs, pairs, traces } from '../testing/otlp-json.ts';
import { compileTable, rowOf } from './attribute-table.ts';
import { COALESCE } from './coalesce.ts';
import { decodeOtlpTraces } from './decode.ts';

/** A native event in which every optional field is set. */
const NATIVE = {
  v: 1,
  id: 'evt-1',
  time: '2018-12-13T14:51:00.000Z',
  kind: 'tool_call',
  phase: 'proposed',
  tenant: 'acme',
  source: { name: 'broker-1', seq: 7 },
  agent: {
    ...{ id: 'invoice-bot', name: 'Invoice bot', version: '3.1' },
    workload_id: 'spiffe://acme.example/ns/agents/sa/invoice-bot',
  },
  session: { id: 's-91', conversation_id: 'c-4' },
  trace: { request_id: 'r-9' },
  parent: { txn: 'x-0', jti: 't-0', trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', task_id: 'k-0' },
  principal: { sub: 'alice', iss: 'https://idp.example', type: 'user', roles: ['clerk', 'eu'] },
  delegation: [
    { sub: 'agent:planner', type: 'agent', iss: 'https://as.example' },
    { sub: 'agent:root', type: 'agent', roles: ['lead'] },
  ],
  action: {
    name: 'send_email',
    op: 'write',
    tool_call_id: 'call_1',
    arguments: { recipients: ['bob@example.com'], subject: 'Invoice', count: 2 },
    amount: { value: 12.5, currency: 'EUR' },
  },
  resource: {
    type: 'mailbox',
    id: 'mbx-7',
    tenant: 'acme',
    server: 'mail',
    region: 'EU',
    unit: 'sales',
    sensitivity: 'high',
  },
  destinations: [{ type: 'email', value: 'bob@example.com' }],
  scopes: { granted: ['mail.send', 'crm.read'], required: ['mail.send'] },
  volume: {
    records: 1,
    bytes_in: 10,
    bytes_out: 2048,
    tokens_in: 900,
    tokens_out: 120,
    cost_usd: 0.004,
  },
  decision: {
    verdict: 'allow',
    id: 'd-1',
    reason: 'within the limit',
    policy: { id: 'mail', version: '12' },
    constraints: { max_recipients: 3 },
    expires: '2026-11-21T09:05:00.000Z',
  },
  approval: { status: 'approved', id: 'a-1', approver: 'kim' },
  token: {
    jti: 't-1',
    txn: 'x-1',
    iss: 'https://as.example',
    sub: 'alice',
    aud: ['mail', 'crm'],
    exp: 1_795_252_000,
    jwt: 'eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiJ0LTEifQ.c2ln',
  },
  intent: { text: 'send the invoice', scope: 'billing' },
  outcome: { status: 'success', error_type: 'none' },
  latency_ms: 84.5,
  net: { client_ip: '192.0.2.7' },
  sources: [{ type: 'document', id: 'doc-1' }, { id: 'doc-2' }],
  reasoning: {
    summary: 'the invoice is due',
    sub_goals: ['find it', 'send it'],
    alternatives: ['wait'],
    confidence: 0.8,
  },
};

const at = (path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], NATIVE);

/** What each path becomes as an attribute: lists of texts as such, other structures as JSON. */
function attribute(value: unknown): Plain {
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return typeof value === 'object' && !isTexts ? JSON.stringify(value) : (value as Plain);
}

const parsed = parseNativeValue(NATIVE, 0);
if (!('event' in parsed)) throw new Error(JSON.stringify(parsed));
const native = parsed.event;

describe('the tripcoil.* convention', () => {
  const ATTRIBUTES = Object.fromEntries(
    EVENT_FIELDS.map((field) => [`tripcoil.${field}`, attribute(at(field))]),
  );

  it('has a row of the table for every field', () => {
    expect(EVENT_FIELDS.filter((field) => rowOf(field) === undefined)).toEqual([]);
    for (const field of EVENT_FIELDS) expect(at(field), field).toBeDefined();
    const paths = new Set<string>(EVENT_FIELDS);
    const own = Object.values(COALESCE).flatMap((keys) =>
      keys.filter((key) => key.startsWith('tripcoil.')).map((key) => key.slice('tripcoil.'.length)),
    );
    const spelledOtherwise = ['tenant.id', 'delegation.sub'];
    expect(own.filter((path) => !paths.has(path))).toEqual(spelledOtherwise);
  });

  it('says on a span what the native event says', () => {
    const { events, rejects } = traces([{ attributes: ATTRIBUTES }]);
    expect(rejects).toEqual([]);
    const [{ trace, source, volume, attrs, ...event } = {} as never] = events;
    const { trace: _trace, source: _source, volume: own, attrs: _attrs, ...expected } = native;
    expect(event).toEqual(expected);
    expect(trace).toMatchObject({ requestId: 'r-9', spanId: '0000000000000001' });
    expect(source).toEqual({ format: 'otlp.traces', name: 'broker-1', seq: 7 });
    // Tokens count on model calls alone.
    expect(volume).toEqual({ ...own, tokensIn: undefined, tokensOut: undefined });
    const size = Buffer.byteLength(JSON.stringify(NATIVE.action.arguments));
    expect({ ...attrs }).toEqual({
      'tripcoil.action.arguments.size': size,
      'tripcoil.token.jwt.size': Buffer.byteLength(NATIVE.token.jwt),
      'tripcoil.volume.tokens_in': 900,
      'tripcoil.volume.tokens_out': 120,
      'otel.scope.name': 'test.scope',
      'otel.span.name': 'span',
    });
  });

  it('says the same in a log record, and as values instead of JSON texts', () => {
    const value = (of: unknown): object => {
      if (Array.isArray(of)) return { arrayValue: { values: of.map(value) } };
      if (typeof of === 'object' && of !== null) {
        const values = Object.entries(of).map(([key, each]) => ({ key, value: value(each) }));
        return { kvlistValue: { values } };
      }
      return typeof of === 'number' ? { doubleValue: of } : { stringValue: String(of) };
    };
    const attributes = EVENT_FIELDS.map((field) => ({
      key: `tripcoil.${field}`,
      value: value(at(field)),
    }));
    const { events } = logs({ timeUnixNano: '1544712660000000000', attributes });
    const [event] = events;
    if (event === undefined) throw new Error('no event');
    const { delegation, action, destinations, decision, retrieved, reasoning, token } = event;
    expect({ delegation, action, destinations, decision, retrieved, reasoning, token }).toEqual({
      delegation: native.delegation,
      action: native.action,
      destinations: native.destinations,
      decision: native.decision,
      retrieved: native.retrieved,
      reasoning: native.reasoning,
      token: native.token,
    });
  });

  it('takes short forms of lists, and tokens on a model call', () => {
    const [event] = traces([
      {
        attributes: {
          'tripcoil.agent.id': 'a',
          'tripcoil.kind': 'model_call',
          'tripcoil.volume.tokens_in': 5,
          'tripcoil.delegation': ['planner', '{"sub":"root","type":"service"}'],
          'tripcoil.destinations': ['email:bob@example.com', 'nonsense'],
          'tripcoil.sources': ['doc-1'],
          'tripcoil.reasoning': 'because',
          'tripcoil.reasoning.confidence': 0.5,
          'tripcoil.token.jwt': 'eyJ.SECRET.x',
        },
      },
    ]).events;
    expect(event).toMatchObject({
      volume: { tokensIn: 5 },
      delegation: [
        { sub: 'planner', type: 'agent' },
        { sub: 'root', type: 'service' },
      ],
      destinations: [{ type: 'email', value: 'bob@example.com' }],
      retrieved: [{ id: 'doc-1' }],
      reasoning: { confidence: 0.5 },
    });
    expect(JSON.stringify(event)).not.toContain('SECRET');
  });
});

describe('aliases', () => {
  const decode = (aliases: Parameters<typeof compileTable>[0], attributes: Plain) => {
    const span = {
      traceId: '5b8efff798038103d269b633813fc60c',
      spanId: '0000000000000001',
      name: 'x',
      startTimeUnixNano: '1544712660000000000',
      attributes: pairs(attributes as never),
    };
    const request = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
    const bytes = Buffer.from(JSON.stringify(request));
    return decodeOtlpTraces(bytes, 'json', compileTable(aliases));
  };

  it('make an event of attributes that no convention knows', () => {
    const attributes = { 'my.agent': 'a1', 'my.tool': 'search', 'my.input': '{"q":1}' } as never;
    expect(decode({}, attributes)).toMatchObject({ events: [], ignored: 1 });
    const { events } = decode(
      { 'agent.id': ['my.agent'], 'action.name': ['my.tool'], 'action.arguments': ['my.input'] },
      attributes,
    );
    expect(events).toMatchObject([
      { agent: { id: 'a1' }, action: { name: 'search', arguments: { q: 1 } } },
    ]);
    expect({ ...events[0]?.attrs }).toEqual({ 'my.input.size': 7, 'otel.span.name': 'x' });
  });

  it('win over every convention but our own', () => {
    const attributes = { 'gen_ai.agent.id': 'g', 'my.agent': 'm', 'gen_ai.tool.name': 't' };
    const aliases = { 'agent.id': ['other', 'my.agent'] };
    expect(decode(aliases, attributes as never).events[0]?.agent.id).toBe('m');
    const own = { ...attributes, 'tripcoil.agent.id': 'own' } as never;
    expect(decode(aliases, own).events[0]?.agent.id).toBe('own');
  });
});
