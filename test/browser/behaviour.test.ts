import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser, openPage, type WatchedPage } from './browser.ts';
import { FIXTURE_CHAIN, fixtureFindings } from './fixture-findings.ts';
import { fixtureStatus } from './fixture-fleet.ts';
import {
  FIXTURE_TOKEN,
  type FixtureServer,
  type Scenario,
  startFixtureServer,
} from './fixture-server.ts';

const found = hasBrowser();
let browser: Browser;
let server: FixtureServer;
let view: WatchedPage;

async function open(hash: string, scenario: Scenario = 'data'): Promise<WatchedPage['page']> {
  server = await startFixtureServer(scenario);
  view = await openPage(browser, server.baseUrl);
  await view.page.goto(`${server.baseUrl}/${hash}`);
  return view.page;
}

/** A finding of now, as the stream would bring it. */
function freshTrip(agent: string) {
  const [trip] = fixtureFindings(Date.now() + 60_000);
  return { ...trip, id: `fresh-${agent}`, agent, tenant: 'globex' };
}

describe.skipIf(!found)('the page in use', () => {
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

  it('tells of synthetic data and of shadow, with the command to enforce', async () => {
    const page = await open('#/');
    const notices = page.getByRole('complementary', { name: 'Notices' });
    await notices.getByText('nothing here is real').waitFor();
    expect(await notices.textContent()).toContain(
      'Shadow: acme would have tripped 3 breakers; enforce with tripcoil enforce --tenant acme',
    );
  });

  it('shows a trip from the stream at once, and announces it', async () => {
    const page = await open('#/', 'calm');
    await page.getByText('Live', { exact: true }).waitFor();
    server.send('finding', freshTrip('mail-sorter'));
    const feed = page.getByRole('region', { name: 'Trips' });
    await feed.getByRole('link', { name: 'mail-sorter', exact: true }).waitFor();
    const spoken = page.locator('[aria-live=polite]');
    await spoken.getByText('mail-sorter tripped').waitFor({ state: 'attached' });
  });

  it('holds the feed still under the pointer until asked', async () => {
    const page = await open('#/');
    const feed = page.getByRole('region', { name: 'Trips' });
    await feed.getByText('crm-summarizer', { exact: true }).hover();
    await page.getByText('Live', { exact: true }).waitFor();
    server.send('finding', freshTrip('mail-sorter'));
    await feed.getByRole('button', { name: 'Show 1 new entry' }).click();
    await feed.getByRole('link', { name: 'mail-sorter', exact: true }).waitFor();
  });

  it('says that the stream is lost, and recovers', async () => {
    const page = await open('#/');
    await page.getByText('Live', { exact: true }).waitFor();
    server.setStream(false);
    await page.getByText(/^Stream lost/).waitFor();
    server.setStream(true);
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 20_000 });
  });

  it('takes a new status from the stream', async () => {
    const page = await open('#/');
    await page.getByText('Live', { exact: true }).waitFor();
    server.send('status', { ...fixtureStatus(Date.now()), demo: false, tenants: [] });
    await page.getByText('nothing here is real').waitFor({ state: 'detached' });
  });

  it('opens the chain of a trip by keyboard alone', async () => {
    const page = await open('#/');
    const link = page.getByRole('link', { name: 'Chain of invoice-bot' });
    await link.waitFor();
    await link.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: FIXTURE_CHAIN }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
  });

  it('finds an agent by name and anything else as a chain', async () => {
    const page = await open('#/');
    await page.getByRole('row', { name: /ticket-triage/ }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('ticket-triage');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'ticket-triage', level: 1 }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(FIXTURE_CHAIN);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: FIXTURE_CHAIN }).waitFor();
  });

  it('narrows chains by agent, missing link and verdict, and opens one', async () => {
    const page = await open('#/chains');
    const row = (name: RegExp) => page.getByRole('row', { name });
    await row(/report-writer/).waitFor();
    await page.getByLabel('Missing link').selectOption('any');
    await row(/report-writer/).waitFor({ state: 'detached' });
    await page.getByLabel('Verdict').selectOption('allow');
    await row(/ticket-triage/).waitFor({ state: 'detached' });
    await page.getByLabel('Agent', { exact: true }).fill('crm-summarizer');
    await page.keyboard.press('Enter');
    await row(/crm-summarizer/).waitFor();
    expect(page.url()).toMatch(/gap=any&verdict=allow&agent=crm-summarizer/);
    await page.reload();
    await page.getByRole('link', { name: FIXTURE_CHAIN }).click();
    await page.getByRole('heading', { name: FIXTURE_CHAIN }).waitFor();
  });

  it('narrows to a tenant, in the address too', async () => {
    const page = await open('#/');
    await page.getByRole('row', { name: /ticket-triage/ }).waitFor();
    await page.getByLabel('Tenant').selectOption('acme');
    await page.getByRole('row', { name: /ticket-triage/ }).waitFor({ state: 'detached' });
    expect(await page.getByRole('row', { name: /lead-enricher/ }).count()).toBe(1);
    expect(page.url()).toContain('tenant=acme');
    await page.reload();
    await page.getByRole('row', { name: /lead-enricher/ }).waitFor();
    expect(await page.getByRole('row', { name: /ticket-triage/ }).count()).toBe(0);
  });

  it('keeps theme and zone over a reload', async () => {
    const page = await open('#/');
    await page.getByRole('button', { name: 'Dark theme' }).click();
    await page.getByRole('button', { name: /^Local/ }).click();
    await page.reload();
    const dark = page.getByRole('button', { name: 'Dark theme' });
    expect(await dark.getAttribute('aria-pressed')).toBe('true');
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
      'rgb(15, 16, 19)',
    );
    const stamp = page.locator('.feed time').first();
    await stamp.waitFor();
    expect(await stamp.textContent()).toMatch(/[+-]\d\d:\d\d$/);
  });

  it('draws the chart, and says the same as a table', async () => {
    const page = await open('#/agents/globex/invoice-bot');
    await page.locator('.chart canvas').nth(1).waitFor();
    await page.getByRole('button', { name: 'Table' }).click();
    const table = page.getByRole('region', { name: 'Activity per bucket' });
    await table.getByRole('columnheader', { name: 'Records' }).waitFor();
    const newest = table.getByRole('row').nth(1);
    const records = (await newest.getByRole('cell').nth(2).textContent()) ?? '';
    expect(Number(records.replace(',', ''))).toBeGreaterThan(4800);
  });

  it('asks for a token where one is needed, and shows everything once it is given', async () => {
    const page = await open('#/', 'locked');
    const field = page.getByLabel('Viewer token');
    await field.fill('wrong');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').getByText('does not know that token').waitFor();
    await page.getByLabel('Viewer token').fill(FIXTURE_TOKEN);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page
      .getByRole('row', { name: /invoice-bot/ })
      .first()
      .waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('never takes loading for emptiness', async () => {
    const page = await open('#/', 'slow');
    await page.getByRole('heading', { name: 'Agents by risk' }).waitFor();
    await page.locator('.skeleton').first().waitFor();
    const text = (await page.getByRole('main').textContent()) ?? '';
    expect(text).not.toMatch(/No breaker|No trips|No agent|Nothing received/);
  });

  it('retries after an error', async () => {
    const page = await open('#/findings', 'error');
    const again = page.getByRole('button', { name: 'Try again' });
    await again.waitFor();
    server.heal();
    await again.click();
    await page.getByText('Held: still learning').filter({ visible: true }).waitFor();
  });
});
