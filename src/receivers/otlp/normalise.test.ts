import { describe, expect, it } from 'vitest';
import { encode, TraceRequest } from '../../../bench/decode-oracle.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Plain, SpanInput } from '../testing/otlp-json.ts';
import { pairs, TRACE, traces } from '../testing/otlp-json.ts';
import { decodeTracesProtobuf } from './protobuf.ts';

function eventOf(span: SpanInput, resource: Readonly<Record<string, Plain>> = {}) {
  const { events, rejects, ignored } = traces([span], resource);
  const [event] = events;
  if (event === undefined) throw new Error(JSON.stringify({ rejects, ignored }));
  return event;
}

describe('a GenAI tool span', () => {
  const attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.agent.id': 'bot',
    'gen_ai.agent.name': 'The Bot',
    'gen_ai.conversation.id': 'c1',
    'gen_ai.tool.name': 'search_orders',
    'gen_ai.tool.call.id': 'call_1',
    'gen_ai.tool.call.arguments': '{"query":"x"}',
    'gen_ai.tool.call.result': '{"orders":[1,2,3]}',
    'user.id': 'alice',
    'server.address': 'crm',
    'my.own': 'kept',
  };

  it('becomes a tool call with everything in its place', () => {
    expect(eventOf({ attributes }, { 'service.name': 'svc', 'host.name': 'h' })).toEqual({
      v: 1,
      id: `${TRACE}-0000000000000001`,
      time: 1544712660000,
      kind: 'tool_call',
      phase: 'executed',
      source: { format: 'otlp.traces', name: 'svc' },
      agent: { id: 'bot', name: 'The Bot' },
      session: { id: 'c1', conversationId: 'c1' },
      trace: { traceId: TRACE, spanId: '0000000000000001' },
      principal: { sub: 'alice' },
      action: {
        name: 'search_orders',
        op: 'list',
        toolCallId: 'call_1',
        arguments: { query: 'x' },
      },
      resource: { server: 'crm' },
      volume: { records: 3, bytesIn: 13, bytesOut: 18 },
      outcome: { status: 'success' },
      latencyMs: 84.5,
      attrs: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.call.arguments.size': 13,
        'gen_ai.tool.call.result.size': 18,
        'my.own': 'kept',
        'service.name': 'svc',
        'otel.scope.name': 'test.scope',
        'otel.span.name': 'span',
      },
    });
  });

  it('gives way to our own convention, field by field', () => {
    const event = eventOf({
      attributes: {
        ...attributes,
        'tripcoil.agent.id': 'own',
        'tripcoil.tenant.id': 'acme',
        'tripcoil.session.id': 's9',
        'tripcoil.principal.sub': 'bob',
        'tripcoil.resource.type': 'crm',
        'tripcoil.resource.id': 'order-7',
        'tripcoil.resource.tenant': 'globex',
        'tripcoil.resource.server': 'orders',
        'tripcoil.resource.region': 'EU',
        'tripcoil.resource.sensitivity': 'high',
        'tripcoil.scopes.granted': ['crm.read', 'mail.send'],
        'tripcoil.scopes.required': 'crm.read crm.write',
        'tripcoil.volume.records': 40,
        'tripcoil.volume.bytes_in': 1,
        'tripcoil.volume.bytes_out': 2,
        'tripcoil.volume.cost_usd': 0.5,
        'tripcoil.decision.verdict': 'deny',
        'tripcoil.decision.id': 'd1',
        'tripcoil.decision.policy.id': 'p',
        'tripcoil.decision.policy.version': '7',
        'tripcoil.approval.status': 'approved',
        'tripcoil.approval.id': 'a1',
        'tripcoil.approval.approver': 'kim',
        'tripcoil.token.jti': 't1',
        'tripcoil.token.txn': 'x1',
        'tripcoil.intent.text': 'find orders',
        'tripcoil.intent.scope': 'sales',
        'tripcoil.action.name': 'find_order',
        'tripcoil.action.op': 'read',
        'tripcoil.outcome.status': 'cancelled',
      },
    });
    expect(event).toMatchObject({
      tenantClaimed: 'acme',
      agent: { id: 'own' },
      session: { id: 's9', conversationId: 'c1' },
      principal: { sub: 'bob' },
      action: { name: 'find_order', op: 'read' },
      resource: {
        type: 'crm',
        id: 'order-7',
        tenant: 'globex',
        server: 'orders',
        region: 'EU',
        sensitivity: 'high',
      },
      scopes: { granted: ['crm.read', 'mail.send'], required: ['crm.read', 'crm.write'] },
      volume: { records: 40, bytesIn: 1, bytesOut: 2, costUsd: 0.5 },
      decision: { verdict: 'deny', id: 'd1', policy: { id: 'p', version: '7' } },
      approval: { status: 'approved', id: 'a1', approver: 'kim' },
      token: { jti: 't1', txn: 'x1' },
      intent: { text: 'find orders', scope: 'sales' },
      outcome: { status: 'cancelled' },
    });
    // What lost stays visible.
    expect(event.attrs).toMatchObject({ 'gen_ai.agent.id': 'bot', 'user.id': 'alice' });
  });

  it('keeps no content, whatever carries it', () => {
    const content = {
      'gen_ai.input.messages': 'SECRET',
      'gen_ai.output.messages': 'SECRET',
      'gen_ai.system_instructions': 'SECRET',
      'gen_ai.prompt.0.content': 'SECRET',
      'gen_ai.completion.0.content': 'SECRET',
      'llm.input_messages.0.message.content': 'SECRET',
      'llm.input_messages.1.message.content': 'SECRET',
      'output.value': 'SECRET',
      'traceloop.entity.output': 'SECRET',
      'ai.prompt.messages': 'SECRET',
      'retrieval.documents.0.document.content': 'SECRET',
    };
    const event = eventOf({ attributes: { ...attributes, ...content } });
    expect(JSON.stringify(event)).not.toContain('SECRET');
    expect(event.attrs).toMatchObject({
      'gen_ai.input.messages.size': 6,
      'llm.input_messages.size': 12,
      'gen_ai.prompt.size': 6,
    });
  });

  it('keeps arguments that are no JSON as text, and drops those that are too long or deep', () => {
    const withArguments = (text: string) =>
      eventOf({ attributes: { ...attributes, 'gen_ai.tool.call.arguments': text } }).action;
    expect(withArguments("{'topic': 'x'}").arguments).toBe("{'topic': 'x'}");
    expect(withArguments('x'.repeat(LIMITS.argumentsChars + 1))).not.toHaveProperty('arguments');
    expect(withArguments('['.repeat(20) + ']'.repeat(20))).not.toHaveProperty('arguments');
  });

  it('has bounded attrs and identifiers', () => {
    const many = Object.fromEntries(
      Array.from({ length: LIMITS.attrsPerEvent + 40 }, (_, index) => [`x.${index}`, 1]),
    );
    const long = { 'x.long': 'y'.repeat(LIMITS.attrChars + 1) };
    const event = eventOf({
      attributes: { ...long, ...many, ...attributes, 'gen_ai.agent.id': 'b'.repeat(1_000) },
    });
    expect(Object.keys(event.attrs).length).toBeLessThan(LIMITS.attrsPerEvent + 10);
    expect(event.attrs['attrs_dropped']).toBeGreaterThan(0);
    expect(event.attrs['x.long.size']).toBe(LIMITS.attrChars + 1);
    expect(event.agent.id).toHaveLength(LIMITS.identifierChars);
  });
});

