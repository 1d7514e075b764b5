import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_STATUS, OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

const googleCloud: ProfileDocument = {
  profile: 'gcp-audit',
  title: 'Google Cloud audit log',
  recognise: {
    all: ['/protoPayload'],
    any: [
      '/protoPayload/methodName',
      '/protoPayload/authenticationInfo',
      '/protoPayload/serviceName',
      '/protoPayload/authorizationInfo',
    ],
  },
  id: '/insertId',
  time: [
    '/timestamp',
    '/protoPayload/timestamp',
    '/protoPayload/requestMetadata/requestAttributes/time',
    '/receiveTimestamp',
    '/p_event_time',
  ],
  kind: [
    {
      at: '/protoPayload/methodName',
      map: {
        '*GenerateAccessToken': 'token_issue',
        '*GenerateIdToken': 'token_issue',
        '*SignJwt': 'token_issue',
        '*SignBlob': 'token_issue',
        '*CreateServiceAccountKey': 'token_issue',
        '*ExchangeToken': 'token_issue',
        '*login*': 'authentication',
        '*AuthorizeUser': 'authz_decision',
        '*Predict': 'model_call',
        '*GenerateContent': 'model_call',
      },
    },
    { at: '/logName', map: { '*data_access*': 'data_access' } },
    {
      at: '/protoPayload/methodName',
      map: {
        '*.get*': 'data_access',
        '*.list*': 'data_access',
        'Get*': 'data_access',
        'List*': 'data_access',
        '*': 'admin',
      },
    },
  ],
  agent: {
    id: [
      ...['/protoPayload/authenticationInfo/principalEmail'],
      ...[
        '/protoPayload/authenticationInfo/principalSubject',
        '/protoPayload/authenticationInfo/authoritySelector',
      ],
    ],
    name: '/protoPayload/authenticationInfo/serviceAccountKeyName',
  },
  delegation: {
    in: '/protoPayload/authenticationInfo/serviceAccountDelegationInfo',
    sub: ['/firstPartyPrincipal/principalEmail', '/principalSubject', '/thirdPartyPrincipal'],
  },
  tenant: [
    '/resource/labels/project_id',
    { at: '/logName', by: '/', take: 1 },
    {
      when: [{ at: '/protoPayload/resourceName', is: ['projects/*'] }],
      at: '/protoPayload/resourceName',
      by: '/',
      take: 1,
    },
  ],
  trace: {
    traceId: { at: '/trace', by: '/', take: -1 },
    spanId: '/spanId',
    requestId: '/operation/id',
  },
  action: {
    name: ['/protoPayload/methodName', '/protoPayload/authorizationInfo/0/permission'],
    arguments: '/protoPayload/request',
  },
  resource: {
    type: '/resource/type',
    id: '/protoPayload/resourceName',
    server: '/protoPayload/serviceName',
    region: ['/resource/labels/location', '/resource/labels/zone'],
  },
  scopes: { required: { at: '/protoPayload/authorizationInfo/0/permission' } },
  volume: { records: '/protoPayload/numResponseItems' },
  decision: {
    verdict: [
      { at: '/protoPayload/status/code', map: { '7': 'deny', '16': 'deny' } },
      { at: '/protoPayload/authorizationInfo/0/granted', map: { true: 'allow', false: 'deny' } },
    ],
    reason: '/protoPayload/status/message',
  },
  outcome: {
    status: [
      {
        at: '/protoPayload/status/code',
        map: {
          '0': 'success',
          '7': 'denied',
          '16': 'denied',
          '4': 'timeout',
          '1': 'cancelled',
          '*': 'failure',
        },
      },
      { at: '/protoPayload/authorizationInfo/0/granted', map: { false: 'denied' } },
      {
        when: ['/protoPayload/methodName', { at: '/severity', is: ['ERROR', 'CRITICAL'] }],
        constant: 'failure',
      },
      { when: ['/protoPayload/methodName'], constant: 'success' },
    ],
    errorType: {
      at: '/protoPayload/status/code',
      map: {
        '0': '',
        '7': 'PERMISSION_DENIED',
        '16': 'UNAUTHENTICATED',
        '5': 'NOT_FOUND',
        '*': 'ERROR',
      },
    },
  },
  clientIp: ['/protoPayload/requestMetadata/callerIp', '/protoPayload/requestMetadata/callerIP'],
  attrs: {
    user_agent: '/protoPayload/requestMetadata/callerSuppliedUserAgent',
    permission: '/protoPayload/authorizationInfo/0/permission',
    severity: '/severity',
  },
  setup: `\`\`\`sh
gcloud logging sinks create tripcoil pubsub.googleapis.com/projects/$PROJECT/topics/tripcoil \\
  --log-filter='logName:"cloudaudit.googleapis.com"'
gcloud pubsub subscriptions create tripcoil --topic tripcoil \\
  --push-endpoint=https://tripcoil.example.com/v1/audit/gcp-audit --push-no-wrapper
\`\`\`

A push subscription signs with an OIDC token of Google's, so put a proxy in front that adds
\`Authorization: Bearer TOKEN\`, or use Vector's \`gcp_pubsub\` source.`,
  notes: 'Calls by Google services themselves, and logs with the principal removed, name no actor.',
};

