import type { Operation, Party, ReceivedEvent, TraceLink } from '../../core/access-event.ts';
import { EVENT_KINDS, OPERATIONS, OUTCOMES, VERDICTS } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reject } from '../../core/reject.ts';
import { spiffeIdIn } from '../../core/spiffe.ts';
import { isDeeperThan, parseJsonText } from '../json-body.ts';
import { operationOfName } from '../operation.ts';
import { withShape } from '../record-shape.ts';
import type { Json } from './field-reader.ts';
import { FieldReader, isObject } from './field-reader.ts';
import { unknownFields } from './native-unknown.ts';

/** One record of the native format, read or refused. */
export type NativeResult = { readonly event: ReceivedEvent } | { readonly reject: Reject };

/**
 * Reads one line of native events. `position` goes into a reject: the line number, from 1.
 */
export function parseNativeLine(text: string, position: number): NativeResult {
  if (text.length > LIMITS.eventBytes) {
    const message = `one event is at most ${LIMITS.eventBytes} characters`;
    return { reject: { position, code: 'too_large', path: '', message } };
  }
  try {
    return parseNativeValue(parseJsonText(text), position);
  } catch {
    return { reject: { position, code: 'malformed', path: '', message: 'not valid JSON' } };
  }
}

/** Reads one parsed native event (design section 6). Fields it does not know go to `attrs`. */
export function parseNativeValue(value: unknown, position: number): NativeResult {
  const reader = new FieldReader();
  const event = isObject(value)
    ? isDeeperThan(value, LIMITS.valueDepth)
      ? reader.blame('too_deep', '', `values nest at most ${LIMITS.valueDepth} levels deep`)
      : readEvent(reader, value)
    : reader.blame('wrong_type', '', 'an event is a JSON object');
  if (reader.fault !== null || event === undefined) {
    const fault = reader.fault ?? { code: 'malformed' as const, path: '', message: 'not an event' };
    return { reject: withShape({ position, ...fault }, value) };
  }
  return { event };
}

const NOTHING: Json = {};

function readEvent(reader: FieldReader, of: Json): ReceivedEvent {
  const id = reader.requiredId(of, 'id', 'id');
  const time = reader.time(of, 'time', 'time');
  if (time === undefined) reader.blame('missing_field', 'time', 'time is required');
  const agent = readAgent(reader, of);
  const decision = readDecision(reader, of);
  const event: Mutable<ReceivedEvent> = {
    v: 1,
    id,
    time: time ?? 0,
    kind: reader.oneOf(of, 'kind', 'kind', EVENT_KINDS) ?? 'tool_call',
    phase: reader.oneOf(of, 'phase', 'phase', PHASES) ?? 'executed',
    source: readSource(reader, of),
    agent,
    action: readAction(reader, of),
    outcome: readOutcome(reader, of, decision),
    attrs: NOTHING as ReceivedEvent['attrs'],
  };
  put(event, 'tenantClaimed', reader.id(of, 'tenant', 'tenant'));
  put(event, 'session', readMembers(reader, of, 'session', SESSION));
  put(event, 'trace', readTrace(reader, of));
  put(event, 'parent', readMembers(reader, of, 'parent', PARENT));
  put(
    event,
    'principal',
    readParty(reader, reader.object(of, 'principal', 'principal'), 'principal'),
  );
  put(event, 'delegation', readDelegation(reader, of));
  put(event, 'resource', readMembers(reader, of, 'resource', RESOURCE));
  put(event, 'scopes', readScopes(reader, of));
  put(event, 'volume', readVolume(reader, of));
  put(event, 'decision', decision);
  put(event, 'approval', readApproval(reader, of));
  put(event, 'token', readToken(reader, of));
  put(event, 'jwt', readJwt(reader, of));
  put(event, 'intent', readMembers(reader, of, 'intent', INTENT));
  put(event, 'latencyMs', reader.amount(of, 'latency_ms', 'latency_ms'));
  put(event, 'destinations', readDestinations(reader, of));
  put(event, 'retrieved', readRetrieved(reader, of));
  put(event, 'reasoning', reader.content(of, 'reasoning'));
  const net = reader.object(of, 'net', 'net');
  if (net !== undefined) put(event, 'clientIp', reader.id(net, 'client_ip', 'net.client_ip'));
  event.attrs = unknownFields(reader, of);
  return event;
}

