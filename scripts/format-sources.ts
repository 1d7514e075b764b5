/**
 * The vendor's documents that a shipped profile was checked against: fields, and the lines of
 * configuration. A profile that is not here was written from samples of the vendor's records.
 */
export const CHECKED_AGAINST: Readonly<Record<string, readonly string[]>> = {
  'cloudflare-mcp': [
    '[MCP Portal Logs](https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/mcp_portal_logs)',
    '[Enable HTTP destination](https://developers.cloudflare.com/logs/get-started/enable-destinations/http)',
    '[Manage Logpush with cURL](https://developers.cloudflare.com/logs/logpush/examples/example-logpush-curl)',
  ],
  'azure-apim': [
    '[ApiManagementGatewayMCPLog](https://docs.azure.cn/en-us/azure-monitor/reference/tables/apimanagementgatewaymcplog) (columns)',
    '[Log categories](https://docs.azure.cn/en-us/azure-monitor/reference/supported-logs/microsoft-apimanagement-service-logs)',
  ],
  kong: [
    '[AI MCP Proxy](https://developer.konghq.com/plugins/ai-mcp-proxy)',
    '[Observe MCP traffic with access control](https://developer.konghq.com/mcp/observe-mcp-traffic-with-acls)',
    '[Audit log reference](https://developer.konghq.com/ai-gateway/ai-audit-log-reference/)',
  ],
};