const azureActivity: ProfileDocument = {
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
        '/identity/claims/http:~1~1schemas.microsoft.com~1identity~1claims~1objectidentifier',
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
  clientIp: { at: '/callerIpAddress', by: ':', take: 0 },
  attrs: { category: '/category', level: '/level', user_agent: '/properties/userAgentHeader' },
  setup: `\`\`\`sh
az monitor diagnostic-settings subscription create --name tripcoil --location westeurope \\
  --event-hub-name tripcoil-audit --event-hub-auth-rule $EVENT_HUB_RULE_ID \\
  --logs '[{"category":"Administrative","enabled":true},{"category":"Security","enabled":true}]'
\`\`\`

Read the event hub with Vector as in [azure-apim](azure-apim.md), to \`/v1/audit/azure-activity\`.`,
  notes: `A record whose \`identity\` is missing names its caller by address alone. An address is not an
actor, so it is refused: turn on identity in the diagnostic setting.`,
};

const bedrock: ProfileDocument = {
  profile: 'bedrock',
  title: 'Amazon Bedrock model invocation log',
  recognise: { all: [{ at: '/schemaType', is: ['ModelInvocationLog'] }] },
  id: '/requestId',
  time: '/timestamp',
  kind: { constant: 'model_call' },
  agent: { id: '/identity/arn' },
  tenant: '/accountId',
  trace: { requestId: '/requestId' },
  action: { name: '/operation', op: { constant: 'execute' } },
  resource: {
    type: { constant: 'model' },
    id: '/modelId',
    server: { constant: 'bedrock.amazonaws.com' },
    region: '/region',
  },
  volume: { tokensIn: '/input/inputTokenCount', tokensOut: '/output/outputTokenCount' },
  decision: {
    verdict: {
      at: '/output/outputBodyJson/amazon-bedrock-guardrailAction',
      map: { INTERVENED: 'deny', NONE: 'allow', '*BLOCK*': 'deny' },
    },
    reason: '/output/outputBodyJson/amazon-bedrock-guardrailAction',
  },
  outcome: {
    status: [
      {
        at: '/output/outputBodyJson/amazon-bedrock-guardrailAction',
        map: { INTERVENED: 'denied', '*BLOCK*': 'denied' },
      },
      { at: '/errorCode', map: { 'AccessDenied*': 'denied', '*': 'failure' } },
      { constant: 'success' },
    ],
    errorType: '/errorCode',
  },
  attrs: { guardrail: '/output/outputBodyJson/amazon-bedrock-guardrailAction' },
  setup: `\`\`\`sh
aws bedrock put-model-invocation-logging-configuration --logging-config \\
  '{"s3Config":{"bucketName":"tripcoil-audit","keyPrefix":"bedrock"},"textDataDeliveryEnabled":true}'
\`\`\`

Read the bucket with Vector's \`aws_s3\` source and send it to \`/v1/audit/bedrock\`. Prompts and
answers are not kept.`,
};

