import { LIMITS } from '../../core/limits.ts';
import { jsonBodySteps } from '../json-body.ts';
import type { Steps } from '../steps.ts';
import type { Faulty, Json, Names } from './json.ts';
import {
  intField,
  isDouble,
  isObject,
  readAttributes,
  recordsOf,
  text,
  timeField,
} from './json.ts';
import type { MetricPoint, MetricsRead } from './metric-record.ts';
import { newPoint, temporalityOf, USAGE_METRICS } from './metric-record.ts';
import { tooMany } from './protobuf.ts';

/** Decodes an ExportMetricsServiceRequest in OTLP/JSON; as `metricsProtobufSteps`. */
export function* metricsJsonSteps(bytes: Uint8Array): Steps<MetricsRead> {
  const read: MetricsRead = { points: [], others: 0 };
  for (const { origin, index, value } of recordsOf(yield* jsonBodySteps(bytes), METRICS)) {
    const name = text(value['name']);
    for (const kind of KINDS) {
      const data = value[kind];
      const list = isObject(data) ? data['dataPoints'] : undefined;
      if (!isObject(data) || !Array.isArray(list)) continue;
      if (read.points.length + read.others + list.length > LIMITS.recordsPerBody) {
        throw tooMany('records');
      }
      if (!USAGE_METRICS.has(name)) {
        read.others += list.length;
        continue;
      }
      const fault: Faulty = { problem: null };
      const temporality = temporalityOf(intField(fault, data, 'aggregationTemporality'));
      for (const [at, of] of list.entries()) {
        const point = newPoint({ origin, metricIndex: index, index: at, name });
        point.temporality = temporality;
        point.problem = fault.problem;
        readPoint(point, isObject(of) ? of : {});
        read.points.push(point);
      }
    }
  }
  return read;
}

const METRICS: Names = {
  resources: 'resourceMetrics',
  scopes: 'scopeMetrics',
  records: 'metrics',
};
const KINDS = ['sum', 'gauge', 'histogram', 'exponentialHistogram', 'summary'];

function readPoint(point: MetricPoint, of: Json): void {
  point.problem ??= readAttributes(point.attributes, of['attributes']);
  point.start = timeField(point, of, 'startTimeUnixNano');
  point.time = timeField(point, of, 'timeUnixNano');
  const value = of['asInt'] ?? of['asDouble'] ?? of['sum'];
  if (isDouble(value)) point.value = Number(value);
  else if (value !== undefined && value !== null) {
    point.problem ??= { code: 'wrong_type', field: 'value' };
  }
  const count = of['count'];
  if (isDouble(count)) point.count = Number(count);
}
