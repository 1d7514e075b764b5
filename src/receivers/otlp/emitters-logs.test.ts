import { describe, expect, it } from 'vitest';
import type { Plain } from '../testing/otlp-json.ts';
import { logs, pairs, traces } from '../testing/otlp-json.ts';

// One golden case per emitter of log records, in the shapes of docs/emitters/.

describe('Claude Code', () => {
  const common = { 'session.id': 's1', 'organization.id': 'org', 'user.account_uuid': 'u1' };
  const record = (name: string, attributes: Readonly<Record<string, Plain>>) =>
    logs(
      {
        body: { stringValue: `claude_code.${name}` },
        attributes: pairs({ ...common, 'event.name': name, ...attributes }),
      },
      { 'service.name': 'claude-code' },
    );
  const event = (name: string, attributes: Readonly<Record<string, Plain>>) =>
    record(name, attributes).events[0];
  const who = {
    agent: { id: 'claude-code' },
    session: { id: 's1' },
    principal: { sub: 'u1' },
    tenantClaimed: 'org',
  };

  it.each([
    ['accept', 'config', 'allow', 'approved'],
    ['accept', 'user_permanent', 'allow', 'approved'],
    ['reject', 'user_reject', 'deny', 'denied'],
    ['reject', 'user_abort', 'deny', 'denied'],
    ['reject', 'hook', 'deny', 'denied'],
  ])('tool_decision %s by %s is an approval', (decision, source, verdict, status) => {
    const attributes = { tool_name: 'Bash', tool_use_id: 'toolu_1', decision, source };
    expect(event('tool_decision', attributes)).toMatchObject({
      kind: 'approval',
      ...who,
      action: { name: 'Bash', toolCallId: 'toolu_1' },
      decision: { verdict, reason: source },
      approval: { status },
    });
  });

  it('tool_result is the call, with sizes, time and error', () => {
    const attributes = {
      tool_name: 'mcp_tool',
      tool_use_id: 'toolu_1',
      tool_parameters: '{"mcp_server_name":"crm","mcp_tool_name":"search"}',
      success: 'false',
      error_type: 'Error:ENOENT',
      duration_ms: 84,
      tool_input_size_bytes: 12,
      tool_result_size_bytes: 3,
      decision_type: 'accept',
      decision_source: 'config',
    };
    expect(event('tool_result', attributes)).toMatchObject({
      kind: 'tool_call',
      ...who,
      action: { name: 'mcp__crm__search', toolCallId: 'toolu_1' },
      volume: { bytesIn: 12, bytesOut: 3 },
      decision: { verdict: 'allow', reason: 'config' },
      outcome: { status: 'failure', errorType: 'Error:ENOENT' },
      latencyMs: 84,
    });
  });

  it('api_request and api_error are model calls; a sub-agent names who called it', () => {
    const usage = { model: 'm', request_id: 'req_1', input_tokens: 5, output_tokens: 2 };
    const agent = { 'agent.name': 'reviewer', agent_id: 'i1', parent_agent_id: 'claude-code' };
    expect(event('api_request', { ...usage, cost_usd: 0.5, ...agent })).toMatchObject({
      kind: 'model_call',
      agent: { id: 'reviewer' },
      delegation: [{ sub: 'claude-code', type: 'agent' }],
      action: { toolCallId: 'req_1' },
      resource: { type: 'model', id: 'm' },
      volume: { tokensIn: 5, tokensOut: 2, costUsd: 0.5 },
    });
    expect(event('api_error', { model: 'm', status_code: 429 })).toMatchObject({
      kind: 'model_call',
      outcome: { status: 'denied' },
    });
  });

  it('prompts, modes, servers and log-ins have kinds of their own; the rest is none', () => {
    expect(event('user_prompt', { prompt: 'SECRET', prompt_length: 6 })?.kind).toBe('task_start');
    expect(event('permission_mode_changed', { to_mode: 'bypass' })?.kind).toBe('admin');
    expect(event('mcp_server_connection', { server_name: 'crm' })?.kind).toBe('data_access');
    expect(event('auth', { success: 'false' })).toMatchObject({
      kind: 'authentication',
      outcome: { status: 'failure' },
    });
    expect(record('plugin_installed', {}).ignored).toBe(1);
    expect(JSON.stringify(event('user_prompt', { prompt: 'SECRET' }))).not.toContain('SECRET');
  });
});

