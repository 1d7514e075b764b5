import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { Redacted } from '../core/redacted.ts';
import { MINUTE_MS } from '../core/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { spanOf } from './event-span.ts';

/** Passes redacted events on to somebody else's tracing system. */
export interface TraceForwarder {
  /** Queues and returns at once; what does not fit is dropped and counted. */
  forward(events: readonly Redacted<AccessEvent>[]): void;
  /** Resolves when the queue is empty, whether the endpoint took it or not. */
  flush(): Promise<void>;
  /** Flushes, then refuses everything. */
  shutdown(): Promise<void>;
}

export interface TraceForwarderOptions {
  /** The full URL of an OTLP/HTTP traces receiver. */
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** One warning a minute says that the endpoint is down; the counter has the rest. */
const WARN_EVERY_MS = MINUTE_MS;

/**
 * Forwards through the OpenTelemetry exporter (OTLP JSON, its own retries), one batch in flight. A
 * batch the endpoint does not take is dropped: this is a copy, the ledger is the record.
 */
export async function createTraceForwarder(
  options: TraceForwarderOptions,
): Promise<TraceForwarder> {
  const { endpoint, headers, clock, log, metrics } = options;
  const { OTLPTraceExporter: Exporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const exporter = new Exporter({
    url: endpoint,
    timeoutMillis: LIMITS.deliveryTimeoutMs,
    ...(headers ? { headers } : {}),
  });
  const queue: Redacted<AccessEvent>[] = [];
  let open = true;
  let draining: Promise<void> | null = null;
  let warnedAtMs = Number.NEGATIVE_INFINITY;

  const drain = async (): Promise<void> => {
    // Lets the caller's turn end first, so that what it forwards together leaves together.
    await Promise.resolve();
    while (queue.length > 0) {
      const batch = queue.splice(0, LIMITS.forwardBatch);
      const sent = await send(exporter, batch);
      metrics.count(
        'tripcoil_forwarded_spans_total',
        { result: sent ? 'sent' : 'failed' },
        batch.length,
      );
      if (!sent && clock.monotonicMs() - warnedAtMs >= WARN_EVERY_MS) {
        warnedAtMs = clock.monotonicMs();
        log.warn('spans are not accepted downstream', { spans: batch.length });
      }
    }
    draining = null;
  };
  const flush = async (): Promise<void> => {
    while (draining !== null) await draining;
  };
  return {
    forward: (events) => {
      const room = open ? LIMITS.forwardQueue - queue.length : 0;
      const taken = events.slice(0, Math.max(0, room));
      queue.push(...taken);
      const dropped = events.length - taken.length;
      if (dropped > 0) {
        metrics.count('tripcoil_forwarded_spans_total', { result: 'dropped' }, dropped);
      }
      if (queue.length > 0) draining ??= drain();
    },
    flush,
    shutdown: async () => {
      open = false;
      await flush();
      await exporter.shutdown();
    },
  };
}

function send(
  exporter: OTLPTraceExporter,
  batch: readonly Redacted<AccessEvent>[],
): Promise<boolean> {
  return new Promise((resolve) => {
    exporter.export(batch.map(spanOf), ({ code }) => resolve(code === 0));
  });
}
