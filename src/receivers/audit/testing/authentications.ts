import type { OutcomeStatus } from '../../../core/access-event.ts';

/** What a log-in is expected to come out as, and a made-up record in the vendor's own shape. */
export type AuthenticationCase = readonly [
  format: string,
  outcome: OutcomeStatus,
  what: string,
  record: Readonly<Record<string, unknown>>,
];

const AT = '2026-11-21T09:00:00.000Z';

/** Log-ins that worked, that failed and that were refused, as each product writes them. */
export const AUTHENTICATIONS: readonly AuthenticationCase[] = [
  ['okta', 'success', 'user.session.start', okta('user.session.start', 'SUCCESS')],
  ['okta', 'failure', 'wrong password', okta('user.session.start', 'FAILURE')],
  ['okta', 'denied', 'refused by policy', okta('user.session.start', 'DENY')],
  ['okta', 'failure', 'second factor', okta('user.authentication.auth_via_mfa', 'FAILURE')],
  ['auth0', 'success', 's', auth0('s')],
  ['auth0', 'failure', 'f', auth0('f')],
  ['auth0', 'failure', 'fp, wrong password', auth0('fp')],
  ['auth0', 'failure', 'fu, unknown user', auth0('fu')],
  ['auth0', 'denied', 'limit_wc, blocked account', auth0('limit_wc')],
  ['auth0', 'success', 'ssa, silent', auth0('ssa')],
  ['auth0', 'failure', 'fsa, silent', auth0('fsa')],
  ['auth0', 'success', 'scoa, cross-origin', auth0('scoa')],
  ['auth0', 'failure', 'fcoa, cross-origin', auth0('fcoa')],
  ['auth0', 'success', 'gd_auth_succeed', auth0('gd_auth_succeed')],
  ['auth0', 'failure', 'gd_auth_failed', auth0('gd_auth_failed')],
  ['auth0', 'denied', 'gd_auth_rejected', auth0('gd_auth_rejected')],
  ['cloudtrail', 'success', 'ConsoleLogin', cloudTrail('ConsoleLogin', 'Success')],
  ['cloudtrail', 'failure', 'ConsoleLogin', cloudTrail('ConsoleLogin', 'Failure')],
  ['cloudtrail', 'success', 'SwitchRole', cloudTrail('SwitchRole', 'Success')],
  ['cloudtrail', 'failure', 'SwitchRole', cloudTrail('SwitchRole', 'Failure')],
  ['cloudtrail', 'failure', 'CheckMfa', cloudTrail('CheckMfa', 'Failure')],
  ['cloudtrail', 'success', 'Identity Center', identityCenter('UserAuthentication', 'Success')],
  ['cloudtrail', 'failure', 'Identity Center', identityCenter('CredentialVerification', 'Failure')],
  ['vault', 'success', 'userpass', vault({ response: { auth: vaultAuth() } })],
  ['vault', 'failure', 'userpass', vault({ error: 'invalid username or password' })],
  ['vault', 'denied', 'userpass', vault({ error: 'permission denied' })],
  ['vault', 'denied', 'certificate, nobody named', vaultUnnamed('auth/cert/login')],
  ['vault', 'success', 'OIDC', vaultUnnamed('auth/oidc/oidc/callback', vaultAuth())],
  ['vault', 'denied', 'a token nobody knows', vaultUnnamed('secret/data/crm')],
  ['teleport', 'success', 'user.login', teleport('T1000I', { success: true })],
  ['teleport', 'failure', 'user.login', teleport('T1000W', { success: false, error: 'bad otp' })],
  [
    'teleport',
    'denied',
    'user.login',
    teleport('T1000W', { success: false, error: 'access denied' }),
  ],
  ['ocsf', 'success', 'Authentication', ocsf(1, 'Success')],
  ['ocsf', 'failure', 'Authentication', ocsf(2, 'Failure')],
  ['entra', 'success', 'sign-in', entra(0, 'success')],
  ['entra', 'failure', 'wrong password', entra(50126, 'notApplied')],
  ['entra', 'denied', 'conditional access', entra(53003, 'failure')],
  ['microsoft365', 'success', 'UserLoggedIn', microsoft365('UserLoggedIn', {})],
  [
    'microsoft365',
    'failure',
    'UserLoginFailed',
    microsoft365('UserLoginFailed', { LogonError: 'InvalidUserNameOrPassword' }),
  ],
  ['microsoft365', 'success', 'MailboxLogin', microsoft365('MailboxLogin', {})],
  ['gcp-audit', 'success', 'log-in of Workspace', gcp('loginSuccess', 'login_success')],
  ['gcp-audit', 'failure', 'log-in of Workspace', gcp('loginFailure', 'login_failure')],
  ['google-workspace', 'success', 'login_success', workspace('login_success')],
  ['google-workspace', 'failure', 'login_failure', workspace('login_failure')],
  [
    'google-workspace',
    'success',
    'login_challenge',
    workspace('login_challenge', 'Challenge Passed.'),
  ],
  [
    'google-workspace',
    'failure',
    'login_challenge',
    workspace('login_challenge', 'Challenge Failed.'),
  ],
  ['google-workspace', 'denied', 'suspicious_login_blocked', workspace('suspicious_login_blocked')],
  ['github-audit', 'success', 'user.login', github('user.login')],
  ['github-audit', 'failure', 'user.failed_login', github('user.failed_login')],
  ['github-audit', 'success', 'user.logout', github('user.logout')],
  ['slack', 'success', 'user_login', slack('user_login')],
  ['slack', 'failure', 'user_login_failed', slack('user_login_failed')],
  ['duo-authentication', 'success', 'push', duo('success', 'user_approved')],
  ['duo-authentication', 'denied', 'push', duo('denied', 'user_marked_fraud')],
  ['duo-administrator', 'success', 'admin_login', duoAdministrator('admin_login')],
  ['duo-administrator', 'failure', 'admin_login_error', duoAdministrator('admin_login_error')],
  ['onelogin', 'success', 'event type 5', onelogin(5)],
  ['onelogin', 'failure', 'event type 6', onelogin(6)],
  ['onepassword', 'success', 'sign-in', onepassword('success')],
  ['onepassword', 'failure', 'sign-in', onepassword('credentials_failed')],
  ['onepassword', 'denied', 'sign-in', onepassword('firewall_failed')],
  ['onepassword', 'success', 'reported sign-in', onepassword('firewall_reported_success')],
  ['snowflake-login', 'success', 'LOGIN', snowflake('YES')],
  ['snowflake-login', 'failure', 'LOGIN', snowflake('NO')],
  ['salesforce', 'success', 'Login', salesforce('LOGIN_NO_ERROR')],
  ['salesforce', 'failure', 'Login', salesforce('LOGIN_ERROR_INVALID_PASSWORD')],
  ['windows', 'success', '4624', windows('4624')],
  ['windows', 'failure', '4625', windows('4625')],
  ['windows', 'failure', '4771, Kerberos', windows('4771', '0x18')],
  ['windows', 'success', '4776, NTLM', windows('4776', '0x0')],
  ['windows', 'failure', '4776, NTLM', windows('4776', '0xC000006A')],
  ['box', 'success', 'LOGIN', box('LOGIN')],
  ['box', 'failure', 'FAILED_LOGIN', box('FAILED_LOGIN')],
  ['asana', 'success', 'user_login_succeeded', asana('user_login_succeeded')],
  ['asana', 'failure', 'user_login_failed', asana('user_login_failed')],
  ['openai', 'success', 'login.succeeded', openai('login.succeeded')],
  ['openai', 'failure', 'login.failed', openai('login.failed')],
  ['anthropic', 'success', 'sso_login_succeeded', anthropic('sso_login_succeeded')],
  ['anthropic', 'failure', 'sso_login_failed', anthropic('sso_login_failed')],
  ['databricks', 'success', 'tokenLogin', databricks(200)],
  ['databricks', 'denied', 'tokenLogin', databricks(401)],
  ['dropbox', 'success', 'login_success', dropbox('login_success')],
  ['dropbox', 'failure', 'login_fail', dropbox('login_fail')],
  ['dropbox', 'success', 'logout', dropbox('logout')],
  ['zscaler', 'success', 'SIGN_IN', zscaler('SUCCESS')],
  ['zscaler', 'failure', 'SIGN_IN', zscaler('FAILURE')],
  ['wiz', 'success', 'Login', wiz('SUCCESS')],
  ['wiz', 'failure', 'Login', wiz('FAILED')],
  ['wiz', 'denied', 'Login', wiz('ACCESS_DENIED')],
  ['crowdstrike-events', 'success', 'userAuthenticate', crowdstrike(true)],
  ['crowdstrike-events', 'failure', 'userAuthenticate', crowdstrike(false)],
  ['notion', 'success', 'user.login', notion('user.login')],
];

