import type { Verdict } from '../../../core/access-event.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { Draft, DraftParty } from '../draft.ts';
import { mapParts, objectAt } from '../draft.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';
import { at, firstAt } from '../json-pointer.ts';
import { traceParent } from '../trace-parent.ts';

/**
 * OpenID AuthZEN evaluations as an enforcement point logs them: request and response in one
 * object, flat or under `request` and `response`, single or `evaluations`; and tasks of the
 * access request profile.
 */
export const authZenFormat: AuditFormat = {
  name: 'authzen',
  title: 'OpenID AuthZEN evaluation',
  tenantIs: 'claim',
  recognises: (value) => {
    if (!isObject(value)) return false;
    const request = isObject(value['request']) ? value['request'] : value;
    if (!isObject(request['subject'])) return false;
    const asked = isObject(request['evaluations']) || isEvaluation(request);
    return asked || Array.isArray(request['evaluations']);
  },
  map: (value, context) => mapParts(pairsOf(value), context, 'evaluations', (part) => part()),
};

function isEvaluation(of: Readonly<Record<string, unknown>>): boolean {
  return isObject(of['action']) && isObject(of['resource']) && Object.hasOwn(of['action'], 'name');
}

function pairsOf(value: unknown): readonly (() => Draft)[] {
  const request = isObject(at(value, '/request')) ? at(value, '/request') : value;
  const response = isObject(at(value, '/response')) ? at(value, '/response') : value;
  const asked = at(request, '/evaluations');
  if (!Array.isArray(asked)) return [() => draftOf(value, request, response, undefined)];
  const answers = firstAt(value, '/response/evaluations', '/results');
  return asked.map((each, index) => () => {
    const answer = Array.isArray(answers) ? answers[index] : each;
    // What an evaluation does not say itself it takes from the batch (specification section 7).
    return draftOf(value, { ...objectAt(request), ...objectAt(each) }, answer, String(index));
  });
}

function draftOf(
  record: unknown,
  request: unknown,
  response: unknown,
  part: string | undefined,
): Draft {
  const subject = firstAt(request, '/subject/id');
  const context = at(request, '/context');
  const actors = actChain(firstAt(record, '/client/actor', '/context/client/actor', '/actor'));
  const agent =
    firstAt(context, '/agent/id', '/agent_id') ?? scalar(at(context, '/agent')) ?? actors[0]?.sub;
  const status = firstAt(record, '/task/status') ?? firstAt(response, '/context/task/status');
  const evaluation = firstAt(response, '/context/evaluation_id', '/evaluation_id', '/context/id');
  return {
    ...{ format: 'authzen', record, part },
    id: evaluation ?? firstAt(record, '/id', '/request_id'),
    wanted: { time: '/time', agent: '/context/agent', action: '/action/name' },
    time:
      firstAt(record, '/time', '/timestamp') ??
      firstAt(response, '/context/evaluated_at', '/evaluated_at') ??
      firstAt(context, '/time'),
    kind: status === undefined ? 'authz_decision' : 'approval',
    tenant:
      firstAt(context, '/tenant/id', '/tenant_id') ??
      scalar(at(context, '/tenant')) ??
      firstAt(request, '/subject/properties/tenant'),
    agent: { id: agent ?? subject },
    session: { id: firstAt(context, '/session_id', '/session/id') },
    trace: {
      ...traceParent(at(context, '/traceparent')),
      requestId: firstAt(record, '/request_id') ?? firstAt(context, '/request_id'),
    },
    principal:
      agent === undefined || agent === subject
        ? undefined
        : { sub: subject, type: at(request, '/subject/type') },
    delegation: actors.slice(agent === actors[0]?.sub ? 1 : 0),
    action: {
      name: firstAt(request, '/action/name'),
      toolCallId: firstAt(context, '/tool_call_id'),
      arguments: at(request, '/action/properties'),
    },
    resource: {
      type: at(request, '/resource/type'),
      id: at(request, '/resource/id'),
      tenant: firstAt(request, '/resource/properties/tenant', '/resource/properties/tenant_id'),
    },
    decision: {
      verdict: verdictOf(response, status),
      id: evaluation,
      reason: reasonOf(at(response, '/context/reason') ?? at(response, '/context/reason_admin')),
      policy: {
        id: firstAt(response, '/context/policy/id', '/context/policy_id'),
        version: firstAt(response, '/context/policy/version', '/context/policy_version'),
      },
    },
    approval: {
      status,
      id: firstAt(record, '/task/id') ?? firstAt(response, '/context/task/id'),
      approver: firstAt(record, '/task/approver', '/task/decided_by'),
    },
    token: {
      jti: firstAt(context, '/token/jti', '/jti'),
      txn: firstAt(context, '/token/txn', '/txn'),
      jwt: firstAt(context, '/token/jwt', '/access_token', '/headers/authorization'),
    },
    clientIp: firstAt(context, '/ip', '/client_ip'),
  };
}

const PENDING: Readonly<Record<string, Verdict>> = Object.assign(Object.create(null), {
  pending: 'pending',
  approved: 'allow',
  denied: 'deny',
  expired: 'deny',
  cancelled: 'deny',
  failed: 'error',
});

function verdictOf(response: unknown, status: unknown): Verdict | undefined {
  const decision = at(response, '/decision');
  if (typeof decision === 'boolean') return decision ? 'allow' : 'deny';
  return typeof status === 'string' ? PENDING[status] : undefined;
}

/** A text, or texts by language. */
function reasonOf(reason: unknown): unknown {
  return isObject(reason) ? firstAt(reason, '/en', '/403') : reason;
}

/** RFC 8693: the outer actor is the current one, those inside acted before. */
function actChain(actor: unknown): readonly DraftParty[] {
  const chain: DraftParty[] = [];
  let here = actor;
  while (isObject(here) && chain.length < LIMITS.listItems) {
    const sub = firstAt(here, '/sub', '/id');
    if (sub !== undefined) chain.push({ sub, iss: here['iss'] });
    here = here['act'];
  }
  return chain;
}

function scalar(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
