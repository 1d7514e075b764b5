import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_ACTION, OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

const okta: ProfileDocument = {
  profile: 'okta',
  title: 'Okta System Log',
  recognise: {
    all: ['/eventType'],
    any: ['/legacyEventType', '/published', '/outcome/result', '/displayMessage'],
    none: ['/eventSource', '/eventVersion'],
  },
  container: '/data/events',
  id: '/uuid',
  time: ['/published', '/p_event_time'],
  kind: {
    at: '/eventType',
    map: {
      'user.authentication.*': 'authentication',
      'user.session.*': 'authentication',
      'policy.evaluate_sign_on': 'authz_decision',
      'app.access_request.*': 'approval',
      'system.api_token.create': 'token_issue',
      'app.oauth2.*token.grant*': 'token_issue',
      'app.oauth2.token*': 'token_use',
      'application.user_membership.show_password': 'data_access',
      ...KIND_BY_ACTION,
      '*': 'admin',
    },
  },
  agent: {
    id: ['/actor/id', '/actor/alternateId'],
    name: ['/actor/alternateId', '/actor/displayName'],
  },
  tenant: ['/securityContext/orgId', '/debugContext/debugData/organizationId', '/org/id'],
  session: {
    id: ['/authenticationContext/externalSessionId', '/authenticationContext/rootSessionId'],
  },
  trace: { traceId: '/transaction/id', requestId: '/debugContext/debugData/requestId' },
  action: { name: '/eventType' },
  resource: { type: '/target/0/type', id: ['/target/0/id', '/target/0/alternateId'] },
  decision: {
    verdict: {
      at: '/outcome/result',
      map: { DENY: 'deny', ALLOW: 'allow', CHALLENGE: 'challenge', 'RATE_LIMIT*': 'deny' },
    },
    reason: '/outcome/reason',
  },
  outcome: {
    status: {
      at: '/outcome/result',
      map: { ...OUTCOME_BY_WORD, SKIPPED: 'cancelled', UNANSWERED: 'timeout' },
    },
    errorType: {
      when: [{ at: '/outcome/result', is: ['FAILURE', 'DENY'] }],
      at: '/outcome/reason',
    },
  },
  clientIp: ['/client/ipAddress', '/request/ipChain/0/ip'],
  attrs: {
    actor_type: '/actor/type',
    message: '/displayMessage',
    severity: '/severity',
    user_agent: '/client/userAgent/rawUserAgent',
  },
  notes: 'The record names no organisation unless an event hook or a collector adds it.',
  setup: shippedWithVector(
    'okta',
    'Poll `GET https://ORG.okta.com/api/v1/logs`, or register an Event Hook whose payload holds\n' +
      'the same records under `data.events`.',
  ),
};

