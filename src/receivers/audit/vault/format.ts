import type { EventKind, Operation, OutcomeStatus, Verdict } from '../../../core/access-event.ts';
import type { Draft } from '../draft.ts';
import { finish, identifier } from '../draft.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';
import { at, firstAt } from '../json-pointer.ts';

/**
 * Vault and OpenBao audit entries. The entry of a request is a proposed event and that of its
 * response the executed one; both carry `request.id` as tool call, so the action counts once.
 * Values the device hashed (`hmac-sha256:…`) stay as they are: good to compare, never text.
 */
export const vaultFormat: AuditFormat = {
  name: 'vault',
  title: 'Vault / OpenBao audit device',
  tenantIs: 'account',
  recognises: (value) =>
    isObject(value) &&
    (value['type'] === 'request' || value['type'] === 'response') &&
    isObject(value['request']) &&
    typeof value['request']['id'] === 'string',
  map: (value, context) => [finish(draftOf(value), context)],
};

function draftOf(record: unknown): Draft {
  const isResponse = at(record, '/type') === 'response';
  const path = identifier(at(record, '/request/path')) ?? '';
  const operation = identifier(at(record, '/request/operation')) ?? '';
  const requestId = at(record, '/request/id');
  const signsIn = isLogin(path);
  const auth = signsIn && isResponse ? at(record, '/response/auth') : at(record, '/auth');
  const verdict = verdictOf(record);
  const actor = firstAt(auth, '/entity_id', '/display_name');
  const isUnnamed = actor === undefined && (signsIn || verdict === 'deny');
  const kind = isUnnamed ? 'authentication' : kindOf(record, path, operation, signsIn);
  return {
    ...{ format: 'vault', record, id: requestId, part: isResponse ? 'response' : 'request' },
    wanted: { time: '/time', agent: '/auth/entity_id', action: '/request/operation' },
    time: at(record, '/time'),
    kind,
    phase: isResponse ? 'executed' : 'proposed',
    tenant: firstAt(auth, '/metadata/tenant') ?? namespaceOf(record),
    agent: {
      id: actor ?? (isUnnamed ? unnamed(record, path, signsIn) : undefined),
      name: firstAt(auth, '/metadata/role_name', '/display_name'),
    },
    trace: { requestId },
    action: {
      name: kind === 'authentication' ? 'login' : nameOf(record, operation, path),
      op: opOf(operation, path),
      toolCallId: requestId,
      arguments: at(record, '/request/data'),
    },
    resource: {
      type: at(record, '/request/mount_type'),
      id: path,
      server: at(record, '/request/mount_point'),
    },
    scopes: { granted: firstAt(auth, '/policies', '/token_policies') },
    volume: { records: recordsOf(record) },
    decision: {
      verdict,
      reason: verdict === 'deny' ? at(record, '/error') : undefined,
      policy: {
        id: at(record, '/auth/policy_results/granting_policies/0/name'),
      },
    },
    outcome: outcomeOf(record, isResponse, verdict),
    clientIp: at(record, '/request/remote_address'),
    attrs: {
      token_accessor: firstAt(auth, '/accessor') ?? at(record, '/request/client_token_accessor'),
      token_ref: hashed(firstAt(record, '/auth/client_token', '/request/client_token')),
      token_type: firstAt(auth, '/token_type'),
      entity_name: at(auth, '/display_name'),
      lease_id: at(record, '/response/secret/lease_id'),
      wrapping_accessor: at(record, '/response/wrap_info/accessor'),
      forwarded_from: at(record, '/forwarded_from'),
    },
  };
}

/** The operation and the kind of engine: a name per path would make every secret a tool. */
function nameOf(record: unknown, operation: string, path: string): string | undefined {
  const engine = identifier(at(record, '/request/mount_type')) ?? path.split('/', 1)[0];
  return operation === '' ? undefined : `${operation} ${engine ?? ''}`.trim();
}