const s3Access: ProfileDocument = {
  profile: 's3-access',
  title: 'Amazon S3 server access log, parsed to JSON',
  recognise: {
    all: ['/bucket'],
    any: ['/requester', '/bucketowner', '/requesturi', '/operation'],
    none: ['/eventSource', '/protoPayload'],
  },
  id: '/requestid',
  time: ['/time', '/p_event_time'],
  kind: { constant: 'data_access' },
  agent: { id: '/requester' },
  tenant: ['/bucketowner'],
  trace: { requestId: '/requestid' },
  action: {
    name: '/operation',
    op: {
      at: '/operation',
      map: {
        '*.GET.*': 'read',
        '*.HEAD.*': 'read',
        '*.PUT.*': 'write',
        '*.POST.*': 'write',
        '*.COPY*': 'write',
        '*.DELETE.*': 'delete',
      },
    },
  },
  resource: {
    type: { constant: 's3' },
    id: [{ join: ['/bucket', '/key'], by: '/' }],
    server: '/hostheader',
  },
  volume: { bytesOut: ['/bytessent', '/objectsize'] },
  outcome: { status: { at: '/httpstatus', map: OUTCOME_BY_STATUS }, errorType: '/errorcode' },
  latencyMs: '/totaltime',
  clientIp: '/remoteip',
  attrs: { user_agent: '/useragent', tls: '/tlsversion' },
  notes: 'Anonymous requests have the requester `-` and name no actor.',
  setup: shippedWithVector('s3-access', 'Parse the log with VRL `parse_regex` to these names.'),
};

const snowflakeLogin: ProfileDocument = {
  profile: 'snowflake-login',
  title: 'Snowflake LOGIN_HISTORY',
  recognise: { all: ['/EVENT_TYPE', '/IS_SUCCESS', '/USER_NAME'] },
  id: '/EVENT_ID',
  time: ['/EVENT_TIMESTAMP', '/p_event_time'],
  kind: { constant: 'authentication' },
  agent: { id: '/USER_NAME' },
  tenant: ['/ACCOUNT_NAME', '/ORGANIZATION_NAME', '/p_source_label'],
  action: { name: '/EVENT_TYPE' },
  resource: { type: { constant: 'snowflake' }, id: ['/CONNECTION', '/REPORTED_CLIENT_TYPE'] },
  outcome: { status: { at: '/IS_SUCCESS', map: OUTCOME_BY_WORD }, errorType: ['/ERROR_CODE'] },
  clientIp: '/CLIENT_IP',
  attrs: {
    factor: '/FIRST_AUTHENTICATION_FACTOR',
    second_factor: '/SECOND_AUTHENTICATION_FACTOR',
    client: '/REPORTED_CLIENT_TYPE',
  },
  notes: 'The view names no account: select `CURRENT_ACCOUNT() AS ACCOUNT_NAME` beside it.',
  setup: shippedWithVector(
    'snowflake-login',
    'Unload `SELECT *, CURRENT_ACCOUNT() AS ACCOUNT_NAME FROM SNOWFLAKE.ACCOUNT_USAGE.LOGIN_HISTORY`.',
  ),
};

