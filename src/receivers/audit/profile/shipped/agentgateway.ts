import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_MCP_METHOD, OUTCOME_OF_GATEWAY_STATUS } from './gateway-words.ts';

/** agentgateway JSON access log. */
export const AGENTGATEWAY_PROFILE: ProfileDocument = {
  profile: 'agentgateway',
  title: 'agentgateway JSON access log',
  tenantIs: 'claim',
  recognise: {
    any: [
      { at: '/scope', is: ['*agentgateway*', 'request'] },
      '/mcp.method.name',
      '/gen_ai.operation.name',
      '/http.path',
    ],
    all: ['/duration'],
    none: ['/resourceLogs', '/resourceSpans'],
  },
  id: ['/request.id', { join: ['/trace.id', '/span.id'], by: '-', when: ['/span.id'] }],
  time: ['/time', '/timestamp'],
  kind: [
    { at: '/mcp.method.name', map: KIND_BY_MCP_METHOD },
    { when: ['/a2a.method'], constant: 'delegation' },
    { when: ['/gen_ai.operation.name'], constant: 'model_call' },
    { at: '/http.method', map: { GET: 'data_access', HEAD: 'data_access', '*': 'tool_call' } },
  ],
  agent: {
    id: [
      ...['/agent.id', '/jwt.act.sub', '/jwt.client_id', '/jwt.azp', '/src.identity'],
      ...['/source.spiffeId', '/agw.api_key.name', '/agentgateway.user', '/jwt.sub'],
    ],
    version: '/user_agent.version',
  },
  tenant: ['/tenant', '/jwt.tenant', '/agentgateway.group'],
  principal: { sub: ['/jwt.sub', '/agentgateway.user'], iss: '/jwt.iss' },
  session: { id: ['/mcp.session.id', '/a2a.context.id'] },
  trace: { traceId: '/trace.id', spanId: '/span.id', requestId: '/request.id' },
  action: {
    name: [
      ...['/gen_ai.tool.name', '/mcp.resource.uri', '/a2a.method', '/mcp.method.name'],
      '/gen_ai.operation.name',
      { join: ['/http.method', '/route'], by: ' ' },
    ],
    toolCallId: '/gen_ai.tool.call.id',
  },
  resource: {
    type: [
      '/mcp.resource.type',
      { constant: 'mcp', when: ['/mcp.method.name'] },
      { constant: 'http' },
    ],
    id: ['/mcp.resource.uri', '/gen_ai.request.model', '/http.path'],
    server: ['/mcp.target', '/endpoint', '/http.host'],
  },
  volume: {
    tokensIn: '/gen_ai.usage.input_tokens',
    tokensOut: '/gen_ai.usage.output_tokens',
    costUsd: '/agw.ai.usage.cost.total',
    bytesOut: '/http.response.body.size',
  },
  scopes: { granted: '/jwt.scope' },
  decision: {
    verdict: {
      at: '/reason',
      map: {
        Authorization: 'deny',
        JwtAuth: 'deny',
        Oidc: 'challenge',
        BasicAuth: 'deny',
        APIKeyAuth: 'deny',
        ExtAuth: 'deny',
        Guardrail: 'deny',
        RateLimit: 'deny',
      },
    },
    reason: '/reason',
  },
  token: { jti: '/jwt.jti', iss: '/jwt.iss' },
  outcome: {
    status: [
      {
        at: '/reason',
        map: {
          Authorization: 'denied',
          JwtAuth: 'denied',
          BasicAuth: 'denied',
          APIKeyAuth: 'denied',
          ExtAuth: 'denied',
          Guardrail: 'denied',
          RateLimit: 'denied',
          Timeout: 'timeout',
          NotFound: 'failure',
          NoHealthyBackend: 'failure',
          Internal: 'failure',
          InvalidRequest: 'failure',
          UpstreamFailure: 'failure',
        },
      },
      { at: '/http.status', map: OUTCOME_OF_GATEWAY_STATUS },
    ],
    errorType: ['/error', { when: [{ at: '/http.status', is: ['4*', '5*'] }], at: '/http.status' }],
  },
  latencyMs: { at: '/duration', duration: true },
  clientIp: '/src.addr',
  attrs: { route: '/route', listener: '/listener', gateway: '/gateway', reason: '/reason' },
  setup: `\`\`\`yaml
config:
  logging:
    format: json
    fields:
      add:                       # CEL: what an access log does not carry by itself
        time: request.startTime
        jwt.sub: jwt.sub
        jwt.client_id: jwt.client_id
        jwt.act.sub: jwt.act.sub
        jwt.jti: jwt.jti
        jwt.scope: jwt.scope
        tenant: jwt.tenant
        source.spiffeId: source.identity
\`\`\`

\`\`\`yaml
# Vector: the access log on standard output, one JSON object a line
sources: { agentgateway: { type: file, include: [/var/log/agentgateway/*.log] } }
sinks:
  tripcoil:
    type: http
    inputs: [agentgateway]
    uri: http://tripcoil:8787/v1/audit/agentgateway
    encoding: { codec: text }
    framing: { method: newline_delimited }
    auth: { strategy: bearer, token: "\${TRIPCOIL_TOKEN}" }
\`\`\``,
  notes: `Better still is OTLP (docs/telemetry.md), which carries the same fields with less work.`,
};
