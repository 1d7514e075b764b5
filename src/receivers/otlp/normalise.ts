import { hash } from 'node:crypto';
import type { EventKind, JsonValue, ReceivedEvent } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reject } from '../../core/reject.ts';
import { boundedId } from '../identifier.ts';
import { isDeeperThan } from '../json-body.ts';
import type { Classified, Signal } from './classify.ts';
import { classify } from './classify.ts';
import type { Mutable } from './facets.ts';
import {
  approvalOf,
  decisionOf,
  identifier,
  outcomeOf,
  parsed,
  put,
  resourceOf,
  volumeOf,
} from './facets.ts';
import { FieldValues } from './field-values.ts';
import type { Identity } from './identity.ts';
import { identityOf, inherit, serviceAgent } from './identity.ts';
import type { Attributes, LogRecord, NanoTime, SpanRecord } from './record.ts';
import { logPath, spanPath } from './record.ts';

/** What became of the records of one body. `positions` are those of `events` in the body. */
export interface Normalised {
  readonly events: ReceivedEvent[];
  readonly positions: number[];
  readonly rejects: Reject[];
  /** Records that report no agent action; nothing is wrong with them. */
  ignored: number;
}

/**
 * Turns decoded spans into events. A span that names no agent takes it from the nearest enclosing
 * span of the same body that does, then from `service.name`.
 */
export function normaliseSpans(spans: readonly SpanRecord[]): Normalised {
  const result: Normalised = { events: [], positions: [], rejects: [], ignored: 0 };
  const fields = new FieldValues();
  let enclosing: Enclosing | null = null;
  for (const [position, span] of spans.entries()) {
    const fault = faultOf(span);
    if (fault !== null) {
      result.rejects.push({ position, ...fault });
      continue;
    }
    const { origin } = span;
    fields.fill(origin.resource.attributes, span.attributes);
    const signal = {
      ...NO_SIGNAL,
      name: span.name,
      scopeName: origin.scopeName,
      spanKind: span.kind,
    };
    const classified = classify(fields, signal);
    if (classified === null) {
      result.ignored++;
      continue;
    }
    let identity = identityOf(fields, signal);
    if (identity.agentId === undefined && span.parentSpanId !== '') {
      enclosing ??= new Enclosing(spans);
      identity = enclosing.complete(identity, span);
    }
    const agentId = identity.agentId ?? serviceAgent(fields);
    if (agentId === undefined) {
      result.rejects.push({ position, ...anonymous(spanPath(span)) });
    } else {
      result.events.push(spanEvent(fields, span, signal, classified, { ...identity, agentId }));
      result.positions.push(position);
    }
  }
  return result;
}

/** Turns decoded log records into events: those whose event name or attributes tell of an agent. */
export function normaliseLogs(logs: readonly LogRecord[]): Normalised {
  const result: Normalised = { events: [], positions: [], rejects: [], ignored: 0 };
  const fields = new FieldValues();
  for (const [position, log] of logs.entries()) {
    const problem = log.problem ?? log.origin.resource.problem;
    if (problem !== null) {
      const path = `${logPath(log)}.${problem.field}`;
      result.rejects.push({
        position,
        code: problem.code,
        path,
        message: MESSAGES[problem.code] ?? problem.code,
      });
      continue;
    }
    fields.fill(log.origin.resource.attributes, withBody(log));
    const eventName = eventNameOf(log, fields);
    const signal = { name: eventName, eventName, scopeName: log.origin.scopeName, spanKind: 0 };
    const classified = classify(fields, signal);
    const time = log.time.ms > 0 ? log.time : log.observed;
    if (classified === null) result.ignored++;
    else if (time.ms === 0) {
      const path = `${logPath(log)}.timeUnixNano`;
      result.rejects.push({ position, code: 'missing_field', path, message: 'a time is required' });
    } else {
      const identity = identityOf(fields, signal);
      const agentId = identity.agentId ?? serviceAgent(fields);
      if (agentId === undefined) result.rejects.push({ position, ...anonymous(logPath(log)) });
      else {
        result.events.push(logEvent(fields, log, time, classified, { ...identity, agentId }));
        result.positions.push(position);
      }
    }
  }
  return result;
}

const NO_SIGNAL: Signal = { name: '', eventName: '', scopeName: '', spanKind: 0 };

type Fault = Omit<Reject, 'position'>;

const MESSAGES: Readonly<Record<string, string>> = {
  wrong_type: 'the value has another type than OTLP gives this field',
  too_large: `at most ${LIMITS.attributesPerSpan} items are taken`,
  too_deep: `values nest at most ${LIMITS.valueDepth} levels deep`,
  invalid_id: 'expected hexadecimal digits',
};