const snowflakeQuery: ProfileDocument = {
  profile: 'snowflake-query',
  title: 'Snowflake QUERY_HISTORY',
  recognise: { all: ['/QUERY_TYPE', '/USER_NAME'], any: ['/EXECUTION_STATUS', '/QUERY_ID'] },
  id: '/QUERY_ID',
  time: ['/START_TIME', '/END_TIME', '/p_event_time'],
  kind: {
    at: '/QUERY_TYPE',
    map: {
      SELECT: 'data_access',
      SHOW: 'data_access',
      DESCRIBE: 'data_access',
      GET_FILES: 'data_access',
      UNLOAD: 'data_access',
      COPY: 'data_access',
      INSERT: 'data_access',
      UPDATE: 'data_access',
      DELETE: 'data_access',
      MERGE: 'data_access',
      '*': 'admin',
    },
  },
  agent: { id: '/USER_NAME' },
  tenant: ['/ACCOUNT_NAME', '/ORGANIZATION_NAME', '/p_source_label'],
  session: { id: '/SESSION_ID' },
  action: {
    name: '/QUERY_TYPE',
    op: {
      at: '/QUERY_TYPE',
      map: {
        SELECT: 'read',
        SHOW: 'list',
        DESCRIBE: 'read',
        GET_FILES: 'read',
        UNLOAD: 'read',
        INSERT: 'write',
        UPDATE: 'write',
        MERGE: 'write',
        COPY: 'write',
        DELETE: 'delete',
        'DROP*': 'delete',
        'TRUNCATE*': 'delete',
        'GRANT*': 'admin',
        'REVOKE*': 'admin',
        'ALTER*': 'admin',
        'CREATE*': 'write',
        CALL: 'execute',
      },
    },
  },
  resource: {
    type: { constant: 'database' },
    id: ['/DATABASE_NAME', '/WAREHOUSE_NAME'],
    server: '/WAREHOUSE_NAME',
  },
  scopes: { granted: '/ROLE_NAME' },
  volume: {
    records: ['/ROWS_PRODUCED', '/ROWS_UNLOADED'],
    bytesOut: ['/BYTES_WRITTEN_TO_RESULT', '/OUTBOUND_DATA_TRANSFER_BYTES'],
  },
  outcome: { status: { at: '/EXECUTION_STATUS', map: OUTCOME_BY_WORD }, errorType: '/ERROR_CODE' },
  latencyMs: '/TOTAL_ELAPSED_TIME',
  attrs: { role: '/ROLE_NAME' },
  notes: 'The text of a query may hold personal values and is not kept.',
  setup: shippedWithVector(
    'snowflake-query',
    'Unload `SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY` with `CURRENT_ACCOUNT() AS ACCOUNT_NAME`.',
  ),
};

const snowflakeGrants: ProfileDocument = {
  profile: 'snowflake-grants',
  title: 'Snowflake GRANTS_TO_USERS and GRANTS_TO_ROLES',
  recognise: { all: ['/GRANTED_BY', '/GRANTEE_NAME'] },
  time: ['/CREATED_ON', '/p_event_time'],
  kind: { constant: 'admin' },
  agent: { id: '/GRANTED_BY' },
  tenant: ['/ACCOUNT_NAME', '/p_source_label'],
  action: {
    name: { constant: 'GRANT' },
    op: { constant: 'admin' },
  },
  resource: { type: ['/GRANTED_ON', '/GRANTED_TO'], id: ['/NAME', '/ROLE', '/GRANTEE_NAME'] },
  outcome: { status: { constant: 'success' } },
  attrs: { grantee: '/GRANTEE_NAME', granted_to: '/GRANTED_TO', privilege: '/PRIVILEGE' },
  notes: 'The view names no account: select `CURRENT_ACCOUNT() AS ACCOUNT_NAME` beside it.',
  setup: shippedWithVector('snowflake-grants', 'Unload both views of `SNOWFLAKE.ACCOUNT_USAGE`.'),
};

const databricks: ProfileDocument = {
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

const mongoAtlas: ProfileDocument = {
  profile: 'mongodb-atlas',
  title: 'MongoDB Atlas organisation and project events',
  recognise: { all: ['/eventTypeName'], any: ['/orgId', '/groupId', '/isGlobalAdmin'] },
  container: '/results',
  id: '/id',
  time: '/created',
  kind: {
    at: '/eventTypeName',
    map: {
      '*LOGIN*': 'authentication',
      API_KEY_CREATED: 'token_issue',
      'SERVICE_ACCOUNT_*SECRET*': 'token_issue',
      '*JOIN*REQUEST*APPROVED': 'approval',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/apiKeyId', '/publicKey', '/userId', '/username'],
    name: ['/username', '/publicKey'],
  },
  tenant: ['/orgId', '/groupId'],
  action: { name: '/eventTypeName' },
  resource: {
    id: [
      '/targetUsername',
      '/targetPublicKey',
      '/whitelistEntry',
      '/clusterName',
      '/alertConfigId',
      '/groupId',
    ],
  },
  outcome: { status: { constant: 'success' } },
  clientIp: '/remoteAddress',
  setup: shippedWithVector('mongodb-atlas', 'Poll `GET /api/atlas/v2/orgs/{orgId}/events`.'),
};

/** Clouds and data platforms. */
export const CLOUD_PROFILES: readonly ProfileDocument[] = [
  googleCloud,
  azureActivity,
  bedrock,
  s3Access,
  snowflakeLogin,
  snowflakeQuery,
  snowflakeGrants,
  databricks,
  mongoAtlas,
];
