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
import { CACHE, chainOf, exporterEnvironment, present, run } from './toolchain.ts';

const HERE = join(import.meta.dirname, 'python');

describe.skipIf(!present('python3', '-m', 'venv', '--help'))(
  'the OpenTelemetry SDK for Python',
  () => {
    const python = join(CACHE, 'python/bin/python');
    let workplace: Workplace;
    let daemon: ServedDaemon;

    beforeAll(async () => {
      await run('python3', ['-m', 'venv', join(CACHE, 'python')]);
      const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check'];
      await run(python, [...install, '-r', join(HERE, 'requirements.txt')]);
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
  },
);
