import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createWorkplace,
  type ServedDaemon,
  serve,
  type Workplace,
} from '../integration/served-daemon.ts';
import { hasBrowser, launchBrowser, openPage } from './browser.ts';
import { pageChecks } from './page-checks.ts';

const run = promisify(execFile);
const found = hasBrowser();

describe.skipIf(!found)('a real OpenTelemetry JS SDK process, seen in the browser', () => {
  let workplace: Workplace;
  let daemon: ServedDaemon;
  let browser: Browser;
  let traceId: string;
  beforeAll(async () => {
    workplace = await createWorkplace('', 'auto');
    [browser, daemon] = await Promise.all([launchBrowser(), serve(workplace)]);
    traceId = await sendTrace();
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await workplace?.remove();
  });

  async function sendTrace(): Promise<string> {
    const token = await daemon.token('local-ingest');
    const program = ['test/integration/agent-application.ts', 'protobuf'];
    const { stdout } = await run(process.execPath, program, {
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: daemon.otlp,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${token}`,
      },
    });
    return stdout.trim();
  }

  it('appears as a chain, without a reload and without the address in it', async () => {
    const { page, context, complaints } = await openPage(browser, daemon.main);
    await page.goto(`${daemon.main}/#/chains/${traceId}`);
    const steps = page.getByRole('region', { name: /^Steps/ });
    for (const kind of ['agent run', 'model call', 'tool call']) {
      await steps.getByText(`${kind} · invoice-service`, { exact: true }).waitFor();
    }
    expect(await steps.getByText('send_email', { exact: true }).count()).toBe(1);
    await page.getByText('1 value (1 email)').waitFor();
    expect(await page.content()).not.toContain('bob@example.com');
    await page.getByRole('link', { name: /^sdk-agent/ }).click();
    await page.getByRole('heading', { name: 'sdk-agent', level: 1 }).waitFor();
    await context.close();
    expect(complaints).toEqual([]);
  });

  it('is listed among the agents, and its pages are clean', async () => {
    const pages = [
      { name: 'overview', hash: '#/', shows: 'sdk-agent' },
      { name: 'agent', hash: '#/agents/default/sdk-agent', shows: 'No detector has found' },
      { name: 'chain', hash: `#/chains/${traceId}`, shows: 'send_email' },
    ];
    for (const one of pages) {
      expect(await pageChecks(browser, daemon.main, one, { scheme: 'light' })).toEqual([]);
    }
  });
});
