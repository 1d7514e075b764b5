import type { JsonValue } from '../../core/access-event.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { jsonBodySteps } from '../json-body.ts';
import type { Steps } from '../steps.ts';
import { RECORDS_PER_STEP, runAtOnce } from '../steps.ts';
import { jsonNumber, tooMany } from './protobuf.ts';
import type {
  Attributes,
  LogRecord,
  NanoTime,
  Origin,
  ResourceRecord,
  SpanRecord,
} from './record.ts';
import { NO_TIME, newLog, newResource, newSpan } from './record.ts';

/**
 * Decodes an ExportTraceServiceRequest in OTLP/JSON: lowerCamelCase names, hex ids, integer enums,
 * 64-bit integers as text or number, unknown fields ignored (OTLP specification 1.11, "JSON
 * Protobuf Encoding"). A field of the wrong type is its span's `problem`.
 * @throws TripcoilError `bad_request` when the envelope is not such a request.
 */
export function decodeTracesJson(bytes: Uint8Array): SpanRecord[] {
  return runAtOnce(tracesJsonSteps(bytes));
}

/** Decodes an ExportLogsServiceRequest in OTLP/JSON; as `decodeTracesJson`. */
export function decodeLogsJson(bytes: Uint8Array): LogRecord[] {
  return runAtOnce(logsJsonSteps(bytes));
}

/** `decodeTracesJson` in steps. */
export function* tracesJsonSteps(bytes: Uint8Array): Steps<SpanRecord[]> {
  const spans: SpanRecord[] = [];
  for (const { origin, index, value } of recordsOf(yield* jsonBodySteps(bytes), TRACES)) {
    const span = newSpan(origin, index);
    readSpan(span, value);
    if (spans.push(span) % RECORDS_PER_STEP === 0) yield;
  }
  return spans;
}

/** `decodeLogsJson` in steps. */
export function* logsJsonSteps(bytes: Uint8Array): Steps<LogRecord[]> {
  const logs: LogRecord[] = [];
  for (const { origin, index, value } of recordsOf(yield* jsonBodySteps(bytes), LOGS)) {
    const log = newLog(origin, index);
    readLog(log, value);
    if (logs.push(log) % RECORDS_PER_STEP === 0) yield;
  }
  return logs;
}

export type Json = Readonly<Record<string, unknown>>;

export interface Names {
  readonly resources: string;
  readonly scopes: string;
  readonly records: string;
}

