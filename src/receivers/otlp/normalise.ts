import { hash } from 'node:crypto';
import type { JsonValue, ReceivedEvent, TraceLink } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reject } from '../../core/reject.ts';
import type { Overlooked } from '../../ports/ingest-notes.ts';
import type { Steps } from '../steps.ts';
import { RECORDS_PER_STEP, runAtOnce } from '../steps.ts';
import type { AttributeTable } from './attribute-table.ts';
import { compileTable, FIELD } from './attribute-table.ts';
import type { Classified, Signal } from './classify.ts';
import { classify, isGateway } from './classify.ts';
import { COALESCE } from './coalesce.ts';
import { eventOf, pair } from './event.ts';
import { FieldValues } from './field-values.ts';
import type { Identity } from './identity.ts';
import { identityOf, serviceAgent } from './identity.ts';
import type { Attributes, LogRecord, NanoTime, SpanLinkRecord, SpanRecord } from './record.ts';
import { logPath, spanPath } from './record.ts';
import { SpanTree, spanCallId } from './span-tree.ts';

/** What became of the records of one body. `positions` are those of `events` in the body. */
export interface Normalised {
  readonly events: ReceivedEvent[];
  readonly positions: number[];
  readonly rejects: Reject[];
  /** Records that report no agent action; nothing is wrong with them. */
  ignored: number;
  /** A few of the records of which nothing came, for people who wonder why. */
  readonly overlooked?: Overlooked[];
}

/**
 * Turns decoded spans into events. A span that names no agent takes it from the nearest enclosing
 * span of the same body that does, then from `service.name`.
 */
export function normaliseSpans(spans: readonly SpanRecord[], table?: AttributeTable): Normalised {
  return runAtOnce(spanSteps(spans, table));
}

