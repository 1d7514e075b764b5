import type { Verdict } from '../../../core/access-event.ts';
import type { Draft } from '../draft.ts';
import { identifier, mapParts, objectAt } from '../draft.ts';
import type { Json } from '../field-reader.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';
import { at, firstAt } from '../json-pointer.ts';
import { hostOf } from '../network-host.ts';
import { traceParent } from '../trace-parent.ts';

/** Cerbos audit log, decisions and access: file, standard output and the values on Kafka. */
export const cerbosFormat: AuditFormat = {
  name: 'cerbos',
  title: 'Cerbos audit log',
  tenantIs: 'claim',
  recognises: (value) =>
    isObject(value) &&
    typeof value['callId'] === 'string' &&
    (value['log.logger'] === 'cerbos.audit' ||
      ['checkResources', 'planResources', 'inputs'].some((name) => Object.hasOwn(value, name)) ||
      (typeof value['method'] === 'string' && value['method'].startsWith('/cerbos.'))),
  map: (value, context) => {
    const record = objectAt(value);
    const drafts = isAccess(record) ? [() => accessOf(record)] : decisionsOf(record);
    return mapParts(drafts, context, 'inputs', (draft) => draft());
  },
};

function isAccess(record: Json): boolean {
  return record['log.kind'] === 'access' || typeof record['method'] === 'string';
}

/** One event per input and action, since each has a verdict of its own. */
function decisionsOf(record: Json): readonly (() => Draft)[] {
  const plan = at(record, '/planResources/input');
  if (plan !== undefined) return planOf(record);
  const inputs = firstAt(record, '/checkResources/inputs', '/inputs');
  const outputs = firstAt(record, '/checkResources/outputs', '/outputs');
  if (!Array.isArray(inputs) || inputs.length === 0)
    return [() => decision(record, {}, undefined, {})];
  const drafts = inputs.flatMap((input, index) => {
    const output = Array.isArray(outputs) ? outputs[index] : undefined;
    const actions = objectAt(input)['actions'];
    const named: readonly unknown[] = Array.isArray(actions) ? actions : [];
    return named.map((action, order) => () => {
      const effect = typeof action === 'string' ? own(at(output, '/actions'), action) : undefined;
      const part = inputs.length * named.length === 1 ? undefined : `${index}.${order}`;
      return { ...decision(record, input, action, effect), part };
    });
  });
  return drafts.length === 0 ? [() => decision(record, inputs[0], undefined, {})] : drafts;
}

function planOf(record: Json): readonly (() => Draft)[] {
  const input = at(record, '/planResources/input');
  const output = at(record, '/planResources/output');
  const listed = firstAt(input, '/actions');
  const actions = Array.isArray(listed) && listed.length > 0 ? listed : [at(input, '/action')];
  return actions.map((action, order) => () => ({
    ...decision(record, input, action, output),
    part: actions.length === 1 ? undefined : `${order}`,
  }));
}