const TRACES: Names = { resources: 'resourceSpans', scopes: 'scopeSpans', records: 'spans' };
const LOGS: Names = { resources: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords' };

interface RawRecord {
  readonly origin: Origin;
  readonly index: number;
  readonly value: Json;
}

/** Every record of a request, two levels of lists down. */
export function recordsOf(request: unknown, names: Names): readonly RawRecord[] {
  const found: RawRecord[] = [];
  const resources = listOf(asObject(request, 'the body')[names.resources], names.resources);
  for (const [resourceIndex, resourceValue] of resources.entries()) {
    const path = `${names.resources}[${resourceIndex}]`;
    const owner = asObject(resourceValue, path);
    const resource = readResource(owner['resource']);
    const scopes = listOf(owner[names.scopes], `${path}.${names.scopes}`);
    for (const [scopeIndex, scopeValue] of scopes.entries()) {
      const scopePath = `${path}.${names.scopes}[${scopeIndex}]`;
      const scope = asObject(scopeValue, scopePath);
      const scopeName = isObject(scope['scope']) ? text(scope['scope']['name']) : '';
      const origin = { resource, scopeName, resourceIndex, scopeIndex };
      const list = listOf(scope[names.records], `${scopePath}.${names.records}`);
      if (found.length + list.length > LIMITS.recordsPerBody) throw tooMany('records');
      for (const [index, value] of list.entries()) {
        found.push({ origin, index, value: isObject(value) ? value : {} });
      }
    }
  }
  return found;
}

function readResource(value: unknown): ResourceRecord {
  const resource = newResource();
  if (isObject(value)) resource.problem = readAttributes(resource.attributes, value['attributes']);
  if (resource.problem !== null) {
    resource.problem = { ...resource.problem, field: 'resource.attributes' };
  }
  return resource;
}

/** A record that is being read, with the first fault found in it. */
export type Faulty = { problem: SpanRecord['problem'] };

function readSpan(span: SpanRecord, value: Json): void {
  span.problem = readAttributes(span.attributes, value['attributes']);
  span.traceId = hexField(span, value, 'traceId');
  span.spanId = hexField(span, value, 'spanId');
  span.parentSpanId = text(value['parentSpanId']).toLowerCase();
  span.name = textField(span, value, 'name');
  span.kind = intField(span, value, 'kind');
  span.start = timeField(span, value, 'startTimeUnixNano');
  span.end = timeField(span, value, 'endTimeUnixNano');
  const status = value['status'];
  if (isObject(status)) {
    span.statusCode = intField(span, status, 'code', 'status.code');
    span.statusMessage = text(status['message']);
  }
  span.links = readLinks(value['links']);
  const events = value['events'];
  if (!Array.isArray(events)) return;
  if (events.length > LIMITS.attributesPerSpan) {
    span.problem ??= { code: 'too_large', field: 'events' };
    return;
  }
  for (const event of events) {
    if (!isObject(event)) continue;
    const attributes: Attributes = { keys: [], values: [] };
    const problem = readAttributes(attributes, event['attributes']);
    if (problem !== null) span.problem ??= { ...problem, field: 'events' };
    const time = timeField(span, event, 'timeUnixNano', 'events');
    span.events.push({ name: text(event['name']), time, attributes });
  }
}

function readLinks(value: unknown): SpanRecord['links'] {
  if (!Array.isArray(value) || value.length === 0) return null;
  return value
    .slice(0, LIMITS.linksPerSpan)
    .filter(isObject)
    .map((link) => ({
      traceId: text(link['traceId']).toLowerCase(),
      spanId: text(link['spanId']).toLowerCase(),
    }));
}

function readLog(log: LogRecord, value: Json): void {
  log.problem = readAttributes(log.attributes, value['attributes']);
  log.traceId = text(value['traceId']).toLowerCase();
  log.spanId = text(value['spanId']).toLowerCase();
  log.eventName = textField(log, value, 'eventName');
  log.severity = intField(log, value, 'severityNumber');
  log.time = timeField(log, value, 'timeUnixNano');
  log.observed = timeField(log, value, 'observedTimeUnixNano');
  const fault = { problem: null };
  log.body = readValue(fault, value['body'], 0, 'body');
  log.problem ??= fault.problem;
}

export function readAttributes(into: Attributes, value: unknown): Faulty['problem'] {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) return { code: 'wrong_type', field: 'attributes' };
  if (value.length > LIMITS.attributesPerSpan) return { code: 'too_large', field: 'attributes' };
  const fault: Faulty = { problem: null };
  for (let index = 0; index < value.length; index++) {
    const pair: unknown = value[index];
    if (!isObject(pair)) return { code: 'wrong_type', field: `attributes[${index}]` };
    into.keys.push(text(pair['key']));
    into.values.push(readValue(fault, pair['value'], 0, 'attributes', index));
  }
  return fault.problem;
}

function readValue(
  fault: Faulty,
  value: unknown,
  depth: number,
  field: string,
  index = -1,
): JsonValue {
  if (!isObject(value)) {
    if (value !== undefined && value !== null) blame(fault, 'wrong_type', field, index);
    return null;
  }
  const string = value['stringValue'];
  if (typeof string === 'string') return string;
  for (const kind in value) {
    const content = value[kind];
    switch (kind) {
      case 'boolValue':
        if (typeof content === 'boolean') return content;
        break;
      case 'intValue':
        if (isInteger(content)) return intValue(content);
        break;
      case 'doubleValue':
        if (isDouble(content)) return jsonNumber(Number(content));
        break;
      case 'bytesValue':
        if (typeof content === 'string') return Buffer.from(content, 'base64').toString('base64');
        break;
      case 'arrayValue':
      case 'kvlistValue':
        if (depth < LIMITS.valueDepth) {
          return readCollection(fault, kind, content, depth + 1, field, index);
        }
        blame(fault, 'too_deep', field, index);
        return null;
      case 'stringValue':
        break;
      default:
        continue;
    }
    if (content !== null) blame(fault, 'wrong_type', field, index);
  }
  return null;
}