function okta(eventType: string, result: string) {
  return {
    ...{ uuid: `${eventType}-${result}`, published: AT, eventType, displayMessage: 'Log in' },
    actor: { id: '00u1', type: 'User', alternateId: 'bot@acme.example' },
    outcome: { result, ...(result === 'SUCCESS' ? {} : { reason: 'INVALID_CREDENTIALS' }) },
    client: { ipAddress: '192.0.2.7' },
  };
}

function auth0(type: string) {
  const data = { type, date: AT, log_id: `l-${type}`, client_id: 'c1', user_id: 'auth0|1' };
  return { log_id: `l-${type}`, data: { ...data, ip: '192.0.2.7', tenant_name: 'acme' } };
}

function aws(eventName: string) {
  return {
    ...{ eventVersion: '1.08', eventTime: AT, eventSource: 'signin.amazonaws.com', eventName },
    ...{ awsRegion: 'us-east-1', sourceIPAddress: '192.0.2.7', eventID: `e-${eventName}` },
    ...{ eventType: 'AwsConsoleSignIn', recipientAccountId: '111122223333' },
    userIdentity: { type: 'IAMUser', accountId: '111122223333', userName: 'billing-bot' },
  };
}

function cloudTrail(eventName: string, result: string) {
  const failed = result === 'Failure' ? { errorMessage: 'Failed authentication' } : {};
  return { ...aws(eventName), responseElements: { [eventName]: result }, ...failed };
}

