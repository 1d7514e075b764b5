import type { JsonValue } from '../../core/access-event.ts';
import type { RejectCode } from '../../core/reject.ts';
import type { EpochMs } from '../../core/time.ts';

/**
 * Attributes as two parallel lists in the order sent: cheaper than an object for twenty unknown
 * keys, and no key, not even `__proto__`, means anything. A repeated key stays; the last one wins.
 */
export interface Attributes {
  readonly keys: string[];
  readonly values: JsonValue[];
}

/** A wall time in two exact halves, since nanoseconds of today do not fit a double. */
export interface NanoTime {
  readonly ms: EpochMs;
  /** Nanoseconds past `ms`, 0 to 999,999. */
  readonly ns: number;
}

export const NO_TIME: NanoTime = { ms: 0, ns: 0 };

/** Who sent: one per ResourceSpans or ResourceLogs. */
export interface ResourceRecord {
  readonly attributes: Attributes;
  /** Why the resource cannot be used; its records share the verdict. */
  problem: Problem | null;
}

/** What every span and log record of one resource and scope shares. Filled while decoding. */
export interface Origin {
  readonly resource: ResourceRecord;
  scopeName: string;
  /** Positions of the resource and scope in the request, for the path of a reject. */
  readonly resourceIndex: number;
  readonly scopeIndex: number;
}

/** A fault inside one record; its neighbours are fine. `field` is relative to the record. */
export interface Problem {
  readonly code: RejectCode;
  readonly field: string;
}

/** One event of a span. */
export interface SpanEventRecord {
  name: string;
  time: NanoTime;
  attributes: Attributes;
}

/** One link of a span, ids in lower-case hex, `''` where absent. */
export interface SpanLinkRecord {
  traceId: string;
  spanId: string;
}

/** One span as sent, ids in lower-case hex, `''` where absent. */
export interface SpanRecord {
  readonly origin: Origin;
  readonly index: number;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  start: NanoTime;
  end: NanoTime;
  readonly attributes: Attributes;
  readonly events: SpanEventRecord[];
  /** At most `LIMITS.linksPerSpan`, the first sent; null for none, as most spans have. */
  links: SpanLinkRecord[] | null;
  /** 0 unset, 1 ok, 2 error. */
  statusCode: number;
  statusMessage: string;
  problem: Problem | null;
}

/** One log record as sent. */
export interface LogRecord {
  readonly origin: Origin;
  readonly index: number;
  traceId: string;
  spanId: string;
  eventName: string;
  severity: number;
  time: NanoTime;
  observed: NanoTime;
  body: JsonValue;
  readonly attributes: Attributes;
  problem: Problem | null;
}

/** Both wire forms of OTLP/HTTP. */
export type OtlpEncoding = 'protobuf' | 'json';

export function newResource(): ResourceRecord {
  return { attributes: { keys: [], values: [] }, problem: null };
}

export function newSpan(origin: Origin, index: number): SpanRecord {
  return {
    origin,
    index,
    traceId: '',
    spanId: '',
    parentSpanId: '',
    name: '',
    kind: 0,
    start: NO_TIME,
    end: NO_TIME,
    attributes: { keys: [], values: [] },
    events: [],
    links: null,
    statusCode: 0,
    statusMessage: '',
    problem: null,
  };
}

export function newLog(origin: Origin, index: number): LogRecord {
  return {
    origin,
    index,
    traceId: '',
    spanId: '',
    eventName: '',
    severity: 0,
    time: NO_TIME,
    observed: NO_TIME,
    body: null,
    attributes: { keys: [], values: [] },
    problem: null,
  };
}

/** The path of a span in its request, in the spelling of OTLP/JSON. */
export function spanPath(span: Pick<SpanRecord, 'origin' | 'index'>): string {
  const { resourceIndex, scopeIndex } = span.origin;
  return `resourceSpans[${resourceIndex}].scopeSpans[${scopeIndex}].spans[${span.index}]`;
}

export function logPath(log: Pick<LogRecord, 'origin' | 'index'>): string {
  const { resourceIndex, scopeIndex } = log.origin;
  return `resourceLogs[${resourceIndex}].scopeLogs[${scopeIndex}].logRecords[${log.index}]`;
}