function decision(record: Json, input: unknown, action: unknown, effect: unknown): Draft {
  const principal = at(input, '/principal');
  const attr = at(principal, '/attr');
  const agent = at(principal, '/id');
  const behind = firstAt(attr, '/on_behalf_of', '/onBehalfOf', '/user', '/sub');
  const resource = at(input, '/resource');
  const annotations = at(record, '/requestContext/annotations');
  const callId = record['callId'];
  return {
    ...{ format: 'cerbos', record, id: callId, time: record['timestamp'] },
    wanted: {
      time: '/timestamp',
      agent: '/checkResources/inputs/0/principal/id',
      action: '/checkResources/inputs/0/actions/0',
    },
    kind: 'authz_decision',
    tenant: firstAt(attr, '/tenant', '/tenant_id', '/tenantId'),
    agent: { id: agent },
    session: { id: firstAt(annotations, '/session_id', '/sessionId', '/session') },
    trace: {
      traceId: firstAt(annotations, '/trace_id', '/traceId'),
      ...traceParent(at(annotations, '/traceparent')),
      requestId: firstAt(input, '/requestId'),
    },
    principal: behind === undefined || behind === agent ? undefined : { sub: behind },
    action: { name: action },
    resource: {
      type: at(resource, '/kind'),
      id: at(resource, '/id'),
      tenant: firstAt(resource, '/attr/tenant', '/attr/tenant_id', '/attr/tenantId'),
    },
    decision: {
      verdict: verdictOf(effect),
      id: callId,
      policy: { id: policyIdOf(record, effect), version: policyVersionOf(record) },
      constraints: at(effect, '/filter/condition'),
    },
    token: claimsOf(at(input, '/auxData/jwt')),
    clientIp: hostOf(firstAt(record, '/peer/forwardedFor', '/peer/address')),
    attrs: {
      'cerbos.roles': at(principal, '/roles'),
      'cerbos.scope': firstAt(resource, '/scope'),
      user_agent: at(record, '/peer/userAgent'),
    },
  };
}

/** Cerbos logs the claims of a token that it verified, and not the token. */
function claimsOf(jwt: unknown): NonNullable<Draft['token']> {
  return {
    ...{ jti: at(jwt, '/jti'), txn: at(jwt, '/txn'), iss: at(jwt, '/iss') },
    ...{ sub: at(jwt, '/sub'), aud: at(jwt, '/aud'), exp: at(jwt, '/exp') },
  };
}

/** Access entries name the caller only where it authenticated or a metadata key says. */
function accessOf(record: Json): Draft {
  const code = record['statusCode'] ?? 0;
  const method = identifier(record['method'])?.split('/').at(-1);
  return {
    ...{ format: 'cerbos', record, id: record['callId'], time: record['timestamp'] },
    wanted: { time: '/timestamp', agent: '/metadata/agent-id/values/0', action: '/method' },
    part: 'access',
    kind: 'token_use',
    tenant: at(record, '/metadata/tenant-id/values/0'),
    agent: { id: firstAt(record, '/metadata/agent-id/values/0', '/peer/authInfo') },
    trace: { requestId: record['callId'] },
    action: { name: method, op: 'read' },
    resource: { type: 'cerbos', id: record['method'] },
    outcome: {
      status: code === 0 ? 'success' : code === 7 || code === 16 ? 'denied' : 'failure',
      errorType: code === 0 ? undefined : code,
    },
    clientIp: hostOf(firstAt(record, '/peer/forwardedFor', '/peer/address')),
    attrs: { user_agent: at(record, '/peer/userAgent') },
  };
}

function own(of: unknown, name: string): unknown {
  return isObject(of) && Object.hasOwn(of, name) ? of[name] : undefined;
}

function verdictOf(effect: unknown): Verdict {
  const said = firstAt(effect, '/effect', '/filter/kind');
  if (said === 'EFFECT_ALLOW' || said === 'KIND_ALWAYS_ALLOWED' || said === 'KIND_CONDITIONAL') {
    return 'allow';
  }
  return said === 'EFFECT_DENY' || said === 'KIND_ALWAYS_DENIED' ? 'deny' : 'error';
}

function policyIdOf(record: Json, effect: unknown): unknown {
  const stated = at(effect, '/policy');
  return stated ?? Object.keys(objectAt(at(record, '/auditTrail/effectivePolicies'))).sort()[0];
}

function policyVersionOf(record: Json): unknown {
  const source = firstAt(record, '/policySource', '/auditTrail/policySource');
  const effective = objectAt(at(record, '/auditTrail/effectivePolicies'));
  const first = Object.keys(effective).sort()[0];
  const attributes = first === undefined ? undefined : at(effective[first], '/attributes');
  return (
    firstAt(source, '/git/hash', '/git/commitHash', '/hub/bundleId', '/embeddedPdp/buildId') ??
    firstAt(attributes, '/commit_hash', '/commitHash', '/version')
  );
}
