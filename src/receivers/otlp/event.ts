import type { EventKind, JsonValue, Party, ReceivedEvent } from '../../core/access-event.ts';
import { boundedId } from '../identifier.ts';
import { presentedJwt } from '../presented-jwt.ts';
import { FIELD, RARE_MARK } from './attribute-table.ts';
import type { Classified } from './classify.ts';
import { contentOf, timeOf } from './content.ts';
import type { Mutable } from './facets.ts';
import {
  approvalOf,
  decisionOf,
  identifier,
  outcomeOf,
  put,
  resourceOf,
  shortText,
  volumeOf,
} from './facets.ts';
import type { FieldValues } from './field-values.ts';
import { type Identity, workloadOf } from './identity.ts';
import { destinationsOf, partiesOf, reasoningOf, retrievedOf } from './structured.ts';

/** What a span and a log record have in common once read. */
export interface Frame {
  readonly id: string;
  readonly format: string;
  readonly time: number;
  readonly latencyMs: number | undefined;
  readonly trace: ReceivedEvent['trace'];
  readonly status: { readonly code: number; readonly isSpan: boolean; readonly exception: string };
  readonly scopeName: string;
  readonly spanName: string;
}

/** Builds the event of a classified record from its fields. */
export function eventOf(
  fields: FieldValues,
  classified: Classified,
  identity: Identity & { readonly agentId: string },
  frame: Frame,
): ReceivedEvent {
  const { agentId } = identity;
  const decision = decisionOf(fields);
  const event: Mutable<ReceivedEvent> = {
    v: 1,
    id: frame.id,
    time: frame.time,
    kind: classified.kind,
    phase: fields.text(FIELD.phase) === 'proposed' ? 'proposed' : 'executed',
    source: sourceOf(fields, frame),
    agent: agentOf(fields, agentId),
    action: actionOf(fields, classified),
    outcome: outcomeOf(fields, decision, frame.status),
    attrs: {},
  };
  put(event, 'tenantClaimed', identity.tenant);
  put(event, 'session', pair('id', identity.sessionId, 'conversationId', identity.conversationId));
  put(event, 'trace', withRequest(frame.trace, fields));
  put(event, 'principal', principalOf(fields, identity));
  put(event, 'delegation', delegationOf(fields, agentId));
  put(event, 'resource', resourceOf(fields, classified, agentId));
  const granted = fields.list(FIELD.scopesGranted);
  put(event, 'scopes', pair('granted', granted, 'required', fields.list(FIELD.scopesRequired)));
  put(event, 'volume', volumeOf(fields, classified));
  put(event, 'decision', decision);
  put(event, 'approval', approvalOf(fields, classified, decision));
  const jti = identifier(fields, FIELD.tokenJti);
  put(event, 'token', pair('jti', jti, 'txn', identifier(fields, FIELD.tokenTxn)));
  const intent = shortText(fields, FIELD.intentText);
  put(event, 'intent', pair('text', intent, 'scope', shortText(fields, FIELD.intentScope)));
  put(event, 'latencyMs', fields.amount(FIELD.latencyMs) ?? frame.latencyMs);
  put(event, 'clientIp', identifier(fields, FIELD.clientIp)?.replace(PORT_BEHIND, '$1'));
  if ((fields.marks & RARE_MARK) !== 0) putRare(event, fields);
  // Last, since it holds what no field above has taken.
  event.attrs = attrsOf(fields, frame);
  return event;
}

/** Gateways write the peer's address with its port: `192.0.2.7:4711`, `[2001:db8::1]:4711`. */
const PORT_BEHIND = /^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\]):\d+$/i;

/** Fields that few records carry; `RARE_MARK` says that this one does. */
function putRare(event: Mutable<ReceivedEvent>, fields: FieldValues): void {
  put(event, 'id', identifier(fields, FIELD.eventId));
  const source: Mutable<ReceivedEvent['source']> = event.source;
  put(source, 'name', identifier(fields, FIELD.sourceName));
  put(source, 'seq', fields.amount(FIELD.sourceSeq));
  if (event.principal !== undefined) {
    const principal: Mutable<Party> = event.principal;
    put(principal, 'iss', shortText(fields, FIELD.principalIss));
    put(principal, 'roles', fields.list(FIELD.principalRoles));
  }
  put(event, 'delegation', partiesOf(fields));
  put(event, 'parent', parentOf(fields));
  const action: Mutable<ReceivedEvent['action']> = event.action;
  const value = fields.amount(FIELD.amountValue);
  if (value !== undefined) {
    const currency = identifier(fields, FIELD.amountCurrency);
    action.amount = currency === undefined ? { value } : { value, currency };
  }
  const unit = identifier(fields, FIELD.resourceUnit);
  if (unit !== undefined) event.resource = { ...event.resource, unit };
  put(event, 'destinations', destinationsOf(fields));
  put(event, 'retrieved', retrievedOf(fields));
  put(event, 'reasoning', reasoningOf(fields));
  if (event.decision !== undefined) {
    const decision: Mutable<NonNullable<ReceivedEvent['decision']>> = event.decision;
    put(decision, 'constraints', contentOf(fields.raw(FIELD.constraints)));
    put(decision, 'expires', timeOf(fields.raw(FIELD.decisionExpires)));
  }
  putTokenClaims(event, fields);
  put(event, 'jwt', presentedJwt(fields.raw(FIELD.tokenJwt)));
}