function faultOf(span: SpanRecord): Fault | null {
  const problem = span.problem ?? span.origin.resource.problem;
  if (problem !== null) {
    const { code, field } = problem;
    return { code, path: `${spanPath(span)}.${field}`, message: MESSAGES[code] ?? code };
  }
  if (span.traceId.length !== 32 || span.traceId === ZERO_TRACE) {
    const message = 'a trace id has 16 bytes, not all zero';
    return { code: 'invalid_id', path: `${spanPath(span)}.traceId`, message };
  }
  if (span.spanId.length !== 16 || span.spanId === ZERO_SPAN) {
    const message = 'a span id has 8 bytes, not all zero';
    return { code: 'invalid_id', path: `${spanPath(span)}.spanId`, message };
  }
  if (span.start.ms === 0 && span.end.ms === 0) {
    const message = 'a start time is required';
    return { code: 'missing_field', path: `${spanPath(span)}.startTimeUnixNano`, message };
  }
  return null;
}

const ZERO_TRACE = '0'.repeat(32);
const ZERO_SPAN = '0'.repeat(16);

function anonymous(path: string): Fault {
  return {
    code: 'missing_field',
    path: `${path}.attributes.gen_ai.agent.id`,
    message:
      'no agent is named; set tripcoil.agent.id, gen_ai.agent.id, gen_ai.agent.name, agent.name ' +
      'or the resource attribute service.name',
  };
}

function spanEvent(
  fields: FieldValues,
  span: SpanRecord,
  signal: Signal,
  classified: Classified,
  identity: Identity & { readonly agentId: string },
): ReceivedEvent {
  const parent = span.parentSpanId.length === 16 && span.parentSpanId !== ZERO_SPAN;
  const trace = {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(parent && { parentSpanId: span.parentSpanId }),
  };
  const timed = span.start.ms > 0 && span.end.ms > 0;
  const exception = span.events.find((event) => event.name === 'exception');
  const status = {
    code: span.statusCode,
    isSpan: true,
    exception: exception === undefined ? '' : textAt(exception.attributes, 'exception.type'),
  };
  return eventOf(fields, classified, identity, {
    id: `${span.traceId}-${span.spanId}`,
    format: 'otlp.traces',
    time: span.start.ms > 0 ? span.start.ms : span.end.ms,
    latencyMs: timed ? elapsedMs(span.start, span.end) : undefined,
    trace,
    status,
    scopeName: signal.scopeName,
    spanName: span.name === classified.name ? '' : span.name,
  });
}

function logEvent(
  fields: FieldValues,
  log: LogRecord,
  time: NanoTime,
  classified: Classified,
  identity: Identity & { readonly agentId: string },
): ReceivedEvent {
  const traceId = log.traceId.length === 32 && log.traceId !== ZERO_TRACE ? log.traceId : undefined;
  const spanId = log.spanId.length === 16 && log.spanId !== ZERO_SPAN ? log.spanId : undefined;
  const trace = pair('traceId', traceId, 'spanId', spanId);
  return eventOf(fields, classified, identity, {
    id: contentId(log, time),
    format: 'otlp.logs',
    time: time.ms,
    latencyMs: fields.amount('latencyMs'),
    trace,
    status: { code: 0, isSpan: false, exception: '' },
    scopeName: log.origin.scopeName,
    spanName: '',
  });
}

/** What a span and a log record have in common once read. */
interface Frame {
  readonly id: string;
  readonly format: string;
  readonly time: number;
  readonly latencyMs: number | undefined;
  readonly trace: ReceivedEvent['trace'];
  readonly status: { readonly code: number; readonly isSpan: boolean; readonly exception: string };
  readonly scopeName: string;
  readonly spanName: string;
}

function eventOf(
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
    phase: fields.text('phase') === 'proposed' ? 'proposed' : 'executed',
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
  const granted = fields.list('scopesGranted');
  put(event, 'scopes', pair('granted', granted, 'required', fields.list('scopesRequired')));
  put(event, 'volume', volumeOf(fields, classified));
  put(event, 'decision', decision);
  put(event, 'approval', approvalOf(fields, classified, decision));
  const jti = identifier(fields, 'tokenJti');
  put(event, 'token', pair('jti', jti, 'txn', identifier(fields, 'tokenTxn')));
  const intent = fields.text('intentText');
  put(event, 'intent', pair('text', intent, 'scope', fields.text('intentScope')));
  put(event, 'latencyMs', frame.latencyMs);
  put(event, 'clientIp', fields.text('clientIp'));
  // Last, since it holds what no field above has taken.
  event.attrs = attrsOf(fields, frame);
  return event;
}

/** An object of up to two members; undefined when there is neither. */
function pair<First extends string, Second extends string, Value>(
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
  const name = fields.peek('serviceName');
  return name === undefined ? { format: frame.format } : { format: frame.format, name };
}

function agentOf(fields: FieldValues, id: string): ReceivedEvent['agent'] {
  const agent: Mutable<ReceivedEvent['agent']> = { id };
  put(agent, 'name', fields.text('agentName'));
  put(agent, 'version', fields.text('agentVersion'));
  return agent;
}

function withRequest(trace: ReceivedEvent['trace'], fields: FieldValues): ReceivedEvent['trace'] {
  const requestId = identifier(fields, 'requestId');
  return requestId === undefined ? trace : { ...trace, requestId };
}

