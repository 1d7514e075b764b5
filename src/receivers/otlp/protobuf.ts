import type { JsonValue } from '../../core/access-event.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Steps } from '../steps.ts';
import { RECORDS_PER_STEP, runAtOnce } from '../steps.ts';
import type { Attributes, LogRecord, NanoTime, Origin, Problem, SpanRecord } from './record.ts';
import { newLog, newResource, newSpan } from './record.ts';
import { malformed, TextCache, WireReader } from './wire-reader.ts';

// Written by hand: one pass into the flat record normalisation reads is two to three times as fast
// as a generated decoder's message tree, and protobufjs stays what checks it (protobuf.test.ts).

/**
 * Decodes an ExportTraceServiceRequest (opentelemetry-proto 1.11).
 * @throws TripcoilError `bad_request` for undecodable bytes, `payload_too_large` past the limits
 * on records and values. A fault inside one span is that span's `problem`.
 */
export function decodeTracesProtobuf(bytes: Uint8Array): SpanRecord[] {
  return runAtOnce(tracesProtobufSteps(bytes));
}

/** `decodeTracesProtobuf` in steps. */
export function* tracesProtobufSteps(bytes: Uint8Array): Steps<SpanRecord[]> {
  const spans: SpanRecord[] = [];
  const decoder = new Decoder(bytes);
  yield* decoder.request((origin, index) => {
    const span = newSpan(origin, index);
    decoder.span(span);
    spans.push(span);
    return spans.length;
  });
  return spans;
}

/** Decodes an ExportLogsServiceRequest; as `decodeTracesProtobuf`. */
export function decodeLogsProtobuf(bytes: Uint8Array): LogRecord[] {
  return runAtOnce(logsProtobufSteps(bytes));
}

/** `decodeLogsProtobuf` in steps. */
export function* logsProtobufSteps(bytes: Uint8Array): Steps<LogRecord[]> {
  const logs: LogRecord[] = [];
  const decoder = new Decoder(bytes);
  yield* decoder.request((origin, index) => {
    const log = newLog(origin, index);
    decoder.log(log);
    logs.push(log);
    return logs.length;
  });
  return logs;
}

/**
 * Process-wide: keys, and short values such as names and verdicts, repeat from body to body. Apart,
 * so that no flood of new values drives out the keys. Bounded; no input changes what they return.
 */
const KEYS = new TextCache();
const VALUES = new TextCache();

export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;

/** A field number and wire type as they stand in the tag. */
export const field = (number: number, wireType: number): number => (number << 3) | wireType;

const FIELD_1 = field(1, DELIMITED);
const FIELD_2 = field(2, DELIMITED);
const SPAN_PARENT = field(4, DELIMITED);
const SPAN_NAME = field(5, DELIMITED);
const SPAN_KIND = field(6, VARINT);
const SPAN_START = field(7, FIXED64);
const SPAN_END = field(8, FIXED64);
const SPAN_ATTRIBUTES = field(9, DELIMITED);
const SPAN_EVENTS = field(11, DELIMITED);
const SPAN_LINKS = field(13, DELIMITED);
const SPAN_STATUS = field(15, DELIMITED);
const STATUS_CODE = field(3, VARINT);
const EVENT_TIME = field(1, FIXED64);
const EVENT_ATTRIBUTES = field(3, DELIMITED);
const LOG_TIME = field(1, FIXED64);
const LOG_SEVERITY = field(2, VARINT);
const LOG_BODY = field(5, DELIMITED);
const LOG_ATTRIBUTES = field(6, DELIMITED);
const LOG_TRACE = field(9, DELIMITED);
const LOG_SPAN = field(10, DELIMITED);
const LOG_OBSERVED = field(11, FIXED64);
const LOG_EVENT_NAME = field(12, DELIMITED);
const VALUE_STRING = field(1, DELIMITED);
const VALUE_BOOL = field(2, VARINT);
const VALUE_INT = field(3, VARINT);
const VALUE_DOUBLE = field(4, FIXED64);
const VALUE_ARRAY = field(5, DELIMITED);
const VALUE_KVLIST = field(6, DELIMITED);
const VALUE_BYTES = field(7, DELIMITED);

/** Reads the record it is positioned at; returns how many there are so far. */
export type ReadRecord = (origin: Origin, index: number) => number;

/** What the messages of all signals have in common; metrics are read by `protobuf-metrics.ts`. */
export class Decoder {
  readonly reader: WireReader;
  problem: Problem | null = null;
  private values = 0;

  constructor(bytes: Uint8Array) {
    this.reader = new WireReader(bytes, KEYS, VALUES);
  }

