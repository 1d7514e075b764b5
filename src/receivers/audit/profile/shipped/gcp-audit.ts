import type { ProfileDocument } from '../schema.ts';

/** Google Cloud audit log. */
export const GCP_AUDIT_PROFILE: ProfileDocument = {
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
      { at: '/protoPayload/methodName', map: { '*.loginFailure': 'failure' } },
      {
        when: [{ at: '/protoPayload/methodName', is: ['*.loginChallenge'] }],
        find: {
          in: '/protoPayload/metadata/event/0/parameter',
          key: '/name',
          is: ['login_challenge_status'],
          value: '/value',
        },
        map: { '*pass*': 'success', '*fail*': 'failure' },
      },
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
  notes:
    'Calls by Google services themselves, and logs with the principal removed, ' + 'name no actor.',
};