const PHASES = ['executed', 'proposed'] as const;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function put<T extends object, Key extends keyof T>(
  on: T,
  key: Key,
  value: T[Key] | undefined,
): void {
  if (value !== undefined) on[key] = value;
}

/** Member of the event, and its name on the wire. */
type Names<T> = readonly (readonly [keyof T & string, string])[];

const SESSION: Names<NonNullable<ReceivedEvent['session']>> = [
  ['id', 'id'],
  ['conversationId', 'conversation_id'],
];
const TRACE: Names<Omit<NonNullable<ReceivedEvent['trace']>, 'links'>> = [
  ['traceId', 'trace_id'],
  ['spanId', 'span_id'],
  ['parentSpanId', 'parent_span_id'],
  ['requestId', 'request_id'],
];
const PARENT: Names<NonNullable<ReceivedEvent['parent']>> = [
  ['txn', 'txn'],
  ['jti', 'jti'],
  ['traceId', 'trace_id'],
  ['taskId', 'task_id'],
];
const LINK: Names<TraceLink> = [
  ['traceId', 'trace_id'],
  ['spanId', 'span_id'],
];
const RESOURCE: Names<NonNullable<ReceivedEvent['resource']>> = [
  ['type', 'type'],
  ['id', 'id'],
  ['tenant', 'tenant'],
  ['server', 'server'],
  ['region', 'region'],
  ['unit', 'unit'],
  ['sensitivity', 'sensitivity'],
];
const INTENT: Names<NonNullable<ReceivedEvent['intent']>> = [['scope', 'scope']];
const POLICY: Names<{ readonly id?: string; readonly version?: string }> = [
  ['id', 'id'],
  ['version', 'version'],
];

/** An object whose members are all identifiers; undefined when it is absent or empty. */
function readMembers<T extends object>(
  reader: FieldReader,
  of: Json,
  key: string,
  names: Names<T>,
  path = key,
): T | undefined {
  const from = reader.object(of, key, path);
  if (from === undefined) return undefined;
  const read: Record<string, string> = {};
  let found = false;
  for (const [member, wire] of names) {
    const value = reader.id(from, wire, `${path}.${wire}`);
    if (value === undefined) continue;
    read[member] = value;
    found = true;
  }
  // A text for people is longer than an identifier.
  const text =
    names === INTENT ? reader.text(from, 'text', `${path}.text`, LIMITS.attrChars) : undefined;
  if (text !== undefined) read['text'] = text;
  return found || text !== undefined ? (read as T) : undefined;
}

function readTrace(reader: FieldReader, of: Json): ReceivedEvent['trace'] {
  const trace = readMembers(reader, of, 'trace', TRACE);
  const links = reader
    .list(reader.object(of, 'trace', 'trace') ?? NOTHING, 'links', 'trace.links')
    ?.slice(0, LIMITS.linksPerSpan)
    .flatMap((link, index) => {
      const path = `trace.links[${index}]`;
      const read = readMembers<Partial<TraceLink>>(reader, { link }, 'link', LINK, path);
      const { traceId, spanId } = read ?? {};
      if (traceId === undefined) return [];
      return [spanId === undefined ? { traceId } : { traceId, spanId }];
    });
  return links === undefined || links.length === 0 ? trace : { ...trace, links };
}

function readAgent(reader: FieldReader, of: Json): ReceivedEvent['agent'] {
  const from = reader.object(of, 'agent', 'agent') ?? NOTHING;
  const agent: Mutable<ReceivedEvent['agent']> = { id: reader.requiredId(from, 'id', 'agent.id') };
  put(agent, 'name', reader.id(from, 'name', 'agent.name'));
  put(agent, 'version', reader.id(from, 'version', 'agent.version'));
  const workload = reader.text(from, 'workload_id', 'agent.workload_id', LIMITS.attrChars);
  put(agent, 'workloadId', workload && (spiffeIdIn(workload) ?? undefined));
  return agent;
}

