import type { ReceivedEvent } from '../../../core/access-event.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { EpochMs } from '../../../core/time.ts';
import { boundedId } from '../../identifier.ts';
import { isDeeperThan, parseJsonText } from '../../json-body.ts';
import { operationOfName } from '../../operation.ts';
import type { Draft, DraftParty } from '../draft.ts';
import { finish, identifier, objectAt, refusal } from '../draft.ts';
import { kindOfName } from '../event-kind.ts';
import type { Json } from '../field-reader.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat, MapContext, Mapped } from '../format.ts';
import { isReject } from '../format.ts';
import { firstAt } from '../json-pointer.ts';
import { recordTime } from '../record-time.ts';
import { traceParent } from '../trace-parent.ts';
import { dataOf } from './data.ts';

/** Finds the format of what an event carries; null when it is none of them. */
export type FormatOf = (data: unknown) => AuditFormat | null;

/**
 * CloudEvents 1.0 in structured JSON; binary ones are put together by `binaryCloudEvent`. Data of
 * a known format is mapped as such, and the envelope fills what it leaves open.
 */
export function cloudEventsFormat(formatOf: FormatOf): AuditFormat {
  return {
    name: 'cloudevents',
    title: 'CloudEvents 1.0',
    tenantIs: 'claim',
    recognises: (value) => isObject(value) && REQUIRED.every((name) => isText(value[name])),
    map: (value, context) => mapEnvelope(objectAt(value), formatOf, context),
  };
}

const REQUIRED = ['specversion', 'id', 'source', 'type'];

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function mapEnvelope(of: Json, formatOf: FormatOf, context: MapContext): readonly Mapped[] {
  const missing = REQUIRED.find((name) => !isText(of[name]));
  if (missing !== undefined) {
    return [refusal(context, 'missing_field', missing, 'a required attribute of CloudEvents 1.0')];
  }
  if (!String(of['specversion']).startsWith('1.')) {
    return [refusal(context, 'out_of_range', 'specversion', 'expected 1.0')];
  }
  const data = dataOf(of);
  if (data === null) return [refusal(context, 'malformed', 'data', 'not valid JSON')];
  if (isDeeperThan(data, LIMITS.recordDepth)) {
    return [refusal(context, 'too_deep', 'data', 'the data nest too deeply')];
  }
  const inner = formatOf(data);
  if (inner === null) return [finish(generic(of, data), context)];
  const sent = recordTime(of['time']) ?? context.receivedAt;
  const mapped = inner.map(
    inner.name === 'native' ? named(objectAt(data), of, sent) : data,
    sent === undefined ? context : { ...context, receivedAt: sent },
  );
  return mapped.map((event, index) =>
    isReject(event) ? within(event) : enveloped(event, of, mapped.length === 1 ? null : index),
  );
}

/** A native event that leaves its id and time to the envelope, which has both. */
function named(data: Json, of: Json, sent: EpochMs | undefined): Json {
  return { id: boundedId(String(of['id'])), time: sent, ...data };
}

function within<T extends { readonly path: string }>(reject: T): T {
  const separator = reject.path === '' || reject.path.startsWith('/') ? '' : '.';
  return { ...reject, path: `data${separator}${reject.path}` };
}

/** `(source, id)` names an event (specification 1.0, section "id"). */
function nameOf(of: Json, part: number | null): string {
  return boundedId(`${String(of['source'])}#${String(of['id'])}${part === null ? '' : `:${part}`}`);
}

/** The inner event under the envelope's name, with what the inner format left open. */
function enveloped(event: ReceivedEvent, of: Json, part: number | null): ReceivedEvent {
  const trace = traceParent(of['traceparent']);
  const principal = claimsOf(of).principal;
  const sub = identifier(principal?.sub);
  return {
    ...event,
    id: nameOf(of, part),
    ...(event.trace?.traceId === undefined && trace.traceId !== undefined
      ? { trace: { ...event.trace, ...trace } }
      : {}),
    ...(event.principal === undefined && sub !== undefined && sub !== event.agent.id
      ? { principal: { sub } }
      : {}),
    attrs: { ...event.attrs, 'ce.type': boundedId(String(of['type'])) },
  };
}

/** Data of no known format: what the envelope and the usual names in the data say. */
function generic(of: Json, data: unknown): Draft {
  const { agent, principal, delegation, token, tenant } = claimsOf(of);
  const type = identifier(of['type']) ?? '';
  const action = identifier(firstAt(data, '/action/name', '/action', '/tool')) ?? type;
  const op = operationOfName(action);
  const spoken = kindOfName(type, op);
  return {
    ...{ format: 'cloudevents', record: of, id: nameOf(of, null), time: of['time'] },
    wanted: { time: 'time', agent: 'authid', action: 'type' },
    kind: spoken === 'admin' ? 'tool_call' : spoken,
    source: { name: of['source'] },
    tenant: tenant ?? firstAt(data, '/tenant/id', '/tenant', '/tenant_id') ?? of['tenant'],
    agent: {
      id:
        firstAt(data, '/agent/id', '/agent_id', '/agentId', '/agent') ??
        agent ??
        // The key by which a broker keeps one actor's events in order.
        of['partitionkey'],
    },
    session: { id: firstAt(data, '/session/id', '/session_id', '/session') },
    trace: traceParent(of['traceparent']),
    principal,
    delegation,
    action: { name: action, op, arguments: data },
    resource: { id: of['subject'] },
    token,
    attrs: {
      'ce.type': type,
      'ce.dataschema': of['dataschema'],
      'ce.tracestate': of['tracestate'],
      'ce.partitionkey': of['partitionkey'],
    },
  };
}

interface Claims {
  readonly agent?: unknown;
  readonly principal: DraftParty | undefined;
  readonly delegation: readonly DraftParty[];
  readonly token: NonNullable<Draft['token']>;
  readonly tenant?: unknown;
}

const MACHINES: ReadonlySet<unknown> = new Set(['service_account', 'api_key', 'system']);

/** The `authcontext` extension: who triggered the event, and the claims of its token. */
function claimsOf(of: Json): Claims {
  const claims = parsedClaims(of['authclaims']);
  const authId = of['authid'];
  const actors: DraftParty[] = [];
  let actor = claims['act'];
  while (isObject(actor) && actors.length < LIMITS.listItems) {
    actors.push({ sub: actor['sub'] ?? actor['client_id'], iss: actor['iss'] });
    actor = actor['act'];
  }
  const client = firstAt(claims, '/client_id', '/azp');
  const agent = actors[0]?.sub ?? (MACHINES.has(of['authtype']) ? authId : client) ?? authId;
  const user = firstAt(claims, '/sub') ?? authId;
  return {
    agent,
    principal:
      user === undefined || user === agent
        ? undefined
        : { sub: user, iss: claims['iss'], type: of['authtype'] },
    delegation: actors.slice(1),
    token: {
      jti: claims['jti'],
      txn: claims['txn'],
      iss: claims['iss'],
      sub: claims['sub'],
      aud: claims['aud'],
      exp: claims['exp'],
    },
    tenant: firstAt(claims, '/tenant', '/tid', '/org_id'),
  };
}

function parsedClaims(text: unknown): Json {
  if (isObject(text)) return text;
  if (typeof text !== 'string' || text.length > LIMITS.attrChars) return {};
  try {
    return objectAt(parseJsonText(text));
  } catch {
    return {};
  }
}
