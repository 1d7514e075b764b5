import type { EventKind, Operation, OutcomeStatus } from '../../../core/access-event.ts';
import type { Draft } from '../draft.ts';
import { finish, identifier, objectAt } from '../draft.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';
import { at, firstAt } from '../json-pointer.ts';
import { hostOf } from '../network-host.ts';

/** Teleport audit events, as its event handler and log files write them. */
export const teleportFormat: AuditFormat = {
  name: 'teleport',
  title: 'Teleport audit events',
  tenantIs: 'account',
  recognises: (value) =>
    isObject(value) &&
    typeof value['event'] === 'string' &&
    typeof value['uid'] === 'string' &&
    typeof value['code'] === 'string' &&
    /^T[0-9A-Z]{3,8}[IWE]$/i.test(value['code']),
  map: (value, context) => [finish(draftOf(objectAt(value)), context)],
};

function draftOf(record: Readonly<Record<string, unknown>>): Draft {
  const event = identifier(record['event']) ?? '';
  const user = firstAt(record, '/user', '/identity/user', '/login');
  const behind = firstAt(record, '/impersonator', '/identity/impersonator');
  const bot = firstAt(record, '/bot_name', '/identity/bot_name');
  const agent = bot ?? behind ?? user;
  const state = firstAt(record, '/proposed_state', '/state');
  return {
    ...{ format: 'teleport', record, id: record['uid'] },
    wanted: { time: '/time', agent: '/user', action: '/event' },
    time: record['time'],
    kind: kindOf(event),
    source: { name: firstAt(record, '/server_id', '/cluster_name'), seq: record['ei'] },
    tenant: record['cluster_name'],
    agent: { id: agent, name: bot === undefined ? undefined : user },
    // Who impersonates acts; the user it acts as is the principal.
    principal: behind === undefined ? undefined : { sub: user, type: 'user' },
    session: { id: firstAt(record, '/sid', '/session_id') },
    trace: { requestId: firstAt(record, '/trace_id') },
    action: {
      name: actionOf(record, event),
      op: opOf(record, event),
      toolCallId: mcpCallId(record),
      arguments: firstAt(record, '/message/params/arguments', '/argv', '/command', '/db_query'),
    },
    resource: {
      type: firstAt(record, '/resource_type', '/proto', '/db_protocol'),
      id: firstAt(
        record,
        ...['/name', '/app_name', '/db_service', '/kubernetes_cluster', '/server_hostname'],
        ...['/path', '/server_id'],
      ),
      server: firstAt(record, '/app_name', '/db_service', '/kubernetes_cluster', '/server_id'),
    },
    scopes: { granted: firstAt(record, '/roles', '/identity/roles') },
    approval:
      kindOf(event) === 'approval'
        ? { status: state ?? 'PENDING', id: record['id'], approver: record['reviewer'] }
        : { status: undefined },
    token: { exp: firstAt(record, '/identity/expires') },
    outcome: outcomeOf(record),
    clientIp: hostOf(firstAt(record, '/addr.remote', '/addr_remote', '/addr/remote')),
    attrs: {
      code: record['code'],
      login: record['login'],
      method: record['method'],
      user_kind: record['user_kind'],
      cert_type: record['cert_type'],
      error: firstAt(record, '/error'),
    },
  };
}

const KINDS: readonly (readonly [RegExp, EventKind])[] = [
  [/^(?:user\.login|user\.logout|auth|bot\.join|instance\.join|mfa_auth)/, 'authentication'],
  [/^(?:cert\.create|bot_token\.create|join_token\.create|user_token\.create)/, 'token_issue'],
  [/^access_request\./, 'approval'],
  [/^mcp\.session\.start$/, 'task_start'],
  [/^mcp\.session\.end$/, 'task_end'],
  [/^(?:mcp\.|exec$|session\.command|session\.(?:start|exec))/, 'tool_call'],
  [/^(?:db\.session\.|app\.session\.|kube\.request|scp|sftp|session\.)/, 'data_access'],
];

function kindOf(event: string): EventKind {
  return KINDS.find(([pattern]) => pattern.test(event))?.[1] ?? 'admin';
}

/** An MCP request is named by its tool, a command by its program, the rest by the event. */
function actionOf(record: unknown, event: string): unknown {
  const tool = firstAt(record, '/message/params/name', '/message/method');
  if (event.startsWith('mcp.') && tool !== undefined) return tool;
  return (event === 'session.command' ? firstAt(record, '/program') : undefined) ?? event;
}

function opOf(record: unknown, event: string): Operation | undefined {
  if (/^(?:session\.command|exec$)/.test(event)) return 'execute';
  if (event === 'kube.request') return at(record, '/verb') === 'GET' ? 'read' : 'write';
  return event.endsWith('.create') || event.endsWith('.update') ? 'admin' : undefined;
}

function mcpCallId(record: unknown): unknown {
  const id = at(record, '/message/id');
  const session = identifier(firstAt(record, '/sid', '/session_id'));
  const known = typeof id === 'string' || typeof id === 'number';
  return known && session !== undefined ? `${session}:${id}` : undefined;
}

/** The last letter of the code: information, warning (a failed attempt), error. */
function outcomeOf(record: unknown): {
  readonly status: OutcomeStatus;
  readonly errorType?: unknown;
} {
  const code = (identifier(at(record, '/code')) ?? '').toUpperCase();
  const error = firstAt(record, '/error');
  const failed = at(record, '/success') === false || error !== undefined || /[WE]$/.test(code);
  if (!failed) return { status: 'success' };
  const isDenial = typeof error === 'string' && /denied|not allowed|forbidden/i.test(error);
  return { status: isDenial ? 'denied' : 'failure', errorType: code };
}
