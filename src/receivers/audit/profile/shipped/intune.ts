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
  setup:
    'Intune, Reports, Diagnostics settings: stream `AuditLogs` to an event hub and read it ' +
    'as in [azure-apim](azure-apim.md), to `/v1/audit/intune`.',
};
