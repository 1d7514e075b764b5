import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createWorkplace,
  type ServedDaemon,
  serve,
  type Workplace,
} from '../integration/served-daemon.ts';
import { buildGo, chainOf, exporterEnvironment, goIsHere, run } from './toolchain.ts';

describe.skipIf(!goIsHere())('the OpenTelemetry SDK for Go', () => {
  let agent: string;
  let workplace: Workplace;
  let daemon: ServedDaemon;

  beforeAll(async () => {
    agent = await buildGo('agent');
    workplace = await createWorkplace();
    daemon = await serve(workplace);
  });

  afterAll(async () => {
    await daemon?.stop();
    await workplace?.remove();
  });

  it.each(['http', 'grpc'] as const)('sends spans over %s', async (protocol) => {
    const env = await exporterEnvironment(daemon, protocol);
    const traceId = (await run(agent, [protocol], { env })).trim();
    const chain = await chainOf(daemon, traceId);
    expect(chain.agents).toEqual(['go-agent']);
    const tool = chain.steps.find((step) => step.kind === 'tool_call');
    expect(tool).toMatchObject({ action: 'send_email', redactions: { email: 1 } });
  });

  it('is told when its token is not known', async () => {
    const env = await exporterEnvironment(daemon, 'grpc');
    const wrong = { ...env, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer unknown' };
    await expect(run(agent, ['grpc'], { env: wrong })).rejects.toThrow(/Unauthenticated/);
  });
});
