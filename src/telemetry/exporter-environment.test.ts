import { afterEach, describe, expect, it } from 'vitest';
import { SILENT_LOG } from '../ports/log.ts';
import { forgetExporterVariables } from './exporter-environment.ts';
import { startTelemetry } from './own-tracing.ts';
import { startOtlpReceiver } from './testing/otlp-receiver.ts';

const HEADERS = 'OTEL_EXPORTER_OTLP_HEADERS';

describe('forgetExporterVariables', () => {
  afterEach(() => {
    delete process.env[HEADERS];
  });

  it('takes out those of all signals and leaves the rest', () => {
    const environment: Record<string, string | undefined> = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=b',
      OTEL_SERVICE_NAME: 'x',
      PATH: '/bin',
    };
    forgetExporterVariables(environment);
    expect(environment).toEqual({ OTEL_SERVICE_NAME: 'x', PATH: '/bin' });
  });

  it('keeps the ingest token from a tracing system downstream', async () => {
    const { trace } = await import('@opentelemetry/api');
    const receiver = await startOtlpReceiver();
    process.env[HEADERS] = 'authorization=Bearer ingest-token';
    forgetExporterVariables(process.env);
    const tracing = await startTelemetry({
      endpoint: receiver.url,
      serviceName: 'tripcoil',
      version: '1',
      log: SILENT_LOG,
    });
    trace.getTracer('test').startSpan('one').end();
    await tracing.shutdown();
    expect(receiver.requests).toMatchObject([{ authorization: undefined }]);
    await receiver.close();
  });
});
