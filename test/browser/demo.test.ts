import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REGISTRY } from '../../src/components.ts';
import { INCIDENTS, type Incident } from '../../src/demo/incidents.ts';
import { tripcoil } from '../integration/served-daemon.ts';
import { hasBrowser, launchBrowser, openPage, type ViewOptions } from './browser.ts';
import { type DemoProcess, startDemoProcess } from './demo-process.ts';
import { type PageCase, pageChecks } from './page-checks.ts';

/** What the page says of each incident, and the steps that led to it. */
const SHOWN: Readonly<
  Record<string, { readonly reason: RegExp; readonly level: string; readonly steps: object }>
> = {
  volume_spike: {
    reason: /\d+ calls in 1 min, usually up to \d+ \(p<1e-\d+\)/,
    level: 'L4 suspend',
    steps: { list_invoices: 40 },
  },
  out_of_scope_access: {
    reason: /Sensitive call export_customers outside its grant succeeded/,
    level: 'L4 suspend',
    steps: { search_tickets: 1, export_customers: 1 },
  },
  cross_tenant_access: {
    reason: /An agent of initech reached what belongs to globex/,
    level: 'L5 revoke agent',
    steps: { search_wiki: 1, search_accounts: 1 },
  },
};

const PAGES: readonly PageCase[] = [
  { name: 'overview', hash: '#/', shows: '2/2' },
  { name: 'findings', hash: '#/findings', shows: 'Tripped L5' },
  ...INCIDENTS.flatMap(({ agent, key, detector, trace }) => [
    { name: agent, hash: `#/agents/${key.tenant}/${agent}`, shows: shownOf(detector).reason },
    { name: trace, hash: `#/chains/${trace}`, shows: shownOf(detector).reason },
  ]),
];

/** Every page in both schemes and at both widths; one of each kind in every combination. */
const VIEWS: readonly (Required<ViewOptions> & { readonly pages: readonly PageCase[] })[] = [
  { scheme: 'light', width: 1440, pages: PAGES },
  { scheme: 'dark', width: 360, pages: PAGES },
  { scheme: 'dark', width: 1440, pages: PAGES.slice(0, 4) },
  { scheme: 'light', width: 360, pages: PAGES.slice(0, 4) },
];

/** The demo learns two weeks first; how long that takes is the machine's affair. */
const START_MS = 300_000;

const found = hasBrowser();

describe.skipIf(!found)('the demo in a browser', () => {
  let browser: Browser;
  let demo: DemoProcess;
  beforeAll(async () => {
    [browser, demo] = await Promise.all([launchBrowser(), startDemoProcess(7)]);
  }, START_MS);
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  it.each(VIEWS)('is clean in $scheme at $width px', async ({ pages, ...view }) => {
    const checked = pages.map(async (one) => [
      one.name,
      await pageChecks(browser, demo.url, one, view),
    ]);
    expect(await Promise.all(checked)).toEqual(pages.map(({ name }) => [name, []]));
  });

  it('shows each breaker with its level, its reason and who obeyed', async () => {
    await using view = await look('#/');
    await view.page.getByText('nothing here is real').waitFor();
    const breakers = view.page.getByRole('region', { name: 'Live breakers' });
    const trips = view.page.getByRole('region', { name: 'Trips' });
    for (const incident of INCIDENTS) {
      const { reason, level } = shownOf(incident.detector);
      const row = breakerRow(view.page, incident);
      await row.getByText(reason).filter({ visible: true }).first().waitFor();
      const text = (await row.textContent()) ?? '';
      expect(text).toContain(level);
      expect(text).toContain('2/2 confirmed');
      expect(text).toContain(incident.key.tenant);
      // A spike that grows is announced again when it turns critical: one entry or two.
      await trips
        .getByRole('link', { name: `Chain of ${incident.agent}` })
        .first()
        .waitFor();
    }
    expect(await breakers.getByRole('row').count()).toBe(1 + INCIDENTS.length);
    const agents = view.page.getByRole('region', { name: 'Agents by risk' });
    expect(await agents.getByRole('row').count()).toBe(1 + 24);
    expect(await agents.getByText('Tripped').count()).toBe(INCIDENTS.length);
    const acting = REGISTRY.detectors.filter((one) => one.defaultMode !== 'shadow').length;
    expect(await agents.getByText(`${acting}/${acting}`).count()).toBe(24);
  });

  it.each(INCIDENTS)('leads from the trip of $agent to every step of its chain', async (one) => {
    await using view = await look('#/');
    const trips = view.page.getByRole('region', { name: 'Trips' });
    await trips
      .getByRole('link', { name: `Chain of ${one.agent}` })
      .first()
      .click();
    await view.page.getByRole('heading', { name: `x-${one.trace}` }).waitFor();
    const { steps, reason } = shownOf(one.detector);
    const table = view.page.getByRole('region', { name: /^Steps/ });
    for (const [action, count] of Object.entries(steps)) {
      await table.getByText(action, { exact: true }).first().waitFor();
      expect(await table.getByText(action, { exact: true }).count()).toBe(count);
    }
    await table.getByText(`Tripped L${one.level}`).first().waitFor();
    await table.getByText(reason).first().waitFor();
  });

  it('tells what was redacted, and where a chain enters another tenant', async () => {
    const [spike, , crossing] = INCIDENTS;
    await using view = await look(`#/chains/${spike?.trace}`);
    await view.page.getByText('80 values (40 card, 40 email)').waitFor();
    expect(await view.page.content()).not.toMatch(/bo@example|4111/);
    await view.page.goto(`${demo.url}/#/chains/${crossing?.trace}`);
    await view.page.getByText('Crosses from tenant initech into globex').waitFor();
  });

  it('lets a breaker go the moment it is reset, without a reload', async () => {
    await using view = await look('#/');
    const [spike] = INCIDENTS;
    if (!spike) throw new Error('the demo has incidents');
    const row = breakerRow(view.page, spike);
    await row.waitFor();
    await view.page.getByText('Live', { exact: true }).waitFor();
    await view.page.evaluate('window.sameDocument = true');
    const { code, stderr } = await tripcoil(...demo.resetWords);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^closed acme\/agent\/invoice-bot/)]);
    await row.waitFor({ state: 'detached' });
    const trips = view.page.getByRole('region', { name: 'Trips' });
    await trips.getByText('closed: checked').waitFor();
    expect(await view.page.evaluate('window.sameDocument')).toBe(true);
    const breakers = view.page.getByRole('region', { name: 'Live breakers' });
    expect(await breakers.getByRole('row').count()).toBe(INCIDENTS.length);
  });

  /** A page of the demo that must have nothing to complain about when it is closed. */
  async function look(hash: string): Promise<AsyncDisposable & { readonly page: Page }> {
    const { page, context, complaints } = await openPage(browser, demo.url, { width: 1440 });
    await page.goto(`${demo.url}/${hash}`);
    return {
      page,
      [Symbol.asyncDispose]: async () => {
        await context.close();
        expect(complaints).toEqual([]);
      },
    };
  }
});

function shownOf(detector: string) {
  const shown = SHOWN[detector];
  if (!shown) throw new Error(`nothing is expected of ${detector}`);
  return shown;
}

function breakerRow(page: Page, { agent, key }: Incident): Locator {
  const breakers = page.getByRole('region', { name: 'Live breakers' });
  return breakers.getByRole('row').filter({ hasText: agent }).filter({ hasText: key.tenant });
}
