import { describe, expect, it } from 'vitest';
import { golden, span } from '../testing/golden-spans.ts';

// One golden case per emitter, in the shapes of docs/emitters/.

describe('Vercel AI SDK', () => {
  it('5 and 6: ai.* attributes, one call per doGenerate', () => {
    const telemetry = {
      'ai.telemetry.functionId': 'support',
      'ai.telemetry.metadata.userId': 'u1',
      'ai.telemetry.metadata.sessionId': 's1',
      'ai.telemetry.metadata.tenantId': 'acme',
    };
    const who = { agent: 'support', session: 's1', principal: 'u1', tenant: 'acme' };
    expect(
      golden([
        span('ai.generateText', {
          ...telemetry,
          'ai.operationId': 'ai.generateText',
          'ai.usage.promptTokens': 9,
        }),
        span('ai.generateText.doGenerate', {
          ...telemetry,
          'ai.operationId': 'ai.generateText.doGenerate',
          'ai.model.id': 'm',
          'ai.usage.inputTokens': 9,
          'ai.usage.outputTokens': 4,
        }),
        span('ai.toolCall', {
          ...telemetry,
          'ai.operationId': 'ai.toolCall',
          'ai.toolCall.name': 'weather',
          'ai.toolCall.id': 'call_1',
          'ai.toolCall.args': '{"city":"Rome"}',
          'ai.toolCall.result': '{"c":20}',
        }),
      ]),
    ).toEqual([
      {
        kind: 'agent_run',
        ...who,
        action: 'ai.generateText',
        resource: { type: 'agent', id: 'support' },
        outcome: 'success',
      },
      {
        kind: 'model_call',
        ...who,
        action: 'ai.generateText.doGenerate',
        resource: { type: 'model', id: 'm' },
        volume: { tokensIn: 9, tokensOut: 4 },
        outcome: 'success',
      },
      {
        kind: 'tool_call',
        ...who,
        action: 'weather',
        callId: 'call_1',
        arguments: { city: 'Rome' },
        volume: { bytesIn: 15, bytesOut: 8 },
        outcome: 'success',
      },
    ]);
  });

  it('7: GenAI attributes; the function id is the agent, a step is none', () => {
    const events = golden(
      [
        span('invoke_agent gpt-5', {
          'gen_ai.operation.name': 'invoke_agent',
          'gen_ai.agent.name': 'support',
          'gen_ai.request.model': 'gpt-5',
          'ai.settings.context.tenantId': 'acme',
        }),
        span(
          'agent_step',
          {
            'gen_ai.operation.name': 'agent_step',
            'gen_ai.request.model': 'gpt-5',
            'gen_ai.usage.input_tokens': 9,
          },
          1,
        ),
        span(
          'execute_tool weather',
          {
            'gen_ai.operation.name': 'execute_tool',
            'gen_ai.tool.name': 'weather',
            'gen_ai.tool.call.id': 'call_1',
            'gen_ai.tool.type': 'function',
          },
          2,
        ),
      ],
      {},
      'gen_ai',
    );
    expect(events).toMatchObject([
      { kind: 'agent_run', agent: 'support', tenant: 'acme' },
      { kind: 'tool_call', agent: 'support', action: 'weather', callId: 'call_1' },
    ]);
    expect(events).toHaveLength(2);
  });
});

describe('LangSmith', () => {
  it('kinds, thread and metadata; its session is a project and no session', () => {
    const metadata = {
      'langsmith.metadata.thread_id': 't1',
      'langsmith.metadata.user_id': 'u1',
      'langsmith.metadata.tenant_id': 'acme',
      'langsmith.trace.session_id': 'project',
    };
    const events = golden([
      span('agent', { ...metadata, 'langsmith.span.kind': 'agent', 'langsmith.trace.name': 'ops' }),
      span(
        'search',
        {
          ...metadata,
          'langsmith.span.kind': 'tool',
          'gen_ai.serialized.name': 'search',
          'gen_ai.prompt': '{"q":1}',
          'gen_ai.completion': '[1,2]',
        },
        1,
      ),
      span('chain', { ...metadata, 'langsmith.span.kind': 'chain' }, 1),
    ]);
    const who = { agent: 'ops', session: 't1', principal: 'u1', tenant: 'acme' };
    expect(events).toMatchObject([
      { kind: 'agent_run', ...who },
      { kind: 'tool_call', ...who, action: 'search', arguments: { q: 1 }, volume: { records: 2 } },
    ]);
    expect(events).toHaveLength(2);
  });
});