function identityCenter(eventName: string, result: string) {
  return {
    ...aws(eventName),
    ...{ eventSource: 'signin.amazonaws.com', eventType: 'AwsServiceEvent' },
    ...{ responseElements: null, serviceEventDetails: { [eventName]: result } },
  };
}

function vaultAuth() {
  return { entity_id: 'ent-1', display_name: 'userpass-bot', accessor: 'a1', policies: ['app'] };
}

function vault(answer: Readonly<Record<string, unknown>>) {
  const path = 'auth/userpass/login/bot';
  const request = { id: 'r1', operation: 'update', path, mount_type: 'userpass' };
  return { type: 'response', time: AT, auth: {}, request, ...answer };
}

function vaultUnnamed(path: string, auth?: object) {
  const error = auth === undefined ? { error: '1 error occurred:\n\t* permission denied\n\n' } : {};
  return vault({
    auth: { token_type: 'default' },
    request: { id: 'r2', operation: 'update', path, client_token: 'hmac-sha256:0a' },
    ...{ ...error, response: auth === undefined ? {} : { auth } },
  });
}

function teleport(code: string, result: Readonly<Record<string, unknown>>) {
  const of = { event: 'user.login', uid: `u-${code}`, code, time: AT, user: 'bot' };
  return { ...of, cluster_name: 'acme', method: 'local', ...result };
}

function ocsf(statusId: number, status: string) {
  return {
    ...{
      class_uid: 3002,
      category_uid: 3,
      activity_id: 1,
      type_uid: 300_201,
      time: Date.parse(AT),
    },
    ...{ status_id: statusId, status, severity_id: 1, user: { uid: 'u1', name: 'bot' } },
    metadata: { version: '1.3.0', uid: `o-${statusId}`, product: { name: 'IdP' } },
  };
}

function entra(errorCode: number, conditionalAccessStatus: string) {
  return {
    ...{ time: AT, category: 'NonInteractiveUserSignInLogs', operationName: 'Sign-in activity' },
    ...{ resultType: String(errorCode), tenantId: 't1', callerIpAddress: '192.0.2.7' },
    properties: {
      ...{ id: `s-${errorCode}`, userId: 'u1', userPrincipalName: 'bot@acme.example' },
      ...{ conditionalAccessStatus, status: { errorCode } },
    },
  };
}

function microsoft365(Operation: string, more: Readonly<Record<string, unknown>>) {
  return {
    ...{ Id: `m-${Operation}`, CreationTime: '2026-11-21T09:00:00', Operation, UserId: 'bot' },
    ...{ OrganizationId: 'o1', Workload: 'AzureActiveDirectory', ResultStatus: 'Success' },
    ...more,
  };
}

function gcp(method: string, eventName: string) {
  return {
    ...{ insertId: `g-${method}`, timestamp: AT, severity: 'NOTICE' },
    logName: 'organizations/1/logs/cloudaudit.googleapis.com%2Fdata_access',
    resource: { type: 'audited_resource', labels: { service: 'login.googleapis.com' } },
    protoPayload: {
      ...{ serviceName: 'login.googleapis.com', resourceName: 'organizations/1' },
      methodName: `google.login.LoginService.${method}`,
      authenticationInfo: { principalEmail: 'bot@acme.example' },
      metadata: { event: [{ eventName, eventType: 'login' }] },
    },
  };
}

function workspace(name: string, challenge?: string) {
  const parameters =
    challenge === undefined ? [] : [{ name: 'login_challenge_status', value: challenge }];
  return {
    ...{ kind: 'admin#reports#activity', ipAddress: '192.0.2.7' },
    id: { time: AT, uniqueQualifier: `w-${name}`, applicationName: 'login', customerId: 'C1' },
    actor: { email: 'bot@acme.example', profileId: '1' },
    events: [{ type: 'login', name, parameters }],
  };
}

