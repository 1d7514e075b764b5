import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { assert } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Metrics } from '../ports/metrics.ts';
import { METRICS, type MetricDeclaration } from './declarations.ts';

/** The process's metrics and their exposition for Prometheus. */
export interface ProcessMetrics extends Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

type Labels = Readonly<Record<string, string>>;
type Instrument = Counter<string> | Gauge<string> | Histogram<string>;

interface Series {
  readonly declaration: MetricDeclaration;
  readonly instrument: Instrument;
  readonly known: Set<string>;
}

const DROPPED = 'tripcoil_metric_series_dropped_total';

/**
 * Builds the metrics on a registry of their own. A name, type or label that was not declared is a
 * bug: it throws where `strict`, but must not cost a running process more than the figure, which is
 * then dropped and counted, as is a label combination beyond `LIMITS.metricSeries`.
 */
export function createMetrics(options: {
  readonly version: string;
  /** `process_*` and `nodejs_*`; off in tests. */
  readonly ofProcess?: boolean;
  readonly strict?: boolean;
}): ProcessMetrics {
  const registry = new Registry();
  const all = new Map<string, Series>();
  for (const [name, declaration] of Object.entries(METRICS)) {
    const instrument = instrumentOf(name, declaration, registry);
    all.set(name, { declaration, instrument, known: new Set() });
  }
  if (options.ofProcess ?? true) collectDefaultMetrics({ register: registry });

  const drop = (metric: string, bug?: string): null => {
    assert(bug === undefined || !(options.strict ?? false), bug ?? '');
    const dropped = all.get(DROPPED)?.instrument;
    if (dropped instanceof Counter) dropped.inc({ metric });
    return null;
  };
  const find = (name: string, given: Labels): { instrument: Instrument; labels: Labels } | null => {
    const series = all.get(name);
    if (series === undefined) return drop('undeclared', `metric ${name} is not declared`);
    const declared = series.declaration.labels ?? [];
    const stray = Object.keys(given).find((label) => !declared.includes(label));
    if (stray !== undefined) return drop(name, `metric ${name} has no label ${stray}`);
    const labels = Object.fromEntries(declared.map((label) => [label, given[label] ?? '']));
    const key = JSON.stringify(labels);
    if (!series.known.has(key)) {
      if (series.known.size >= LIMITS.metricSeries) return drop(name);
      series.known.add(key);
    }
    return { instrument: series.instrument, labels };
  };
  const count: Metrics['count'] = (name, given = {}, by = 1) => {
    const found = find(name, given);
    if (found?.instrument instanceof Counter) found.instrument.inc({ ...found.labels }, by);
    else if (found !== null) drop(name, `metric ${name} is not a counter`);
  };
  const gauge: Metrics['gauge'] = (name, value, given = {}) => {
    const found = find(name, given);
    if (found?.instrument instanceof Gauge) found.instrument.set({ ...found.labels }, value);
    else if (found !== null) drop(name, `metric ${name} is not a gauge`);
  };
  const observe: Metrics['observe'] = (name, value, given = {}) => {
    const found = find(name, given);
    if (found?.instrument instanceof Histogram)
      found.instrument.observe({ ...found.labels }, value);
    else if (found !== null) drop(name, `metric ${name} is not a histogram`);
  };
  gauge('tripcoil_build_info', 1, { version: options.version, node: process.version });
  return {
    count,
    gauge,
    observe,
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

function instrumentOf(name: string, declaration: MetricDeclaration, registry: Registry) {
  const { type, help, labels = [], buckets = [] } = declaration;
  const base = { name, help, labelNames: [...labels], registers: [registry] };
  switch (type) {
    case 'counter':
      return new Counter(base);
    case 'gauge':
      return new Gauge(base);
    case 'histogram':
      return new Histogram({ ...base, buckets: [...buckets] });
  }
}