function principalOf(fields: FieldValues, identity: Identity): ReceivedEvent['principal'] {
  if (identity.principalSub === undefined) return undefined;
  const type = fields.text('principalType');
  return { sub: identity.principalSub, ...(type !== undefined && { type }) };
}

function delegationOf(fields: FieldValues, agentId: string): ReceivedEvent['delegation'] {
  const caller = identifier(fields, 'callerAgent');
  return caller === undefined || caller === agentId ? undefined : [{ sub: caller, type: 'agent' }];
}

function actionOf(fields: FieldValues, { kind, name, op }: Classified): ReceivedEvent['action'] {
  const action: Mutable<ReceivedEvent['action']> = { name: boundedId(name), op };
  put(action, 'toolCallId', identifier(fields, 'toolCallId'));
  if (ARGUED.has(kind)) put(action, 'arguments', argumentsOf(fields));
  return action;
}

const ARGUED: ReadonlySet<EventKind> = new Set<EventKind>([
  'tool_call',
  'data_access',
  'authz_decision',
  'approval',
]);

function argumentsOf(fields: FieldValues): JsonValue | undefined {
  const value = parsed(fields.raw('arguments'));
  if (typeof value === 'string') return value.length > LIMITS.argumentsChars ? undefined : value;
  return isDeeperThan(value, LIMITS.valueDepth) ? undefined : value;
}

function attrsOf(fields: FieldValues, frame: Frame): ReceivedEvent['attrs'] {
  const attrs = fields.rest();
  if (frame.scopeName !== '') attrs['otel.scope.name'] = boundedId(frame.scopeName);
  if (frame.spanName !== '') attrs['otel.span.name'] = boundedId(frame.spanName);
  return attrs;
}

/** Milliseconds to the microsecond; 0 where the clock ran backwards. */
function elapsedMs(start: NanoTime, end: NanoTime): number {
  const ms = end.ms - start.ms + (end.ns - start.ns) / 1e6;
  return ms > 0 ? Math.round(ms * 1e3) / 1e3 : 0;
}

/** Log records have no id: the same content resent must have the same. */
function contentId(log: LogRecord, time: NanoTime): string {
  const { keys, values } = log.attributes;
  const pairs = keys.map((key, index) => [key, values[index]]);
  pairs.sort((left, right) => (String(left[0]) < String(right[0]) ? -1 : 1));
  const { keys: names, values: facts } = log.origin.resource.attributes;
  const instance = facts[names.lastIndexOf('service.instance.id')] ?? null;
  const service = facts[names.lastIndexOf('service.name')] ?? null;
  const stamp = [time.ms, time.ns, log.traceId, log.spanId, log.eventName, log.severity];
  return hash('sha256', JSON.stringify([stamp, service, instance, pairs, log.body])).slice(0, 32);
}

/** A body that is a list of pairs says what attributes say; a text body is content. */
function withBody(log: LogRecord): Attributes {
  const { body } = log;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return log.attributes;
  const keys = Object.keys(body).slice(0, LIMITS.attributesPerSpan);
  const object = body as Readonly<Record<string, JsonValue>>;
  return {
    keys: [...keys, ...log.attributes.keys],
    values: [...keys.map((key) => object[key] ?? null), ...log.attributes.values],
  };
}

/** Claude Code puts the full name in the body and a short one in the attribute. */
function eventNameOf(log: LogRecord, fields: FieldValues): string {
  if (log.eventName !== '') return log.eventName;
  const { body } = log;
  if (typeof body === 'string' && /^(claude_code|codex)\.[a-z_]{1,64}$/.test(body)) return body;
  return fields.peek('eventName') ?? '';
}

function textAt(attributes: Attributes, key: string): string {
  const value = attributes.values[attributes.keys.lastIndexOf(key)];
  return typeof value === 'string' ? value : '';
}

/** Spans of one body by id, to look up who encloses whom. */
class Enclosing {
  private readonly byId = new Map<string, SpanRecord>();
  private readonly fields = new FieldValues();

  constructor(spans: readonly SpanRecord[]) {
    for (const span of spans) this.byId.set(`${span.traceId}${span.spanId}`, span);
  }

  /** Adds what the enclosing spans say, nearest first, until one has named the agent. */
  complete(own: Identity, span: SpanRecord): Identity {
    let identity = own;
    let inner = span;
    for (let hops = 0; hops < ENCLOSING_HOPS; hops++) {
      const outer = this.byId.get(`${span.traceId}${inner.parentSpanId}`);
      if (outer === undefined) break;
      const { resource, scopeName } = outer.origin;
      this.fields.fill(resource.attributes, outer.attributes);
      const signal = { ...NO_SIGNAL, name: outer.name, scopeName };
      identity = inherit(identity, identityOf(this.fields, signal));
      if (identity.agentId !== undefined) break;
      inner = outer;
    }
    return identity;
  }
}

/** Agents call agents, but not this deep; it also ends a cycle of parents. */
const ENCLOSING_HOPS = 32;