describe('Codex', () => {
  const event = (name: string, attributes: Readonly<Record<string, Plain>>) =>
    logs(
      {
        eventName: 'event otel/src/events/session_telemetry.rs:412',
        attributes: pairs({
          'event.name': `codex.${name}`,
          'conversation.id': 'c1',
          'user.account_id': 'u1',
          model: 'gpt-5',
          ...attributes,
        }),
      },
      { 'service.name': 'codex_cli_rs' },
    ).events[0];
  const who = { agent: { id: 'codex_cli_rs' }, session: { id: 'c1' }, principal: { sub: 'u1' } };

  it.each([
    ['approved', 'allow'],
    ['approved_for_session', 'allow'],
    ['denied', 'deny'],
    ['abort', 'deny'],
  ])('tool_decision %s is an approval', (decision, verdict) => {
    const attributes = { tool_name: 'shell', call_id: 'call_1', decision, source: 'user' };
    expect(event('tool_decision', attributes)).toMatchObject({
      kind: 'approval',
      ...who,
      action: { name: 'shell', toolCallId: 'call_1' },
      decision: { verdict, reason: 'user' },
    });
  });

  it('tool_result is the call, its output counted and dropped', () => {
    const attributes = {
      tool_name: 'shell',
      call_id: 'call_1',
      arguments: '{"command":["ls"]}',
      duration_ms: '84',
      success: 'true',
      output: 'SECRET',
    };
    const call = event('tool_result', attributes);
    expect(call).toMatchObject({
      kind: 'tool_call',
      ...who,
      action: { name: 'shell', arguments: { command: ['ls'] } },
      volume: { bytesIn: 18, bytesOut: 6 },
      outcome: { status: 'success' },
      latencyMs: 84,
    });
    expect(JSON.stringify(call)).not.toContain('SECRET');
  });

  it('of a streamed answer the completion alone is a model call, and a refused request', () => {
    const usage = { input_token_count: '100', output_token_count: '50' };
    expect(event('sse_event', { 'event.kind': 'response.completed', ...usage })).toMatchObject({
      kind: 'model_call',
      ...who,
      volume: { tokensIn: 100, tokensOut: 50 },
    });
    expect(event('sse_event', { 'event.kind': 'response.output_text.delta' })).toBeUndefined();
    expect(event('api_request', { 'http.response.status_code': 200 })).toBeUndefined();
    expect(event('api_request', { 'http.response.status_code': 401 })).toMatchObject({
      kind: 'model_call',
      outcome: { status: 'denied' },
    });
    expect(event('conversation_starts', {})?.kind).toBe('agent_run');
    expect(event('user_prompt', { prompt: 'x' })?.kind).toBe('task_start');
  });
});

describe('agentgateway', () => {
  const record = (attributes: Readonly<Record<string, Plain>>, more: object = {}) =>
    logs(
      { body: { stringValue: 'request' }, attributes: pairs(attributes), ...more },
      { 'service.name': 'agentgateway' },
      'agentgateway.access',
    );

  it.each([
    ['Authorization', 'deny', 'denied'],
    ['JwtAuth', 'deny', 'denied'],
    ['RateLimit', 'deny', 'denied'],
    ['Guardrail', 'deny', 'denied'],
    ['Timeout', undefined, 'failure'],
    ['Upstream', undefined, 'unknown'],
  ])('reason %s', (reason, verdict, status) => {
    const { events } = record({
      'http.method': 'POST',
      'http.path': '/mcp',
      ...(reason === 'Timeout' && { 'http.status': 502 }),
      'jwt.sub': 'bot',
      duration: '12.5ms',
      reason,
    });
    expect(events).toMatchObject([
      { kind: 'data_access', agent: { id: 'bot' }, outcome: { status }, latencyMs: 12.5 },
    ]);
    expect(events[0]?.decision?.verdict).toBe(verdict);
  });

  it('joins the log record of a tool call to its span', () => {
    const attributes = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 't', 'jwt.sub': 'b' };
    const ids = { traceId: '5b8efff798038103d269b633813fc60c', spanId: '0000000000000001' };
    const [log] = record(attributes, ids).events;
    const [span] = traces([{ attributes }], {}, 'agentgateway').events;
    expect(log?.action.toolCallId).toBe('span:0000000000000001');
    expect(span?.action.toolCallId).toBe(log?.action.toolCallId);
    expect([log?.agent.id, span?.agent.id]).toEqual(['b', 'b']);
  });

  it('alone makes events of HTTP in log records', () => {
    const attributes = pairs({ 'http.method': 'GET', 'http.path': '/' });
    expect(logs({ attributes }, { 'service.name': 'web' }, 'nginx').ignored).toBe(1);
  });
});

