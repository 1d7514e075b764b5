import type { ProfileDocument } from '../schema.ts';

/** HTTP status codes of a gateway as the end of an action. */
const STATUS = {
  '401': 'denied',
  '403': 'denied',
  '407': 'denied',
  '429': 'denied',
  '408': 'timeout',
  '504': 'timeout',
  '1*': 'unknown',
  '2*': 'success',
  '3*': 'success',
  '4*': 'failure',
  '5*': 'failure',
  '0': 'cancelled',
};

const METHOD = {
  GET: 'read',
  HEAD: 'read',
  OPTIONS: 'read',
  POST: 'write',
  PUT: 'write',
  PATCH: 'write',
  DELETE: 'delete',
};

const MCP_KIND = {
  'tools/call': 'tool_call',
  'resources/*': 'data_access',
  'prompts/*': 'data_access',
  '*/list': 'data_access',
  initialize: 'task_start',
};

const envoy: ProfileDocument = {
  profile: 'envoy',
  title: 'Envoy JSON access log',
  tenantIs: 'claim',
  recognise: { all: ['/response_code', '/response_flags', '/method'] },
  id: '/request_id',
  time: ['/start_time', '/timestamp'],
  kind: [
    { at: '/mcp_method', map: MCP_KIND },
    { at: '/method', map: { GET: 'data_access', HEAD: 'data_access', '*': 'tool_call' } },
  ],
  agent: { id: ['/agent', '/client_id', '/downstream_peer_uri_san', '/principal', '/sub'] },
  tenant: ['/tenant'],
  principal: { sub: '/sub', iss: '/iss' },
  trace: { traceId: '/trace_id', requestId: '/request_id' },
  action: {
    name: [
      '/mcp_tool',
      '/mcp_method',
      { join: ['/method', '/route_name'], by: ' ', when: ['/route_name'] },
      { join: ['/method', '/authority'], by: ' ' },
    ],
    op: [
      { when: ['/mcp_method'], at: '/mcp_tool', map: {} },
      { at: '/method', map: METHOD },
    ],
  },
  resource: {
    type: { constant: 'http' },
    id: [{ when: ['/path'], at: '/path', by: '?', take: 0 }, { at: '/authority' }],
    server: ['/upstream_cluster', '/authority', '/upstream_host'],
  },
  volume: { bytesIn: '/bytes_received', bytesOut: '/bytes_sent' },
  decision: {
    verdict: [
      {
        at: '/response_code_details',
        map: {
          'rbac_access_denied*': 'deny',
          'ext_authz_denied*': 'deny',
          'jwt_authn_access_denied*': 'deny',
          'oauth*unauthorized*': 'deny',
          '*rate_limited*': 'deny',
        },
      },
      { at: '/response_code', map: { '401': 'deny', '403': 'deny' } },
    ],
    reason: '/response_code_details',
  },
  token: { jti: '/jti', iss: '/iss' },
  outcome: {
    status: [
      {
        at: '/response_flags',
        map: { '*UT*': 'timeout', '*DC*': 'cancelled', '*UAEX*': 'denied' },
      },
      { at: '/response_code', map: STATUS },
    ],
    errorType: [
      '/response_flags',
      { when: [{ at: '/response_code', is: ['4*', '5*'] }], at: '/response_code' },
    ],
  },
  latencyMs: '/duration',
  clientIp: [
    { at: '/x_forwarded_for', by: ',', take: 0 },
    { at: '/downstream_remote_address', by: ':', take: 0 },
  ],
  attrs: { user_agent: '/user_agent', response_flags: '/response_flags' },
  setup: `Name the fields in the access log of the HTTP connection manager; the claims come from
\`jwt_authn\` with \`payload_in_metadata: payload\`.

\`\`\`yaml
access_log:
  - name: envoy.access_loggers.file
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
      path: /var/log/envoy/access.jsonl
      log_format:
        json_format:
          start_time: "%START_TIME%"
          request_id: "%REQ(X-REQUEST-ID)%"
          trace_id: "%TRACE_ID%"
          method: "%REQ(:METHOD)%"
          path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"
          authority: "%REQ(:AUTHORITY)%"
          response_code: "%RESPONSE_CODE%"
          response_flags: "%RESPONSE_FLAGS%"
          response_code_details: "%RESPONSE_CODE_DETAILS%"
          duration: "%DURATION%"
          bytes_received: "%BYTES_RECEIVED%"
          bytes_sent: "%BYTES_SENT%"
          upstream_cluster: "%UPSTREAM_CLUSTER%"
          route_name: "%ROUTE_NAME%"
          downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%"
          downstream_peer_uri_san: "%DOWNSTREAM_PEER_URI_SAN%"
          client_id: "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload:client_id)%"
          sub: "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload:sub)%"
          jti: "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload:jti)%"
          tenant: "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload:tenant)%"
          mcp_method: "%REQ(MCP-METHOD)%"
          mcp_tool: "%REQ(MCP-NAME)%"
\`\`\`

Ship the file with Vector:

\`\`\`yaml
sources:
  envoy: { type: file, include: [/var/log/envoy/access.jsonl] }
sinks:
  tripcoil:
    type: http
    inputs: [envoy]
    uri: http://tripcoil:8787/v1/audit/envoy
    encoding: { codec: text }
    framing: { method: newline_delimited }
    compression: gzip
    auth: { strategy: bearer, token: "\${TRIPCOIL_TOKEN}" }
\`\`\``,
  notes: `Envoy knows the caller only by mutual TLS (\`downstream_peer_uri_san\`) or by the claims of a
token it verified; a log without either names no actor and its lines are refused.`,
};

