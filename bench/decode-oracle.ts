import protobuf from 'protobufjs';
import type { JsonValue } from '../src/core/access-event.ts';
import { int64Value, jsonNumber, objectOf } from '../src/receivers/otlp/protobuf.ts';
import type { Attributes, LogRecord, NanoTime, SpanRecord } from '../src/receivers/otlp/record.ts';
import { newLog, newResource, newSpan } from '../src/receivers/otlp/record.ts';

/**
 * The independent decoder that the hand-written one is compared with, for correctness and speed:
 * protobufjs reflection over the wire format of opentelemetry-proto 1.11, fields 1 to 16 of the
 * messages read here.
 */
const PROTO = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3;
  double double_value = 4; ArrayValue array_value = 5; KeyValueList kvlist_value = 6;
  bytes bytes_value = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3;
  uint32 dropped_attributes_count = 4; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message TraceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2;
  string schema_url = 3; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3;
  bytes parent_span_id = 4; string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7;
  fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10; repeated Event events = 11;
  uint32 dropped_events_count = 12; repeated Link links = 13; uint32 dropped_links_count = 14;
  Status status = 15; fixed32 flags = 16; }
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3;
  uint32 dropped_attributes_count = 4; }
message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3;
  repeated KeyValue attributes = 4; uint32 dropped_attributes_count = 5; fixed32 flags = 6; }
message Status { string message = 2; int32 code = 3; }
message LogsRequest { repeated ResourceLogs resource_logs = 1; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2;
  string schema_url = 3; }
message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
message LogRecord { fixed64 time_unix_nano = 1; int32 severity_number = 2;
  string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6;
  uint32 dropped_attributes_count = 7; fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10;
  fixed64 observed_time_unix_nano = 11; string event_name = 12; }
message MetricsRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message Metric { string name = 1; string unit = 3; Sum sum = 7; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message NumberDataPoint { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  double as_double = 4; sfixed64 as_int = 6; repeated KeyValue attributes = 7; }
message RpcStatus { int32 code = 1; string message = 2; }
message PartialSuccess { int64 rejected = 1; string error_message = 2; }
message ExportResponse { PartialSuccess partial_success = 1; }
`;

const { root } = protobuf.parse(PROTO);

export const TraceRequest = root.lookupType('TraceRequest');
export const LogsRequest = root.lookupType('LogsRequest');
export const MetricsRequest = root.lookupType('MetricsRequest');
export const RpcStatus = root.lookupType('RpcStatus');
export const ExportResponse = root.lookupType('ExportResponse');

/** Encodes a request given in protobufjs' own object form. */
export function encode(type: protobuf.Type, message: object): Uint8Array {
  return type.encode(type.fromObject(message as { [key: string]: unknown })).finish();
}

interface Long {
  readonly low: number;
  readonly high: number;
}

interface OracleValue {
  readonly value?: string;
  readonly stringValue: string;
  readonly boolValue: boolean;
  readonly intValue: Long;
  readonly doubleValue: number;
  readonly bytesValue: Uint8Array;
  readonly arrayValue: { readonly values: readonly OracleValue[] };
  readonly kvlistValue: { readonly values: readonly OraclePair[] };
}

interface OraclePair {
  readonly key: string;
  readonly value?: OracleValue | null;
}

interface OracleScope<Item> {
  readonly scope?: { readonly name: string } | null;
  readonly spans: readonly Item[];
  readonly logRecords: readonly Item[];
}

interface OracleSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: Long;
  readonly endTimeUnixNano: Long;
  readonly attributes: readonly OraclePair[];
  readonly events: readonly {
    readonly name: string;
    readonly timeUnixNano: Long;
    readonly attributes: readonly OraclePair[];
  }[];
  readonly links: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array }[];
  readonly status?: { readonly code: number; readonly message: string } | null;
}

interface OracleLog {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly eventName: string;
  readonly severityNumber: number;
  readonly timeUnixNano: Long;
  readonly observedTimeUnixNano: Long;
  readonly body?: OracleValue | null;
  readonly attributes: readonly OraclePair[];
}

interface OracleResource<Item> {
  readonly resource?: { readonly attributes: readonly OraclePair[] } | null;
  readonly scopeSpans: readonly OracleScope<Item>[];
  readonly scopeLogs: readonly OracleScope<Item>[];
}

/** What `decodeTracesProtobuf` must return. */
export function oracleTraces(bytes: Uint8Array): SpanRecord[] {
  const request = TraceRequest.decode(bytes) as unknown as {
    readonly resourceSpans: readonly OracleResource<OracleSpan>[];
  };
  const spans: SpanRecord[] = [];
  for (const [resourceIndex, owner] of request.resourceSpans.entries()) {
    const resource = { ...newResource(), attributes: attributesOf(owner.resource?.attributes) };
    for (const [scopeIndex, scope] of owner.scopeSpans.entries()) {
      const scopeName = scope.scope?.name ?? '';
      const origin = { resource, scopeName, resourceIndex, scopeIndex };
      for (const [index, span] of scope.spans.entries()) {
        spans.push({
          ...newSpan(origin, index),
          traceId: hex(span.traceId),
          spanId: hex(span.spanId),
          parentSpanId: hex(span.parentSpanId),
          name: span.name,
          kind: span.kind,
          start: time(span.startTimeUnixNano),
          end: time(span.endTimeUnixNano),
          attributes: attributesOf(span.attributes),
          events: span.events.map((event) => ({
            name: event.name,
            time: time(event.timeUnixNano),
            attributes: attributesOf(event.attributes),
          })),
          links: linksOf(span.links),
          statusCode: span.status?.code ?? 0,
          statusMessage: span.status?.message ?? '',
        });
      }
    }
  }
  return spans;
}

function linksOf(links: OracleSpan['links']): SpanRecord['links'] {
  if (links.length === 0) return null;
  return links.map(({ traceId, spanId }) => ({ traceId: hex(traceId), spanId: hex(spanId) }));
}

/** What `decodeLogsProtobuf` must return. */
export function oracleLogs(bytes: Uint8Array): LogRecord[] {
  const request = LogsRequest.decode(bytes) as unknown as {
    readonly resourceLogs: readonly OracleResource<OracleLog>[];
  };
  const logs: LogRecord[] = [];
  for (const [resourceIndex, owner] of request.resourceLogs.entries()) {
    const resource = { ...newResource(), attributes: attributesOf(owner.resource?.attributes) };
    for (const [scopeIndex, scope] of owner.scopeLogs.entries()) {
      const scopeName = scope.scope?.name ?? '';
      const origin = { resource, scopeName, resourceIndex, scopeIndex };
      for (const [index, log] of scope.logRecords.entries()) {
        logs.push({
          ...newLog(origin, index),
          traceId: hex(log.traceId),
          spanId: hex(log.spanId),
          eventName: log.eventName,
          severity: log.severityNumber,
          time: time(log.timeUnixNano),
          observed: time(log.observedTimeUnixNano),
          body: anyValueOf(log.body),
          attributes: attributesOf(log.attributes),
        });
      }
    }
  }
  return logs;
}

function attributesOf(pairs: readonly OraclePair[] | undefined): Attributes {
  return {
    keys: (pairs ?? []).map((pair) => pair.key),
    values: (pairs ?? []).map((pair) => anyValueOf(pair.value)),
  };
}

function anyValueOf(value: OracleValue | null | undefined): JsonValue {
  switch (value?.value) {
    case 'stringValue':
      return value.stringValue;
    case 'boolValue':
      return value.boolValue;
    case 'intValue':
      return int64Value(value.intValue.low >>> 0, value.intValue.high >>> 0);
    case 'doubleValue':
      return jsonNumber(value.doubleValue);
    case 'bytesValue':
      return Buffer.from(value.bytesValue).toString('base64');
    case 'arrayValue':
      return value.arrayValue.values.map(anyValueOf);
    case 'kvlistValue':
      return objectOf(attributesOf(value.kvlistValue.values));
    default:
      return null;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function time({ low, high }: Long): NanoTime {
  const ns = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return { ms: Number(ns / 1_000_000n), ns: Number(ns % 1_000_000n) };
}
