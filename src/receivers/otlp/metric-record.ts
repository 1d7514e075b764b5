import type { Attributes, NanoTime, Origin, Problem } from './record.ts';
import { NO_TIME } from './record.ts';

/** One data point of a metric that counts tokens or cost; other metrics are only counted. */
export interface MetricPoint {
  readonly origin: Origin;
  /** Position of the metric in its scope, and of the point in the metric. */
  readonly metricIndex: number;
  readonly index: number;
  readonly name: string;
  /** `cumulative` sums go on from `start`; `delta` ones cover start to time; gauges do not add. */
  temporality: 'delta' | 'cumulative' | 'none';
  readonly attributes: Attributes;
  start: NanoTime;
  time: NanoTime;
  /** The sum of a histogram or the value of a counter; NaN where there is none. */
  value: number;
  /** How many measurements a histogram has; 0 for a counter. */
  count: number;
  problem: Problem | null;
}

/** What one ExportMetricsServiceRequest holds for us. */
export interface MetricsRead {
  readonly points: MetricPoint[];
  /** Data points of metrics that say nothing of tokens or cost. */
  others: number;
}

export function newPoint(
  at: Pick<MetricPoint, 'origin' | 'metricIndex' | 'index' | 'name'>,
): MetricPoint {
  return {
    ...at,
    temporality: 'none',
    attributes: { keys: [], values: [] },
    start: NO_TIME,
    time: NO_TIME,
    value: Number.NaN,
    count: 0,
    problem: null,
  };
}

/** AggregationTemporality of the protocol. */
export function temporalityOf(code: number): MetricPoint['temporality'] {
  return code === 1 ? 'delta' : code === 2 ? 'cumulative' : 'none';
}

/** Metrics whose points become events, and what they count. */
export const USAGE_METRICS: ReadonlyMap<string, 'tokens' | 'cost'> = new Map<
  string,
  'tokens' | 'cost'
>([
  ['gen_ai.client.token.usage', 'tokens'],
  ['gen_ai.client.inference.tokens', 'tokens'],
  ['claude_code.token.usage', 'tokens'],
  ['claude_code.cost.usage', 'cost'],
  ['gen_ai.client.token.cost', 'cost'],
  ['gen_ai.usage.cost', 'cost'],
]);

export function pointPath(point: MetricPoint): string {
  const { resourceIndex, scopeIndex } = point.origin;
  const metric = `resourceMetrics[${resourceIndex}].scopeMetrics[${scopeIndex}].metrics`;
  return `${metric}[${point.metricIndex}].dataPoints[${point.index}]`;
}