describe('Langfuse', () => {
  it('observations by type, with usage and cost in JSON', () => {
    const trace = {
      'session.id': 's1',
      'user.id': 'u1',
      'langfuse.trace.metadata.tenant_id': 'acme',
    };
    const events = golden(
      [
        span('support', { ...trace, 'langfuse.observation.type': 'agent' }),
        span(
          'refund',
          {
            ...trace,
            'langfuse.observation.type': 'tool',
            'langfuse.observation.input': '{"order":1}',
          },
          1,
        ),
        span(
          'answer',
          {
            ...trace,
            'langfuse.observation.type': 'generation',
            'langfuse.observation.model.name': 'm',
            'langfuse.observation.usage_details':
              '{"input":5,"input_cached_tokens":2,"output":3,"total":10}',
            'langfuse.observation.cost_details': '{"input":0.1,"output":0.2}',
          },
          1,
        ),
        span('plain', { ...trace, 'langfuse.observation.type': 'span' }, 1),
        span('check', { ...trace, 'langfuse.observation.type': 'guardrail' }, 1),
      ],
      {},
      'langfuse-sdk',
    );
    const who = { agent: 'support', session: 's1', principal: 'u1', tenant: 'acme' };
    expect(events).toMatchObject([
      { kind: 'agent_run', ...who },
      { kind: 'tool_call', ...who, action: 'refund', arguments: { order: 1 } },
      {
        kind: 'model_call',
        ...who,
        resource: { id: 'm' },
        volume: { tokensIn: 7, tokensOut: 3, costUsd: expect.closeTo(0.3) },
      },
      { kind: 'authz_decision', ...who },
    ]);
    expect(events).toHaveLength(4);
  });
});

describe('Microsoft', () => {
  it('Agent Framework: runs, tools over MCP, messages between executors', () => {
    const events = golden(
      [
        span('workflow.run', { 'workflow.id': 'w' }),
        span('executor.process', { 'executor.id': 'e1' }, 1),
        span(
          'invoke_agent Writer',
          {
            'gen_ai.operation.name': 'invoke_agent',
            'gen_ai.provider.name': 'microsoft.agent_framework',
            'gen_ai.agent.id': 'w-1',
            'gen_ai.agent.name': 'Writer',
            'gen_ai.conversation.id': 'c1',
          },
          2,
        ),
        span(
          'execute_tool draft',
          {
            'gen_ai.operation.name': 'execute_tool',
            'gen_ai.tool.name': 'draft',
            'gen_ai.tool.call.id': 'call_1',
          },
          3,
        ),
        span('message.send', { 'message.source_id': 'e1', 'message.target_id': 'e2' }, 1),
        span('message.send', { 'message.source_id': 'e1' }, 1),
      ],
      { 'service.name': 'svc' },
      'agent_framework',
    );
    expect(events).toMatchObject([
      { kind: 'agent_run', agent: 'w-1', session: 'c1' },
      { kind: 'tool_call', agent: 'w-1', action: 'draft', callId: 'call_1', session: 'c1' },
      { kind: 'delegation', agent: 'e1', action: 'handoff', resource: { type: 'agent', id: 'e2' } },
    ]);
    expect(events).toHaveLength(3);
  });

  it('Agent 365: tenant and caller agent', () => {
    const events = golden([
      span('execute_tool send', {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.agent.id': 'a1',
        'gen_ai.tool.name': 'send',
        'microsoft.tenant.id': 'acme',
        'microsoft.a365.caller.agent.id': 'planner',
        'microsoft.session.id': 's1',
        'user.id': 'u1',
        'client.address': '192.0.2.7',
      }),
    ]);
    expect(events).toEqual([
      {
        kind: 'tool_call',
        agent: 'a1',
        action: 'send',
        session: 's1',
        principal: 'u1',
        delegation: ['planner'],
        tenant: 'acme',
        outcome: 'success',
      },
    ]);
  });

  it('Agent 365: a turn as its SDK writes it, with operations in Pascal case', () => {
    const common = {
      'gen_ai.agent.id': 'a1',
      'gen_ai.agent.name': 'my-weather-agent',
      'gen_ai.conversation.id': 'c1',
      'microsoft.tenant.id': 'acme',
      'telemetry.sdk.name': 'A365ObservabilitySDK',
    };
    const model = (operation: string) =>
      span(`${operation} gpt-4o`, {
        ...common,
        'gen_ai.operation.name': operation,
        'gen_ai.request.model': 'gpt-4o',
        'gen_ai.provider.name': 'azure',
      });
    const events = golden([
      span('invoke_agent my-weather-agent', { ...common, 'gen_ai.operation.name': 'invoke_agent' }),
      ...['Chat', 'TextCompletion', 'GenerateContent'].map(model),
      span('execute_tool get_weather', {
        ...common,
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'get_weather',
        'gen_ai.tool.call.id': 'call_abc123',
        'gen_ai.tool.call.arguments': '{"city":"Seattle"}',
        'gen_ai.tool.type': 'function',
      }),
    ]);
    const kinds = ['agent_run', 'model_call', 'model_call', 'model_call', 'tool_call'];
    expect(events).toMatchObject(
      kinds.map((kind) => ({ kind, agent: 'a1', tenant: 'acme', session: 'c1' })),
    );
  });

  it('Semantic Kernel: gen_ai.system and its own operation names', () => {
    const agent = { 'gen_ai.agent.name': 'SK' };
    expect(
      golden([
        span('chat.completions m', {
          ...agent,
          'gen_ai.operation.name': 'chat.completions',
          'gen_ai.system': 'openai',
          'gen_ai.request.model': 'm',
          'gen_ai.usage.input_tokens': 4,
          'gen_ai.usage.output_tokens': 2,
          'gen_ai.response.finish_reason': 'stop',
        }),
        span('execute_tool Time-Now', {
          ...agent,
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'Time-Now',
          'gen_ai.tool.call.id': 'call_1',
        }),
      ]),
    ).toMatchObject([
      { kind: 'model_call', agent: 'SK', volume: { tokensIn: 4, tokensOut: 2 } },
      { kind: 'tool_call', agent: 'SK', action: 'Time-Now' },
    ]);
  });
});

