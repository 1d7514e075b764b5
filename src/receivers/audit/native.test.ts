import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { REJECT_CODES } from '../../core/reject.ts';
import { parseNativeLine, parseNativeValue } from './native.ts';

const MINIMAL = {
  id: 'e1',
  time: '2026-11-21T09:00:00.000Z',
  agent: { id: 'invoice-bot' },
  action: { name: 'send_email' },
};

const FULL = {
  v: 1,
  ...MINIMAL,
  kind: 'tool_call',
  phase: 'proposed',
  tenant: 'acme',
  source: { name: 'broker-1', seq: 7 },
  agent: { id: 'invoice-bot', version: '3.1', colour: 'red' },
  session: { id: 's-91', conversation_id: 'c-4' },
  trace: { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', parent_span_id: null },
  principal: { sub: 'alice', type: 'user', roles: ['clerk'] },
  delegation: [{ sub: 'agent:planner', type: 'agent' }],
  action: {
    name: 'send_email',
    op: 'write',
    tool_call_id: 'call_1',
    arguments: { recipients: ['bob@example.com'] },
    amount: { value: 12.5, currency: 'EUR' },
  },
  resource: { type: 'mailbox', id: 'mbx-7', tenant: 'acme', server: 'mail', unit: 'sales' },
  scopes: { granted: ['mail.send'], required: ['mail.send'] },
  volume: { records: 1, bytes_out: 2048, tokens_in: 900, tokens_out: 120, cost_usd: 0.004 },
  decision: {
    verdict: 'allow',
    id: 'd-1',
    policy: { id: 'mail', version: '12' },
    expires: '2026-11-21T10:00:00Z',
  },
  approval: { status: 'approved', id: 'a-1', approver: 'kim' },
  token: { jti: 't-1', txn: 'x-1', aud: 'mail', exp: 1_795_000_000, jwt: 'eyJ.secret.token' },
  intent: { text: 'send the invoice', scope: 'billing' },
  outcome: { status: 'success' },
  latency_ms: 84,
  net: { client_ip: '10.0.0.1' },
  destinations: [{ type: 'email', value: 'bob@example.com' }],
  reasoning: { summary: 'because' },
  sources: [{ type: 'document', id: 'doc-1' }],
  attrs: { region: 'eu' },
  custom: 5,
};

function eventOf(value: unknown) {
  const result = parseNativeValue(value, 3);
  if ('reject' in result) throw new Error(`rejected: ${JSON.stringify(result.reject)}`);
  return result.event;
}

function rejectOf(change: object) {
  const result = parseNativeValue({ ...MINIMAL, ...change }, 3);
  return 'reject' in result ? result.reject : null;
}

describe('a native event', () => {
  it('needs four fields and takes sensible defaults', () => {
    expect(eventOf(MINIMAL)).toEqual({
      v: 1,
      id: 'e1',
      time: Date.UTC(2026, 10, 21, 9),
      kind: 'tool_call',
      phase: 'executed',
      source: { format: 'native' },
      agent: { id: 'invoice-bot' },
      action: { name: 'send_email', op: 'write' },
      outcome: { status: 'unknown' },
      attrs: {},
    });
  });

  it('keeps every field it knows, and what it does not know in attrs', () => {
    const event = eventOf(FULL);
    expect(event).toMatchObject({
      phase: 'proposed',
      tenantClaimed: 'acme',
      source: { format: 'native', name: 'broker-1', seq: 7 },
      session: { id: 's-91', conversationId: 'c-4' },
      trace: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736' },
      principal: { sub: 'alice', type: 'user', roles: ['clerk'] },
      delegation: [{ sub: 'agent:planner', type: 'agent' }],
      resource: { type: 'mailbox', id: 'mbx-7', tenant: 'acme', server: 'mail', unit: 'sales' },
      volume: { records: 1, bytesOut: 2048, tokensIn: 900, tokensOut: 120, costUsd: 0.004 },
      decision: { verdict: 'allow', policy: { id: 'mail', version: '12' } },
      token: { jti: 't-1', txn: 'x-1', aud: ['mail'], exp: 1_795_000_000_000 },
      intent: { text: 'send the invoice', scope: 'billing' },
      latencyMs: 84,
      clientIp: '10.0.0.1',
      destinations: [{ type: 'email', value: 'bob@example.com' }],
      retrieved: [{ type: 'document', id: 'doc-1' }],
    });
    expect(event.action).toMatchObject({ toolCallId: 'call_1', amount: { value: 12.5 } });
    expect(event.attrs).toEqual({ region: 'eu', custom: 5, 'agent.colour': 'red' });
    expect(event.trace).not.toHaveProperty('parentSpanId');
  });

  it('hands the token on beside the event, and nowhere else', () => {
    const { jwt, ...event } = eventOf(FULL);
    expect(jwt).toBe('eyJ.secret.token');
    expect(JSON.stringify(event)).not.toContain('secret');
  });

  it('keeps __proto__ out of the prototype', () => {
    const event = eventOf(JSON.parse(`{"__proto__":{"x":1},${JSON.stringify(MINIMAL).slice(1)}`));
    expect(Object.keys(event.attrs)).toEqual(['__proto__']);
    expect((event.attrs as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('takes a denial for its outcome when none is given', () => {
    expect(eventOf({ ...MINIMAL, decision: { verdict: 'deny' } }).outcome.status).toBe('denied');
  });

  it.each([
    [{ id: undefined }, 'missing_field', 'id'],
    [{ time: undefined }, 'missing_field', 'time'],
    [{ agent: {} }, 'missing_field', 'agent.id'],
    [{ action: { name: '' } }, 'missing_field', 'action.name'],
    [{ time: 'yesterday' }, 'wrong_type', 'time'],
    [{ time: '2026-11-21' }, 'wrong_type', 'time'],
    [{ time: '2026-11-21T25:00:00Z' }, 'out_of_range', 'time'],
    [{ time: -1 }, 'out_of_range', 'time'],
    [{ time: 1e18 }, 'out_of_range', 'time'],
    [{ agent: 'bot' }, 'wrong_type', 'agent'],
    [{ agent: { id: 'x'.repeat(LIMITS.identifierChars + 1) } }, 'too_large', 'agent.id'],
    [{ volume: { records: -1 } }, 'out_of_range', 'volume.records'],
    [{ volume: { records: Number.NaN } }, 'out_of_range', 'volume.records'],
    [{ volume: { bytes_out: 1e300 } }, 'out_of_range', 'volume.bytes_out'],
    [{ volume: { tokens_in: '5' } }, 'wrong_type', 'volume.tokens_in'],
    [{ kind: 'other' }, 'out_of_range', 'kind'],
    [{ decision: {} }, 'missing_field', 'decision.verdict'],
    [{ delegation: [{}] }, 'missing_field', 'delegation[0].sub'],
    [{ scopes: { granted: ['a', 5] } }, 'wrong_type', 'scopes.granted[1]'],
    [
      { scopes: { granted: new Array(LIMITS.listItems + 1).fill('a') } },
      'too_large',
      'scopes.granted',
    ],
    [{ destinations: [{ type: 'email' }] }, 'missing_field', 'destinations[0].value'],
  ])('%j is refused as %s at %s', (change, code, path) => {
    expect(rejectOf(change)).toMatchObject({ position: 3, code, path });
  });

  it('is refused when it nests too deeply or carries too many further fields', () => {
    let deep: unknown = 1;
    for (let level = 0; level < LIMITS.valueDepth; level++) deep = [deep];
    expect(rejectOf({ attrs: { deep } })?.code).toBe('too_deep');
    const attrs = Object.fromEntries(
      Array.from({ length: LIMITS.attrsPerEvent + 1 }, (_, index) => [`k${index}`, 1]),
    );
    expect(rejectOf({ attrs })).toMatchObject({ code: 'too_large', path: 'attrs' });
  });

  it('repeats no value in a reject', () => {
    const reject = rejectOf({ volume: { records: 'bob@example.com' } });
    expect(JSON.stringify(reject)).not.toContain('bob');
  });
});

describe('a line', () => {
  it('is refused as malformed or too large at its number', () => {
    expect(parseNativeLine('{"id":', 17)).toMatchObject({
      reject: { position: 17, code: 'malformed' },
    });
    const long = JSON.stringify({ ...MINIMAL, x: 'y'.repeat(LIMITS.eventBytes) });
    expect(parseNativeLine(long, 18)).toMatchObject({ reject: { code: 'too_large' } });
  });
});

describe('any JSON whatever', () => {
  it('is an event or a reject with a known code', () => {
    const keys = [...Object.keys(FULL), 'verdict', 'status', 'sub', 'name'];
    const shape = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(shape, fc.boolean(), (change, base) => {
        const result = parseNativeValue(base ? { ...FULL, ...change } : change, 1);
        if ('reject' in result) expect(REJECT_CODES).toContain(result.reject.code);
        else expect(result.event.agent.id).not.toBe('');
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('the request that an event comes from', () => {
  it('is told by links of its span and by its parent', () => {
    const links = [{ trace_id: 't-1', span_id: 's-1' }, { trace_id: 't-2' }, { span_id: 's-3' }];
    const parent = { txn: 'x-1', jti: 'j-1', trace_id: 't-1', task_id: 'k-1' };
    const read = parseNativeValue({ ...MINIMAL, trace: { trace_id: 't-9', links }, parent }, 0);
    expect(read).toMatchObject({
      event: {
        trace: { traceId: 't-9', links: [{ traceId: 't-1', spanId: 's-1' }, { traceId: 't-2' }] },
        parent: { txn: 'x-1', jti: 'j-1', traceId: 't-1', taskId: 'k-1' },
        attrs: {},
      },
    });
    const wrong = parseNativeValue({ ...MINIMAL, trace: { links: 7 } }, 0);
    expect(wrong).toMatchObject({ reject: { code: 'wrong_type', path: 'trace.links' } });
  });
});
