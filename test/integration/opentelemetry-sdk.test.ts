import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentBody, ChainBody, PageBody } from '../../src/api/contract.ts';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  type Workplace,
} from './served-daemon.ts';

const run = promisify(execFile);

describe('a real OpenTelemetry JS SDK process', () => {
  let workplace: Workplace;
  let daemon: ServedDaemon;

  beforeAll(async () => {
    workplace = await createWorkplace('', 'auto');
    daemon = await serve(workplace);
  });

  afterAll(async () => {
    await daemon?.stop();
    await workplace?.remove();
  });

  it.each(['json', 'protobuf', 'grpc'])(
    'sends agent spans as %s that appear as a chain',
    async (encoding) => {
      const token = await daemon.token('local-ingest');
      const { stdout } = await run(
        process.execPath,
        ['test/integration/agent-application.ts', encoding],
        {
          env: {
            ...process.env,
            OTEL_EXPORTER_OTLP_ENDPOINT: encoding === 'grpc' ? daemon.otlpGrpc : daemon.otlp,
            OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${token}`,
          },
        },
      );
      const traceId = stdout.trim();
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);

      const { body: chain } = await eventually(
        () => call<ChainBody>(daemon, null, 'GET', `/v1/chains/${traceId}`),
        ({ status, body }) => status === 200 && body.steps.length === 3,
      );
      expect(chain.agents).toEqual(['sdk-agent']);
      expect(chain.tenants).toEqual(['default']);
      const kinds = chain.steps.map((step) => step.kind).sort();
      expect(kinds).toEqual(['agent_run', 'model_call', 'tool_call']);
      const tool = chain.steps.find((step) => step.kind === 'tool_call');
      expect(tool).toMatchObject({ action: 'send_email', op: 'write', trust: 'broker' });
      expect(tool?.redactions).toEqual({ email: 1 });
      expect(JSON.stringify(chain)).not.toContain('bob@example.com');

      const agents = await call<PageBody<AgentBody>>(daemon, null, 'GET', '/v1/agents');
      expect(agents.body.items.map(({ agent }) => agent)).toContain('sdk-agent');
    },
  );

  it('starts in shadow and says so', () => {
    expect(daemon.said.join('\n')).toMatch(/shadow: .* scored but nothing trips/);
  });
});