describe('LiteLLM', () => {
  const value = (of: unknown): object => {
    if (typeof of === 'object' && of !== null) {
      const values = Object.entries(of).map(([key, each]) => ({ key, value: value(each) }));
      return { kvlistValue: { values } };
    }
    return typeof of === 'number' ? { doubleValue: of } : { stringValue: String(of) };
  };

  it('a StandardLoggingPayload in the body of a log record', () => {
    const payload = {
      id: 'call-1',
      call_type: 'acompletion',
      model: 'm',
      prompt_tokens: 5,
      completion_tokens: 2,
      response_cost: 0.5,
      metadata: {
        user_api_key_alias: 'support-bot',
        user_api_key_user_id: 'u1',
        user_api_key_team_id: 'team-1',
      },
      messages: 'SECRET',
    };
    const { events } = logs({ body: value(payload) });
    expect(events).toMatchObject([
      {
        kind: 'model_call',
        agent: { id: 'support-bot' },
        principal: { sub: 'u1' },
        tenantClaimed: 'team-1',
        resource: { type: 'model', id: 'm' },
        volume: { tokensIn: 5, tokensOut: 2, costUsd: 0.5 },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('SECRET');
  });
});

describe('Envoy', () => {
  const access = (attributes: Readonly<Record<string, Plain>>) =>
    logs(
      {
        traceId: '5b8efff798038103d269b633813fc60c',
        spanId: 'eee19b7ec3c1b174',
        attributes: pairs({
          'mcp.method.name': 'tools/call',
          'gen_ai.tool.name': 'search',
          'http.response.status_code': '200',
          'tripcoil.agent.id': 'crm-bot',
          'tripcoil.principal.sub': 'alice',
          'tripcoil.tenant': 'acme',
          'tripcoil.token.jti': 't-1',
          'tripcoil.trace.request_id': 'r-1',
          'tripcoil.resource.server': 'crm',
          'tripcoil.decision.reason': 'via_upstream',
          'tripcoil.latency_ms': '84',
          'tripcoil.volume.bytes_in': '120',
          'tripcoil.volume.bytes_out': '2048',
          ...attributes,
        }),
      },
      { log_name: 'tripcoil', zone_name: 'z', cluster_name: 'gateway', node_name: 'n' },
    );

  it('tells of calls of MCP tools in its access log', () => {
    expect(access({}).events).toMatchObject([
      {
        kind: 'tool_call',
        agent: { id: 'crm-bot' },
        principal: { sub: 'alice' },
        tenantClaimed: 'acme',
        action: { name: 'search' },
        resource: { server: 'crm' },
        trace: { traceId: '5b8efff798038103d269b633813fc60c', requestId: 'r-1' },
        token: { jti: 't-1' },
        volume: { bytesIn: 120, bytesOut: 2_048 },
        latencyMs: 84,
        outcome: { status: 'success' },
      },
    ]);
    const reason = 'rbac_access_denied_matched_policy[none]';
    const denied = { 'http.response.status_code': '403', 'tripcoil.decision.reason': reason };
    expect(access(denied).events).toMatchObject([{ outcome: { status: 'denied' } }]);
  });

  it('writes a dash for what is not there', () => {
    const nobody = { 'tripcoil.token.jti': '-', 'tripcoil.principal.sub': '-' };
    const [event] = access(nobody).events;
    expect(event).not.toHaveProperty('token');
    expect(event).not.toHaveProperty('principal');
    const noMcp = { 'mcp.method.name': '-', 'gen_ai.tool.name': '-' };
    expect(access(noMcp)).toMatchObject({ events: [], rejects: [], ignored: 1 });
  });
});