const auth0: ProfileDocument = {
  profile: 'auth0',
  title: 'Auth0 log stream',
  recognise: {
    all: [{ at: '/data/type' }],
    any: ['/data/log_id', '/data/client_id', '/data/user_id', '/log_id'],
    none: ['/specversion'],
  },
  id: ['/log_id', '/data/log_id'],
  time: ['/data/date', '/p_event_time'],
  kind: {
    at: '/data/type',
    map: {
      'se*': 'token_issue',
      'fe*': 'token_issue',
      s: 'authentication',
      f: 'authentication',
      'fp*': 'authentication',
      fu: 'authentication',
      'sl*': 'authentication',
      'fco*': 'authentication',
      'gd_auth*': 'authentication',
      'limit_*': 'authentication',
      pwd_leak: 'authentication',
      signup_pwd_leak: 'authentication',
      '*': 'admin',
    },
  },
  agent: {
    id: [
      ...['/data/user_id', '/data/details/request/auth/user/user_id', '/data/client_id'],
      ...['/data/user_name', '/data/details/request/auth/user/email'],
    ],
    name: ['/data/user_name', '/data/details/request/auth/user/email', '/data/client_name'],
  },
  tenant: ['/data/tenant_name', '/data/hostname', '/data/organization_id'],
  session: { id: '/data/session_id' },
  action: {
    name: ['/data/description', '/data/type'],
    op: {
      at: '/data/details/request/method',
      map: { get: 'read', post: 'write', put: 'write', patch: 'write', delete: 'delete' },
    },
    arguments: '/data/details/request/body',
  },
  resource: { type: '/data/connection', id: ['/data/details/request/path', '/data/audience'] },
  scopes: { granted: ['/data/scope', '/data/details/request/auth/credentials/scopes'] },
  decision: {
    verdict: {
      at: '/data/type',
      map: { 'limit_*': 'deny', '*pwd_leak': 'deny', fapi: 'error', fcoa: 'error' },
    },
    reason: {
      when: [{ at: '/data/type', is: ['f*', 'limit_*', '*pwd_leak'] }],
      at: '/data/description',
    },
  },
  token: { jti: '/data/details/request/auth/credentials/jti', aud: '/data/audience' },
  outcome: {
    status: {
      at: '/data/type',
      map: {
        'limit_*': 'denied',
        '*pwd_leak': 'denied',
        's*': 'success',
        'f*': 'failure',
        'gd_*': 'success',
      },
    },
  },
  clientIp: ['/data/ip', '/data/details/request/ip'],
  attrs: { type: '/data/type', client: '/data/client_id', user_agent: '/data/user_agent' },
  notes: 'Anonymous events (`limit_wc` and the like) may name neither a user nor a client.',
  setup:
    'Auth0 dashboard, Monitoring, Streams, Custom Webhook: payload URL\n' +
    '`https://tripcoil.example.com/v1/audit/auth0`, authorisation token `Bearer TOKEN`, content\n' +
    'type `application/json`, content format `JSON Lines`.',
};

