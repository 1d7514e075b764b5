import type { EventKind, Operation, OutcomeStatus, Verdict } from '../../../core/access-event.ts';
import type { Draft } from '../draft.ts';
import { finish, objectAt } from '../draft.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';
import { at, firstAt } from '../json-pointer.ts';

/**
 * OCSF events: API Activity (6003), Datastore Activity (6005), Authentication (3002), Authorize
 * Session (3003), Entity Management (3004), and any class that names an actor. The profile
 * `ai_operation` tells the agent from the user behind it.
 */
export const ocsfFormat: AuditFormat = {
  name: 'ocsf',
  title: 'OCSF event',
  tenantIs: 'claim',
  recognises: (value) =>
    isObject(value) && isCount(value['class_uid']) && isCount(value['category_uid']),
  map: (value, context) => [finish(draftOf(objectAt(value)), context)],
};

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

const USER = ['/uid', '/name', '/email_addr'];
const under = (place: string) => USER.map((name) => `${place}${name}`);

function draftOf(record: Readonly<Record<string, unknown>>): Draft {
  const classUid = record['class_uid'];
  const ai = at(record, '/ai_operation/ai_agent') ?? at(record, '/ai_agent');
  const agent = firstAt(ai, '/uid', '/instance_uid', '/name');
  // An Authentication or Entity Management event may name its subject alone.
  const actor =
    firstAt(record, ...under('/actor/user'), '/actor/app_uid', '/actor/app_name') ??
    firstAt(record, '/actor/session/uid') ??
    (classUid === 3002 || classUid === 3003 ? firstAt(record, ...under('/user')) : undefined) ??
    firstAt(record, '/actor/process/user/uid', '/actor/process/user/name', '/actor/idp/uid');
  const activity = firstAt(record, '/activity_name', '/type_name');
  const status = outcomeOf(record);
  return {
    ...{ format: 'ocsf', record, id: at(record, '/metadata/uid') },
    wanted: { time: '/time', agent: '/actor/user/uid', action: '/activity_name' },
    time: firstAt(record, '/time', '/time_dt', '/metadata/logged_time'),
    kind: kindOf(record, classUid, agent),
    source: { name: firstAt(record, '/metadata/product/name') },
    tenant: at(record, '/metadata/tenant_uid'),
    agent: {
      id: agent ?? actor,
      name: firstAt(ai, '/name') ?? firstAt(record, '/actor/user/name', '/actor/app_name'),
      version: at(ai, '/version'),
    },
    principal:
      agent === undefined || actor === undefined || actor === agent
        ? undefined
        : { sub: actor, type: firstAt(record, '/actor/user/type') },
    session: { id: firstAt(record, '/session/uid', '/actor/session/uid') },
    trace: {
      traceId: firstAt(record, '/trace/uid', '/metadata/trace_uid'),
      spanId: firstAt(record, '/trace/span/uid'),
      requestId: firstAt(record, '/api/request/uid', '/metadata/correlation_uid'),
    },
    action: {
      name: firstAt(record, '/api/operation') ?? activity ?? record['activity_id'],
      op: opOf(classUid, record['activity_id']),
      arguments: firstAt(record, '/api/request/data', '/query_info/data'),
    },
    resource: resourceOf(record),
    scopes: { granted: at(record, '/privileges') },
    volume: volumeOf(record),
    decision: decisionOf(record),
    outcome: { status, errorType: firstAt(record, '/status_code', '/api/response/error') },
    latencyMs: record['duration'],
    clientIp: firstAt(record, '/src_endpoint/ip'),
    attrs: {
      class_uid: classUid,
      user_agent: firstAt(record, '/http_request/user_agent'),
      model: firstAt(record, '/ai_operation/ai_model/name', '/ai_model/name'),
      account: at(record, '/cloud/account/uid'),
    },
  };
}

