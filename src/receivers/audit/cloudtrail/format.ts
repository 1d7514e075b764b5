import {
  type EventKind,
  type Operation,
  type OutcomeStatus,
  onlyReads,
} from '../../../core/access-event.ts';
import { operationOfName } from '../../operation.ts';
import type { Draft } from '../draft.ts';
import { finish, identifier, objectAt } from '../draft.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';
import { at, firstAt } from '../json-pointer.ts';

/** AWS CloudTrail: `{Records: […]}` of S3, a record alone, EventBridge and CloudTrail Lake. */
export const cloudTrailFormat: AuditFormat = {
  name: 'cloudtrail',
  title: 'AWS CloudTrail',
  tenantIs: 'account',
  recognises: (value) => isRecord(value) || isRecord(recordsOf(value)?.[0]),
  recordsOf,
  map: (value, context) =>
    (recordsOf(value) ?? [value]).map((record) => finish(draftOf(record), context)),
};

const MARKS = ['/eventVersion', '/userIdentity', '/awsRegion', '/recipientAccountId'];

function isRecord(value: unknown): boolean {
  if (!isObject(value)) return false;
  const eventSource = at(value, '/eventSource');
  const eventName = at(value, '/eventName');
  if (typeof eventSource !== 'string' || typeof eventName !== 'string') return false;
  // Notifications of S3 and SQS look alike but name their source `aws:s3`.
  if (eventSource.startsWith('aws:')) return false;
  return MARKS.some((pointer) => at(value, pointer) !== undefined);
}

function recordsOf(value: unknown): readonly unknown[] | null {
  const records = at(value, '/Records');
  if (Array.isArray(records)) return records;
  const inner = isRecord(value) ? undefined : firstAt(value, '/detail', '/eventData');
  return isObject(inner) ? [inner] : null;
}

function draftOf(value: unknown): Draft {
  const record = objectAt(value);
  const name = identifier(at(record, '/eventName')) ?? '';
  const op = opOf(name, at(record, '/readOnly'));
  const who = actorOf(record);
  const account = firstAt(record, '/userIdentity/accountId', '/recipientAccountId');
  const owner = firstAt(record, '/resources/0/accountId', '/recipientAccountId');
  const isDryRun = at(record, '/errorCode') === 'Client.DryRunOperation';
  return {
    ...{ format: 'cloudtrail', record, id: at(record, '/eventID') },
    wanted: { time: '/eventTime', agent: '/userIdentity/arn', action: '/eventName' },
    time: firstAt(record, '/eventTime', '/p_event_time'),
    kind: kindOf(name, op, record),
    phase: isDryRun ? 'proposed' : 'executed',
    tenant: account,
    ...who,
    trace: { requestId: firstAt(record, '/requestID', '/sharedEventID') },
    action: { name, op, arguments: at(record, '/requestParameters') },
    resource: {
      ...resourceOf(record),
      server: at(record, '/eventSource'),
      region: at(record, '/awsRegion'),
      tenant: owner === account ? undefined : owner,
    },
    volume: {
      bytesOut: at(record, '/additionalEventData/bytesTransferredOut'),
      bytesIn: at(record, '/additionalEventData/bytesTransferredIn'),
    },
    token: { exp: at(record, '/responseElements/credentials/expiration') },
    outcome: isDryRun ? { status: 'unknown' } : outcomeOf(record),
    clientIp: addressOf(at(record, '/sourceIPAddress')),
    attrs: {
      user_agent: at(record, '/userAgent'),
      identity_type: at(record, '/userIdentity/type'),
      access_key_id: at(record, '/userIdentity/accessKeyId'),
      issued_access_key_id: firstAt(
        record,
        '/responseElements/credentials/accessKeyId',
        '/responseElements/accessKey/accessKeyId',
      ),
      assumed_role: at(record, '/responseElements/assumedRoleUser/arn'),
      mfa: firstAt(
        record,
        '/additionalEventData/MFAUsed',
        '/userIdentity/sessionContext/attributes/mfaAuthenticated',
      ),
      shared_event_id: at(record, '/sharedEventID'),
      event_category: at(record, '/eventCategory'),
      error_message: at(record, '/errorMessage'),
    },
  };
}

/**
 * The source identity a broker set, else the ARN. A role session whose name was made up by an SDK
 * (`botocore-session-1700000000`) is known by its role, or every run would be a new agent.
 */
