import { describe, expect, it } from 'vitest';
import { golden, span } from '../testing/golden-spans.ts';

// One golden case per emitter, in the shapes of docs/emitters/.

describe('OpenTelemetry GenAI', () => {
  const agent = { 'gen_ai.agent.id': 'a1', 'gen_ai.conversation.id': 'c1' };

  it('of today: run, inference, tool, retrieval, memory', () => {
    expect(
      golden([
        span('invoke_agent A', { ...agent, 'gen_ai.operation.name': 'invoke_agent' }),
        span('chat m', {
          ...agent,
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': 'openai',
          'gen_ai.request.model': 'm',
          'gen_ai.usage.input_tokens': 900,
          'gen_ai.usage.output_tokens': 120,
          'gen_ai.usage.cache_read.input_tokens': 400,
        }),
        span('execute_tool search', {
          ...agent,
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'search',
          'gen_ai.tool.call.id': 'call_1',
          'gen_ai.tool.call.arguments': '{"q":"x"}',
        }),
        span('retrieval kb', {
          ...agent,
          'gen_ai.operation.name': 'retrieval',
          'gen_ai.data_source.id': 'kb',
          'gen_ai.retrieval.documents': '[{"id":"1"},{"id":"2"}]',
        }),
        span('search_memory', {
          ...agent,
          'gen_ai.operation.name': 'search_memory',
          'gen_ai.memory.store.id': 'notes',
          'gen_ai.memory.record.count': 7,
        }),
      ]),
    ).toEqual([
      {
        kind: 'agent_run',
        agent: 'a1',
        action: 'invoke_agent',
        session: 'c1',
        resource: { type: 'agent', id: 'a1' },
        outcome: 'success',
      },
      {
        kind: 'model_call',
        agent: 'a1',
        action: 'chat',
        session: 'c1',
        resource: { type: 'model', id: 'm' },
        volume: { tokensIn: 900, tokensOut: 120 },
        outcome: 'success',
      },
      {
        kind: 'tool_call',
        agent: 'a1',
        action: 'search',
        callId: 'call_1',
        arguments: { q: 'x' },
        session: 'c1',
        volume: { bytesIn: 9 },
        outcome: 'success',
      },
      {
        kind: 'data_access',
        agent: 'a1',
        action: 'retrieval',
        session: 'c1',
        resource: { id: 'kb' },
        volume: { records: 2 },
        outcome: 'success',
      },
      {
        kind: 'data_access',
        agent: 'a1',
        action: 'search_memory',
        session: 'c1',
        resource: { id: 'notes' },
        volume: { records: 7 },
        outcome: 'success',
      },
    ]);
  });

  it('of the first generation: gen_ai.system, prompt and completion tokens', () => {
    const attributes = {
      'gen_ai.system': 'openai',
      'gen_ai.request.model': 'm',
      'gen_ai.usage.prompt_tokens': 9,
      'gen_ai.usage.completion_tokens': 3,
      'gen_ai.prompt.0.content': 'SECRET',
    };
    expect(golden([span('openai.chat', attributes)], { 'service.name': 'svc' })).toEqual([
      {
        kind: 'model_call',
        agent: 'svc',
        action: 'chat',
        resource: { type: 'model', id: 'm' },
        volume: { tokensIn: 9, tokensOut: 3 },
        outcome: 'success',
      },
    ]);
  });

  it('as proposed: a guardrail that found and one that enforced', () => {
    const of = (verdict: string, action: string) =>
      span('run_guardrail pii', {
        'gen_ai.agent.id': 'a1',
        'gen_ai.operation.name': 'run_guardrail',
        'gen_ai.tool.name': 'send',
        'gen_ai.guardrail.verdict.type': verdict,
        'gen_ai.guardrail.action.type': action,
      });
    const common = { kind: 'authz_decision', agent: 'a1', action: 'send' };
    expect(golden([of('deny', 'block'), of('deny', 'allow'), of('warn', 'escalate')])).toEqual([
      { ...common, verdict: 'deny', outcome: 'denied' },
      { ...common, verdict: 'allow', outcome: 'success' },
      { ...common, verdict: 'challenge', outcome: 'success' },
    ]);
  });
});

describe('MCP', () => {
  it('tool, resource and prompt requests; errors of tools; housekeeping is none', () => {
    const agent = { 'gen_ai.agent.id': 'a1', 'server.address': 'crm' };
    expect(
      golden([
        span('tools/call get_order', {
          ...agent,
          'mcp.method.name': 'tools/call',
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'get_order',
          'jsonrpc.request.id': '7',
          'error.type': 'tool_error',
        }),
        span('resources/read', {
          ...agent,
          'mcp.method.name': 'resources/read',
          'mcp.resource.uri': 'file:///a',
        }),
        span('initialize', { ...agent, 'mcp.method.name': 'initialize' }),
      ]),
    ).toEqual([
      {
        kind: 'tool_call',
        agent: 'a1',
        action: 'get_order',
        resource: { server: 'crm' },
        outcome: 'failure',
      },
      {
        kind: 'data_access',
        agent: 'a1',
        action: 'resources/read',
        resource: { type: 'mcp', id: 'file:///a', server: 'crm' },
        outcome: 'success',
      },
    ]);
  });
});