describe('the table', () => {
  const agent = { 'gen_ai.agent.id': 'bot' };

  it.each([
    [{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' }, 'model_call', 'chat'],
    [{ 'gen_ai.operation.name': 'invoke_agent' }, 'agent_run', 'invoke_agent'],
    [{ 'gen_ai.operation.name': 'delete_memory' }, 'data_access', 'delete_memory'],
    [{ 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 't' }, 'tool_call', 't'],
    [{ 'mcp.method.name': 'resources/read' }, 'data_access', 'resources/read'],
    [{ 'openinference.span.kind': 'TOOL', 'tool.name': 't' }, 'tool_call', 't'],
    [{ 'openinference.span.kind': 'LLM' }, 'model_call', 'chat'],
    [{ 'openinference.span.kind': 'RETRIEVER' }, 'data_access', 'span'],
    [{ 'traceloop.span.kind': 'tool', 'traceloop.entity.name': 't' }, 'tool_call', 't'],
    [{ 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 't' }, 'tool_call', 't'],
    [{ 'gen_ai.guardrail.verdict.type': 'deny' }, 'authz_decision', 'span'],
    [{ 'http.request.method': 'GET', 'url.template': '/u/{id}' }, 'data_access', 'GET /u/{id}'],
    [
      { 'db.system.name': 'pg', 'db.operation.name': 'SELECT', 'db.collection.name': 'c' },
      'data_access',
      'SELECT c',
    ],
  ])('%j is %s %s', (attributes, kind, name) => {
    const event = eventOf({ attributes: { ...agent, ...attributes } });
    expect([event.kind, event.action.name]).toEqual([kind, name]);
  });

  it.each([
    [{ 'openinference.span.kind': 'CHAIN' }],
    [{ 'traceloop.span.kind': 'workflow' }],
    [{ 'mcp.method.name': 'ping' }],
    [{ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': '(merged tools)' }],
    [{ 'code.function': 'f' }],
  ])('%j is no action', (attributes) => {
    const { events, rejects, ignored } = traces([{ attributes }], { 'service.name': 'svc' });
    expect([events.length, rejects.length, ignored]).toEqual([0, 0, 1]);
  });

  it.each([
    [{ 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.output_tokens': 7 }, 5, 7],
    [{ 'gen_ai.usage.prompt_tokens': '5', 'gen_ai.usage.completion_tokens': '7' }, 5, 7],
    [{ 'llm.token_count.prompt': 5, 'llm.token_count.completion': 7 }, 5, 7],
    [{ 'llm.usage.total_tokens': 12 }, 12, undefined],
    [{ 'gen_ai.usage.input_tokens': -1 }, undefined, undefined],
  ])('reads tokens from %j', (attributes, tokensIn, tokensOut) => {
    const call = { ...agent, 'gen_ai.operation.name': 'chat', ...attributes };
    const { volume } = eventOf({ attributes: call });
    expect([volume?.tokensIn, volume?.tokensOut]).toEqual([tokensIn, tokensOut]);
  });

  it('counts tokens of a run with its model calls only', () => {
    const attributes = { ...agent, 'gen_ai.operation.name': 'invoke_agent' };
    const event = eventOf({ attributes: { ...attributes, 'gen_ai.usage.input_tokens': 5 } });
    expect(event.volume).toBeUndefined();
    expect(event.attrs['gen_ai.usage.input_tokens']).toBe(5);
  });

  it.each([
    [{ 'http.request.method': 'GET', 'http.response.status_code': 403 }, {}, 'denied'],
    [{ 'http.request.method': 'GET', 'http.response.status_code': 500 }, {}, 'failure'],
    [{ 'gen_ai.operation.name': 'chat', 'error.type': 'timeout' }, { code: 2 }, 'timeout'],
    [{ 'gen_ai.operation.name': 'chat' }, { code: 2 }, 'failure'],
    [{ 'gen_ai.operation.name': 'chat' }, { code: 1 }, 'success'],
    [{ 'rpc.method': 'Get', 'rpc.grpc.status_code': 7 }, {}, 'denied'],
  ])('judges %j with status %j as %s', (attributes, status, outcome) => {
    const event = eventOf({ attributes: { ...agent, ...attributes }, status });
    expect(event.outcome.status).toBe(outcome);
  });

  it('takes the type of an exception event', () => {
    const events = [{ name: 'exception', attributes: pairs({ 'exception.type': 'IOError' }) }];
    const attributes = { ...agent, 'gen_ai.operation.name': 'chat' };
    expect(eventOf({ attributes, events, status: { code: 2 } }).outcome).toEqual({
      status: 'failure',
      errorType: 'IOError',
    });
  });

  it('prefers what a span says to what its resource says', () => {
    const attributes = { 'gen_ai.operation.name': 'chat', 'session.id': 'of-span' };
    const event = eventOf({ attributes: { ...agent, ...attributes } }, { 'session.id': 'of-all' });
    expect(event.session?.id).toBe('of-span');
  });

  it('finds a tenant inside OpenInference metadata', () => {
    const attributes = { 'openinference.span.kind': 'LLM', metadata: '{"tenant_id":"acme"}' };
    expect(eventOf({ attributes: { ...agent, ...attributes } }).tenantClaimed).toBe('acme');
  });
});

describe('who acted', () => {
  it('comes from the enclosing span when the span does not say', () => {
    const { events } = traces([
      {
        attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 't' },
        parentSpanId: '0000000000000002',
      },
      { attributes: { 'openinference.span.kind': 'CHAIN' }, parentSpanId: '0000000000000003' },
      {
        attributes: {
          'gen_ai.operation.name': 'invoke_agent',
          'gen_ai.agent.id': 'outer',
          'gen_ai.conversation.id': 'c1',
        },
      },
    ]);
    expect(events).toMatchObject([
      { kind: 'tool_call', agent: { id: 'outer' }, session: { id: 'c1' } },
      { kind: 'agent_run', agent: { id: 'outer' } },
    ]);
  });

  it('survives spans that enclose each other', () => {
    const attributes = { 'gen_ai.operation.name': 'chat' };
    const { rejects } = traces([
      { attributes, parentSpanId: '0000000000000002' },
      { attributes, parentSpanId: '0000000000000001' },
    ]);
    expect(rejects).toHaveLength(2);
  });

  it('comes from service.name at last, but not for requests the service answers', () => {
    const attributes = { 'http.request.method': 'GET' };
    const resource = { 'service.name': 'svc' };
    expect(eventOf({ attributes, kind: 3 }, resource).agent.id).toBe('svc');
    expect(traces([{ attributes, kind: 2 }], resource).ignored).toBe(1);
  });

  it('is required: the reject names the keys that would do', () => {
    const good = { 'gen_ai.operation.name': 'chat', 'gen_ai.agent.id': 'bot' };
    const { events, rejects, positions } = traces([
      { attributes: { 'gen_ai.operation.name': 'chat' } },
      { attributes: good },
    ]);
    expect([events.length, positions]).toEqual([1, [1]]);
    expect(rejects[0]).toMatchObject({
      position: 0,
      code: 'missing_field',
      path: 'resourceSpans[0].scopeSpans[0].spans[0].attributes.gen_ai.agent.id',
    });
    expect(rejects[0]?.message).toContain('service.name');
  });
});

describe('a bad span', () => {
  it.each([
    [{ traceId: '0'.repeat(32) }, 'invalid_id', 'traceId'],
    [{ traceId: 'abc' }, 'invalid_id', 'traceId'],
    [{ traceId: 'z'.repeat(32) }, 'invalid_id', 'traceId'],
    [{ spanId: '0'.repeat(16) }, 'invalid_id', 'spanId'],
    [{ startTimeUnixNano: 'soon' }, 'wrong_type', 'startTimeUnixNano'],
    [{ startTimeUnixNano: '0', endTimeUnixNano: '0' }, 'missing_field', 'startTimeUnixNano'],
    [{ kind: 'CLIENT' }, 'wrong_type', 'kind'],
    [{ name: 5 }, 'wrong_type', 'name'],
  ])('%j is refused alone', (change, code, field) => {
    const attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.agent.id': 'bot' };
    const bad = { attributes, ...change } as SpanInput;
    const { events, rejects } = traces([{ attributes }, bad]);
    expect(events).toHaveLength(1);
    const path = `resourceSpans[0].scopeSpans[0].spans[1].${field}`;
    expect(rejects).toMatchObject([{ position: 1, code, path }]);
  });
});

describe('the workload of an agent', () => {
  const WORKLOAD = 'spiffe://acme.example/ns/agents/sa/bot';

  it.each([
    ...['tripcoil.agent.workload_id', 'spiffe.id', 'spiffe_id', 'spiffeId', 'workloadId'],
    ...['workload.id', 'source.spiffeId', 'src.identity'],
  ])('is the SPIFFE id of %s', (key) => {
    const tool = { 'gen_ai.tool.name': 'search', 'gen_ai.operation.name': 'execute_tool' };
    const attributes = { ...tool, 'tripcoil.agent.id': 'bot', [key]: WORKLOAD };
    expect(traces([{ attributes }]).events[0]?.agent).toEqual({ id: 'bot', workloadId: WORKLOAD });
    const unnamed = { ...tool, [key]: WORKLOAD };
    expect(traces([{ attributes: unnamed }]).events[0]?.agent.id).toBe(WORKLOAD);
    const other = { ...attributes, [key]: 'batch-7' };
    expect(traces([{ attributes: other }]).events[0]?.agent).toEqual({ id: 'bot' });
  });
});

describe('links of a span', () => {
  const attributes = { 'gen_ai.agent.id': 'bot', 'gen_ai.operation.name': 'invoke_agent' };
  const traceId = '0af7651916cd43dd8448eb211c80319c';

  it('are on the event, those that name a trace', () => {
    const links = [
      { traceId: traceId.toUpperCase(), spanId: 'b7ad6b7169203331', traceState: 'a=b' },
      { traceId, spanId: 'nothing' },
      { traceId: '0'.repeat(32), spanId: 'b7ad6b7169203331' },
      { traceId: 'short' },
      7,
    ];
    const { events } = traces([{ attributes, links }, { attributes }]);
    expect(events[0]?.trace?.links).toEqual([{ traceId, spanId: 'b7ad6b7169203331' }, { traceId }]);
    expect(events[1]?.trace).not.toHaveProperty('links');
  });

  it('past the limit are let go, and the span is kept', () => {
    const links = Array.from({ length: LIMITS.linksPerSpan + 5 }, (_, n) => ({
      traceId: n.toString(16).padStart(32, 'a'),
    }));
    const { events, rejects } = traces([{ attributes, links }]);
    expect(rejects).toEqual([]);
    expect(events[0]?.trace?.links).toHaveLength(LIMITS.linksPerSpan);
    const encoded = encode(TraceRequest, {
      resourceSpans: [
        {
          scopeSpans: [{ spans: [{ links: links.map(() => ({ traceId: Buffer.alloc(16, 1) })) }] }],
        },
      ],
    });
    expect(decodeTracesProtobuf(encoded)[0]?.links).toHaveLength(LIMITS.linksPerSpan);
  });
});
