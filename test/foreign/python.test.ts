import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentBody, PageBody } from '../../src/api/contract.ts';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  type Workplace,
} from '../integration/served-daemon.ts';
import { chainOf, exporterEnvironment, pythonHere, run } from './toolchain.ts';

const HERE = join(import.meta.dirname, 'python');

const python = pythonHere() ?? '';

describe.skipIf(python === '')('the OpenTelemetry SDK for Python', () => {
  let workplace: Workplace;
  let daemon: ServedDaemon;

  beforeAll(async () => {
    workplace = await createWorkplace();
    daemon = await serve(workplace);
  });

  afterAll(async () => {
    await daemon?.stop();
    await workplace?.remove();
  });

  it.each(['http', 'grpc'] as const)('sends spans and metrics over %s', async (protocol) => {
    const env = await exporterEnvironment(daemon, protocol);
    const traceId = (await run(python, [join(HERE, 'agent.py'), protocol], { env })).trim();
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);

    const chain = await chainOf(daemon, traceId);
    expect(chain.agents).toEqual(['python-agent']);
    expect(chain.steps.map(({ kind }) => kind).sort()).toEqual([
      'agent_run',
      'model_call',
      'tool_call',
    ]);
    expect(JSON.stringify(chain)).not.toContain('bob@example.com');

    await eventually(
      () => call<PageBody<AgentBody>>(daemon, null, 'GET', '/v1/agents'),
      ({ body }) => body.items.some(({ agent }) => agent === `python-metrics-${protocol}`),
    );
  });
});