const kong: ProfileDocument = {
  profile: 'kong',
  title: 'Kong http-log and file-log',
  tenantIs: 'claim',
  recognise: { all: ['/request/uri', '/response/status', '/latencies', '/started_at'] },
  each: '/ai/mcp/rpc',
  id: ['/request/id'],
  time: '/started_at',
  kind: [
    { at: '/@item/method', map: MCP_KIND },
    { when: ['/ai/proxy'], constant: 'model_call' },
    { at: '/request/method', map: { GET: 'data_access', HEAD: 'data_access', '*': 'tool_call' } },
  ],
  agent: {
    id: [
      ...['/consumer/custom_id', '/consumer/username', '/consumer/id'],
      ...['/ai/mcp/audits/0/consumer/name', '/ai/mcp/audits/0/consumer/id'],
      '/authenticated_entity/id',
    ],
    name: '/consumer/username',
  },
  tenant: ['/tenant', '/workspace_name'],
  session: { id: ['/ai/mcp/mcp_session_id', '/ai/mcp/session_id'] },
  trace: { traceId: ['/trace_id/w3c', '/trace_id'], requestId: '/request/id' },
  action: {
    name: [
      ...['/@item/tool_name', '/ai/mcp/audits/0/primitive_name', '/@item/method'],
      { join: ['/request/method', '/route/name'], by: ' ' },
    ],
    toolCallId: { join: ['/request/id', '/@item/id'], by: ':', when: ['/@item/id'] },
    op: [
      { when: ['/@item'], at: '/@item/method', map: { '*/list': 'list', '*/read': 'read' } },
      { when: [{ at: '/@item', absent: true }], at: '/request/method', map: METHOD },
    ],
  },
  resource: {
    type: { constant: 'http' },
    id: { at: '/request/uri', by: '?', take: 0 },
    server: ['/service/name', '/route/name'],
  },
  volume: {
    bytesIn: '/request/size',
    bytesOut: ['/@item/response_body_size', '/response/size'],
    tokensIn: '/ai/proxy/usage/prompt_tokens',
    tokensOut: '/ai/proxy/usage/completion_tokens',
    costUsd: '/ai/proxy/usage/cost',
  },
  decision: {
    verdict: [
      { at: '/ai/mcp/audits/0/action', map: { 'allow*': 'allow', 'den*': 'deny', block: 'deny' } },
      { at: '/response/status', map: { '401': 'deny', '403': 'deny', '429': 'deny' } },
    ],
    reason: ['/ai/mcp/audits/0/reason', '/@item/error'],
  },
  outcome: {
    status: [
      { at: '/ai/mcp/audits/0/action', map: { 'den*': 'denied', block: 'denied' } },
      { when: ['/@item/error'], constant: 'failure' },
      { at: '/response/status', map: STATUS },
    ],
    errorType: [{ when: [{ at: '/response/status', is: ['4*', '5*'] }], at: '/response/status' }],
  },
  latencyMs: ['/@item/latency', '/latencies/request'],
  clientIp: '/client_ip',
  attrs: {
    user_agent: '/request/headers/user-agent',
    route: '/route/name',
    model: '/ai/proxy/meta/request_model',
  },
  setup: `\`\`\`yaml
_format_version: "3.0"
plugins:
  - name: http-log
    config:
      http_endpoint: http://tripcoil:8787/v1/audit/kong
      method: POST
      content_type: application/json
      headers: { Authorization: "Bearer {vault://env/tripcoil-token}" }
      queue: { max_batch_size: 100, max_retry_time: 60 }
  - name: ai-mcp-proxy        # MCP: one event per JSON-RPC call, and the ACL's verdicts
    config:
      logging: { log_statistics: true, audits: true }
\`\`\`

\`file-log\` writes the same records; ship the file to the same address.`,
  notes: `A request without a consumer names no actor: enable an authentication plugin. The shape of
\`ai.mcp\` follows the vendor's published examples; several ACL audits of one request count as the
first of them.`,
};

