import { describe, expect, it } from 'vitest';
import { golden, id, span } from '../testing/golden-spans.ts';

// One golden case per emitter, in the shapes of docs/emitters/.

describe('Claude Code', () => {
  it('spans: one tool call with its execution inside, one model call by request id', () => {
    const resource = { 'service.name': 'claude-code' };
    const common = { 'session.id': 's1', 'organization.id': 'org', 'user.account_uuid': 'u1' };
    const events = golden(
      [
        span('claude_code.interaction', { ...common, 'span.type': 'interaction' }),
        span(
          'claude_code.llm_request',
          {
            ...common,
            'span.type': 'llm_request',
            model: 'm',
            request_id: 'req_1',
            input_tokens: 5,
            output_tokens: 2,
          },
          1,
        ),
        span(
          'claude_code.tool',
          {
            ...common,
            'span.type': 'tool',
            tool_name: 'Bash',
            tool_use_id: 'toolu_1',
          },
          1,
        ),
        span(
          'claude_code.tool.blocked_on_user',
          {
            ...common,
            'span.type': 'tool.blocked_on_user',
            decision: 'accept',
            source: 'user_permanent',
          },
          3,
        ),
        span('claude_code.tool.execution', { ...common, 'span.type': 'tool.execution' }, 3),
      ],
      resource,
    );
    const who = { agent: 'claude-code', session: 's1', principal: 'u1', tenant: 'org' };
    expect(events).toMatchObject([
      { kind: 'agent_run', ...who },
      { kind: 'model_call', ...who, callId: 'req_1', volume: { tokensIn: 5, tokensOut: 2 } },
      { kind: 'tool_call', ...who, action: 'Bash', callId: 'toolu_1' },
    ]);
    expect(events).toHaveLength(3);
  });
});

describe('agentgateway', () => {
  it('spans of the server kind, with what a CEL expression adds', () => {
    const events = golden(
      [
        {
          kind: 2,
          ...span('POST /mcp', {
            'mcp.method.name': 'tools/call',
            'mcp.target': 'crm',
            'gen_ai.tool.name': 'get_order',
            'http.method': 'POST',
            'http.path': '/mcp',
            'http.status': 200,
            'jwt.sub': 'alice',
            'jwt.act.sub': 'bot',
            'jwt.jti': 't1',
            'jwt.scope': 'crm.read',
            'agentgateway.group': 'acme',
            'src.addr': '192.0.2.7:4711',
          }),
        },
        {
          kind: 2,
          ...span('POST /v1/chat', {
            'http.method': 'POST',
            'http.path': '/v1/chat',
            'http.status': 403,
            reason: 'Authorization',
            'jwt.sub': 'bot-2',
          }),
        },
      ],
      { 'service.name': 'agentgateway' },
      'agentgateway',
    );
    expect(events).toEqual([
      {
        kind: 'tool_call',
        agent: 'bot',
        action: 'get_order',
        callId: `span:${id(1)}`,
        principal: 'alice',
        tenant: 'acme',
        resource: { server: 'crm' },
        outcome: 'success',
      },
      {
        kind: 'data_access',
        agent: 'bot-2',
        action: 'POST /v1/chat',
        principal: 'bot-2',
        resource: { type: 'http', id: '/v1/chat' },
        verdict: 'deny',
        outcome: 'denied',
      },
    ]);
  });
});

describe('LiteLLM', () => {
  it('spans of its proxy name the key as the agent', () => {
    const [event] = golden(
      [
        span('litellm_request', {
          'gen_ai.operation.name': 'chat',
          'gen_ai.request.model': 'm',
          'gen_ai.usage.input_tokens': 5,
          'gen_ai.usage.output_tokens': 2,
          'gen_ai.usage.cost': 0.5,
          'metadata.user_api_key_alias': 'support-bot',
          'metadata.user_api_key_user_id': 'u1',
          'metadata.user_api_key_org_id': 'acme',
        }),
      ],
      { 'service.name': 'litellm' },
    );
    expect(event).toMatchObject({
      kind: 'model_call',
      agent: 'support-bot',
      principal: 'u1',
      tenant: 'acme',
      volume: { tokensIn: 5, tokensOut: 2, costUsd: 0.5 },
    });
  });
});
