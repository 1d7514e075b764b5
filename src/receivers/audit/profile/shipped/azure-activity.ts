import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_STATUS, OUTCOME_BY_WORD } from './words.ts';

/** Azure Monitor activity and resource logs. */
export const AZURE_ACTIVITY_PROFILE: ProfileDocument = {
  profile: 'azure-activity',
  title: 'Azure Monitor activity and resource logs',
  recognise: {
    all: ['/operationName', '/time'],
    any: ['/resourceId', '/uri'],
    none: [
      '/properties/initiatedBy',
      {
        at: '/category',
        is: ['*SignInLogs', 'AuditLogs', 'ApplicationManagement', '*MCPLog*', 'kube-audit*'],
      },
      { at: '/resourceId', is: ['*/providers/microsoft.aadiam*'] },
    ],
  },
  container: '/records',
  id: ['/properties/eventDataId', '/properties/clientRequestId'],
  time: '/time',
  kind: [
    { at: '/category', map: { 'Storage*': 'data_access', '*Audit*': 'data_access' } },
    {
      at: '/operationName',
      map: {
        '*/read': 'data_access',
        'Get*': 'data_access',
        'List*': 'data_access',
        '*/listkeys/action': 'token_issue',
        '*': 'admin',
      },
    },
  ],
  agent: {
    id: [
      ...[
        '/identity/claims/appid',
        '' + '/identity/claims/http:~1~1schemas.microsoft.com~1identity~1claims~1objectidentifier',
      ],
      ...[
        '/identity/authorization/evidence/principalId',
        '/identity/requester/objectId',
        '/identity/requester/appId',
      ],
      ...[
        '/identity/claims/name',
        '/caller',
        '/properties/caller',
        '/identity/upn',
        '/identity/user/username',
      ],
      ...[
        '/properties/log/user/username',
        '/properties/userPrincipalName',
        '/properties/initiatedBy',
      ],
    ],
    name: ['/identity/claims/name', '/caller', '/properties/caller'],
  },
  tenant: [
    '/tenantId',
    '/identity/claims/http:~1~1schemas.microsoft.com~1identity~1claims~1tenantid',
    { at: '/resourceId', by: '/', take: 2 },
  ],
  trace: { requestId: ['/correlationId', '/properties/clientRequestId'] },
  action: {
    name: ['/operationName/value', '/operationName'],
    op: {
      at: '/operationName',
      map: {
        '*/read': 'read',
        '*/write': 'write',
        '*/delete': 'delete',
        '*/action': 'execute',
        'Get*': 'read',
        'Put*': 'write',
        'Delete*': 'delete',
        'List*': 'list',
      },
    },
  },
  resource: {
    type: { at: '/resourceId', by: '/', take: 6 },
    id: ['/resourceId', '/properties/objectKey'],
    server: '/properties/serviceType',
    region: '/location',
  },
  volume: { bytesOut: '/properties/responseBodySize', bytesIn: '/properties/requestBodySize' },
  decision: {
    verdict: [
      {
        at: '/resultSignature',
        map: { '401*': 'deny', '403*': 'deny', 'Forbidden*': 'deny', 'Unauthorized*': 'deny' },
      },
      { at: '/statusCode', map: { '401': 'deny', '403': 'deny' } },
      {
        at: '/properties/metricResponseType',
        map: { 'Authorization*': 'deny', 'Authentication*': 'deny' },
      },
    ],
  },
  outcome: {
    status: [
      {
        at: '/properties/metricResponseType',
        map: { ...OUTCOME_BY_WORD, 'Authentication*': 'denied' },
      },
      { at: '/statusCode', map: OUTCOME_BY_STATUS },
      {
        at: '/resultSignature',
        map: { ...OUTCOME_BY_STATUS, 'Forbidden*': 'denied', 'Unauthorized*': 'denied' },
      },
      { at: '/resultType', map: { ...OUTCOME_BY_WORD, 'start*': 'unknown', 'accept*': 'unknown' } },
      { at: '/statusText', map: OUTCOME_BY_WORD },
    ],
    errorType: [
      {
        at: '/properties/metricResponseType',
        map: { 'succ*': '', '*error*': 'error', '*failure*': 'failure' },
      },
    ],
  },
  latencyMs: ['/durationMs', '/properties/serverLatencyMs'],
  clientIp: '/callerIpAddress',
  attrs: { category: '/category', level: '/level', user_agent: '/properties/userAgentHeader' },
  setup: `\`\`\`sh
az monitor diagnostic-settings subscription create --name tripcoil --location westeurope \\
  --event-hub-name tripcoil-audit --event-hub-auth-rule $EVENT_HUB_RULE_ID \\
  --logs '[{"category":"Administrative","enabled":true},{"category":"Security","enabled":true}]'
\`\`\`

Read the event hub with Vector as in [azure-apim](azure-apim.md), to \`/v1/audit/azure-activity\`.`,
  notes: `A record whose \`identity\` is missing names its caller by address alone. An address is
not an actor, so it is refused: turn on identity in the diagnostic setting.`,
};
