import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeViolations, hasBrowser, launchBrowser, openPage, type WatchedPage } from './browser.ts';
import {
  FIXTURE_OPERATOR_TOKEN,
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

describe.skipIf(!found)('judging what was found', () => {
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

  it('records a benign finding for an operator, and shows the exception to paste', async () => {
    const page = await open('#/findings');
    await page.getByRole('link', { name: /^4,812 records in 5 min/ }).click();
    await page.getByRole('heading', { level: 1, name: /^4,812 records/ }).waitFor();
    await page.getByRole('radio', { name: /agreed to/ }).check();
    await page.getByLabel('Reason').fill('month end: agreed');
    await page.getByLabel(/^Your name/).fill('kim');
    await page.getByLabel(/^Operator token/).fill('wrong');
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('alert').getByText('That token is not known').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel(/^Operator token/).fill(FIXTURE_OPERATOR_TOKEN);
    await page.getByRole('button', { name: 'Record' }).click();
    const exception = page.getByRole('region', { name: 'exception for the configuration' });
    expect(await exception.textContent()).toContain('owner: "kim (ops)"');
    await page.locator('.feedback-given').getByText('month end: agreed').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    // The token is known by now: the next verdict needs none, and replaces this one.
    await page.getByRole('radio', { name: /^Wrong/ }).check();
    await page.getByLabel('Reason').fill('a mistake');
    expect(await page.getByLabel(/^Operator token/).count()).toBe(0);
    await page.getByRole('button', { name: 'Record' }).click();
    await page.locator('.feedback-given').getByText('a mistake').waitFor();
    expect(await exception.count()).toBe(0);
  });

  it('tells a viewer that an operator is needed, and stays readable', async () => {
    const page = await open('#/findings/globex/901-0', 'locked');
    await page.getByLabel('Viewer token').fill(FIXTURE_TOKEN);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('radio', { name: /^Right It/ }).check();
    await page.getByLabel('Reason').fill('seen');
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('alert').getByText('the role operator is needed').waitFor();
    await page.getByLabel(/^Operator token/).waitFor();
    await page.getByText('Nobody has said yet').waitFor();
  });

  it('records what another detector missed, by the event', async () => {
    const page = await open('#/findings/globex/901-0');
    await page.getByRole('radio', { name: /missed/ }).check();
    const which = page.getByLabel('Which should have found it');
    await which.selectOption('data_residency');
    expect(await which.locator('option[value=volume_spike]').count()).toBe(0);
    await page.getByLabel('Reason').fill('it left the region');
    await page.getByLabel(/^Operator token/).fill(FIXTURE_OPERATOR_TOKEN);
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByText('Recorded for data residency in globex').waitFor();
  });

  it('decides a review once, by an operator', async () => {
    const page = await open('#/reviews');
    await page
      .getByRole('row', { name: /decision obeyed, approval recorded.*43 of 100/ })
      .waitFor();
    await page.getByRole('link', { name: /^[0-9a-f]{32}$/ }).click();
    const rubric = page.getByRole('region', { name: 'Against the rubric' });
    await rubric.getByText('A payment ran after the policy denied it.').waitFor();
    expect(await rubric.getByRole('listitem').first().textContent()).toContain(
      'weight 4, required',
    );
    await page.getByRole('radio', { name: /^Not acceptable/ }).check();
    await page.getByLabel('Reason').fill('no approval');
    await page.getByLabel(/^Operator token/).fill(FIXTURE_OPERATOR_TOKEN);
    await page.getByRole('button', { name: 'Record' }).click();
    await page.locator('.feedback-given').getByText('no approval').waitFor();
    expect(await page.getByRole('button', { name: 'Record' }).count()).toBe(0);
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('navigation').getByRole('link', { name: 'Reviews' }).click();
    await page.getByRole('button', { name: 'Decided' }).click();
    await page.getByRole('row', { name: /Not acceptable/ }).waitFor();
  });

  it('narrows detectors, and leads to the findings of one', async () => {
    const page = await open('#/detectors');
    const row = (name: RegExp) => page.getByRole('row', { name });
    await row(/volume_spike.*enforce.*24 right.*90 %/).waitFor();
    await page.getByRole('button', { name: 'Shadow', exact: true }).click();
    await row(/volume_spike/).waitFor({ state: 'detached' });
    await row(/data_residency.*blind for 15 of 18/).waitFor();
    await page.reload();
    await row(/limit_hugging.*nothing to judge yet.*3 missed/).waitFor();
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await page.getByRole('link', { name: 'volume spike' }).click();
    await page.getByText('By volume spike only').waitFor();
    expect(await row(/out of scope/).count()).toBe(0);
  });

  it('narrows personal data by type and agent, and is reached from the agent', async () => {
    const page = await open('#/agents/globex/invoice-bot');
    await page.getByRole('link', { name: 'Where it was met' }).click();
    const where = page.getByRole('region', { name: 'Where' });
    await where.getByRole('row', { name: /card.*intent.text/ }).waitFor();
    expect(await where.getByRole('row').count()).toBe(1 + 2);
    await page.getByRole('button', { name: 'email' }).click();
    await where.getByRole('row', { name: /card/ }).waitFor({ state: 'detached' });
    await page.getByLabel('Agent', { exact: true }).fill('');
    await page.keyboard.press('Enter');
    await where.getByRole('row', { name: /mail-sorter/ }).waitFor();
    expect(page.url()).toMatch(/#\/privacy\?tenant=globex&type=email$/);
    await page.getByLabel('Type', { exact: true }).selectOption('');
    await page.getByLabel('Tenant').selectOption('');
    const first = where.getByRole('row').nth(1);
    await first.getByText('github token').waitFor();
    expect(await first.textContent()).toContain('secret');
  });
});