/** `normaliseSpans` in steps. */
export function* spanSteps(
  spans: readonly SpanRecord[],
  table: AttributeTable = CONVENTIONS,
): Steps<Normalised> {
  const result = nothingYet();
  const fields = new FieldValues(table);
  const tree = new SpanTree(spans, table);
  for (const [position, span] of spans.entries()) {
    if (position % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield;
    const fault = faultOf(span);
    if (fault !== null) {
      result.rejects.push({ position, ...fault });
      continue;
    }
    const { origin } = span;
    fields.fill(origin.resource.attributes, span.attributes);
    const signal = {
      name: span.name,
      eventName: '',
      scopeName: origin.scopeName,
      spanKind: span.kind,
      isLog: false,
    };
    const classified = classify(fields, signal);
    if (classified === null) {
      result.ignored++;
      overlook(result, 'not_an_action', span);
      continue;
    }
    let identity = identityOf(fields, signal);
    if (identity.agentId === undefined && span.parentSpanId !== '') {
      identity = tree.complete(identity, span);
    }
    const agentId = identity.agentId ?? serviceAgent(fields);
    if (agentId === undefined) {
      result.rejects.push({ position, ...anonymous(spanPath(span)) });
      overlook(result, 'no_agent', span);
    } else {
      const own = spanEvent(fields, span, signal, classified, { ...identity, agentId });
      const event = joinedToSpan(own, signal);
      result.events.push(event);
      result.positions.push(position);
    }
  }
  yield* tree.joinNestedCalls(result.events, result.positions);
  return result;
}

/** Turns decoded log records into events: those whose event name or attributes tell of an agent. */
export function normaliseLogs(logs: readonly LogRecord[], table?: AttributeTable): Normalised {
  return runAtOnce(logSteps(logs, table));
}

/** `normaliseLogs` in steps. */
export function* logSteps(
  logs: readonly LogRecord[],
  table: AttributeTable = CONVENTIONS,
): Steps<Normalised> {
  const result = nothingYet();
  const fields = new FieldValues(table);
  for (const [position, log] of logs.entries()) {
    if (position % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield;
    const problem = log.problem ?? log.origin.resource.problem;
    if (problem !== null) {
      const path = `${logPath(log)}.${problem.field}`;
      result.rejects.push({
        position,
        code: problem.code,
        path,
        message: faultMessage(problem.code),
      });
      continue;
    }
    fields.fill(log.origin.resource.attributes, withBody(log));
    const eventName = eventNameOf(log, fields);
    const { scopeName } = log.origin;
    const signal = { name: eventName, eventName, scopeName, spanKind: 0, isLog: true };
    const classified = classify(fields, signal);
    const time = log.time.ms > 0 ? log.time : log.observed;
    if (classified === null) {
      result.ignored++;
      overlook(result, 'not_an_action', log);
    } else if (time.ms === 0) {
      const path = `${logPath(log)}.timeUnixNano`;
      result.rejects.push({ position, code: 'missing_field', path, message: 'a time is required' });
    } else {
      const identity = identityOf(fields, signal);
      const agentId = identity.agentId ?? serviceAgent(fields);
      if (agentId === undefined) {
        result.rejects.push({ position, ...anonymous(logPath(log)) });
        overlook(result, 'no_agent', log);
      } else {
        const event = logEvent(fields, log, time, classified, { ...identity, agentId });
        result.events.push(joinedToSpan(event, signal));
        result.positions.push(position);
      }
    }
  }
  return result;
}

function nothingYet(): Normalised {
  return { events: [], positions: [], rejects: [], ignored: 0, overlooked: [] };
}

/** Keeps the names, never the values, of the first few: no more than a comparison for the rest. */
function overlook(
  { overlooked = [] }: Normalised,
  why: Overlooked['why'],
  { origin, attributes }: SpanRecord | LogRecord,
): void {
  if (overlooked.length >= LIMITS.notedRecordsPerBatch) return;
  overlooked.push({ why, keys: [...attributes.keys, ...origin.resource.attributes.keys] });
}

/** The table without aliases. */
const CONVENTIONS = compileTable();

type Fault = Omit<Reject, 'position'>;

/** What was expected of a field, for a reject. */
export function faultMessage(code: string): string {
  return MESSAGES[code] ?? code;
}

const MESSAGES: Readonly<Record<string, string>> = {
  wrong_type: 'the value has another type than OTLP gives this field',
  too_large: `at most ${LIMITS.attributesPerSpan} items are taken`,
  too_deep: `values nest at most ${LIMITS.valueDepth} levels deep`,
  invalid_id: 'expected hexadecimal digits',
  missing_field: 'a time is required',
  out_of_range: 'an amount is at least 0 and no more than any action moves',
};

function faultOf(span: SpanRecord): Fault | null {
  const problem = span.problem ?? span.origin.resource.problem;
  if (problem !== null) {
    const { code, field } = problem;
    return { code, path: `${spanPath(span)}.${field}`, message: faultMessage(code) };
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
    ...(span.links !== null && linksOf(span.links)),
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

/** Links with a proper trace id; what else stands there links to nothing. */
function linksOf(links: readonly SpanLinkRecord[]): { readonly links?: readonly TraceLink[] } {
  const proper = links.filter(({ traceId }) => TRACE_ID.test(traceId) && traceId !== ZERO_TRACE);
  if (proper.length === 0) return {};
  return {
    links: proper.map(({ traceId, spanId }) =>
      SPAN_ID.test(spanId) && spanId !== ZERO_SPAN ? { traceId, spanId } : { traceId },
    ),
  };
}

const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;

/** A gateway writes a span and a log record of each call: both name the span as the call's id. */
function joinedToSpan(event: ReceivedEvent, signal: Signal): ReceivedEvent {
  const spanId = event.trace?.spanId;
  if (spanId === undefined || event.kind !== 'tool_call' || !isGateway(signal)) return event;
  if (event.action.toolCallId !== undefined) return event;
  return { ...event, action: { ...event.action, toolCallId: spanCallId(spanId) } };
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
    latencyMs: durationOf(fields),
    trace,
    status: { code: 0, isSpan: false, exception: '' },
    scopeName: log.origin.scopeName,
    spanName: '',
  });
}

/** Milliseconds to the microsecond; 0 where the clock ran backwards. */
function elapsedMs(start: NanoTime, end: NanoTime): number {
  const ms = end.ms - start.ms + (end.ns - start.ns) / 1e6;
  return ms > 0 ? Math.round(ms * 1e3) / 1e3 : 0;
}

/** agentgateway gives its unit with a duration; a number alone is not known to be milliseconds. */
function durationOf(fields: FieldValues): number | undefined {
  const [, figure, unit] =
    /^(\d{1,12}(?:\.\d{1,9})?)(ns|µs|us|ms|s)$/.exec(fields.peek(FIELD.duration) ?? '') ?? [];
  if (figure === undefined || unit === undefined) return undefined;
  fields.text(FIELD.duration);
  return Number(figure) * (MS_BY_UNIT[unit] ?? 1);
}

const MS_BY_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
};

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
  if (!isPairs(body)) return log.attributes;
  const keys: string[] = [];
  const values: JsonValue[] = [];
  const add = (key: string, value: JsonValue): void => {
    if (keys.length >= LIMITS.attributesPerSpan) return;
    keys.push(key);
    values.push(value);
  };
  for (const [key, value] of Object.entries(body)) {
    // What no field of ours is as a whole may hold one a level down: `metadata.tenant_id`.
    if (!isPairs(value) || (KNOWN_KEYS.has(key) && key !== 'metadata')) add(key, value);
    else for (const [inner, content] of Object.entries(value)) add(`${key}.${inner}`, content);
  }
  return {
    keys: [...keys, ...log.attributes.keys],
    values: [...values, ...log.attributes.values],
  };
}

const KNOWN_KEYS: ReadonlySet<string> = new Set(Object.values(COALESCE).flat());

function isPairs(value: JsonValue): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Claude Code puts the full name in the body and a short one in the attribute. */
function eventNameOf(log: LogRecord, fields: FieldValues): string {
  const attribute = fields.peek(FIELD.eventName) ?? '';
  // Codex's exporter names a record after the line of code that wrote it.
  if (/^(claude_code|codex)\./.test(attribute)) return attribute;
  if (log.eventName !== '') return log.eventName;
  const { body } = log;
  if (typeof body === 'string' && /^(claude_code|codex)\.[a-z_]{1,64}$/.test(body)) return body;
  return attribute;
}

function textAt(attributes: Attributes, key: string): string {
  const value = attributes.values[attributes.keys.lastIndexOf(key)];
  return typeof value === 'string' ? value : '';
}