function resourceOf(record: unknown): NonNullable<Draft['resource']> {
  const isLogin = at(record, '/class_uid') === 3002;
  return {
    type: firstAt(
      record,
      ...['/resources/0/type', '/databucket/type', '/database/type', '/entity/type'],
    ),
    id: firstAt(
      record,
      ...['/resources/0/uid', '/resources/0/name', '/databucket/uid', '/databucket/name'],
      ...['/database/uid', '/database/name', '/table/uid', '/entity/uid', '/entity/name'],
      ...(isLogin ? ['/service/uid', '/service/name', '/dst_endpoint/hostname'] : []),
    ),
    server: firstAt(record, '/api/service/name', '/service/name', '/dst_endpoint/hostname'),
    region: firstAt(record, '/cloud/region', '/resources/0/region'),
  };
}

function volumeOf(record: unknown): NonNullable<Draft['volume']> {
  return {
    records: at(record, '/query_info/query_result_count'),
    bytesIn: at(record, '/traffic/bytes_in'),
    bytesOut: firstAt(record, '/traffic/bytes_out', '/query_info/bytes'),
    tokensIn: at(record, '/message_context/prompt_tokens'),
    tokensOut: at(record, '/message_context/completion_tokens'),
  };
}

function decisionOf(record: unknown): Draft['decision'] {
  const policy = '/actor/authorizations/0/policy';
  return {
    verdict: verdictOf(record),
    id: at(record, '/metadata/correlation_uid'),
    reason: at(record, '/status_detail'),
    policy: {
      id: firstAt(record, `${policy}/uid`, '/policy/uid', '/firewall_rule/uid'),
      version: firstAt(record, `${policy}/version`, '/policy/version'),
    },
  };
}

function kindOf(record: unknown, classUid: unknown, agent: unknown): EventKind {
  if (classUid === 3002) return 'authentication';
  if (classUid === 3003) return 'authz_decision';
  if (classUid === 6005) return 'data_access';
  if (classUid === 3004) return 'admin';
  if (at(record, '/message_context') !== undefined) return 'model_call';
  if (agent !== undefined) return 'tool_call';
  const op = opOf(classUid, at(record, '/activity_id'));
  return op === 'read' ? 'data_access' : 'admin';
}

const API_OPS: readonly Operation[] = ['unknown', 'write', 'read', 'write', 'delete'];
const DATASTORE_OPS: readonly Operation[] = [
  ...(['unknown', 'read', 'write', 'unknown', 'read'] as const),
  ...(['write', 'write', 'delete'] as const),
];
const ENTITY_OPS: readonly Operation[] = ['unknown', 'write', 'read', 'write', 'delete'];

function opOf(classUid: unknown, activity: unknown): Operation | undefined {
  const index = typeof activity === 'number' ? activity : 0;
  if (classUid === 6003) return API_OPS[index];
  if (classUid === 6005) return DATASTORE_OPS[index];
  if (classUid === 3004) return ENTITY_OPS[index] ?? 'admin';
  return classUid === 3003 ? 'admin' : undefined;
}

/** `action_id` and `disposition_id` 2 are a denial and a block; an authorisation may say more. */
function verdictOf(record: unknown): Verdict | undefined {
  const said = at(record, '/actor/authorizations/0/decision');
  if (typeof said === 'string') {
    if (/^(?:allow|permit|grant)/i.test(said)) return 'allow';
    if (/^(?:deny|denied|block|reject)/i.test(said)) return 'deny';
  }
  if (at(record, '/action_id') === 2 || at(record, '/disposition_id') === 2) return 'deny';
  return at(record, '/action_id') === 1 ? 'allow' : undefined;
}

function outcomeOf(record: unknown): OutcomeStatus {
  if (verdictOf(record) === 'deny') return 'denied';
  const id = at(record, '/status_id');
  if (id === 1) return 'success';
  const code = at(record, '/status_code');
  const isRefusal = code === '403' || code === 403 || code === 'AccessDenied';
  return id === 2 ? (isRefusal ? 'denied' : 'failure') : 'unknown';
}
