import {
  type EventKind,
  type Operation,
  type OutcomeStatus,
  onlyReads,
  type Verdict,
} from '../../../core/access-event.ts';
import { LIMITS } from '../../../core/limits.ts';
import { isDeeperThan, parseJsonText } from '../../json-body.ts';
import type { Draft } from '../draft.ts';
import { finish, identifier, objectAt } from '../draft.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';
import { at, firstAt } from '../json-pointer.ts';
import { recordTime } from '../record-time.ts';

/**
 * Kubernetes API server audit events, one or in an `EventList`. Only the stages that end a request
 * count; an earlier one (`RequestReceived`, `ResponseStarted`) says the same thing first.
 */
export const kubernetesFormat: AuditFormat = {
  name: 'kubernetes',
  title: 'Kubernetes audit (audit.k8s.io)',
  tenantIs: 'account',
  recognises: (value) =>
    isObject(value) &&
    ((value['kind'] === 'EventList' && isAuditVersion(value['apiVersion'])) ||
      isEvent(value) ||
      isAksRecord(value)),
  recordsOf: (value) => listOf(value),
  map: (value, context) => {
    return eventsOf(value)
      .filter((event) => !EARLIER_STAGES.has(identifier(at(event, '/stage')) ?? ''))
      .map((event) => finish(draftOf(objectAt(event)), context));
  },
};

function listOf(value: unknown): readonly unknown[] | null {
  const items = at(value, '/items');
  return at(value, '/kind') === 'EventList' && Array.isArray(items) ? items : null;
}

/** The items of a list, the event of an AKS diagnostic record, or the value itself. */
function eventsOf(value: unknown): readonly unknown[] {
  const items = listOf(value);
  if (items !== null) return items;
  if (!isAksRecord(value)) return [value];
  const log = at(value, '/properties/log');
  if (typeof log !== 'string') return [log];
  try {
    const event: unknown = parseJsonText(log);
    return [isDeeperThan(event, LIMITS.recordDepth) ? undefined : event];
  } catch {
    return [undefined];
  }
}

/** AKS puts the event as a text into a record of Azure Monitor. */
function isAksRecord(value: unknown): boolean {
  const category = at(value, '/category');
  return (
    typeof category === 'string' &&
    category.startsWith('kube-audit') &&
    at(value, '/properties/log') !== undefined
  );
}

const EARLIER_STAGES: ReadonlySet<string> = new Set(['RequestReceived', 'ResponseStarted']);

function isAuditVersion(version: unknown): boolean {
  return typeof version === 'string' && version.startsWith('audit.k8s.io/');
}

function isEvent(of: Readonly<Record<string, unknown>>): boolean {
  if (of['kind'] === 'Event' && isAuditVersion(of['apiVersion'])) return true;
  // Collectors drop `apiVersion`, some `kind` too; these members together are nobody else's.
  if (typeof of['verb'] !== 'string') return false;
  const isShaped = isObject(of['objectRef']) || typeof of['requestURI'] === 'string';
  return of['kind'] === 'Event' || (isShaped && isObject(of['user']));
}

function draftOf(record: Readonly<Record<string, unknown>>): Draft {
  const verb = identifier(record['verb']);
  const object = at(record, '/objectRef');
  const target = targetOf(object) ?? identifier(record['requestURI'])?.split('?', 1)[0];
  const namespace = at(object, '/namespace');
  const verdict = verdictOf(record);
  const impersonated = firstAt(record, '/impersonatedUser/username');
  const user = firstAt(record, '/user/username', '/user/uid');
  return {
    ...{ format: 'kubernetes', record, id: record['auditID'] },
    part: identifier(record['stage']),
    wanted: { time: '/stageTimestamp', agent: '/user/username', action: '/verb' },
    time: firstAt(
      record,
      ...['/requestReceivedTimestamp', '/stageTimestamp', '/timestamp', '/p_event_time'],
    ),
    kind: kindOf(verb ?? '', object),
    agent: { id: user },
    principal:
      impersonated === undefined
        ? undefined
        : { sub: impersonated, roles: at(record, '/impersonatedUser/groups') },
    trace: { requestId: record['auditID'] },
    action: {
      name: verb === undefined || target === undefined ? verb : `${verb} ${target}`,
      op: opOf(verb ?? '', at(object, '/subresource')),
      // The content of a secret is in the request; its name is in `objectRef`.
      arguments: at(object, '/resource') === 'secrets' ? undefined : record['requestObject'],
    },
    resource: {
      type: targetOf(object),
      id: joined([namespace, at(object, '/name')]),
      server: at(object, '/apiGroup'),
    },
    volume: { records: recordsOf(record) },
    decision: {
      verdict,
      reason: at(record, '/annotations/authorization.k8s.io~1reason'),
    },
    outcome: outcomeOf(record, verdict),
    latencyMs: latencyOf(record),
    clientIp: at(record, '/sourceIPs/0'),
    attrs: {
      user_agent: record['userAgent'],
      user_uid: at(record, '/user/uid'),
      groups: at(record, '/user/groups'),
      namespace,
      request_uri: record['requestURI'],
      impersonation_constraint: at(record, '/authenticationMetadata/impersonationConstraint'),
    },
  };
}

