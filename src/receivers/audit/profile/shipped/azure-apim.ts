import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_MCP_METHOD } from './gateway-words.ts';

/** Azure API Management MCP log (ApiManagementGatewayMCPLog). */
export const AZURE_APIM_PROFILE: ProfileDocument = {
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
    map: { ...KIND_BY_MCP_METHOD, '*': 'tool_call' },
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
    sasl:
      enabled: true
      mechanism: PLAIN
      username: "$$ConnectionString"
      password: "\${EVENT_HUB}"
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
