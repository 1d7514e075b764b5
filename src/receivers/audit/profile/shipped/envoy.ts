import type { ProfileDocument } from '../schema.ts';
import {
  KIND_BY_MCP_METHOD,
  OPERATION_BY_METHOD,
  OUTCOME_OF_GATEWAY_STATUS,
} from './gateway-words.ts';

/** Envoy JSON access log. */
export const ENVOY_PROFILE: ProfileDocument = {
  profile: 'envoy',
  title: 'Envoy JSON access log',
  tenantIs: 'claim',
  recognise: { all: ['/response_code', '/response_flags', '/method'] },
  id: '/request_id',
  time: ['/start_time', '/timestamp'],
  kind: [
    { at: '/mcp_method', map: KIND_BY_MCP_METHOD },
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
      { at: '/method', map: OPERATION_BY_METHOD },
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
  token: { jti: '/jti', iss: '/iss', jwt: '/authorization' },
  outcome: {
    status: [
      {
        at: '/response_flags',
        map: { '*UT*': 'timeout', '*DC*': 'cancelled', '*UAEX*': 'denied' },
      },
      { at: '/response_code', map: OUTCOME_OF_GATEWAY_STATUS },
    ],
    errorType: [
      '/response_flags',
      { when: [{ at: '/response_code', is: ['4*', '5*'] }], at: '/response_code' },
    ],
  },
  latencyMs: '/duration',
  clientIp: [{ at: '/x_forwarded_for', by: ',', take: 0 }, '/downstream_remote_address'],
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
  notes: `Envoy knows the caller only by mutual TLS (\`downstream_peer_uri_san\`) or by the
claims of a token it verified; a log without either names no actor and its lines are refused.`,
};
