import type { Steps } from '../steps.ts';
import { runAtOnce } from '../steps.ts';
import type { AttributeTable } from './attribute-table.ts';
import { logsJsonSteps, tracesJsonSteps } from './json.ts';
import { metricsJsonSteps } from './json-metrics.ts';
import type { Normalised } from './normalise.ts';
import { logSteps, spanSteps } from './normalise.ts';
import { logsProtobufSteps, tracesProtobufSteps } from './protobuf.ts';
import { metricsProtobufSteps } from './protobuf-metrics.ts';
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
  return runAtOnce(otlpTraceSteps(bytes, encoding, table));
}

/** `decodeOtlpTraces` in steps. */
export function* otlpTraceSteps(
  bytes: Uint8Array,
  encoding: OtlpEncoding,
  table?: AttributeTable,
): Steps<Normalised> {
  const steps = encoding === 'protobuf' ? tracesProtobufSteps(bytes) : tracesJsonSteps(bytes);
  return yield* spanSteps(yield* steps, table);
}

/** The same for an ExportLogsServiceRequest. */
export function decodeOtlpLogs(
  bytes: Uint8Array,
  encoding: OtlpEncoding,
  table?: AttributeTable,
): Normalised {
  return runAtOnce(otlpLogSteps(bytes, encoding, table));
}

/** `decodeOtlpLogs` in steps. */
export function* otlpLogSteps(
  bytes: Uint8Array,
  encoding: OtlpEncoding,
  table?: AttributeTable,
): Steps<Normalised> {
  const steps = encoding === 'protobuf' ? logsProtobufSteps(bytes) : logsJsonSteps(bytes);
  return yield* logSteps(yield* steps, table);
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
  return runAtOnce(otlpMetricSteps(bytes, encoding, usage, sender));
}

/** `decodeOtlpMetrics` in steps. */
export function* otlpMetricSteps(
  bytes: Uint8Array,
  encoding: OtlpEncoding,
  usage: UsageMetrics,
  sender: string,
): Steps<UsageRead> {
  const steps = encoding === 'protobuf' ? metricsProtobufSteps(bytes) : metricsJsonSteps(bytes);
  return usage.read(sender, yield* steps);
}
