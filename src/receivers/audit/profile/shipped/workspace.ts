import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_ACTION, OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

const googleWorkspace: ProfileDocument = {
  profile: 'google-workspace',
  title: 'Google Workspace activity reports',
  recognise: { all: ['/id/applicationName'], any: ['/actor', '/kind', '/type', '/events'] },
  container: '/items',
  each: '/events',
  id: '/id/uniqueQualifier',
  time: ['/id/time', '/p_event_time'],
  kind: [
    {
      at: '/id/applicationName',
      map: {
        login: 'authentication',
        drive: 'data_access',
        gmail: 'data_access',
        chat: 'data_access',
      },
    },
    {
      when: [{ at: '/id/applicationName', is: ['token'] }],
      at: '/name',
      map: { authorize: 'token_issue', '*': 'token_use' },
    },
    {
      when: [{ at: '/id/applicationName', is: ['token'] }],
      at: '/@item/name',
      map: { authorize: 'token_issue', '*': 'token_use' },
    },
    { constant: 'admin' },
  ],
  agent: {
    id: ['/actor/profileId', '/actor/email', '/actor/key'],
    name: ['/actor/email', '/actor/key'],
  },
  tenant: ['/id/customerId', '/ownerDomain', { at: '/actor/email', by: '@', take: -1 }],
  action: { name: ['/@item/name', '/name', '/@item/type', '/type', '/id/applicationName'] },
  resource: {
    type: ['/parameters/doc_type', '/@item/type', '/type', '/id/applicationName'],
    id: [
      ...[
        '/parameters/doc_id',
        '/parameters/app_name',
        '/parameters/calendar_id',
        '/parameters/USER_EMAIL',
      ],
      ...['/parameters/device_id', '/parameters/APPLICATION_NAME', '/parameters/SETTING_NAME'],
      {
        find: {
          in: '/@item/parameters',
          key: '/name',
          is: ['doc_id', 'app_name', 'USER_EMAIL', 'SETTING_NAME'],
          value: '/value',
        },
      },
    ],
    server: '/id/applicationName',
  },
  outcome: {
    status: [
      {
        at: '/name',
        map: {
          '*fail*': 'failure',
          '*_blocked*': 'denied',
          'account_disabled*': 'denied',
          '*': 'success',
        },
      },
      {
        at: '/@item/name',
        map: {
          '*fail*': 'failure',
          '*_blocked*': 'denied',
          'account_disabled*': 'denied',
          '*': 'success',
        },
      },
    ],
  },
  clientIp: '/ipAddress',
  attrs: {
    caller_type: '/actor/callerType',
    visibility: '/parameters/visibility',
    login_type: '/parameters/login_type',
  },
  notes: 'Rules and some alerts have no event name; the application then names the action.',
  setup: shippedWithVector(
    'google-workspace',
    'Poll `GET /admin/reports/v1/activity/users/all/applications/{application}`.',
  ),
};

