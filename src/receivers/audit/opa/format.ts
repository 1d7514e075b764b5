import type { Verdict } from '../../../core/access-event.ts';
import type { DraftParty } from '../draft.ts';
import { finish, objectAt, refusal } from '../draft.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat, MapContext, Mapped } from '../format.ts';
import { at, firstAt } from '../json-pointer.ts';
import { hostOf } from '../network-host.ts';

/** Where a policy's own `input` carries what an event needs; the first that leads somewhere. */
export interface OpaPointers {
  readonly agent: readonly string[];
  readonly principal: readonly string[];
  readonly tenant: readonly string[];
  readonly action: readonly string[];
  readonly arguments: readonly string[];
  readonly resourceType: readonly string[];
  readonly resourceId: readonly string[];
  readonly resourceTenant: readonly string[];
  readonly session: readonly string[];
  /** Tokens, or headers with one. */
  readonly token: readonly string[];
}

/** Usual spellings, and the input of the Envoy external authorisation plugin. */
export const OPA_POINTERS: OpaPointers = {
  agent: [
    ...['/input/agent/id', '/input/agent_id', '/input/agent', '/input/actor/id', '/input/actor'],
    ...['/input/client_id', '/input/subject/id', '/input/subject', '/input/principal/id'],
    ...['/input/user/id', '/input/user', '/input/attributes/source/principal'],
  ],
  principal: ['/input/on_behalf_of', '/input/principal/sub', '/input/user/id', '/input/user'],
  tenant: ['/input/tenant/id', '/input/tenant', '/input/tenant_id'],
  action: [
    ...['/input/action/name', '/input/action', '/input/tool/name', '/input/tool'],
    ...['/input/method', '/input/attributes/request/http/method'],
  ],
  arguments: ['/input/action/arguments', '/input/arguments', '/input/params'],
  resourceType: ['/input/resource/type', '/input/resource/kind'],
  resourceId: [
    ...['/input/resource/id', '/input/resource/name', '/input/resource', '/input/path'],
    '/input/attributes/request/http/path',
  ],
  resourceTenant: ['/input/resource/tenant', '/input/resource/tenant_id'],
  session: ['/input/session/id', '/input/session_id', '/input/session'],
  token: [
    ...['/input/token', '/input/jwt', '/input/access_token', '/input/headers/authorization'],
    '/input/request/headers/authorization',
    '/input/attributes/request/http/headers/txn-token',
    '/input/attributes/request/http/headers/authorization',
  ],
};

/** Open Policy Agent decision logs: `POST /logs` of its plugin, and its console log. */
export function opaFormat(pointers: OpaPointers = OPA_POINTERS): AuditFormat {
  return {
    name: 'opa',
    title: 'Open Policy Agent decision log',
    tenantIs: 'claim',
    recognises: (value) =>
      isObject(value) &&
      typeof value['decision_id'] === 'string' &&
      (Object.hasOwn(value, 'path') || Object.hasOwn(value, 'query')) &&
      !Object.hasOwn(value, 'subject'),
    map: (value, context) => [mapDecision(objectAt(value), pointers, context)],
  };
}