/** Log-ins by path; those of OIDC and of a second factor end elsewhere. */
const LOGIN = /^auth\/.+\/(?:login(?:\/|$)|oidc\/callback$)|^sys\/mfa\/validate$/;
const TOKEN_MADE = /^auth\/token\/(?:create|renew)|^sys\/wrapping\/|\/(?:secret-id|creds)(?:\/|$)/;

function isLogin(path: string): boolean {
  return LOGIN.test(path) && !path.startsWith('auth/token/');
}

function kindOf(record: unknown, path: string, operation: string, signsIn: boolean): EventKind {
  if (signsIn) return 'authentication';
  const leased = firstAt(record, '/response/secret/lease_id', '/response/wrap_info/accessor');
  if (TOKEN_MADE.test(path) || leased !== undefined) return 'token_issue';
  if (/^sys\/control-group\/(?:authorize|request)/.test(path)) return 'approval';
  const administers =
    /^(?:sys|identity|auth)\//.test(path) && !/^(?:read|list|help)$/.test(operation);
  return administers ? 'admin' : 'data_access';
}

const OPERATIONS: Readonly<Record<string, Operation>> = Object.assign(Object.create(null), {
  create: 'write',
  update: 'write',
  patch: 'write',
  read: 'read',
  help: 'read',
  header: 'read',
  list: 'list',
  delete: 'delete',
  revoke: 'admin',
  renew: 'admin',
  rollback: 'admin',
});

function opOf(operation: string, path: string): Operation {
  const op = OPERATIONS[operation] ?? 'unknown';
  return op === 'write' && path.startsWith('sys/') ? 'admin' : op;
}

/** The root namespace has no name and stands for no tenant. */
function namespaceOf(record: unknown): string | undefined {
  const path = at(record, '/request/namespace/path');
  return typeof path === 'string' ? path.replaceAll(/^\/+|\/+$/g, '') : undefined;
}

/**
 * Who is meant where nobody is known: at a log-in the name in the path or the (hashed) role sent,
 * else the token's accessor. A token that nobody knows has none; its hash would make every try an
 * agent of its own, so those are one for each mount.
 */
function unnamed(record: unknown, path: string, signsIn: boolean): unknown {
  const [, named] = signsIn ? (/\/login\/([^/]+)$/.exec(path) ?? []) : [];
  const sent = signsIn ? firstAt(record, '/request/data/role_id', '/request/data/role') : undefined;
  const accessor = firstAt(record, '/auth/accessor', '/request/client_token_accessor');
  return named ?? sent ?? accessor ?? `unknown@${mountOf(record, path)}`;
}

/** The mount as the entry tells it; older servers tell none. */
function mountOf(record: unknown, path: string): string {
  const depth = path.startsWith('auth/') ? 2 : 1;
  const told = identifier(at(record, '/request/mount_point'));
  return told ?? `${path.split('/', depth).join('/')}/`;
}

function verdictOf(record: unknown): Verdict | undefined {
  const allowed = at(record, '/auth/policy_results/allowed');
  if (typeof allowed === 'boolean') return allowed ? 'allow' : 'deny';
  const error = at(record, '/error');
  return typeof error === 'string' && /permission denied/i.test(error) ? 'deny' : undefined;
}

function outcomeOf(
  record: unknown,
  isResponse: boolean,
  verdict: Verdict | undefined,
): { readonly status: OutcomeStatus; readonly errorType?: string | undefined } {
  if (verdict === 'deny') return { status: 'denied', errorType: 'permission_denied' };
  const error = firstAt(record, '/error', '/response/data/error');
  if (error !== undefined) return { status: 'failure', errorType: 'error' };
  return { status: isResponse ? 'success' : 'unknown' };
}

/** A list names its keys, unless the device elides them. */
function recordsOf(record: unknown): number | undefined {
  const keys = at(record, '/response/data/keys');
  return Array.isArray(keys) ? keys.length : undefined;
}

/** A token as the device hashed it; a raw one (`log_raw=true`) is dropped. */
function hashed(token: unknown): unknown {
  return typeof token === 'string' && token.startsWith('hmac-sha256:') ? token : undefined;
}
