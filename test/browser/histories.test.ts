import type { Browser, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeViolations, hasBrowser, launchBrowser, openPage, type WatchedPage } from './browser.ts';
import {
  FIXTURE_OPERATOR_TOKEN,
  type FixtureServer,
  startFixtureServer,
} from './fixture-server.ts';

const found = hasBrowser();
let browser: Browser;
let server: FixtureServer;
let view: WatchedPage;

/** The panel with one of its forms open, the reason and the token filled in. */
async function open(summary: string): Promise<Page> {
  server = await startFixtureServer('data');
  view = await openPage(browser, server.baseUrl);
  const { page } = view;
  await page.goto(`${server.baseUrl}/#/agents/globex/invoice-bot`);
  await page.getByText(summary, { exact: true }).click();
  const shown = { visible: true } as const;
  await page.getByLabel('Reason', { exact: true }).filter(shown).fill('a new task since Monday');
  await page
    .getByLabel(/^Operator token/)
    .filter(shown)
    .fill(FIXTURE_OPERATOR_TOKEN);
  return page;
}

async function orderOf(page: Page, button: string): Promise<{ path: string; body: unknown }> {
  const sent = page.waitForRequest((request: Request) => request.method() === 'POST');
  await page.getByRole('button', { name: button, exact: true }).click();
  const request = await sent;
  return { path: new URL(request.url()).pathname, body: request.postDataJSON() };
}

describe.skipIf(!found)('the history of an agent', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });
  afterEach(async () => {
    expect(view.complaints).toEqual([]);
    await view.context.close();
    await server.close();
  });

  it('is reset with a reason, after saying what that means', async () => {
    const page = await open('Reset it…');
    await page.getByText('cannot be brought back').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    const { path, body } = await orderOf(page, 'Reset the history');
    expect(path).toBe('/v1/agents/globex/invoice-bot/baseline/reset');
    expect(body).toEqual({ reason: 'a new task since Monday' });
    await page.getByText('Recorded: it learns anew').waitFor();
  });

  it('is merged with that of another agent', async () => {
    const page = await open('Add that of another agent…');
    await page.getByLabel(/^Other agent/).fill('old-invoice-bot');
    await page.getByLabel('How they worked').selectOption('at_once');
    expect(await axeViolations(page)).toEqual([]);
    const { path, body } = await orderOf(page, 'Merge the histories');
    expect(path).toBe('/v1/agents/globex/invoice-bot/baseline/merge');
    expect(body).toEqual({
      ...{ from: 'old-invoice-bot', joining: 'at_once' },
      reason: 'a new task since Monday',
    });
    await page.getByText('what was usual for old-invoice-bot').waitFor();
  });
});
