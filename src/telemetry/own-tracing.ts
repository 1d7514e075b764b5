import type { Log } from '../ports/log.ts';

export interface OwnTracing {
  /** Sends what is left and stops; never throws. */
  shutdown(): Promise<void>;
}

/**
 * Starts the OpenTelemetry SDK for the process's own spans, sent to `endpoint` (the full URL of an
 * OTLP/HTTP traces receiver). Without an endpoint nothing is loaded and spans cost next to nothing.
 * Metrics are Prometheus's and logs are pino's, so the SDK is told to leave both alone.
 */
export async function startTelemetry(options: {
  readonly endpoint?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly version: string;
  readonly log: Log;
}): Promise<OwnTracing> {
  const { endpoint, headers, serviceName, version, log } = options;
  if (endpoint === undefined) return { shutdown: async () => {} };
  const [{ NodeSDK }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = new OTLPTraceExporter({ url: endpoint, ...(headers ? { headers } : {}) });
  const sdk = new NodeSDK({
    traceExporter: exporter,
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    serviceName,
    // In place of the default ones, which would tell host, user and command line.
    resourceDetectors: [{ detect: () => ({ attributes: { 'service.version': version } }) }],
  });
  sdk.start();
  log.info('own spans are sent', { endpoint: withoutCredentials(endpoint) });
  return {
    shutdown: async () => {
      await sdk.shutdown().catch(() => log.warn('own spans could not all be sent'));
    },
  };
}

function withoutCredentials(endpoint: string): string {
  const url = new URL(endpoint);
  return `${url.origin}${url.pathname}`;
}