function readSource(reader: FieldReader, of: Json): ReceivedEvent['source'] {
  const source: Mutable<ReceivedEvent['source']> = { format: 'native' };
  const from = reader.object(of, 'source', 'source');
  if (from === undefined) return source;
  put(source, 'name', reader.id(from, 'name', 'source.name'));
  put(source, 'seq', reader.amount(from, 'seq', 'source.seq'));
  return source;
}

function readAction(reader: FieldReader, of: Json): ReceivedEvent['action'] {
  const from = reader.object(of, 'action', 'action') ?? NOTHING;
  const name = reader.requiredId(from, 'name', 'action.name');
  const op: Operation | undefined = reader.oneOf(from, 'op', 'action.op', OPERATIONS);
  const action: Mutable<ReceivedEvent['action']> = { name, op: op ?? operationOfName(name) };
  put(action, 'toolCallId', reader.id(from, 'tool_call_id', 'action.tool_call_id'));
  put(action, 'arguments', reader.content(from, 'arguments'));
  const amount = reader.object(from, 'amount', 'action.amount');
  if (amount === undefined) return action;
  const value = reader.amount(amount, 'value', 'action.amount.value');
  const currency = reader.id(amount, 'currency', 'action.amount.currency');
  if (value !== undefined) action.amount = currency === undefined ? { value } : { value, currency };
  return action;
}

function readOutcome(
  reader: FieldReader,
  of: Json,
  decision: ReceivedEvent['decision'],
): ReceivedEvent['outcome'] {
  const from = reader.object(of, 'outcome', 'outcome') ?? NOTHING;
  const status = reader.oneOf(from, 'status', 'outcome.status', OUTCOMES);
  const errorType = reader.id(from, 'error_type', 'outcome.error_type');
  const judged = status ?? (decision?.verdict === 'deny' ? 'denied' : 'unknown');
  return errorType === undefined ? { status: judged } : { status: judged, errorType };
}

function readParty(reader: FieldReader, from: Json | undefined, path: string): Party | undefined {
  if (from === undefined) return undefined;
  const sub = reader.requiredId(from, 'sub', `${path}.sub`);
  const party: Mutable<Party> = { sub };
  put(party, 'iss', reader.text(from, 'iss', `${path}.iss`, LIMITS.attrChars));
  put(party, 'type', reader.id(from, 'type', `${path}.type`));
  put(party, 'roles', reader.texts(from, 'roles', `${path}.roles`));
  return party;
}

/** Each item of a list of objects; faults carry its index. */
function readItems<T>(
  reader: FieldReader,
  of: Json,
  key: string,
  read: (from: Json, path: string) => T | undefined,
): readonly T[] | undefined {
  const items = reader.list(of, key, key);
  return items?.flatMap((item, index) => {
    const path = `${key}[${index}]`;
    if (!isObject(item)) reader.blame('wrong_type', path, 'expected an object');
    const value = isObject(item) ? read(item, path) : undefined;
    return value === undefined ? [] : [value];
  });
}

function readDelegation(reader: FieldReader, of: Json): ReceivedEvent['delegation'] {
  return readItems(reader, of, 'delegation', (from, path) => readParty(reader, from, path));
}

function readDestinations(reader: FieldReader, of: Json): ReceivedEvent['destinations'] {
  return readItems(reader, of, 'destinations', (from, path) => {
    const type = reader.requiredId(from, 'type', `${path}.type`);
    const value = reader.text(from, 'value', `${path}.value`, LIMITS.attrChars);
    if (value === undefined) reader.blame('missing_field', `${path}.value`, 'a value is required');
    return { type, value: value ?? '' };
  });
}

function readRetrieved(reader: FieldReader, of: Json): ReceivedEvent['retrieved'] {
  return readItems(reader, of, 'sources', (from, path) => {
    const read: Mutable<NonNullable<ReceivedEvent['retrieved']>[number]> = {};
    put(read, 'type', reader.id(from, 'type', `${path}.type`));
    put(read, 'id', reader.text(from, 'id', `${path}.id`, LIMITS.attrChars));
    return read;
  });
}

