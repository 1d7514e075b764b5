import type { AttributeTable } from './attribute-table.ts';
import { decodeLogsJson, decodeTracesJson } from './json.ts';
import { decodeMetricsJson } from './json-metrics.ts';
import type { Normalised } from './normalise.ts';
import { normaliseLogs, normaliseSpans } from './normalise.ts';
import { decodeLogsProtobuf, decodeTracesProtobuf } from './protobuf.ts';
import { decodeMetricsProtobuf } from './protobuf-metrics.ts';
import type { OtlpEncoding } from './record.ts';
import type { UsageMetrics, UsageRead } from './usage-metrics.ts';

/**
 * One ExportTraceServiceRequest as events, rejects by value and a count of spans that are no
 * agent's action. Pure: used for a request's body, and for a line of a recorded file. `table` holds
 * the aliases of the deployment; without it the conventions alone are read.
 * @throws TripcoilError `bad_request` or `payload_too_large` when the whole body is refused.
 */
export function decodeOtlpTraces(
  bytes: Uint8Array,
  encoding: OtlpEncoding,
  table?: AttributeTable,
): Normalised {
  const spans = encoding === 'protobuf' ? decodeTracesProtobuf(bytes) : decodeTracesJson(bytes);
  return normaliseSpans(spans, table);
}

/** The same for an ExportLogsServiceRequest. */
export function decodeOtlpLogs(
  bytes: Uint8Array,
  encoding: OtlpEncoding,
  table?: AttributeTable,
): Normalised {
  const logs = encoding === 'protobuf' ? decodeLogsProtobuf(bytes) : decodeLogsJson(bytes);
  return normaliseLogs(logs, table);
}

/**
 * The token and cost metrics of an ExportMetricsServiceRequest as model calls. `usage` remembers
 * what `sender` sent before; its `commit` is the caller's to call.
 */
export function decodeOtlpMetrics(
  bytes: Uint8Array,
  encoding: OtlpEncoding,
  usage: UsageMetrics,
  sender: string,
): UsageRead {
  const read = encoding === 'protobuf' ? decodeMetricsProtobuf(bytes) : decodeMetricsJson(bytes);
  return usage.read(sender, read);
}