const slack: ProfileDocument = {
  profile: 'slack',
  title: 'Slack audit logs',
  recognise: { all: ['/action', '/actor/type', '/context'], none: ['/eventType'] },
  container: '/entries',
  id: '/id',
  time: ['/date_create', '/p_event_time'],
  kind: {
    at: '/action',
    map: {
      'user_log*': 'authentication',
      'user_session*': 'authentication',
      'app_approved*': 'approval',
      app_installed: 'token_issue',
      'app_token*': 'token_issue',
      'bot_token*': 'token_issue',
      'file_downloaded*': 'data_access',
      'file_uploaded*': 'data_access',
      'file_shared*': 'data_access',
      'user_channel_*': 'data_access',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/actor/user/id', '/actor/app/id', '/actor/workflow/id', '/actor/id'],
    name: ['/actor/user/email', '/actor/user/name', '/actor/app/name'],
  },
  tenant: ['/context/location/id', '/actor/user/team', '/context/location/domain'],
  session: { id: '/context/session_id' },
  action: { name: '/action' },
  resource: {
    type: '/entity/type',
    id: [
      ...['/entity/user/id', '/entity/workspace/id', '/entity/enterprise/id', '/entity/channel/id'],
      ...['/entity/file/id', '/entity/app/id', '/entity/workflow/id', '/entity/usergroup/id'],
    ],
  },
  scopes: { granted: ['/details/new_scopes', '/entity/app/scopes', '/details/scopes'] },
  outcome: {
    status: {
      at: '/action',
      map: {
        '*_failed': 'failure',
        '*restricted': 'denied',
        '*_blocked': 'denied',
        '*': 'success',
      },
    },
  },
  clientIp: '/context/ip_address',
  attrs: { reason: '/details/reason', user_agent: '/context/ua' },
  setup: shippedWithVector('slack', 'Poll `GET https://api.slack.com/audit/v1/logs`.'),
};

const notion: ProfileDocument = {
  profile: 'notion',
  title: 'Notion audit log',
  recognise: { all: ['/event/type', '/event/actor', '/event/workspace_id'] },
  id: '/event/id',
  time: ['/event/timestamp', '/p_event_time'],
  kind: {
    at: '/event/type',
    map: {
      'user.login': 'authentication',
      'user.logout': 'authentication',
      '*token_generated': 'token_issue',
      'page.viewed': 'data_access',
      '*exported': 'data_access',
      'page.*': 'data_access',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/event/actor/id', '/event/actor/person/email'],
    name: '/event/actor/person/email',
  },
  tenant: '/event/workspace_id',
  action: { name: '/event/type', arguments: '/event/details' },
  resource: {
    id: ['/event/details/target/page_id', '/event/details/page_name', '/event/details/target/id'],
    type: '/event/details/target/type',
  },
  outcome: { status: { constant: 'success' } },
  clientIp: '/event/ip_address',
  attrs: { platform: '/event/platform', actor_type: '/event/actor/type' },
  setup:
    'Notion, Settings, Security, Audit log, SIEM webhook: `https://tripcoil.example.com/v1/audit/notion` with the header `Authorization: Bearer TOKEN`.',
};

const asana: ProfileDocument = {
  profile: 'asana',
  title: 'Asana audit log events',
  recognise: { all: ['/event_type', '/actor/actor_type', '/context'] },
  container: '/data',
  id: '/gid',
  time: ['/created_at', '/p_event_time'],
  kind: {
    at: '/event_type',
    map: {
      ...KIND_BY_ACTION,
      'user_login*': 'authentication',
      '*_exported': 'data_access',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/actor/gid', '/actor/email', '/actor/name'],
    name: ['/actor/email', '/actor/name'],
  },
  tenant: [
    '/workspace/gid',
    {
      when: [{ at: '/resource/resource_type', is: ['workspace', 'organization'] }],
      at: '/resource/gid',
    },
  ],
  action: { name: '/event_type', arguments: '/details' },
  resource: { type: '/resource/resource_type', id: '/resource/gid' },
  outcome: {
    status: {
      at: '/event_type',
      map: { '*failed': 'failure', '*denied': 'denied', '*': 'success' },
    },
  },
  clientIp: '/context/client_ip_address',
  attrs: {
    category: '/event_category',
    context: '/context/context_type',
    actor_type: '/actor/actor_type',
  },
  notes:
    'The workspace stands in the address that is polled, not in the record, unless it is the resource.',
  setup: shippedWithVector(
    'asana',
    'Poll `GET https://app.asana.com/api/1.0/workspaces/{gid}/audit_log_events`.',
  ),
};

const box: ProfileDocument = {
  profile: 'box',
  title: 'Box enterprise events',
  recognise: { all: ['/event_type', { at: '/type', is: ['event'] }] },
  container: '/entries',
  id: '/event_id',
  time: ['/created_at', '/p_event_time'],
  kind: {
    at: '/event_type',
    map: {
      '*LOGIN*': 'authentication',
      DEVICE_TRUST_CHECK_FAILED: 'authentication',
      APPLICATION_CREATED: 'token_issue',
      DOWNLOAD: 'data_access',
      UPLOAD: 'data_access',
      PREVIEW: 'data_access',
      DELETE: 'data_access',
      'ITEM_*': 'data_access',
      '*SHARE*': 'data_access',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/created_by/id', '/created_by/login'],
    name: ['/created_by/login', '/created_by/name'],
  },
  tenant: ['/enterprise_id', '/created_by/enterprise/id', '/source/enterprise/id'],
  session: { id: '/session_id' },
  action: { name: '/event_type' },
  resource: {
    type: ['/source/type', '/source/item_type'],
    id: ['/source/id', '/source/item_id', '/source/folder_id', '/source/file_id'],
  },
  outcome: {
    status: {
      at: '/event_type',
      map: { '*FAILED*': 'denied', '*DENIED*': 'denied', '*': 'success' },
    },
  },
  clientIp: '/ip_address',
  notes: 'Events name the enterprise only where the stream is asked for it.',
  setup: shippedWithVector(
    'box',
    'Poll `GET https://api.box.com/2.0/events?stream_type=admin_logs_streaming`.',
  ),
};

const dropbox: ProfileDocument = {
  profile: 'dropbox',
  title: 'Dropbox team events',
  recognise: { all: ['/event_type', '/actor', '/involve_non_team_member'] },
  container: '/events',
  time: ['/timestamp', '/p_event_time'],
  kind: [
    {
      at: '/event_type/_tag',
      map: {
        'sign_in*': 'authentication',
        '*login*': 'authentication',
        'app_link*': 'token_issue',
        'file_*': 'data_access',
        'shared_*': 'data_access',
      },
    },
    {
      at: '/event_type/.tag',
      map: {
        'sign_in*': 'authentication',
        '*login*': 'authentication',
        'app_link*': 'token_issue',
        'file_*': 'data_access',
        'shared_*': 'data_access',
      },
    },
    { constant: 'admin' },
  ],
  agent: {
    id: [
      '/actor/user/account_id',
      '/actor/admin/account_id',
      '/actor/app/app_id',
      '/actor/user/email',
      '/actor/admin/email',
      '/actor/reseller/reseller_id',
    ],
    name: ['/actor/user/email', '/actor/admin/email', '/actor/app/display_name'],
  },
  tenant: [
    '/team_id',
    '/context/team_id',
    { at: '/actor/user/email', by: '@', take: -1 },
    { at: '/actor/admin/email', by: '@', take: -1 },
  ],
  session: {
    id: [
      '/origin/access_method/end_user/session_id',
      '/origin/access_method/sign_in_as/session_id',
    ],
  },
  action: { name: ['/event_type/_tag', '/event_type/.tag'] },
  resource: {
    type: ['/assets/0/.tag', '/assets/0/_tag'],
    id: ['/assets/0/file_id', '/assets/0/path/contextual', '/assets/0/display_name'],
  },
  outcome: {
    status: [
      { at: '/event_type/_tag', map: { '*fail*': 'failure', '*': 'success' } },
      { at: '/event_type/.tag', map: { '*fail*': 'failure', '*': 'success' } },
    ],
  },
  clientIp: '/origin/geo_location/ip_address',
  attrs: { outside_team: '/involve_non_team_member' },
  notes: 'The record names no team; the domain of the actor stands in for it.',
  setup: shippedWithVector(
    'dropbox',
    'Poll `POST https://api.dropboxapi.com/2/team_log/get_events`.',
  ),
};

const zoom: ProfileDocument = {
  profile: 'zoom',
  title: 'Zoom operation logs',
  recognise: { all: ['/operator', '/category_type'] },
  container: '/operation_logs',
  time: ['/time', '/p_event_time'],
  kind: { constant: 'admin' },
  agent: { id: '/operator' },
  tenant: ['/account_id', { at: '/operator', by: '@', take: -1 }],
  action: { name: [{ join: ['/action', '/category_type'], by: ' ' }] },
  resource: { type: '/category_type' },
  outcome: { status: { constant: 'success' } },
  notes: 'The record names no account; the domain of the operator stands in for it.',
  setup: shippedWithVector('zoom', 'Poll `GET https://api.zoom.us/v2/report/operationlogs`.'),
};

const zendesk: ProfileDocument = {
  profile: 'zendesk',
  title: "Zendesk audit logs (also of Atlassian's older shape)",
  recognise: { all: ['/actor_id', '/action_label', '/source_type'] },
  container: '/audit_logs',
  id: '/id',
  time: '/created_at',
  kind: [
    {
      when: [{ at: '/source_type', is: ['api_token'] }],
      at: '/action',
      map: { create: 'token_issue' },
    },
    { at: '/action', map: { login: 'authentication', exported: 'data_access', '*': 'admin' } },
  ],
  agent: { id: '/actor_id', name: '/actor_name' },
  tenant: { at: '/url', by: '/', take: 2 },
  action: { name: [{ join: ['/action', '/source_type'], by: ' ' }] },
  resource: { type: '/source_type', id: '/source_id' },
  outcome: { status: { constant: 'success' } },
  clientIp: '/ip_address',
  setup: shippedWithVector('zendesk', 'Poll `GET https://DOMAIN.zendesk.com/api/v2/audit_logs`.'),
};

const atlassian: ProfileDocument = {
  profile: 'atlassian',
  title: 'Atlassian organisation audit log',
  recognise: { all: ['/attributes/action', '/attributes/actor'] },
  container: '/data',
  id: '/id',
  time: '/attributes/time',
  kind: { at: '/attributes/action', map: { ...KIND_BY_ACTION, '*': 'admin' } },
  agent: {
    id: ['/attributes/actor/id', '/attributes/actor/email', '/attributes/actor/name'],
    name: ['/attributes/actor/email', '/attributes/actor/name'],
  },
  tenant: ['/attributes/container/0/id', { at: '/links/self', by: '/', take: 6 }],
  action: { name: '/attributes/action' },
  resource: { type: '/attributes/context/0/type', id: ['/attributes/context/0/id'] },
  outcome: { status: { constant: 'success' } },
  clientIp: '/attributes/location/ip',
  setup: shippedWithVector(
    'atlassian',
    'Poll `GET https://api.atlassian.com/admin/v1/orgs/{orgId}/events`.',
  ),
};

const docusign: ProfileDocument = {
  profile: 'docusign',
  title: 'DocuSign Connect events',
  recognise: { all: ['/event', '/configurationId', '/data/accountId'] },
  id: { join: ['/data/envelopeId', '/data/recipientId', '/event', '/generatedDateTime'], by: ':' },
  time: '/generatedDateTime',
  kind: {
    at: '/event',
    map: {
      '*completed': 'approval',
      '*declined': 'approval',
      '*auth*': 'authentication',
      '*': 'data_access',
    },
  },
  agent: {
    id: ['/data/userId', '/data/email', '/data/senderEmail', '/data/envelopeSummary/sender/userId'],
    name: ['/data/email', '/data/name'],
  },
  tenant: '/data/accountId',
  action: { name: '/event' },
  resource: { type: { constant: 'envelope' }, id: '/data/envelopeId' },
  approval: {
    status: { at: '/event', map: { '*completed': 'approved', '*declined': 'denied' } },
    id: '/data/envelopeId',
    approver: { when: [{ at: '/event', is: ['*completed', '*declined'] }], at: '/data/userId' },
  },
  outcome: {
    status: {
      at: '/event',
      map: { '*declined': 'denied', '*fail*': 'failure', '*voided': 'cancelled', '*': 'success' },
    },
  },
  setup:
    'DocuSign administration, Connect, Add configuration, Custom: URL `https://tripcoil.example.com/v1/audit/docusign`, data format REST v2.1 JSON. Connect cannot set headers, so a proxy adds `Authorization: Bearer TOKEN`.',
};

const salesforce: ProfileDocument = {
  profile: 'salesforce',
  title: 'Salesforce event log files and real-time events',
  recognise: { all: ['/EVENT_TYPE', '/ORGANIZATION_ID'] },
  id: ['/EVENT_IDENTIFIER', '/REQUEST_ID'],
  time: ['/TIMESTAMP_DERIVED', '/EVENT_DATE', '/TIMESTAMP', '/p_event_time'],
  kind: {
    at: '/EVENT_TYPE',
    map: {
      'Log*': 'authentication',
      'OAuthToken*': 'token_use',
      'API*': 'data_access',
      'Api*': 'data_access',
      'Report*': 'data_access',
      'BulkApi*': 'data_access',
      URI: 'data_access',
      RestApi: 'data_access',
      'ConnectedApp*': 'token_use',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/USER_ID_DERIVED', '/USER_ID', '/USER_NAME'],
    name: ['/USER_NAME', '/CONNECTED_APP_NAME'],
  },
  principal: { sub: '/DELEGATED_USER_ID' },
  tenant: '/ORGANIZATION_ID',
  session: { id: ['/SESSION_KEY', '/LOGIN_KEY'] },
  trace: { requestId: '/REQUEST_ID' },
  action: { name: ['/EVENT_TYPE'] },
  resource: {
    type: ['/ENTITY_NAME', '/CONNECTED_APP_NAME'],
    id: ['/URI', '/JOB_ID', '/CONNECTED_APP_ID', '/QUERIED_ENTITIES'],
  },
  volume: { records: ['/ROWS_PROCESSED', '/RECORDS_PROCESSED', '/NUMBER_OF_RECORDS'] },
  outcome: {
    status: [
      { at: '/LOGIN_STATUS', map: { LOGIN_NO_ERROR: 'success', '*': 'failure' } },
      {
        at: '/REQUEST_STATUS',
        map: { S: 'success', F: 'failure', U: 'failure', A: 'denied', ...OUTCOME_BY_WORD },
      },
      { at: '/STATUS', map: OUTCOME_BY_WORD },
      { at: '/EVENT_TYPE', map: { '*Failed*': 'failure' } },
    ],
    errorType: { at: '/LOGIN_STATUS', map: { LOGIN_NO_ERROR: '', '*': 'login_error' } },
  },
  latencyMs: '/RUN_TIME',
  clientIp: ['/CLIENT_IP', '/SOURCE_IP'],
  attrs: { user_type: '/USER_TYPE', api_version: '/API_VERSION' },
  setup: shippedWithVector(
    'salesforce',
    'Fetch `EventLogFile` with the REST API and turn the CSV to JSON, or subscribe to `/event/*EventStore` by Pub/Sub API.',
  ),
};

const tines: ProfileDocument = {
  profile: 'tines',
  title: 'Tines audit logs',
  recognise: { all: ['/operation_name', '/user_id', '/tenant_id'] },
  container: '/audit_logs',
  id: '/id',
  time: '/created_at',
  kind: {
    at: '/operation_name',
    map: {
      '*Login*': 'authentication',
      '*TokenCreat*': 'token_issue',
      '*CredentialCreat*': 'token_issue',
      '*': 'admin',
    },
  },
  agent: { id: ['/user_id', '/user_email'], name: ['/user_email', '/user_name'] },
  tenant: '/tenant_id',
  action: { name: '/operation_name', arguments: '/inputs' },
  resource: { type: { constant: 'tines' }, id: ['/inputs/inputs/id', '/inputs/id', '/story_id'] },
  outcome: { status: { constant: 'success' } },
  clientIp: '/request_ip',
  attrs: { user_agent: '/request_user_agent' },
  setup: shippedWithVector('tines', 'Poll `GET https://TENANT.tines.com/api/v1/audit_logs`.'),
};

const onePassword: ProfileDocument = {
  profile: 'onepassword',
  title: '1Password events: item usage, sign-in attempts, audit',
  recognise: { all: ['/uuid', '/timestamp'], any: ['/item_uuid', '/target_user', '/actor_uuid'] },
  container: '/items',
  id: '/uuid',
  time: '/timestamp',
  kind: [
    { when: ['/item_uuid'], constant: 'data_access' },
    { when: ['/target_user'], constant: 'authentication' },
    { constant: 'admin' },
  ],
  agent: {
    id: ['/user/uuid', '/target_user/uuid', '/actor_uuid', '/user/email', '/target_user/email'],
    name: ['/user/email', '/target_user/email', '/actor_details/email'],
  },
  tenant: ['/account_uuid'],
  session: { id: ['/session_uuid', '/session/uuid'] },
  action: {
    name: ['/action', '/type', { constant: 'item_usage' }],
    op: [{ when: ['/item_uuid'], constant: 'read' }],
  },
  resource: {
    type: [{ constant: 'vault_item', when: ['/item_uuid'] }, '/object_type'],
    id: [{ join: ['/vault_uuid', '/item_uuid'], by: '/', when: ['/item_uuid'] }, '/object_uuid'],
  },
  outcome: {
    status: [
      {
        at: '/category',
        map: { success: 'success', '*_failed': 'failure', 'firewall_*': 'denied', '*': 'failure' },
      },
      { constant: 'success' },
    ],
  },
  clientIp: ['/client/ip_address', '/session/ip'],
  attrs: { country: '/country', client: '/client/app_name' },
  notes: 'The record names no account: each Events API token belongs to one.',
  setup: shippedWithVector(
    'onepassword',
    'Poll `POST https://events.1password.com/api/v2/itemusages`, `/signinattempts` and `/auditevents`.',
  ),
};

const gitHubAudit: ProfileDocument = {
  profile: 'github-audit',
  title: 'GitHub audit log',
  recognise: {
    all: [{ at: '/action', is: ['*.*', 'invite_member'] }],
    any: ['/actor', '/org', '/business', '/_document_id'],
    none: ['/repository/full_name', '/actor/type', '/event_type', '/category_type'],
  },
  id: '/_document_id',
  time: ['/@timestamp', '/created_at', '/p_event_time'],
  kind: {
    at: '/action',
    map: {
      '*.login': 'authentication',
      '*.sso_response': 'authentication',
      'personal_access_token.request_*': 'approval',
      'personal_access_token.*grant*': 'token_issue',
      'personal_access_token.create': 'token_issue',
      'oauth_access.create': 'token_issue',
      'oauth_authorization.create': 'token_issue',
      'integration_installation.create': 'token_issue',
      'git.*': 'data_access',
      'repo.download_zip': 'data_access',
      '*': 'admin',
    },
  },
  agent: { id: ['/actor', '/programmatic_access_type', '/actor_id'] },
  tenant: [
    '/org',
    '/business',
    { at: '/repo', by: '/', take: 0 },
    { at: '/repository', by: '/', take: 0 },
  ],
  trace: { requestId: ['/request_id', '/external_identity_nameid'] },
  action: {
    name: '/action',
    op: {
      at: '/action',
      map: {
        'git.clone': 'read',
        'git.fetch': 'read',
        'git.push': 'write',
        '*.destroy': 'delete',
        '*.remove*': 'delete',
        '*.create': 'write',
        '*.disable*': 'admin',
        '*.enable*': 'admin',
        '*.access': 'admin',
      },
    },
  },
  resource: {
    type: { at: '/action', by: '.', take: 0 },
    id: ['/repo', '/repository', '/team', '/user', '/ruleset_name', '/hook_id'],
  },
  outcome: {
    status: {
      at: '/action',
      map: {
        '*fail*': 'failure',
        '*.blocked': 'denied',
        '*deny*': 'denied',
        '*denied*': 'denied',
        '*': 'success',
      },
    },
  },
  token: { jti: '/token_id' },
  clientIp: ['/actor_ip'],
  scopes: { granted: '/token_scopes' },
  attrs: {
    programmatic_access: '/programmatic_access_type',
    actor_is_bot: '/actor_is_bot',
    user_agent: '/user_agent',
    hashed_token: '/hashed_token',
  },
  setup: shippedWithVector(
    'github-audit',
    'Stream the enterprise audit log to a bucket or Event Hubs (Settings, Audit log, Log streaming), or poll `GET /orgs/{org}/audit-log`.',
  ),
  notes: '`git.*` events of a deploy key name the key through `programmatic_access_type` only.',
};

const gitHubWebhook: ProfileDocument = {
  profile: 'github-webhook',
  title: 'GitHub webhooks',
  recognise: { all: ['/repository/full_name'], none: ['/event_type', '/protoPayload'] },
  id: ['/delivery', '/deployment/id'],
  time: [
    ...[
      '/head_commit/timestamp',
      '/comment/updated_at',
      '/review/submitted_at',
      '/issue/updated_at',
    ],
    ...[
      '/pull_request/updated_at',
      '/workflow_run/updated_at',
      '/workflow_job/completed_at',
      '/workflow_job/started_at',
    ],
    ...['/commits/0/timestamp', '/p_event_time'],
  ],
  kind: [
    { at: '/review/state', map: { approved: 'approval', changes_requested: 'approval' } },
    { when: ['/workflow_run'], constant: 'agent_run' },
    { when: ['/workflow_job'], constant: 'tool_call' },
    { constant: 'data_access' },
  ],
  agent: {
    id: [
      ...[
        '/sender/login',
        '/pusher/name',
        '/workflow_run/actor/login',
        '/comment/user/login',
        '/review/user/login',
      ],
      ...['/issue/user/login', '/pull_request/user/login', '/head_commit/author/username'],
      ...['/head_commit/author/name', '/commits/0/author/name', '/pages/0/sender/login'],
    ],
  },
  tenant: [
    '/organization/login',
    '/repository/owner/login',
    { at: '/repository/full_name', by: '/', take: 0 },
  ],
  action: {
    name: [
      { when: ['/workflow_run'], join: ['/workflow_run/event', '/action'], by: ' ' },
      { when: ['/workflow_job'], join: ['/workflow_job/name', '/action'], by: ' ' },
      '/action',
      { when: ['/commits'], constant: 'push' },
      { when: ['/ref'], constant: 'push' },
      { when: ['/pages'], constant: 'gollum' },
      { constant: 'event' },
    ],
  },
  resource: { type: { constant: 'repository' }, id: '/repository/full_name' },
  approval: { status: '/review/state', id: '/review/id', approver: '/review/user/login' },
  outcome: {
    status: [
      { at: '/workflow_run/conclusion', map: { ...OUTCOME_BY_WORD, timed_out: 'timeout' } },
      { at: '/workflow_job/conclusion', map: { ...OUTCOME_BY_WORD, timed_out: 'timeout' } },
      { constant: 'success' },
    ],
  },
  attrs: { ref: '/ref', sender_type: '/sender/type' },
  notes:
    'GitHub always sends `sender`; records cut down to a part of the payload name no actor. Most webhooks state no time of their own, so the time of receipt stands in.',
  setup:
    'Repository or organisation, Settings, Webhooks: payload URL `https://tripcoil.example.com/v1/audit/github-webhook`, content type `application/json`. GitHub cannot set an Authorization header, so a proxy checks `X-Hub-Signature-256` and adds it.',
};

/** Where people and agents work: documents, code, chat, tickets. */
export const WORKSPACE_PROFILES: readonly ProfileDocument[] = [
  googleWorkspace,
  slack,
  notion,
  asana,
  box,
  dropbox,
  zoom,
  zendesk,
  atlassian,
  docusign,
  salesforce,
  tines,
  onePassword,
  gitHubAudit,
  gitHubWebhook,
];