function readCollection(
  fault: Faulty,
  kind: 'arrayValue' | 'kvlistValue',
  content: unknown,
  depth: number,
  field: string,
  index: number,
): JsonValue {
  const values = isObject(content) ? (content['values'] ?? []) : content === null ? [] : null;
  if (!Array.isArray(values)) {
    blame(fault, 'wrong_type', field, index);
    return null;
  }
  if (kind === 'arrayValue') {
    return values.map((item: unknown) => readValue(fault, item, depth, field, index));
  }
  const object = Object.create(null) as Record<string, JsonValue>;
  for (const pair of values) {
    if (isObject(pair)) {
      object[text(pair['key'])] = readValue(fault, pair['value'], depth, field, index);
    } else blame(fault, 'wrong_type', field, index);
  }
  return object;
}

function blame(fault: Faulty, code: 'wrong_type' | 'too_deep', field: string, index: number): void {
  fault.problem ??= { code, field: index < 0 ? field : `${field}[${index}].value` };
}

const HEX = /^[0-9a-f]*$/;

function hexField(record: Faulty, value: Json, name: string): string {
  const hex = text(value[name]).toLowerCase();
  if (HEX.test(hex)) return hex;
  record.problem ??= { code: 'invalid_id', field: name };
  return '';
}

function textField(record: Faulty, value: Json, name: string): string {
  const content = value[name];
  if (content !== undefined && content !== null && typeof content !== 'string') {
    record.problem ??= { code: 'wrong_type', field: name };
  }
  return text(content);
}

export function intField(record: Faulty, value: Json, name: string, field = name): number {
  const content = value[name];
  if (content === undefined || content === null) return 0;
  const number = isInteger(content) ? Number(content) : Number.NaN;
  if (number === (number | 0)) return number;
  record.problem ??= { code: 'wrong_type', field };
  return 0;
}

/** Nanoseconds as text, so that no digit is lost; a number is taken as far as it goes. */
export function timeField(record: Faulty, value: Json, name: string, field = name): NanoTime {
  const content = value[name];
  if (content === undefined || content === null) return NO_TIME;
  const digits = typeof content === 'number' ? safeDigits(content) : content;
  if (typeof digits !== 'string' || !NANOSECONDS.test(digits)) {
    record.problem ??= { code: 'wrong_type', field };
    return NO_TIME;
  }
  return { ms: Number(digits.slice(0, -6)), ns: Number(digits.slice(-6)) };
}

const NANOSECONDS = /^\d{1,20}$/;

function safeDigits(value: number): string {
  return Number.isFinite(value) && value >= 0 ? BigInt(Math.trunc(value)).toString() : '';
}

function isInteger(value: unknown): value is string | number {
  if (typeof value === 'number') return Number.isInteger(value);
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value);
}

function intValue(value: string | number): JsonValue {
  const number = Number(value);
  return Number.isSafeInteger(number) || typeof value === 'number' ? number : value;
}

const NOT_FINITE: readonly unknown[] = ['NaN', 'Infinity', '-Infinity'];

export function isDouble(value: unknown): value is string | number {
  if (typeof value === 'number') return true;
  if (NOT_FINITE.includes(value)) return true;
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asObject(value: unknown, path: string): Json {
  if (isObject(value)) return value;
  throw new TripcoilError('bad_request', `${path} must be an object`);
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new TripcoilError('bad_request', `${path} must be a list`);
}