function actorOf(record: unknown): Pick<Draft, 'agent' | 'principal' | 'delegation' | 'session'> {
  const identity = at(record, '/userIdentity');
  const sourceIdentity = firstAt(identity, '/sessionContext/sourceIdentity', '/sourceIdentity');
  const arn = firstAt(identity, '/arn');
  const role = firstAt(identity, '/sessionContext/sessionIssuer/arn');
  const sessionName = typeof arn === 'string' ? arn.split('/').at(-1) : undefined;
  const isMadeUp = role !== undefined && GENERATED.test(sessionName ?? '');
  const behind = firstAt(identity, '/onBehalfOf/userId');
  const invokedBy = firstAt(identity, '/invokedBy');
  const id =
    sourceIdentity ??
    (isMadeUp ? role : (arn ?? role)) ??
    firstAt(identity, '/userName', '/principalId') ??
    behind ??
    invokedBy ??
    firstAt(identity, '/accountId');
  const key = at(identity, '/accessKeyId');
  return {
    agent: { id, name: firstAt(identity, '/userName', '/sessionContext/sessionIssuer/userName') },
    principal: behind === undefined || behind === id ? undefined : { sub: behind, type: 'user' },
    delegation:
      invokedBy === undefined || invokedBy === id ? [] : [{ sub: invokedBy, type: 'service' }],
    session: {
      id:
        typeof key === 'string' && key.startsWith('ASIA') ? key : firstAt(identity, '/principalId'),
    },
  };
}

const GENERATED = /\d{8}|[0-9a-f]{12}|[0-9a-f]{8}-[0-9a-f]{4}-|^i-[0-9a-f]{8}/i;

const TOKENS = /^(?:AssumeRole|GetSessionToken|GetFederationToken|CreateAccessKey|CreateToken)/;
const LOGINS =
  /^(?:ConsoleLogin|CheckMfa|SwitchRole|ExitRole|CredentialVerification|UserAuthentication)$/;

function kindOf(name: string, op: Operation, record: unknown): EventKind {
  if (LOGINS.test(name)) return 'authentication';
  if (TOKENS.test(name)) return 'token_issue';
  if (/^(?:InvokeModel|Converse)/.test(name)) return 'model_call';
  if (at(record, '/eventCategory') === 'Data' || at(record, '/managementEvent') === false) {
    return 'data_access';
  }
  return onlyReads(op) ? 'data_access' : 'admin';
}

function opOf(name: string, readOnly: unknown): Operation {
  // Taking a role is marked read-only, since it changes nothing in the account.
  if (TOKENS.test(name)) return 'execute';
  const judged = operationOfName(name);
  if (readOnly === true || readOnly === 'true') return judged === 'list' ? 'list' : 'read';
  const reads = onlyReads(judged) || judged === 'unknown';
  return (readOnly === false || readOnly === 'false') && reads ? 'write' : judged;
}

const NAMED_BY = [
  ...['functionName', 'roleArn', 'roleName', 'userName', 'secretId', 'tableName', 'keyId'],
  ...['dBInstanceIdentifier', 'instanceId', 'name', 'policyArn', 'groupId', 'modelId'],
].map((name) => `/requestParameters/${name}`);

function resourceOf(record: unknown): { readonly type: unknown; readonly id: unknown } {
  const bucket = at(record, '/requestParameters/bucketName');
  const key = at(record, '/requestParameters/key');
  const object =
    typeof bucket === 'string' && typeof key === 'string' ? `${bucket}/${key}` : bucket;
  return {
    type: firstAt(record, '/resources/0/type') ?? (bucket === undefined ? undefined : 's3'),
    id:
      firstAt(record, '/resources/0/ARN', '/resources/0/arn') ??
      object ??
      firstAt(record, ...NAMED_BY),
  };
}

const DENIED = /access ?denied|unauthorized|forbidden|not ?authorized|blocked/i;

function outcomeOf(record: unknown): {
  readonly status: OutcomeStatus;
  readonly errorType?: unknown;
} {
  const errorType = firstAt(record, '/errorCode');
  if (typeof errorType === 'string') {
    return { status: DENIED.test(errorType) ? 'denied' : 'failure', errorType };
  }
  const name = identifier(at(record, '/eventName')) ?? '';
  if (LOGINS.test(name) && loginFailed(record, name))
    return { status: 'failure', errorType: 'login_failed' };
  return at(record, '/errorMessage') === undefined ? { status: 'success' } : { status: 'failure' };
}

/** A log-in tells its result under its own name, that of IAM Identity Center in the details. */
function loginFailed(record: unknown, name: string): boolean {
  const result = firstAt(record, `/responseElements/${name}`, `/serviceEventDetails/${name}`);
  return result === 'Failure';
}

/** AWS services stand there by name. */
function addressOf(value: unknown): unknown {
  return typeof value === 'string' && /^[\d.]+$|:/.test(value) ? value : undefined;
}
