import { trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { SILENT_LOG } from '../ports/log.ts';
import { startTelemetry } from './own-tracing.ts';
import { startOtlpReceiver } from './testing/otlp-receiver.ts';

const about = { serviceName: 'tripcoil', version: '1.2.3', log: SILENT_LOG };

describe('own spans', () => {
  it('cost nothing and go nowhere without an endpoint', async () => {
    const telemetry = await startTelemetry(about);
    expect(trace.getTracer('tripcoil').startSpan('quiet').isRecording()).toBe(false);
    await telemetry.shutdown();
  });

  it('reach the endpoint by shutdown, and only the traces endpoint', async () => {
    const receiver = await startOtlpReceiver();
    const telemetry = await startTelemetry({ ...about, endpoint: receiver.url });
    trace.getTracer('tripcoil').startSpan('fold').end();
    await telemetry.shutdown();
    expect(receiver.spans.map(({ name }) => name)).toEqual(['fold']);
    expect(receiver.resources).toContainEqual({
      key: 'service.version',
      value: { stringValue: '1.2.3' },
    });
    expect(new Set(receiver.requests.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
    await receiver.close();
    trace.disable();
  });
});