describe('OpenInference', () => {
  it('agent, tool, model, retriever, guardrail and handoff; a chain is none', () => {
    const metadata = { metadata: '{"tenant_id":"acme"}', 'session.id': 's1', 'user.id': 'u1' };
    const kind = (of: string) => ({ 'openinference.span.kind': of });
    const events = golden([
      span('planner', {
        ...kind('AGENT'),
        ...metadata,
        'graph.node.id': 'planner',
        'graph.node.parent_id': 'root',
      }),
      span(
        'search',
        {
          ...kind('TOOL'),
          'tool.name': 'search',
          'tool.id': 'call_1',
          'input.value': '{"q":1}',
          'output.value': '[1,2,3]',
        },
        1,
      ),
      span(
        'llm',
        {
          ...kind('LLM'),
          'llm.model_name': 'm',
          'llm.token_count.prompt': 5,
          'llm.token_count.completion': 6,
          'llm.cost.total': 0.1,
        },
        1,
      ),
      span(
        'find',
        {
          ...kind('RETRIEVER'),
          'retrieval.documents.0.document.id': 'd0',
          'retrieval.documents.1.document.id': 'd1',
        },
        1,
      ),
      span('handoff to writer', { ...kind('TOOL'), 'input.value': 'planner' }, 1),
      span('sequence', kind('CHAIN'), 1),
      span('masked', { ...kind('TOOL'), 'tool.name': 't', 'input.value': '__REDACTED__' }, 1),
    ]);
    const who = { agent: 'planner', session: 's1', principal: 'u1', tenant: 'acme' };
    expect(events).toEqual([
      {
        kind: 'agent_run',
        ...who,
        action: 'invoke_agent',
        delegation: ['root'],
        resource: { type: 'agent', id: 'planner' },
        outcome: 'success',
      },
      {
        kind: 'tool_call',
        ...who,
        action: 'search',
        callId: 'call_1',
        arguments: { q: 1 },
        volume: { records: 3, bytesIn: 7, bytesOut: 7 },
        outcome: 'success',
      },
      {
        kind: 'model_call',
        ...who,
        action: 'chat',
        resource: { type: 'model', id: 'm' },
        volume: { tokensIn: 5, tokensOut: 6, costUsd: 0.1 },
        outcome: 'success',
      },
      { kind: 'data_access', ...who, action: 'find', volume: { records: 2 }, outcome: 'success' },
      {
        kind: 'delegation',
        ...who,
        action: 'handoff',
        arguments: 'planner',
        resource: { type: 'agent', id: 'writer' },
        outcome: 'success',
      },
      { kind: 'tool_call', ...who, action: 't', outcome: 'success' },
    ]);
  });

  it('carries the OpenAI Agents SDK, whose agents are nodes', () => {
    const events = golden(
      [
        span('Agent workflow', { 'openinference.span.kind': 'AGENT' }),
        span('Billing', { 'openinference.span.kind': 'AGENT', 'graph.node.id': 'Billing' }, 1),
        span('refund', { 'openinference.span.kind': 'TOOL', 'tool.name': 'refund' }, 2),
      ],
      { 'service.name': 'svc' },
    );
    expect(events).toMatchObject([
      { agent: 'svc' },
      { agent: 'Billing' },
      { kind: 'tool_call', agent: 'Billing', action: 'refund' },
    ]);
  });
});

describe('OpenLLMetry', () => {
  it('in Python: agent, tool with entity input, association properties', () => {
    const properties = {
      'traceloop.association.properties.user_id': 'u1',
      'traceloop.association.properties.session_id': 's1',
      'traceloop.association.properties.customer_id': 'acme',
    };
    const events = golden([
      span('joker.agent', {
        ...properties,
        'traceloop.span.kind': 'agent',
        'traceloop.entity.name': 'joker',
      }),
      span(
        'lookup.tool',
        {
          ...properties,
          'traceloop.span.kind': 'tool',
          'traceloop.entity.name': 'lookup',
          'traceloop.entity.input': '{"k":1}',
          'traceloop.entity.output': '{"rows":[1]}',
        },
        1,
      ),
      span('flow.workflow', { 'traceloop.span.kind': 'workflow' }),
      span(
        'openai.chat',
        { ...properties, 'gen_ai.request.model': 'm', 'gen_ai.usage.total_tokens': 5 },
        1,
      ),
    ]);
    const who = { agent: 'joker', session: 's1', principal: 'u1', tenant: 'acme' };
    expect(events).toMatchObject([
      { kind: 'agent_run', ...who },
      { kind: 'tool_call', ...who, action: 'lookup', arguments: { k: 1 }, volume: { records: 1 } },
      { kind: 'model_call', ...who, volume: { tokensIn: 5 } },
    ]);
    expect(events).toHaveLength(3);
  });

  it('in JavaScript: guardrails that passed and failed', () => {
    const of = (status: string) =>
      span('pii.guardrail', {
        'traceloop.span.kind': 'guardrail',
        'gen_ai.guardrail.name': 'pii',
        'gen_ai.guardrail.status': status,
        'gen_ai.guardrail.input': 'SECRET',
      });
    expect(golden([of('PASSED'), of('FAILED')], { 'service.name': 'svc' })).toMatchObject([
      { kind: 'authz_decision', verdict: 'allow', outcome: 'success' },
      { kind: 'authz_decision', verdict: 'deny', outcome: 'denied' },
    ]);
  });
});