const cloudflare: ProfileDocument = {
  profile: 'cloudflare-mcp',
  title: 'Cloudflare MCP Portal logs (mcp_portal_logs)',
  tenantIs: 'account',
  recognise: { all: ['/Method', '/ServerID', '/PortalID'], none: ['/EdgeResponseStatus'] },
  time: '/Datetime',
  kind: { at: '/Method', map: { ...MCP_KIND, '*': 'tool_call' } },
  agent: {
    id: ['/UserID', '/UserEmail', '/Email', '/ClientName', '/SessionID'],
    name: '/UserEmail',
  },
  tenant: ['/AccountID', '/PortalID'],
  session: { id: '/SessionID' },
  action: {
    name: ['/ToolCallName', '/PromptGetName', '/Method'],
    op: { at: '/Method', map: { '*/list': 'list', '*/read': 'read', '*/get': 'read' } },
  },
  resource: {
    type: { constant: 'mcp' },
    id: ['/ResourceReadURI', '/ServerID'],
    server: '/ServerID',
  },
  decision: {
    verdict: {
      at: '/Error',
      map: { '*denied*': 'deny', '*forbidden*': 'deny', '*unauthori*': 'deny' },
    },
    reason: '/Error',
  },
  token: { aud: '/ServerAUD' },
  outcome: {
    status: [
      {
        at: '/Error',
        map: { '*denied*': 'denied', '*forbidden*': 'denied', '*unauthori*': 'denied' },
      },
      { at: '/Success', map: { true: 'success', false: 'failure' } },
    ],
  },
  latencyMs: '/ServerResponseDurationMs',
  clientIp: '/ClientIP',
  attrs: { server_url: '/ServerURL', portal: '/PortalID', country: '/ClientCountry' },
  setup: `\`\`\`sh
curl https://api.cloudflare.com/client/v4/accounts/$ACCOUNT_ID/logpush/jobs \\
  -H "Authorization: Bearer $CLOUDFLARE_TOKEN" -H 'content-type: application/json' -d '{
  "name": "tripcoil", "dataset": "mcp_portal_logs", "enabled": true,
  "destination_conf": "https://tripcoil.example.com/v1/audit/cloudflare-mcp?header_Authorization=Bearer%20TOKEN",
  "output_options": { "timestamp_format": "rfc3339", "field_names": ["Datetime","Method",
    "ToolCallName","PromptGetName","ResourceReadURI","ServerID","ServerURL","ServerAUD","PortalID",
    "SessionID","Success","Error","ServerResponseDurationMs","ClientIP","ClientCountry"] } }'
\`\`\`

Logpush sends gzipped NDJSON.`,
  notes: `The published data set names no user and no client. Where the records carry none, the MCP
session is the actor: it joins calls, but is new with every session and so has no long history.`,
};

