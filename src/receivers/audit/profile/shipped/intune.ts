import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD } from './words.ts';

/** Microsoft Intune audit and operational logs. */
export const INTUNE_PROFILE: ProfileDocument = {
  profile: 'intune',
  title: 'Microsoft Intune audit and operational logs',
  recognise: {
    all: ['/operationName', '/category', '/tenantId'],
    any: ['/properties/Actor', '/properties/IntuneUserId', '/properties/OperationalLogCategory'],
  },
  container: '/records',
  id: ['/properties/AuditEventId', '/correlationId'],
  time: ['/time', '/properties/EnrollmentTimeUTC', '/properties/ActivityDate'],
  kind: { constant: 'admin' },
  agent: {
    id: [
      '/properties/Actor/ObjectId',
      '/properties/Actor/Application',
      '/properties/Actor/UPN',
      '/properties/IntuneUserId',
    ],
    name: ['/properties/Actor/UPN', '/identity'],
  },
  tenant: '/tenantId',
  trace: { requestId: '/correlationId' },
  action: { name: '/operationName' },
  resource: {
    type: '/properties/EntityType',
    id: ['/properties/TargetObjectIds/0', '/properties/IntuneDeviceId'],
  },
  outcome: { status: { at: '/resultType', map: OUTCOME_BY_WORD } },
  attrs: { category: '/category', application: '/properties/Actor/ApplicationName' },
  setup: `\`\`\`sh
az rest --method put --url "https://management.azure.com/providers/microsoft.intune\\
/diagnosticSettings/tripcoil?api-version=2017-04-01-preview" --body '{ "properties": {
  "eventHubAuthorizationRuleId": "EVENT_HUB_RULE_ID", "eventHubName": "tripcoil-audit",
  "logs": [{ "category": "AuditLogs", "enabled": true },
    { "category": "OperationalLogs", "enabled": true }] } }'
\`\`\`

Read the event hub with Vector as in [azure-apim](azure-apim.md), to \`/v1/audit/intune\`.`,
};