function readScopes(reader: FieldReader, of: Json): ReceivedEvent['scopes'] {
  const from = reader.object(of, 'scopes', 'scopes');
  if (from === undefined) return undefined;
  const scopes: Mutable<NonNullable<ReceivedEvent['scopes']>> = {};
  put(scopes, 'granted', reader.texts(from, 'granted', 'scopes.granted'));
  put(scopes, 'required', reader.texts(from, 'required', 'scopes.required'));
  return scopes;
}

function readVolume(reader: FieldReader, of: Json): ReceivedEvent['volume'] {
  const from = reader.object(of, 'volume', 'volume');
  if (from === undefined) return undefined;
  const volume: Mutable<NonNullable<ReceivedEvent['volume']>> = {};
  put(volume, 'records', reader.amount(from, 'records', 'volume.records'));
  put(volume, 'bytesIn', reader.amount(from, 'bytes_in', 'volume.bytes_in'));
  put(volume, 'bytesOut', reader.amount(from, 'bytes_out', 'volume.bytes_out'));
  put(volume, 'tokensIn', reader.amount(from, 'tokens_in', 'volume.tokens_in'));
  put(volume, 'tokensOut', reader.amount(from, 'tokens_out', 'volume.tokens_out'));
  put(volume, 'costUsd', reader.amount(from, 'cost_usd', 'volume.cost_usd'));
  return volume;
}

function readDecision(reader: FieldReader, of: Json): ReceivedEvent['decision'] {
  const from = reader.object(of, 'decision', 'decision');
  if (from === undefined) return undefined;
  const verdict = reader.oneOf(from, 'verdict', 'decision.verdict', VERDICTS);
  if (verdict === undefined) {
    return reader.blame('missing_field', 'decision.verdict', 'a decision has a verdict');
  }
  const decision: Mutable<NonNullable<ReceivedEvent['decision']>> = { verdict };
  put(decision, 'id', reader.id(from, 'id', 'decision.id'));
  put(decision, 'reason', reader.text(from, 'reason', 'decision.reason', LIMITS.attrChars));
  put(decision, 'policy', readMembers(reader, from, 'policy', POLICY, 'decision.policy'));
  put(decision, 'constraints', reader.content(from, 'constraints'));
  put(decision, 'expires', reader.time(from, 'expires', 'decision.expires'));
  return decision;
}

function readApproval(reader: FieldReader, of: Json): ReceivedEvent['approval'] {
  const from = reader.object(of, 'approval', 'approval');
  if (from === undefined) return undefined;
  const status = reader.requiredId(from, 'status', 'approval.status');
  const approval: Mutable<NonNullable<ReceivedEvent['approval']>> = { status };
  put(approval, 'id', reader.id(from, 'id', 'approval.id'));
  put(approval, 'approver', reader.id(from, 'approver', 'approval.approver'));
  return approval;
}

/** The presented token, on its way to be verified; it stands beside the event, not in it. */
function readJwt(reader: FieldReader, { token }: Json): string | undefined {
  if (!isObject(token)) return undefined;
  const jwt = reader.text(token, 'jwt', 'token.jwt', LIMITS.eventBytes);
  return jwt === '' ? undefined : jwt;
}

function readToken(reader: FieldReader, of: Json): ReceivedEvent['token'] {
  const from = reader.object(of, 'token', 'token');
  if (from === undefined) return undefined;
  const token: Mutable<NonNullable<ReceivedEvent['token']>> = {};
  put(token, 'jti', reader.id(from, 'jti', 'token.jti'));
  put(token, 'txn', reader.id(from, 'txn', 'token.txn'));
  put(token, 'iss', reader.text(from, 'iss', 'token.iss', LIMITS.attrChars));
  put(token, 'sub', reader.id(from, 'sub', 'token.sub'));
  const single = typeof from['aud'] === 'string';
  const audience = reader.texts(single ? { aud: [from['aud']] } : from, 'aud', 'token.aud');
  put(token, 'aud', audience);
  const expires = reader.time(from, 'exp', 'token.exp');
  // RFC 7519 counts seconds; a claim copied as it stands lies before 1973 in milliseconds.
  put(token, 'exp', expires !== undefined && expires < 1e11 ? expires * 1e3 : expires);
  return token;
}
