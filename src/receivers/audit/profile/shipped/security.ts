import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_ACTION, OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

const wiz: ProfileDocument = {
  profile: 'wiz',
  title: 'Wiz audit log',
  recognise: {
    all: ['/action', '/status', '/timestamp'],
    any: ['/user/id', '/user/name', '/serviceAccount/id', '/serviceAccount/name'],
    none: ['/eventType'],
  },
  id: '/id',
  time: '/timestamp',
  kind: {
    at: '/action',
    map: {
      Login: 'authentication',
      '*Login*Settings': 'admin',
      'Create*ServiceAccount': 'token_issue',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/serviceAccount/id', '/user/id', '/serviceAccount/name', '/user/name'],
    name: ['/serviceAccount/name', '/user/name'],
  },
  tenant: ['/tenantId'],
  trace: { requestId: '/requestId' },
  action: { name: '/action', arguments: '/actionParameters/input' },
  resource: { id: ['/actionParameters/input/id', '/actionParameters/input/name'] },
  decision: { verdict: { at: '/status', map: { ACCESS_DENIED: 'deny' } } },
  outcome: { status: { at: '/status', map: { ACCESS_DENIED: 'denied', ...OUTCOME_BY_WORD } } },
  clientIp: '/sourceIP',
  attrs: { user_agent: '/userAgent' },
  notes: 'The record names no tenant; the service account that reads the log belongs to one.',
  setup: shippedWithVector('wiz', 'Poll the GraphQL query `auditLogEntries`.'),
};

const snyk: ProfileDocument = {
  profile: 'snyk',
  title: 'Snyk group and organisation audit log',
  recognise: { all: [{ at: '/event', is: ['*.*'] }, '/created'], any: ['/groupId', '/orgId'] },
  time: '/created',
  kind: {
    at: '/event',
    map: {
      '*service_account.create': 'token_issue',
      'api.access': 'data_access',
      'user.logged_in': 'authentication',
      '*': 'admin',
    },
  },
  agent: { id: '/userId' },
  tenant: ['/groupId', '/orgId'],
  action: { name: '/event', arguments: '/content' },
  resource: {
    type: { at: '/event', by: '.', take: 1 },
    id: ['/projectId', '/content/serviceAccountPublicId', '/orgId'],
  },
  outcome: { status: { constant: 'success' } },
  notes: 'Events of a service account or of Snyk itself have no `userId` and name no actor.',
  setup: shippedWithVector('snyk', 'Poll `GET /rest/groups/{id}/audit_logs/search`.'),
};

const zscaler: ProfileDocument = {
  profile: 'zscaler',
  title: 'Zscaler ZIA admin audit log',
  recognise: { all: ['/event/adminid', '/event/action'] },
  id: '/event/recordid',
  time: ['/event/time', '/event/timestamp'],
  kind: {
    at: '/event/action',
    map: { 'SIGN_IN*': 'authentication', SIGN_OUT: 'authentication', '*': 'admin' },
  },
  agent: { id: '/event/adminid' },
  tenant: { at: '/event/adminid', by: '@', take: -1 },
  action: { name: [{ join: ['/event/action', '/event/category'], by: ' ' }] },
  resource: {
    type: ['/event/subcategory', '/event/category'],
    id: ['/event/resource', '/event/postaction/id', '/event/postaction/name'],
  },
  outcome: {
    status: { at: '/event/result', map: OUTCOME_BY_WORD },
    errorType: { at: '/event/errorcode', map: { None: '', '*': 'error' } },
  },
  clientIp: '/event/clientip',
  attrs: { interface: '/event/interface' },
  notes: 'The tenant is the domain of the administrator, as Zscaler names it.',
  setup:
    'Zscaler NSS cloud feed: `https://tripcoil.example.com/v1/audit/zscaler`, JSON, header `Authorization: Bearer TOKEN`.',
};

const netskope: ProfileDocument = {
  profile: 'netskope',
  title: 'Netskope audit events',
  recognise: { all: ['/audit_log_event', '/user'] },
  container: '/result',
  id: '/_id',
  time: ['/timestamp', '/_insertion_epoch_timestamp'],
  kind: {
    at: '/audit_log_event',
    map: {
      '*Login*': 'authentication',
      '*Logout*': 'authentication',
      '*API*Call*': 'data_access',
      '*': 'admin',
    },
  },
  agent: { id: '/user', name: '/ur_normalized' },
  tenant: ['/tenant_id', '/organization_unit'],
  action: { name: '/audit_log_event', arguments: '/supporting_data' },
  outcome: { status: { at: '/audit_log_event', map: { '*Fail*': 'failure', '*': 'success' } } },
  notes: 'The record names no tenant unless an organisation unit is set.',
  setup: shippedWithVector('netskope', 'Poll `GET /api/v2/events/dataexport/events/audit`.'),
};

const carbonBlack: ProfileDocument = {
  profile: 'carbonblack-audit',
  title: 'Carbon Black Cloud audit log',
  recognise: { all: ['/eventId', '/loginName', '/orgName'] },
  container: '/notifications',
  id: '/eventId',
  time: '/eventTime',
  kind: {
    at: '/description',
    map: {
      'Logged in*': 'authentication',
      '*login*': 'authentication',
      'Created API*': 'token_issue',
      'Added API*': 'token_issue',
      '*': 'admin',
    },
  },
  agent: { id: '/loginName' },
  tenant: '/orgName',
  action: {
    name: {
      at: '/description',
      map: {
        'Logged in*': 'login',
        '*login*': 'login',
        'Updated*': 'update',
        'Created*': 'create',
        'Deleted*': 'delete',
        'Added*': 'add',
        'Removed*': 'remove',
        '*': 'event',
      },
    },
  },
  resource: { id: { at: '/requestUrl', by: '?', take: 0 } },
  outcome: { status: { at: '/description', map: { '*fail*': 'failure', '*': 'success' } } },
  clientIp: '/clientIp',
  attrs: { description: '/description', flagged: '/flagged' },
  setup: shippedWithVector('carbonblack-audit', 'Poll `GET /integrationServices/v3/auditlogs`.'),
};

const crowdStrikeAudit: ProfileDocument = {
  profile: 'crowdstrike-events',
  title: 'CrowdStrike event streams (audit)',
  recognise: {
    all: ['/metadata/eventType', '/event'],
    any: ['/event/OperationName', '/event/UserId', '/event/UserName'],
  },
  id: {
    join: ['/metadata/customerIDString', '/metadata/offset'],
    by: ':',
    when: ['/metadata/offset'],
  },
  time: ['/event/UTCTimestamp', '/metadata/eventCreationTime', '/p_event_time'],
  kind: {
    at: '/event/OperationName',
    map: {
      '*Auth*': 'authentication',
      '*login*': 'authentication',
      CreateAPIClient: 'token_issue',
      '*': 'admin',
    },
  },
  agent: { id: ['/event/UserId', '/event/UserName', '/event/UserPrincipal'] },
  tenant: ['/metadata/customerIDString', '/event/CustomerIdString'],
  session: { id: '/event/SessionId' },
  action: { name: ['/event/OperationName', '/metadata/eventType'] },
  resource: {
    type: '/event/ServiceName',
    id: ['/event/AgentIdString', '/event/HostnameField'],
    server: '/event/ServiceName',
  },
  outcome: { status: { at: '/event/Success', map: OUTCOME_BY_WORD } },
  clientIp: ['/event/UserIp', '/event/LocalIP'],
  notes: 'Detections name a process, not an actor, unless a user was logged on.',
  setup: shippedWithVector(
    'crowdstrike-events',
    'Read the event stream (`/sensors/entities/datafeed/v2`) with the Falcon SIEM connector as JSON.',
  ),
};

/** Endpoint telemetry: what a process did under which user of which host. */
const crowdStrikeFdr: ProfileDocument = {
  profile: 'crowdstrike-fdr',
  title: 'CrowdStrike Falcon Data Replicator',
  recognise: {
    all: ['/aid', '/cid'],
    any: ['/fdr_event_type', '/event_simpleName', '/event/event_simpleName'],
    none: ['/metadata/eventType'],
  },
  id: ['/id', '/event/id'],
  time: ['/timestamp', '/event/timestamp', '/p_event_time'],
  kind: {
    at: '/fdr_event_type',
    map: {
      'UserLogon*': 'authentication',
      ProcessRollup2: 'tool_call',
      '*SessionStart*': 'authentication',
      '*': 'data_access',
    },
  },
  agent: {
    id: [
      '/event/UserSid',
      '/event/UserPrincipal',
      '/event/UserName',
      '/event/UID',
      '/UserSid',
      '/aid',
    ],
    name: ['/event/UserName', '/event/UserPrincipal'],
  },
  tenant: '/cid',
  action: {
    name: ['/fdr_event_type', '/event_simpleName', '/event/event_simpleName'],
    op: { at: '/fdr_event_type', map: { ProcessRollup2: 'execute', DnsRequest: 'read' } },
  },
  resource: {
    type: { constant: 'host' },
    id: '/aid',
    server: ['/event/ComputerName', '/event/Hostname', '/event/HostnameField'],
  },
  clientIp: ['/aip', '/event/aip'],
  attrs: {
    image: '/event/ImageFileName',
    domain: '/event/DomainName',
    platform: '/event_platform',
  },
  notes:
    'Without a user the sensor (`aid`) of the acting host stands in for the actor. Command lines may hold secrets and are not kept.',
  setup: shippedWithVector('crowdstrike-fdr', "Read the FDR bucket with Vector's `aws_s3` source."),
};

const sentinelOne: ProfileDocument = {
  profile: 'sentinelone',
  title: 'SentinelOne activities',
  recognise: { all: ['/activityType', '/accountId', '/primaryDescription'] },
  container: '/data',
  id: ['/id', '/activityUuid'],
  time: ['/createdAt'],
  kind: {
    at: '/activityType',
    map: {
      '27': 'authentication',
      '33': 'authentication',
      '133': 'authentication',
      '67': 'authentication',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/userId', '/data/userid', '/data/userId', '/data/username', '/agentId'],
    name: ['/data/username', '/data/fullname', '/data/computername'],
  },
  tenant: '/accountId',
  action: { name: '/activityType' },
  resource: { type: { constant: 'endpoint' }, id: ['/agentId', '/threatId', '/siteId'] },
  attrs: { site: '/siteName', group: '/groupName' },
  notes:
    'Activity types are numbers. Without a user the endpoint (`agentId`) stands in for the actor.',
  setup: shippedWithVector('sentinelone', 'Poll `GET /web/api/v2.1/activities`.'),
};

const panther: ProfileDocument = {
  profile: 'panther',
  title: 'Panther audit log',
  recognise: { all: ['/actionName', '/actionResult', '/actor'] },
  time: ['/timestamp', '/p_event_time'],
  kind: {
    at: '/actionName',
    map: {
      SIGN_IN: 'authentication',
      CREATE_API_TOKEN: 'token_issue',
      'GET_*': 'data_access',
      'LIST_*': 'data_access',
      'EXECUTE_*': 'data_access',
      '*': 'admin',
    },
  },
  agent: { id: ['/actor/id', '/actor/name'], name: ['/actor/attributes/email', '/actor/name'] },
  tenant: ['/p_source_label'],
  action: { name: '/actionName', arguments: '/actionParams' },
  outcome: {
    status: {
      at: '/actionResult',
      map: { 'SUCC*': 'success', PARTIALLY_FAILED: 'failure', 'FAIL*': 'failure' },
    },
  },
  clientIp: '/sourceIP',
  attrs: { actor_type: '/actor/type', user_agent: '/userAgent' },
  notes:
    'One Panther instance is one tenant; only the source label of a collected record tells them apart.',
  setup: shippedWithVector(
    'panther',
    "Settings, General, Enable audit logs; read the log source's bucket.",
  ),
};

const sublime: ProfileDocument = {
  profile: 'sublime',
  title: 'Sublime Security audit log',
  recognise: { all: ['/created_by/id', '/type', '/data/request'] },
  id: '/id',
  time: '/created_at',
  kind: { at: '/type', map: { ...KIND_BY_ACTION, '*': 'admin' } },
  agent: { id: '/created_by/id', name: '/created_by/email_address' },
  tenant: { at: '/created_by/email_address', by: '@', take: -1 },
  trace: { requestId: '/data/request/id' },
  action: { name: '/type' },
  resource: { id: '/data/request/path' },
  outcome: { status: { constant: 'success' } },
  clientIp: '/data/request/ip',
  attrs: {
    user_agent: '/data/request/user_agent',
    authentication: '/data/request/authentication_method',
  },
  notes: 'The record names no organisation; the domain of the actor stands in for it.',
  setup: shippedWithVector('sublime', 'Manage, Export audit logs, to a bucket.'),
};

const axonius: ProfileDocument = {
  profile: 'axonius',
  title: 'Axonius activity log',
  recognise: { all: [{ at: '/source', is: ['axonius'] }, '/event/action'] },
  time: '/time',
  kind: { at: '/event/action', map: { '*Login*': 'authentication', '*': 'admin' } },
  agent: { id: ['/event/user', '/event/params/user_name'] },
  tenant: { at: '/event/user', by: '@', take: -1 },
  action: { name: '/event/action', arguments: '/event/params' },
  resource: { type: '/event/category' },
  outcome: { status: { at: '/event/params/status', map: OUTCOME_BY_WORD } },
  clientIp: '/event/params/ip',
  notes: 'The record names no tenant; the domain of the user stands in for it.',
  setup: shippedWithVector('axonius', 'Settings, Syslog or HTTPS logging, JSON.'),
};

const pushActivity: ProfileDocument = {
  profile: 'push',
  title: 'Push Security activity and entity events',
  recognise: {
    all: ['/object', '/new', '/id'],
    any: ['/new/employee', '/new/employeeId', '/new/email'],
  },
  id: '/id',
  time: '/timestamp',
  kind: { at: '/object', map: { LOGIN: 'authentication', '*': 'admin' } },
  agent: {
    id: ['/new/employee/id', '/new/employeeId', '/new/id', '/new/email'],
    name: ['/new/employee/email', '/new/email'],
  },
  tenant: [
    { at: '/new/employee/email', by: '@', take: -1 },
    { at: '/new/email', by: '@', take: -1 },
  ],
  action: { name: [{ join: ['/object', '/type'], by: ' ' }] },
  resource: { type: ['/new/appType', '/object'], id: ['/new/appId', '/new/accountId', '/new/id'] },
  outcome: {
    status: { at: '/new/action', map: { BLOCK: 'denied', BLOCKED: 'denied', '*': 'success' } },
  },
  clientIp: '/new/sourceIpAddress',
  attrs: { browser: '/new/browser', action: '/new/action' },
  notes: 'The record names no tenant; the domain of the employee stands in for it.',
  setup:
    'Push, Settings, Webhooks: `https://tripcoil.example.com/v1/audit/push`; a proxy checks `X-Signature` and adds `Authorization: Bearer TOKEN`.',
};

const intune: ProfileDocument = {
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
    'Intune, Reports, Diagnostics settings: stream `AuditLogs` to an event hub and read it as in [azure-apim](azure-apim.md), to `/v1/audit/intune`.',
};

const windows: ProfileDocument = {
  profile: 'windows',
  title: 'Windows security event log as JSON',
  recognise: { all: ['/EventID', '/ProviderName', '/Computer'] },
  id: { join: ['/Computer', '/EventRecordID'], by: ':' },
  time: ['/TimeCreated', '/p_event_time'],
  kind: {
    at: '/EventID',
    map: {
      '4624': 'authentication',
      '4625': 'authentication',
      '4634': 'authentication',
      '4648': 'authentication',
      '4688': 'tool_call',
      '4663': 'data_access',
      '476*': 'token_issue',
      '*': 'admin',
    },
  },
  agent: {
    id: [
      '/ExtraEventData/SubjectUserSid',
      '/UserID',
      '/ExtraEventData/SubjectUserName',
      '/ExtraEventData/TargetUserName',
    ],
    name: ['/ExtraEventData/SubjectUserName', '/ExtraEventData/TargetUserName'],
  },
  tenant: ['/ExtraEventData/SubjectDomainName', '/ExtraEventData/TargetDomainName'],
  session: { id: ['/ExtraEventData/SubjectLogonId', '/ExtraEventData/TargetLogonId'] },
  action: {
    name: ['/MessageTitle', '/EventID'],
    op: { at: '/EventID', map: { '4688': 'execute' } },
  },
  resource: {
    type: { constant: 'host' },
    id: ['/ExtraEventData/NewProcessName', '/ExtraEventData/ObjectName', '/Computer'],
    server: '/Computer',
  },
  outcome: {
    status: {
      at: '/EventID',
      map: { '4625': 'failure', '4771': 'failure', '4776': 'unknown', '*': 'success' },
    },
  },
  clientIp: '/ExtraEventData/IpAddress',
  attrs: { event_id: '/EventID', channel: '/Channel' },
  notes: 'Command lines may hold secrets and are not kept.',
  setup: shippedWithVector('windows', "Collect with Fluent Bit's `winevtlog` input."),
};

const appOmni: ProfileDocument = {
  profile: 'appomni',
  title: 'AppOmni audit and alert events',
  recognise: { all: ['/appomni/organization/id', '/event'] },
  id: ['/event/id', '/appomni/event/id'],
  time: ['/timestamp', '/@timestamp', '/event/created'],
  kind: { at: '/event/category/0', map: { authentication: 'authentication', '*': 'admin' } },
  agent: { id: ['/user/id', '/user/name', '/related/user/0', '/user/email'] },
  tenant: '/appomni/organization/id',
  action: { name: ['/event/action', '/rule/name'] },
  resource: {
    type: ['/appomni/service/type', '/related/services/type/0'],
    id: ['/appomni/service/id', '/related/services/id/0'],
  },
  outcome: { status: { at: '/event/outcome', map: OUTCOME_BY_WORD } },
  clientIp: ['/source/ip', '/related/ip/0'],
  attrs: { severity: '/event/severity' },
  notes: 'Background token refreshes name no user.',
  setup:
    'AppOmni, Settings, Alert destinations, HTTP: `https://tripcoil.example.com/v1/audit/appomni`, header `Authorization: Bearer TOKEN`.',
};

const proofpoint: ProfileDocument = {
  profile: 'proofpoint',
  title: 'Proofpoint TAP message events',
  recognise: { all: ['/messageID', '/messageTime', '/sender'] },
  id: ['/GUID', '/messageID'],
  time: '/messageTime',
  kind: { constant: 'data_access' },
  agent: { id: ['/sender', '/fromAddress/0', '/headerFrom'] },
  tenant: [
    { at: '/recipient/0', by: '@', take: -1 },
    { at: '/toAddresses/0', by: '@', take: -1 },
  ],
  action: { name: { constant: 'send_message' }, op: { constant: 'write' } },
  resource: { type: { constant: 'mailbox' }, id: ['/recipient/0', '/toAddresses/0'] },
  outcome: {
    status: [{ when: ['/quarantineFolder'], constant: 'denied' }, { constant: 'success' }],
  },
  decision: {
    verdict: [{ when: ['/quarantineFolder'], constant: 'deny' }],
    policyId: '/quarantineRule',
  },
  clientIp: '/senderIP',
  attrs: {
    quarantine: '/quarantineFolder',
    spam_score: '/spamScore',
    phish_score: '/phishScore',
    threat: '/threatsInfoMap/0/threatType',
  },
  notes: 'The actor is the sender of the message; the tenant is the domain of its first recipient.',
  setup: shippedWithVector(
    'proofpoint',
    'Poll `GET https://tap-api-v2.proofpoint.com/v2/siem/all?format=json`.',
  ),
};

/** Security products' own audit logs. */
export const SECURITY_PROFILES: readonly ProfileDocument[] = [
  wiz,
  snyk,
  zscaler,
  netskope,
  carbonBlack,
  crowdStrikeAudit,
  crowdStrikeFdr,
  sentinelOne,
  panther,
  sublime,
  axonius,
  pushActivity,
  intune,
  windows,
  appOmni,
  proofpoint,
];