describe('Google ADK', () => {
  it('skips merged tools and the call id that is none', () => {
    const tool = (name: string, callId: string) =>
      span(
        `execute_tool ${name}`,
        {
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': name,
          'gen_ai.tool.type': 'FunctionTool',
          'gen_ai.tool.call.id': callId,
          'gcp.vertex.agent.tool_call_args': '{"city":"Rome"}',
          'gcp.vertex.agent.tool_response': '{"result":[1,2]}',
          'gcp.vertex.agent.llm_request': '{}',
        },
        1,
      );
    const events = golden(
      [
        span('invoke_agent roman', {
          'gen_ai.operation.name': 'invoke_agent',
          'gen_ai.agent.name': 'roman',
          'gen_ai.conversation.id': 's1',
        }),
        tool('weather', 'adk-1'),
        tool('news', '<not specified>'),
        tool('(merged tools)', 'event-1'),
        span(
          'call_llm',
          {
            'gen_ai.system': 'gcp.vertex.agent',
            'gen_ai.request.model': 'gemini',
            'gcp.vertex.agent.session_id': 's1',
            'gen_ai.usage.input_tokens': 3,
            'gen_ai.usage.output_tokens': 1,
          },
          1,
        ),
      ],
      {},
      'gcp.vertex.agent',
    );
    const who = { agent: 'roman', session: 's1' };
    expect(events).toEqual([
      expect.objectContaining({ kind: 'agent_run', ...who }),
      {
        kind: 'tool_call',
        ...who,
        action: 'weather',
        callId: 'adk-1',
        arguments: { city: 'Rome' },
        volume: { records: 2, bytesIn: 15, bytesOut: 16 },
        outcome: 'success',
      },
      {
        kind: 'tool_call',
        ...who,
        action: 'news',
        arguments: { city: 'Rome' },
        volume: { records: 2, bytesIn: 15, bytesOut: 16 },
        outcome: 'success',
      },
      {
        kind: 'model_call',
        ...who,
        action: 'chat',
        resource: { type: 'model', id: 'gemini' },
        volume: { tokensIn: 3, tokensOut: 1 },
        outcome: 'success',
      },
    ]);
  });
});