function github(action: string) {
  const at = { '@timestamp': Date.parse(AT), created_at: Date.parse(AT) };
  return { ...at, _document_id: `d-${action}`, action, actor: 'bot', org: 'acme' };
}

function slack(action: string) {
  return {
    ...{ id: `s-${action}`, date_create: Date.parse(AT) / 1_000, action },
    actor: { type: 'user', user: { id: 'U1', name: 'bot' } },
    entity: { type: 'user', user: { id: 'U1' } },
    context: { location: { id: 'T1' }, ip_address: '192.0.2.7' },
  };
}

function duo(result: string, reason: string) {
  const of = { txid: `x-${result}`, isotimestamp: AT, event_type: 'authentication', result };
  const user = { key: 'k1', name: 'bot' };
  return { ...of, reason, factor: 'duo_push', user, access_device: { ip: '192.0.2.7' } };
}

function duoAdministrator(action: string) {
  return { action, username: 'bot', isotimestamp: AT, object: null };
}

function onelogin(type: number) {
  return { id: type, event_type_id: type, created_at: AT, account_id: 1, user_id: 7 };
}

function onepassword(category: string) {
  const target_user = { uuid: 'u1', email: 'bot@acme.example' };
  return { uuid: `p-${category}`, timestamp: AT, category, type: 'credentials_ok', target_user };
}

function snowflake(IS_SUCCESS: string) {
  const of = { EVENT_ID: IS_SUCCESS, EVENT_TIMESTAMP: AT, EVENT_TYPE: 'LOGIN', IS_SUCCESS };
  return { ...of, USER_NAME: 'BOT', ERROR_CODE: IS_SUCCESS === 'NO' ? 390_100 : null };
}

function salesforce(LOGIN_STATUS: string) {
  const of = { EVENT_TYPE: 'Login', ORGANIZATION_ID: '00D1', TIMESTAMP_DERIVED: AT };
  return { ...of, REQUEST_ID: LOGIN_STATUS, USER_ID: '005', LOGIN_STATUS };
}

function windows(EventID: string, Status?: string) {
  const of = { ProviderName: 'Microsoft-Windows-Security-Auditing', Computer: 'h1', EventID };
  const ExtraEventData = { TargetUserName: 'bot', ...(Status === undefined ? {} : { Status }) };
  return { ...of, EventRecordID: 7, TimeCreated: AT, ExtraEventData };
}

function box(event_type: string) {
  const created_by = { type: 'user', id: '1', login: 'bot@acme.example' };
  return { type: 'event', event_id: `b-${event_type}`, event_type, created_at: AT, created_by };
}

function asana(event_type: string) {
  const actor = { actor_type: 'user', gid: '1', email: 'bot@acme.example' };
  return { gid: `a-${event_type}`, created_at: AT, event_type, actor, context: {} };
}

function openai(type: string) {
  const actor = { type: 'session', session: { user: { id: 'user-1' }, ip_address: '192.0.2.7' } };
  return { id: `audit-${type}`, type, effective_at: Date.parse(AT) / 1_000, actor };
}

function anthropic(type: string) {
  const actor = { type: 'user_actor', user_id: 'user_1', ip_address: '192.0.2.7' };
  return { id: `activity-${type}`, type, created_at: AT, organization_id: 'org_1', actor };
}

function databricks(statusCode: number) {
  return {
    ...{ timestamp: Date.parse(AT), serviceName: 'accounts', actionName: 'tokenLogin' },
    ...{ requestId: `r-${statusCode}`, accountId: 'a1', userIdentity: { email: 'bot' } },
    response: { statusCode },
  };
}

function dropbox(tag: string) {
  return {
    ...{ timestamp: AT, event_type: { '.tag': tag }, involve_non_team_member: false },
    actor: { '.tag': 'user', user: { account_id: 'dbid:1', email: 'bot@acme.example' } },
  };
}

function zscaler(result: string) {
  const of = { action: 'SIGN_IN', adminid: 'bot@acme.example', category: 'LOGIN', result };
  return { event: { ...of, recordid: result, time: AT } };
}

function wiz(status: string) {
  return { id: `w-${status}`, action: 'Login', status, timestamp: AT, user: { id: 'u1' } };
}

function crowdstrike(Success: boolean) {
  return {
    metadata: { eventType: 'AuthActivityAuditEvent', customerIDString: 'c1', offset: 1 },
    event: {
      ...{ OperationName: 'userAuthenticate', UserId: 'bot@acme.example', Success },
      UTCTimestamp: Date.parse(AT),
    },
  };
}

function notion(type: string) {
  const actor = { id: 'n1', type: 'person', person: { email: 'bot@acme.example' } };
  return { event: { id: 'n-1', timestamp: AT, workspace_id: 'w1', type, actor } };
}
