import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_MCP_METHOD } from './gateway-words.ts';

/** Cloudflare MCP Portal logs (mcp_portal_logs). */
export const CLOUDFLARE_MCP_PROFILE: ProfileDocument = {
  profile: 'cloudflare-mcp',
  title: 'Cloudflare MCP Portal logs (mcp_portal_logs)',
  tenantIs: 'account',
  recognise: { all: ['/Method', '/ServerID', '/PortalID'], none: ['/EdgeResponseStatus'] },
  time: '/Datetime',
  kind: { at: '/Method', map: { ...KIND_BY_MCP_METHOD, '*': 'tool_call' } },
  agent: {
    id: ['/UserID', '/UserEmail', '/SessionID'],
    name: '/UserEmail',
  },
  tenant: '/PortalID',
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
  token: { aud: ['/ServerAUD', '/PortalAUD'] },
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
    "SessionID","UserID","UserEmail","Success","Error","ServerResponseDurationMs","ClientIP",
    "ClientCountry"] } }'
\`\`\`

Logpush sends gzipped NDJSON.`,
  notes: `The data set names the authenticated user and no client program: where one user runs
several agents, they are one here. Without \`UserID\` and \`UserEmail\` among the fields of the job
the MCP session is the actor: it joins calls, but is new with every session and so has no long
history.`,
};
