/**
 * Counters, gauges and histograms of the process, declared once in `telemetry/metrics.ts`.
 * Label values come from closed sets; agent, user, trace and resource ids are never labels.
 */
export interface Metrics {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

export const SILENT_METRICS: Metrics = { count() {}, gauge() {}, observe() {} };
