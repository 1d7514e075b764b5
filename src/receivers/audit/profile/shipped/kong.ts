import type { ProfileDocument } from '../schema.ts';
import {
  KIND_BY_MCP_METHOD,
  OPERATION_BY_METHOD,
  OUTCOME_OF_GATEWAY_STATUS,
} from './gateway-words.ts';

/** ACL decisions stand in `audit` by the plugin, in `audits` by the AI Gateway's own entities. */
function auditOf(member: string): readonly [string, string] {
  return [`/ai/mcp/audit/0/${member}`, `/ai/mcp/audits/0/${member}`];
}

/** A decision may name the group by which it was made, and no group is an agent. */
const CONSUMER_IDENTIFIERS = ['username', 'custom_id', 'consumer', 'consumer_id', 'id'];
const AUDITED_CONSUMER = ['audit', 'audits'].map((list) => ({
  at: `/ai/mcp/${list}/0/consumer/name`,
  when: [{ at: `/ai/mcp/${list}/0/consumer/identifier`, is: CONSUMER_IDENTIFIERS }],
}));
const VERDICT_BY_ACTION = { 'allow*': 'allow', 'den*': 'deny', block: 'deny' };

/** Kong http-log and file-log. */
export const KONG_PROFILE: ProfileDocument = {
  profile: 'kong',
  title: 'Kong http-log and file-log',
  tenantIs: 'claim',
  recognise: { all: ['/request/uri', '/response/status', '/latencies', '/started_at'] },
  each: '/ai/mcp/rpc',
  id: ['/request/id'],
  time: '/started_at',
  kind: [
    { at: '/@item/method', map: KIND_BY_MCP_METHOD },
    { when: ['/ai/proxy'], constant: 'model_call' },
    { at: '/request/method', map: { GET: 'data_access', HEAD: 'data_access', '*': 'tool_call' } },
  ],
  agent: {
    id: [
      ...['/consumer/custom_id', '/consumer/username', '/consumer/id'],
      ...AUDITED_CONSUMER,
      '/authenticated_entity/id',
    ],
    name: '/consumer/username',
  },
  tenant: ['/tenant', '/workspace_name'],
  session: { id: ['/ai/mcp/mcp_session_id', '/ai/mcp/session_id'] },
  trace: { traceId: ['/trace_id/w3c', '/trace_id'], requestId: '/request/id' },
  action: {
    name: [
      ...['/@item/tool_name', ...auditOf('primitive_name'), '/@item/method'],
      { join: ['/request/method', '/route/name'], by: ' ' },
    ],
    toolCallId: { join: ['/request/id', '/@item/id'], by: ':', when: ['/@item/id'] },
    op: [
      { when: ['/@item'], at: '/@item/method', map: { '*/list': 'list', '*/read': 'read' } },
      { when: [{ at: '/@item', absent: true }], at: '/request/method', map: OPERATION_BY_METHOD },
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
    tokensIn: ['/ai/proxy/usage/prompt_tokens', '/ai/proxy/usage/prompt_token'],
    tokensOut: ['/ai/proxy/usage/completion_tokens', '/ai/proxy/usage/completion_token'],
    costUsd: '/ai/proxy/usage/cost',
  },
  decision: {
    verdict: [
      ...auditOf('action').map((at) => ({ at, map: VERDICT_BY_ACTION })),
      { at: '/response/status', map: { '401': 'deny', '403': 'deny', '429': 'deny' } },
    ],
    reason: [...auditOf('reason'), '/@item/error'],
  },
  token: { jwt: ['/request/headers/txn-token', '/request/headers/authorization'] },
  outcome: {
    status: [
      ...auditOf('action').map((at) => ({ at, map: { 'den*': 'denied', block: 'denied' } })),
      { when: ['/@item/error'], constant: 'failure' },
      { at: '/response/status', map: OUTCOME_OF_GATEWAY_STATUS },
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
      headers: { Authorization: 'Bearer \${{ env "DECK_TRIPCOIL_TOKEN" }}' }
      queue: { max_batch_size: 100, max_retry_time: 60 }
  - name: ai-mcp-proxy        # MCP: one event per JSON-RPC call, and the ACL's verdicts
    config:
      logging: { log_statistics: true, log_audits: true }
\`\`\`

\`file-log\` writes the same records; ship the file to the same address.`,
  notes: `A request without a consumer names no actor: enable an authentication plugin. Several ACL
audits of one request count as the first of them; one made for a consumer group names no actor.`,
};