function parentOf(fields: FieldValues): ReceivedEvent['parent'] {
  const token = pair(
    'txn',
    identifier(fields, FIELD.parentTxn),
    'jti',
    identifier(fields, FIELD.parentJti),
  );
  const caller = pair(
    'traceId',
    identifier(fields, FIELD.parentTrace),
    'taskId',
    identifier(fields, FIELD.parentTask),
  );
  return token === undefined && caller === undefined ? undefined : { ...token, ...caller };
}

function putTokenClaims(event: Mutable<ReceivedEvent>, fields: FieldValues): void {
  const claims: Mutable<NonNullable<ReceivedEvent['token']>> = {};
  put(claims, 'iss', shortText(fields, FIELD.tokenIss));
  put(claims, 'sub', identifier(fields, FIELD.tokenSub));
  put(claims, 'aud', fields.list(FIELD.tokenAud));
  put(claims, 'exp', timeOf(fields.raw(FIELD.tokenExp)));
  for (const _member in claims) {
    event.token = { ...event.token, ...claims };
    return;
  }
}

/** An object of up to two members; undefined when there is neither. */
export function pair<First extends string, Second extends string, Value>(
  first: First,
  one: Value | undefined,
  second: Second,
  other: Value | undefined,
): { readonly [Key in First | Second]?: Value } | undefined {
  if (one === undefined && other === undefined) return undefined;
  const object: { [key: string]: Value } = {};
  if (one !== undefined) object[first] = one;
  if (other !== undefined) object[second] = other;
  return object as { readonly [Key in First | Second]?: Value };
}

function sourceOf(fields: FieldValues, frame: Frame): ReceivedEvent['source'] {
  const source: Mutable<ReceivedEvent['source']> = { format: frame.format };
  put(source, 'name', fields.peek(FIELD.serviceName));
  return source;
}

function agentOf(fields: FieldValues, id: string): ReceivedEvent['agent'] {
  const agent: Mutable<ReceivedEvent['agent']> = { id };
  put(agent, 'name', fields.text(FIELD.agentName));
  put(agent, 'version', fields.text(FIELD.agentVersion));
  put(agent, 'workloadId', workloadOf(fields));
  return agent;
}

function withRequest(trace: ReceivedEvent['trace'], fields: FieldValues): ReceivedEvent['trace'] {
  const requestId = identifier(fields, FIELD.requestId);
  return requestId === undefined ? trace : { ...trace, requestId };
}

function principalOf(fields: FieldValues, identity: Identity): ReceivedEvent['principal'] {
  if (identity.principalSub === undefined) return undefined;
  const party: Mutable<Party> = { sub: identity.principalSub };
  put(party, 'type', identifier(fields, FIELD.principalType));
  return party;
}

function delegationOf(fields: FieldValues, agentId: string): ReceivedEvent['delegation'] {
  const caller =
    identifier(fields, FIELD.callerAgent) ??
    (fields.peek(FIELD.openinferenceKind) === 'AGENT'
      ? identifier(fields, FIELD.graphParent)
      : undefined);
  return caller === undefined || caller === agentId ? undefined : [{ sub: caller, type: 'agent' }];
}

function actionOf(fields: FieldValues, { kind, name, op }: Classified): ReceivedEvent['action'] {
  const action: Mutable<ReceivedEvent['action']> = { name: boundedId(name), op };
  const callId = identifier(fields, FIELD.toolCallId);
  put(action, 'toolCallId', kind === 'model_call' ? identifier(fields, FIELD.modelCallId) : callId);
  if (ARGUED.has(kind)) put(action, 'arguments', argumentsOf(fields));
  return action;
}

const ARGUED: ReadonlySet<EventKind> = new Set<EventKind>([
  'tool_call',
  'data_access',
  'authz_decision',
  'approval',
  'delegation',
]);

function argumentsOf(fields: FieldValues): JsonValue | undefined {
  return contentOf(fields.raw(FIELD.arguments));
}

function attrsOf(fields: FieldValues, frame: Frame): ReceivedEvent['attrs'] {
  const attrs = fields.rest();
  if (frame.scopeName !== '') attrs['otel.scope.name'] = boundedId(frame.scopeName);
  if (frame.spanName !== '') attrs['otel.span.name'] = boundedId(frame.spanName);
  return attrs;
}