function mapDecision(
  of: Readonly<Record<string, unknown>>,
  pointers: OpaPointers,
  context: MapContext,
): Mapped {
  const hidden = hiddenOf(of);
  const scalarOf = (names: readonly string[]): unknown => {
    const shown = names.filter((pointer) => !hidden.has(pointer));
    return shown.map((pointer) => at(of, pointer)).find(isScalar);
  };
  const agent = scalarOf(pointers.agent);
  if (agent === undefined && pointers.agent.some((pointer) => hidden.has(pointer))) {
    const path = pointers.agent.find((pointer) => hidden.has(pointer)) ?? '';
    return refusal(context, 'missing_field', path, 'erased or masked by the mask policy');
  }
  const principal: DraftParty = { sub: scalarOf(pointers.principal) };
  const id = of['decision_id'];
  return finish(
    {
      format: 'opa',
      record: of,
      wanted: {
        time: '/timestamp',
        agent: pointers.agent[0] ?? '',
        action: pointers.action[0] ?? '',
      },
      id,
      time: of['timestamp'],
      kind: 'authz_decision',
      source: { name: at(of, '/labels/id') },
      tenant: scalarOf(pointers.tenant),
      agent: { id: agent },
      session: { id: scalarOf(pointers.session) },
      trace: { traceId: of['trace_id'], spanId: of['span_id'], requestId: of['req_id'] },
      principal: principal.sub === agent ? undefined : principal,
      action: {
        name: scalarOf(pointers.action) ?? of['path'],
        arguments: firstAt(of, ...pointers.arguments.filter((pointer) => !hidden.has(pointer))),
      },
      resource: {
        type: scalarOf(pointers.resourceType),
        id: scalarOf(pointers.resourceId) ?? pathOf(at(of, '/input/path')),
        tenant: scalarOf(pointers.resourceTenant),
      },
      decision: {
        verdict: verdictOf(of),
        id,
        reason: firstAt(of, '/result/reason', '/result/message', '/error/message'),
        policy: { id: of['path'] ?? of['query'], version: revisionOf(of) },
      },
      token: { jwt: scalarOf(pointers.token) },
      latencyMs: nanosecondsAsMs(at(of, '/metrics/timer_server_handler_ns')),
      clientIp: hostOf(of['requested_by']),
      attrs: { 'opa.hidden': hidden.size === 0 ? undefined : [...hidden].sort() },
    },
    context,
  );
}

/** Pointers whose value the mask policy took away: what stands there is unknown, not empty. */
function hiddenOf(of: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const listed = [of['erased'], of['masked']].flatMap((list) => (Array.isArray(list) ? list : []));
  return new Set(listed.filter((pointer) => typeof pointer === 'string').slice(0, HIDDEN_MAX));
}

const HIDDEN_MAX = 128;

/** Policies answer with a boolean or an object; `undefined` decided nothing. */
function verdictOf(of: Readonly<Record<string, unknown>>): Verdict {
  const { result } = of;
  if (of['error'] !== undefined || result === undefined || result === null) return 'error';
  const said = isObject(result)
    ? firstAt(result, '/allow', '/allowed', '/decision', '/verdict', '/effect', '/result')
    : result;
  if (typeof said === 'boolean') return said ? 'allow' : 'deny';
  if (typeof said !== 'string')
    return isObject(result) && result['deny'] === true ? 'deny' : 'error';
  return VERDICTS[said.toLowerCase()] ?? 'error';
}

const VERDICTS: Readonly<Record<string, Verdict>> = Object.assign(Object.create(null), {
  allow: 'allow',
  allowed: 'allow',
  permit: 'allow',
  deny: 'deny',
  denied: 'deny',
  forbid: 'deny',
  block: 'deny',
  challenge: 'challenge',
  step_up: 'challenge',
  pending: 'pending',
});

function revisionOf(of: Readonly<Record<string, unknown>>): unknown {
  const bundles = objectAt(of['bundles']);
  const revisions = Object.keys(bundles)
    .sort()
    .slice(0, HIDDEN_MAX)
    .flatMap((name) => {
      const revision = at(bundles[name], '/revision');
      return typeof revision === 'string' ? [revision] : [];
    });
  return revisions.length === 0 ? of['revision'] : revisions.join(',');
}

/** Paths come as a text or, in most tutorials, as a list of segments. */
function pathOf(path: unknown): string | undefined {
  if (!Array.isArray(path)) return undefined;
  return path.slice(0, HIDDEN_MAX).filter(isScalar).join('/');
}

function nanosecondsAsMs(value: unknown): number | undefined {
  return typeof value === 'number' ? value / 1e6 : undefined;
}

function isScalar(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}