  /** Traces and logs share their outer three levels, field numbers included. */
  *request(readRecord: ReadRecord): Steps<void> {
    const { reader } = this;
    let resourceIndex = 0;
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag !== FIELD_1) reader.skip(tag & 7);
      else {
        const outer = this.enter();
        yield* this.resourceRecords(resourceIndex++, readRecord);
        this.leave(outer);
      }
    }
  }

  private *resourceRecords(resourceIndex: number, readRecord: ReadRecord): Steps<void> {
    const { reader } = this;
    const resource = newResource();
    let scopeIndex = 0;
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag === FIELD_1) {
        const outer = this.enter();
        this.problem = null;
        this.attributesMessage(resource.attributes, FIELD_1, 'resource.attributes');
        resource.problem ??= this.problem;
        this.leave(outer);
      } else if (tag === FIELD_2) {
        const outer = this.enter();
        const origin = { resource, scopeName: '', resourceIndex, scopeIndex: scopeIndex++ };
        yield* this.scopeRecords(origin, readRecord);
        this.leave(outer);
      } else reader.skip(tag & 7);
    }
  }

  private *scopeRecords(origin: Origin, readRecord: ReadRecord): Steps<void> {
    const { reader } = this;
    let index = 0;
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag === FIELD_1) {
        const outer = this.enter();
        while (reader.pos < reader.limit) {
          const inner = reader.varint32();
          if (inner === FIELD_1) origin.scopeName = reader.key();
          else reader.skip(inner & 7);
        }
        this.leave(outer);
      } else if (tag === FIELD_2) {
        const outer = this.enter();
        const records = readRecord(origin, index++);
        if (records > LIMITS.recordsPerBody) throw tooMany('records');
        this.leave(outer);
        if (records % RECORDS_PER_STEP === 0) yield;
      } else reader.skip(tag & 7);
    }
  }

  span(span: SpanRecord): void {
    const { reader } = this;
    this.problem = null;
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag === SPAN_ATTRIBUTES) this.attribute(span.attributes, 'attributes', 0);
      else if (tag === FIELD_1) span.traceId = reader.hex();
      else if (tag === FIELD_2) span.spanId = reader.hex();
      else if (tag === SPAN_PARENT) span.parentSpanId = reader.hex();
      else if (tag === SPAN_NAME) span.name = reader.key();
      else if (tag === SPAN_KIND) span.kind = reader.varint32() | 0;
      else if (tag === SPAN_START) span.start = this.time();
      else if (tag === SPAN_END) span.end = this.time();
      else if (tag === SPAN_STATUS) this.status(span);
      else if (tag === SPAN_EVENTS) this.event(span);
      else if (tag === SPAN_LINKS) this.link(span);
      else reader.skip(tag & 7);
    }
    span.problem = this.problem;
  }

  log(log: LogRecord): void {
    const { reader } = this;
    this.problem = null;
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag === LOG_ATTRIBUTES) this.attribute(log.attributes, 'attributes', 0);
      else if (tag === LOG_TIME) log.time = this.time();
      else if (tag === LOG_OBSERVED) log.observed = this.time();
      else if (tag === LOG_SEVERITY) log.severity = reader.varint32() | 0;
      else if (tag === LOG_BODY) log.body = this.nested('body', 0);
      else if (tag === LOG_TRACE) log.traceId = reader.hex();
      else if (tag === LOG_SPAN) log.spanId = reader.hex();
      else if (tag === LOG_EVENT_NAME) log.eventName = reader.key();
      else reader.skip(tag & 7);
    }
    log.problem = this.problem;
  }

  private status(span: SpanRecord): void {
    const { reader } = this;
    const outer = this.enter();
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag === FIELD_2) span.statusMessage = reader.text();
      else if (tag === STATUS_CODE) span.statusCode = reader.varint32() | 0;
      else reader.skip(tag & 7);
    }
    this.leave(outer);
  }

  private event(span: SpanRecord): void {
    const { reader } = this;
    const outer = this.enter();
    const attributes: Attributes = { keys: [], values: [] };
    const event = { name: '', time: { ms: 0, ns: 0 }, attributes };
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag === EVENT_TIME) event.time = this.time();
      else if (tag === FIELD_2) event.name = reader.key();
      else if (tag === EVENT_ATTRIBUTES) this.attribute(attributes, 'events', 0);
      else reader.skip(tag & 7);
    }
    this.leave(outer);
    if (span.events.length < LIMITS.attributesPerSpan) span.events.push(event);
    else this.problem ??= { code: 'too_large', field: 'events' };
  }

  /** What is linked past the limit is let go: the span itself is no worse for it. */
  private link(span: SpanRecord): void {
    const { reader } = this;
    const outer = this.enter();
    const link = { traceId: '', spanId: '' };
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag === FIELD_1) link.traceId = reader.hex();
      else if (tag === FIELD_2) link.spanId = reader.hex();
      else reader.skip(tag & 7);
    }
    this.leave(outer);
    span.links ??= [];
    if (span.links.length < LIMITS.linksPerSpan) span.links.push(link);
  }

  /** A message whose only wanted field is its list of attributes. */
  private attributesMessage(into: Attributes, wanted: number, name: string): void {
    const { reader } = this;
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag === wanted) this.attribute(into, name, 0);
      else reader.skip(tag & 7);
    }
  }

  /** One KeyValue, appended. */
  attribute(into: Attributes, name: string, depth: number): void {
    const { reader } = this;
    if (++this.values > LIMITS.valuesPerBody) throw tooMany('values');
    const outer = this.enter();
    let key = '';
    let value: JsonValue = null;
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag === FIELD_1) key = reader.key();
      else if (tag === FIELD_2) value = this.nested(name, depth);
      else reader.skip(tag & 7);
    }
    this.leave(outer);
    if (into.keys.length >= LIMITS.attributesPerSpan && depth === 0) {
      this.problem ??= { code: 'too_large', field: name };
      return;
    }
    into.keys.push(key);
    into.values.push(value);
  }

  /** A length-delimited AnyValue. */
  private nested(name: string, depth: number): JsonValue {
    const outer = this.enter();
    const value = this.value(name, depth);
    this.leave(outer);
    return value;
  }

  private value(name: string, depth: number): JsonValue {
    const { reader } = this;
    if (++this.values > LIMITS.valuesPerBody) throw tooMany('values');
    let value: JsonValue = null;
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag === VALUE_STRING) value = reader.text();
      else if (tag === VALUE_INT) value = this.int64();
      else if (tag === VALUE_BOOL) value = this.bool();
      else if (tag === VALUE_DOUBLE) value = jsonNumber(reader.double());
      else if (tag === VALUE_BYTES) value = reader.base64();
      else if (tag !== VALUE_ARRAY && tag !== VALUE_KVLIST) reader.skip(tag & 7);
      else if (depth >= LIMITS.valueDepth) {
        this.problem ??= { code: 'too_deep', field: name };
        reader.skip(tag & 7);
      } else value = this.collection(tag, name, depth + 1);
    }
    return value;
  }

  private collection(kind: number, name: string, depth: number): JsonValue {
    const { reader } = this;
    const outer = this.enter();
    const list: JsonValue[] = [];
    const pairs: Attributes = { keys: [], values: [] };
    while (reader.pos < reader.limit) {
      const tag = reader.varint32();
      if (tag !== FIELD_1) reader.skip(tag & 7);
      else if (kind === VALUE_ARRAY) list.push(this.nested(name, depth));
      else this.attribute(pairs, name, depth);
    }
    this.leave(outer);
    return kind === VALUE_ARRAY ? list : objectOf(pairs);
  }

  private int64(): JsonValue {
    this.reader.varint64();
    return int64Value(this.reader.low, this.reader.high);
  }

  private bool(): boolean {
    this.reader.varint64();
    return (this.reader.low | this.reader.high) !== 0;
  }

  time(): NanoTime {
    this.reader.fixed64();
    const { low, high } = this.reader;
    // 2^32 = 4294 × 10^6 + 967296, so that both halves stay below 2^53.
    const rest = high * 967_296 + low;
    return { ms: high * 4_294 + Math.floor(rest / 1e6), ns: rest % 1e6 };
  }

  /** Narrows the reader to the field that starts here; returns what `leave` restores. */
  enter(): number {
    const { reader } = this;
    const outer = reader.limit;
    reader.limit = reader.end();
    return outer;
  }

  leave(outer: number): void {
    const { reader } = this;
    if (reader.pos !== reader.limit) throw malformed('field length');
    reader.limit = outer;
  }
}

/** JSON has no NaN and no infinity: they become the text protobuf's JSON mapping gives them. */
export function jsonNumber(value: number): JsonValue {
  return Number.isFinite(value) ? value : String(value);
}

/** A number where it is exact, else decimal text. */
export function int64Value(low: number, high: number): JsonValue {
  const value = (high | 0) * 4_294_967_296 + low;
  if (Number.isSafeInteger(value)) return value;
  return ((BigInt(high | 0) << 32n) | BigInt(low)).toString();
}

/** An object without prototype, so that `__proto__` is a key like any other. */
export function objectOf(pairs: Attributes): JsonValue {
  const object = Object.create(null) as Record<string, JsonValue>;
  for (let index = 0; index < pairs.keys.length; index++) {
    object[pairs.keys[index] as string] = pairs.values[index] as JsonValue;
  }
  return object;
}

export function tooMany(what: 'records' | 'values'): TripcoilError {
  return new TripcoilError(
    'payload_too_large',
    `the body holds too many ${what}; send less at once`,
  );
}
