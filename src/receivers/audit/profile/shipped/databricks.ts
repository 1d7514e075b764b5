import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_STATUS, shippedWithVector } from './words.ts';

/** Databricks audit log. */
export const DATABRICKS_PROFILE: ProfileDocument = {
  profile: 'databricks',
  title: 'Databricks audit log',
  recognise: { all: ['/serviceName', '/actionName'], none: ['/eventSource', '/actionResult'] },
  id: '/requestId',
  time: '/timestamp',
  kind: {
    at: '/actionName',
    map: {
      '*login*': 'authentication',
      '*logout*': 'authentication',
      IpAccessDenied: 'authentication',
      generateDbToken: 'token_issue',
      'generateTemporary*Credential': 'token_issue',
      mintOAuthToken: 'token_issue',
      'get*': 'data_access',
      'list*': 'data_access',
      'read*': 'data_access',
      'download*': 'data_access',
      runCommand: 'tool_call',
      '*': 'admin',
    },
  },
  agent: { id: ['/userIdentity/email', '/userIdentity/subjectName'] },
  principal: { sub: '/identityMetadata/runAs' },
  tenant: ['/accountId', '/workspaceId'],
  session: { id: '/sessionId' },
  trace: { requestId: '/requestId' },
  action: { name: '/actionName', arguments: '/requestParams' },
  resource: {
    type: '/serviceName',
    id: [
      '/requestParams/full_name_arg',
      '/requestParams/name',
      '/requestParams/path',
      '/requestParams/targetUserName',
      '/workspaceId',
    ],
    server: '/serviceName',
  },
  decision: {
    verdict: [
      { at: '/response/statusCode', map: { '401': 'deny', '403': 'deny' } },
      { at: '/actionName', map: { '*AccessDenied': 'deny' } },
    ],
    reason: '/response/errorMessage',
  },
  outcome: {
    status: [
      { at: '/actionName', map: { '*AccessDenied': 'denied' } },
      { at: '/response/statusCode', map: OUTCOME_BY_STATUS },
    ],
    errorType: {
      when: [{ at: '/response/statusCode', is: ['4*', '5*'] }],
      at: '/response/statusCode',
    },
  },
  clientIp: '/sourceIPAddress',
  attrs: { audit_level: '/auditLevel', workspace: '/workspaceId', user_agent: '/userAgent' },
  setup: shippedWithVector(
    'databricks',
    'Unload `system.access.audit`, or configure audit log delivery to a bucket.',
  ),
};