const oneLogin: ProfileDocument = {
  profile: 'onelogin',
  title: 'OneLogin events',
  recognise: { all: ['/event_type_id'], any: ['/actor_user_id', '/user_id', '/account_id'] },
  id: ['/uuid', '/id'],
  time: ['/event_timestamp', '/created_at', '/p_event_time'],
  kind: {
    at: '/event_type_id',
    map: {
      '5': 'authentication',
      '6': 'authentication',
      '8': 'authentication',
      '9': 'authentication',
      '90': 'authentication',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/actor_user_id', '/user_id', '/actor_user_name', '/user_name'],
    name: ['/actor_user_name', '/user_name'],
  },
  tenant: '/account_id',
  action: {
    name: [
      '/event_type_name',
      {
        at: '/event_type_id',
        map: {
          '5': 'user_logged_in',
          '6': 'user_failed_login',
          '8': 'user_logged_in_to_app',
          '9': 'user_failed_app_login',
          '11': 'user_changed_password',
          '13': 'user_created',
          '16': 'user_deleted',
          '17': 'user_updated',
          '24': 'auth_factor_removed',
          '90': 'high_risk_login',
          '172': 'user_privilege_granted',
          '211': 'privilege_granted',
          '240': 'user_authorised_by_risk',
          '531': 'user_locked',
          '551': 'user_unlocked',
          '553': 'user_assumed',
        },
      },
      { constant: 'event' },
    ],
  },
  resource: { type: { constant: 'user' }, id: ['/user_id', '/app_id'], server: '/app_name' },
  outcome: {
    status: {
      at: '/event_type_id',
      map: { '6': 'failure', '9': 'failure', '531': 'denied', '*': 'success' },
    },
  },
  clientIp: '/ipaddr',
  attrs: { event_type_id: '/event_type_id', app: '/app_name', risk_score: '/risk_score' },
  notes:
    'Event types are numbers; the common ones are named, others are `event` with the number in `attrs`.',
  setup:
    'OneLogin administration, Developers, Webhooks, Event Webhook: URL\n' +
    '`https://tripcoil.example.com/v1/audit/onelogin`, format `JSON Array`, custom header\n' +
    '`Authorization: Bearer TOKEN`.',
};

const duoAuthentication: ProfileDocument = {
  profile: 'duo-authentication',
  title: 'Duo authentication log',
  recognise: { all: ['/result', '/user', '/factor'], any: ['/access_device', '/auth_device'] },
  container: '/response/authlogs',
  id: '/txid',
  time: ['/isotimestamp', '/timestamp', '/p_event_time'],
  kind: { constant: 'authentication' },
  agent: { id: ['/user/key', '/user/name', '/email'], name: ['/user/name', '/email'] },
  action: { name: ['/event_type', { constant: 'authentication' }] },
  resource: {
    type: { constant: 'application' },
    id: '/application/key',
    server: '/application/name',
  },
  decision: {
    verdict: {
      at: '/result',
      map: { success: 'allow', denied: 'deny', failure: 'deny', fraud: 'deny' },
    },
    reason: '/reason',
  },
  outcome: {
    status: { at: '/result', map: { ...OUTCOME_BY_WORD, failure: 'denied' } },
    errorType: '/reason',
  },
  clientIp: '/access_device/ip',
  attrs: { factor: '/factor', reason: '/reason' },
  notes: 'The record names no account; the Admin API host does.',
  setup: shippedWithVector('duo-authentication', 'Poll `GET /admin/v2/logs/authentication`.'),
};

const duoAdministrator: ProfileDocument = {
  profile: 'duo-administrator',
  title: 'Duo administrator log',
  recognise: { all: ['/action', '/username', '/isotimestamp'], none: ['/event_type'] },
  container: '/response',
  time: ['/isotimestamp', '/timestamp'],
  kind: {
    at: '/action',
    map: { 'admin_login*': 'authentication', '*_skey_view': 'data_access', '*': 'admin' },
  },
  agent: { id: '/username' },
  action: { name: '/action' },
  resource: { id: '/object' },
  outcome: {
    status: { at: '/action', map: { '*lockout*': 'denied', '*error*': 'failure', '*': 'success' } },
  },
  clientIp: '/ip_address',
  notes: 'The record names no account; the Admin API host does.',
  setup: shippedWithVector('duo-administrator', 'Poll `GET /admin/v1/logs/administrator`.'),
};

/** Microsoft Entra ID: sign-ins and directory audits of a diagnostic setting. */
const entra: ProfileDocument = {
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
  --logs '[{"category":"AuditLogs","enabled":true},{"category":"ServicePrincipalSignInLogs","enabled":true}]'
\`\`\`

Read the event hub with Vector's \`kafka\` source as in [azure-apim](azure-apim.md) and send it to
\`/v1/audit/entra\`; the \`records\` container is understood.`,
  notes: 'Records of some policy changes name no initiator.',
};

const microsoft365: ProfileDocument = {
  profile: 'microsoft365',
  title: 'Microsoft 365 unified audit log',
  recognise: { all: ['/Operation', '/Workload', '/OrganizationId'] },
  id: '/Id',
  time: '/CreationTime',
  kind: {
    at: '/Operation',
    map: {
      'UserLog*': 'authentication',
      'File*': 'data_access',
      MailItemsAccessed: 'data_access',
      'Search*': 'data_access',
      '*Consent to application*': 'approval',
      '*': 'admin',
    },
  },
  agent: { id: ['/UserId', '/UserKey', '/Actor/0/ID'], name: '/UserId' },
  tenant: '/OrganizationId',
  session: { id: ['/AppAccessContext/AADSessionId', '/SessionId'] },
  trace: { requestId: ['/AppAccessContext/CorrelationId', '/InterSystemsId'] },
  action: { name: '/Operation', arguments: '/Parameters' },
  resource: { type: ['/ItemType', '/Workload'], id: '/ObjectId', server: '/Workload' },
  outcome: {
    status: [
      { at: '/ResultStatus', map: OUTCOME_BY_WORD },
      { when: ['/LogonError'], constant: 'failure' },
    ],
    errorType: '/LogonError',
  },
  clientIp: ['/ClientIP', '/ActorIpAddress'],
  attrs: { record_type: '/RecordType', user_type: '/UserType', application: '/ApplicationId' },
  setup: shippedWithVector(
    'microsoft365',
    'Subscribe with the Office 365 Management Activity API and fetch the content blobs.',
  ),
};

/** Who may sign in, and who did. */
export const IDENTITY_PROFILES: readonly ProfileDocument[] = [
  okta,
  auth0,
  oneLogin,
  duoAuthentication,
  duoAdministrator,
  entra,
  microsoft365,
];
