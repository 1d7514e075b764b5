import type { AccessEvent } from '../../core/access-event.ts';

/** A member's CEL type, members of its own, or the members of each item of a list. */
export type Shape = string | { readonly [member: string]: Shape } | readonly [ItemShape];
type ItemShape = { readonly [member: string]: string };

const TEXTS = 'list<string>';
const TIMESTAMP = 'google.protobuf.Timestamp';

/** What a condition may read: the native event in its own spelling (design section 6). */
export const EVENT_SHAPE = {
  id: 'string',
  time: TIMESTAMP,
  kind: 'string',
  phase: 'string',
  tenant: 'string',
  source: { name: 'string', format: 'string', delivered_by: 'string', trust: 'string' },
  agent: { id: 'string', name: 'string', version: 'string' },
  session: { id: 'string', conversation_id: 'string' },
  trace: {
    trace_id: 'string',
    span_id: 'string',
    parent_span_id: 'string',
    request_id: 'string',
  },
  principal: { sub: 'string', iss: 'string', type: 'string', roles: TEXTS },
  delegation: [{ sub: 'string', iss: 'string', type: 'string' }],
  action: {
    name: 'string',
    op: 'string',
    tool_call_id: 'string',
    arguments: 'dyn',
    amount: { value: 'double', currency: 'string' },
  },
  resource: {
    type: 'string',
    id: 'string',
    tenant: 'string',
    server: 'string',
    region: 'string',
    unit: 'string',
    sensitivity: 'string',
  },
  destinations: [{ type: 'string', value: 'string', group: 'string' }],
  scopes: { granted: TEXTS, required: TEXTS },
  volume: {
    records: 'double',
    bytes_in: 'double',
    bytes_out: 'double',
    tokens_in: 'double',
    tokens_out: 'double',
    cost_usd: 'double',
  },
  decision: {
    verdict: 'string',
    id: 'string',
    reason: 'string',
    policy: { id: 'string', version: 'string' },
    expires: TIMESTAMP,
  },
  approval: { status: 'string', id: 'string', approver: 'string' },
  token: {
    jti: 'string',
    txn: 'string',
    iss: 'string',
    sub: 'string',
    aud: TEXTS,
    exp: TIMESTAMP,
    verified: 'bool',
  },
  intent: { text: 'string', scope: 'string' },
  outcome: { status: 'string', error_type: 'string' },
  latency_ms: 'double',
  net: { client_ip: 'string' },
  sources: [{ type: 'string', id: 'string' }],
  reasoning: 'dyn',
  attrs: 'map<string, dyn>',
} as const satisfies Shape;

/** Content that may hold anything: readable by conditions, never told in a finding. */
const CONTENT = ['action.arguments', 'reasoning', 'attrs', 'intent.text', 'decision.reason'];

const SCALARS: ReadonlySet<string> = new Set(['string', 'double', 'bool']);

/** Single values a rule may group by, count or show, as dotted paths. */
export const RULE_FIELDS: readonly string[] = scalarPaths(EVENT_SHAPE, '').filter(
  (path) => !CONTENT.includes(path),
);

function scalarPaths(shape: Shape, path: string): readonly string[] {
  if (typeof shape === 'string') return SCALARS.has(shape) ? [path] : [];
  const members = Array.isArray(shape) ? (shape[0] as Shape) : shape;
  return Object.entries<Shape>(members as Readonly<Record<string, Shape>>).flatMap(
    ([name, inner]) => scalarPaths(inner, path === '' ? name : `${path}.${name}`),
  );
}

/**
 * The values of a field of `RULE_FIELDS` in an event: one, none where it is absent, or one for
 * each item of a list.
 */
export function valuesOf(event: AccessEvent, path: string): readonly string[] {
  let values: readonly unknown[] = [eventMembers(event)];
  for (const part of path.split('.')) {
    const name = camelOf(part);
    values = values.flatMap((value) => {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
      return (value as Record<string, unknown>)[name];
    });
  }
  return values.flatMap((value) =>
    value === undefined || typeof value === 'object' ? [] : [String(value)],
  );
}

/** The event with the members whose place differs from that of the native event. */
export function eventMembers(event: AccessEvent): Readonly<Record<string, unknown>> {
  return {
    ...event,
    tenant: event.tenant.id,
    sources: event.retrieved,
    ...(event.clientIp === undefined ? {} : { net: { clientIp: event.clientIp } }),
  };
}

const camels = new Map<string, string>();

/** `bytes_out` as the event model spells it: `bytesOut`. */
export function camelOf(name: string): string {
  const known = camels.get(name);
  if (known !== undefined) return known;
  const camel = name.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
  // Names come from rules, whose number is limited; nothing an event holds is remembered.
  camels.set(name, camel);
  return camel;
}
