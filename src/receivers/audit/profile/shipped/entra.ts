import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD } from './words.ts';

/** Microsoft Entra ID: sign-ins and directory audits of a diagnostic setting. */
export const ENTRA_PROFILE: ProfileDocument = {
  profile: 'entra',
  title: 'Microsoft Entra ID sign-in and audit logs',
  recognise: {
    all: ['/category', '/properties'],
    any: [
      { at: '/category', is: ['*SignInLogs', 'AuditLogs', 'ApplicationManagement'] },
      { at: '/resourceId', is: ['*/providers/microsoft.aadiam*'] },
      '/properties/initiatedBy',
    ],
    none: ['/properties/Actor', '/resultDescription'],
  },
  container: '/records',
  id: ['/properties/id', '/correlationId'],
  time: ['/time', '/properties/createdDateTime', '/properties/activityDateTime'],
  kind: {
    at: '/category',
    map: { '*SignInLogs': 'authentication', '*': 'admin' },
  },
  agent: {
    id: [
      ...['/properties/servicePrincipalId', '/properties/userId', '/properties/appId'],
      ...['/properties/initiatedBy/app/servicePrincipalId', '/properties/initiatedBy/app/appId'],
      ...['/properties/initiatedBy/user/id', '/properties/initiatedBy/user/userPrincipalName'],
      ...['/properties/userPrincipalName', '/properties/initiatedBy/app/displayName', '/identity'],
    ],
    name: [
      ...['/properties/servicePrincipalName', '/properties/userPrincipalName', '/identity'],
      ...[
        '/properties/initiatedBy/user/userPrincipalName',
        '/properties/initiatedBy/app/displayName',
      ],
    ],
  },
  tenant: ['/tenantId', '/properties/homeTenantId', '/properties/AADTenantId'],
  session: { id: ['/properties/sessionId'] },
  trace: {
    requestId: ['/properties/originalRequestId', '/correlationId', '/properties/correlationId'],
  },
  action: { name: ['/operationName', '/properties/activityDisplayName', '/category'] },
  resource: {
    type: [
      '/properties/targetResources/0/type',
      { constant: 'application', when: ['/properties/resourceDisplayName'] },
    ],
    id: [
      ...['/properties/targetResources/0/id', '/properties/resourceId'],
      ...['/properties/targetResources/0/displayName', '/resourceId'],
    ],
    tenant: [{ at: '/properties/resourceTenantId' }],
    server: '/properties/resourceDisplayName',
  },
  decision: {
    verdict: {
      at: '/properties/conditionalAccessStatus',
      map: { failure: 'deny' },
    },
    reason: ['/properties/status/failureReason', '/properties/resultReason'],
    policyId: '/properties/appliedConditionalAccessPolicies/0/id',
  },
  token: { jti: '/properties/uniqueTokenIdentifier' },
  outcome: {
    status: [
      { at: '/properties/conditionalAccessStatus', map: { failure: 'denied' } },
      { at: '/properties/status/errorCode', map: { '0': 'success', '*': 'failure' } },
      { at: '/properties/result', map: OUTCOME_BY_WORD },
      { at: '/resultType', map: { '0': 'success', 'succ*': 'success', '*': 'failure' } },
      { at: '/resultSignature', map: OUTCOME_BY_WORD },
    ],
    errorType: [
      {
        when: [{ at: '/properties/status/errorCode', is: ['*'] }],
        at: '/properties/status/errorCode',
        map: { '0': '' },
      },
      { at: '/resultType', map: { '5*': 'sign_in_error', '7*': 'sign_in_error' } },
    ],
  },
  clientIp: ['/callerIpAddress', '/properties/ipAddress', '/properties/initiatedBy/user/ipAddress'],
  latencyMs: '/durationMs',
  attrs: {
    category: '/category',
    application: '/properties/appDisplayName',
    risk: '/properties/riskLevelAggregated',
    user_agent: '/properties/userAgent',
  },
  setup: `\`\`\`sh
az monitor diagnostic-settings create --name tripcoil \\
  --resource /providers/Microsoft.aadiam --event-hub tripcoil-audit \\
  --event-hub-rule $EVENT_HUB_RULE_ID \\
  --logs '[{"category":"AuditLogs","enabled":true},
           {"category":"ServicePrincipalSignInLogs","enabled":true}]'
\`\`\`

Read the event hub with Vector's \`kafka\` source as in [azure-apim](azure-apim.md) and send it to
\`/v1/audit/entra\`; the \`records\` container is understood.`,
  notes: 'Records of some policy changes name no initiator.',
};