const azureApim: ProfileDocument = {
  profile: 'azure-apim',
  title: 'Azure API Management MCP log (ApiManagementGatewayMCPLog)',
  tenantIs: 'account',
  recognise: {
    any: [
      { at: '/Type', is: ['ApiManagementGatewayMCPLog'] },
      { at: '/category', is: ['*MCPLog*'] },
      '/McpServerEndpoint',
      '/properties/McpServerEndpoint',
    ],
  },
  container: '/records',
  time: ['/TimeGenerated', '/time'],
  kind: {
    join: ['/Method', '/properties/Method'],
    by: '',
    map: { ...MCP_KIND, '*': 'tool_call' },
  },
  agent: {
    id: ['/UserId', '/ClientName', '/properties/UserId', '/properties/ClientName'],
    version: ['/ClientVersion', '/properties/ClientVersion'],
  },
  tenant: ['/_SubscriptionId', { at: '/resourceId', by: '/', take: 2 }, '/TenantId'],
  session: { id: ['/SessionId', '/properties/SessionId'] },
  trace: { requestId: ['/CorrelationId', '/correlationId', '/properties/CorrelationId'] },
  action: {
    name: ['/ToolName', '/properties/ToolName', '/Method', '/properties/Method'],
  },
  resource: {
    type: { constant: 'mcp' },
    id: ['/McpServerEndpoint', '/properties/McpServerEndpoint'],
    server: ['/ServerName', '/properties/ServerName'],
    region: ['/Region', '/location'],
  },
  outcome: {
    status: [
      {
        at: '/ErrorType',
        map: {
          '*unauthori*': 'denied',
          '*forbidden*': 'denied',
          '*timeout*': 'timeout',
          '*': 'failure',
        },
      },
      {
        at: '/properties/ErrorType',
        map: {
          '*unauthori*': 'denied',
          '*forbidden*': 'denied',
          '*timeout*': 'timeout',
          '*': 'failure',
        },
      },
      { constant: 'success', when: ['/McpServerEndpoint'] },
      { constant: 'success', when: ['/properties/McpServerEndpoint'] },
    ],
    errorType: ['/ErrorType', '/properties/ErrorType'],
  },
  attrs: {
    authentication_method: ['/AuthenticationMethod', '/properties/AuthenticationMethod'],
    protocol_version: ['/ProtocolVersion', '/properties/ProtocolVersion'],
  },
  setup: `\`\`\`sh
az monitor diagnostic-settings create --name tripcoil --resource $APIM_RESOURCE_ID \\
  --event-hub tripcoil-audit --event-hub-rule $EVENT_HUB_RULE_ID \\
  --logs '[{"category":"GatewayMCPLogs","enabled":true}]'
\`\`\`

Event Hubs speaks Kafka; send its records on with Vector:

\`\`\`yaml
sources:
  apim:
    type: kafka
    bootstrap_servers: NAMESPACE.servicebus.windows.net:9093
    topics: [tripcoil-audit]
    group_id: tripcoil
    sasl: { enabled: true, mechanism: PLAIN, username: "$$ConnectionString", password: "\${EVENT_HUB}" }
    tls: { enabled: true }
sinks:
  tripcoil:
    type: http
    inputs: [apim]
    uri: http://tripcoil:8787/v1/audit/azure-apim
    encoding: { codec: text }
    framing: { method: newline_delimited }
    auth: { strategy: bearer, token: "\${TRIPCOIL_TOKEN}" }
\`\`\``,
  notes: `The table names the client program, not its user; that stands in ApiManagementGatewayLogs
under the same CorrelationId.`,
};

const agentgateway: ProfileDocument = {
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
    { at: '/mcp.method.name', map: MCP_KIND },
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
      { at: '/http.status', map: STATUS },
    ],
    errorType: ['/error', { when: [{ at: '/http.status', is: ['4*', '5*'] }], at: '/http.status' }],
  },
  latencyMs: { at: '/duration', duration: true },
  clientIp: { at: '/src.addr', by: ':', take: 0 },
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

/** Access and audit logs of gateways in front of tools and models. */
export const GATEWAY_PROFILES: readonly ProfileDocument[] = [
  envoy,
  kong,
  cloudflare,
  azureApim,
  agentgateway,
];