function targetOf(object: unknown): string | undefined {
  return joined([at(object, '/resource'), at(object, '/subresource')]);
}

function joined(parts: readonly unknown[]): string | undefined {
  const texts = parts.filter((part) => typeof part === 'string' && part !== '');
  return texts.length === 0 ? undefined : texts.join('/');
}

const OPERATIONS: Readonly<Record<string, Operation>> = Object.assign(Object.create(null), {
  get: 'read',
  watch: 'read',
  head: 'read',
  list: 'list',
  create: 'write',
  update: 'write',
  patch: 'write',
  post: 'write',
  put: 'write',
  delete: 'delete',
  deletecollection: 'delete',
  impersonate: 'admin',
  bind: 'admin',
  escalate: 'admin',
  approve: 'admin',
});
const EXECUTING: ReadonlySet<unknown> = new Set(['exec', 'attach', 'portforward', 'proxy']);

function opOf(verb: string, subresource: unknown): Operation {
  return EXECUTING.has(subresource) ? 'execute' : (OPERATIONS[verb] ?? 'unknown');
}

function kindOf(verb: string, object: unknown): EventKind {
  const target = targetOf(object) ?? '';
  if (target === 'serviceaccounts/token') return 'token_issue';
  if (/^(?:tokenreviews|selfsubjectreviews)/.test(target)) return 'authentication';
  if (/subjectaccessreviews/.test(target)) return 'authz_decision';
  if (target === 'certificatesigningrequests/approval') return 'approval';
  if (EXECUTING.has(at(object, '/subresource'))) return 'tool_call';
  const op = opOf(verb, undefined);
  return onlyReads(op) ? 'data_access' : 'admin';
}

function verdictOf(record: unknown): Verdict | undefined {
  const said = at(record, '/annotations/authorization.k8s.io~1decision');
  if (said === 'allow') return 'allow';
  const code = at(record, '/responseStatus/code');
  return said === 'forbid' || code === 403 || code === 401 ? 'deny' : undefined;
}

function outcomeOf(
  record: unknown,
  verdict: Verdict | undefined,
): { readonly status: OutcomeStatus; readonly errorType?: unknown } {
  const code = at(record, '/responseStatus/code');
  const errorType = firstAt(record, '/responseStatus/reason');
  if (at(record, '/stage') === 'Panic') return { status: 'failure', errorType: 'panic' };
  // An admission plugin may forbid what was authorised.
  if (verdict === 'deny' || code === 403 || code === 401) return { status: 'denied', errorType };
  if (typeof code !== 'number') return { status: 'unknown' };
  if (code === 504) return { status: 'timeout', errorType };
  return code >= 400 ? { status: 'failure', errorType: errorType ?? code } : { status: 'success' };
}

function recordsOf(record: unknown): number | undefined {
  const items = at(record, '/responseObject/items');
  return Array.isArray(items) ? items.length : undefined;
}

function latencyOf(record: unknown): number | undefined {
  const began = recordTime(at(record, '/requestReceivedTimestamp'));
  const ended = recordTime(at(record, '/stageTimestamp'));
  return began === undefined || ended === undefined || ended < began ? undefined : ended - began;
}
