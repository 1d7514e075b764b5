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

async function open(hash: string): Promise<Page> {
  server = await startFixtureServer('data');
  view = await openPage(browser, server.baseUrl);
  await view.page.goto(`${server.baseUrl}/${hash}`);
  return view.page;
}

/** The order that a click sends. */
async function orderOf(page: Page, button: string): Promise<{ path: string; body: unknown }> {
  const sent = page.waitForRequest((request: Request) => request.method() === 'POST');
  await page.getByRole('button', { name: button, exact: true }).click();
  const request = await sent;
  return { path: new URL(request.url()).pathname, body: request.postDataJSON() };
}

async function say(page: Page, reason: string): Promise<void> {
  const shown = { visible: true } as const;
  await page.getByLabel('Reason', { exact: true }).filter(shown).fill(reason);
  const token = page.getByLabel(/^Operator token/).filter(shown);
  if ((await token.count()) > 0) await token.fill(FIXTURE_OPERATOR_TOKEN);
}

describe.skipIf(!found)('orders about breakers', () => {
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

  it('shows the blast radius before a trip, and looks again when the target changes', async () => {
    const page = await open('#/breakers?trip=mail-sorter&of=globex');
    await say(page, 'seen on the phone');
    const looked = await orderOf(page, 'Preview');
    expect(looked.path).toBe('/v1/breakers/trip');
    const radius = page.getByRole('region', { name: 'What it would touch' });
    await radius.getByText('broker-eu-1, broker-eu-2').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel('Level').selectOption('5');
    expect(await radius.count()).toBe(0);
    await orderOf(page, 'Preview');
    await radius.getByText('Closing it again will take two persons').waitFor();
    const { path, body } = await orderOf(page, 'Trip at level 5');
    expect(path).toBe('/v1/breakers/trip');
    const key = { tenant: 'globex', kind: 'agent', id: 'mail-sorter' };
    expect(body).toEqual({ key, level: 5, reason: 'seen on the phone' });
    await page.getByText('Tripped.').waitFor();
  });

  it('wants the name of a tenant typed before it stops all of it', async () => {
    const page = await open('#/breakers?trip=&of=globex');
    await page.getByLabel('What').selectOption('tenant');
    await say(page, 'all of it is wrong');
    await orderOf(page, 'Preview');
    const trip = page.getByRole('button', { name: 'Trip at level 6' });
    await page.getByText('and 126 more').waitFor();
    expect(await trip.isDisabled()).toBe(true);
    await page.getByLabel(/^Type globex/).fill('globex');
    expect(await orderOf(page, 'Trip at level 6')).toMatchObject({
      body: { key: { tenant: 'globex', kind: 'tenant', id: 'globex' }, level: 6 },
    });
    await page.getByText('Tripped.').waitFor();
  });

  it('asks a second person for a reset of level 5, bound to the epoch that was seen', async () => {
    const page = await open('#/breakers/globex/agent/invoice-bot');
    await page.getByRole('radio', { name: /^Ask for a reset/ }).check();
    await say(page, 'agreed with finance');
    const key = { tenant: 'globex', kind: 'agent', id: 'invoice-bot' };
    expect(await orderOf(page, 'Record')).toEqual({
      path: '/v1/breakers/approvals',
      body: { key, epoch: 2, order: 'reset', reason: 'agreed with finance' },
    });
    await page.getByText('reset, asked by ops').waitFor();
    await page.goto(`${server.baseUrl}/#/approvals/a900`);
    await page.getByRole('radio', { name: /^Approve/ }).check();
    await say(page, 'my own');
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.getByRole('alert').getByText('another token than the one that asked').waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });

  it('approves what somebody else asked for', async () => {
    const page = await open('#/');
    await page.getByRole('link', { name: 'Decide' }).click();
    await page.getByRole('radio', { name: /^Approve/ }).check();
    await say(page, 'checked with finance');
    expect(await orderOf(page, 'Approve')).toEqual({
      path: '/v1/breakers/approvals/a812',
      body: { verdict: 'approve', reason: 'checked with finance' },
    });
    await page.getByText('Approved and recorded').waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });

  it('breaks glass with a ticket, and exempts alone for 15 minutes at most', async () => {
    const page = await open('#/breakers/initech/agent/refund-clerk');
    await page.getByRole('radio', { name: /^Break glass/ }).check();
    await page.getByLabel('Ticket', { exact: true }).fill('INC-71');
    await say(page, 'refunds are stuck');
    const key = { tenant: 'initech', kind: 'agent', id: 'refund-clerk' };
    expect(await orderOf(page, 'Break glass')).toEqual({
      path: '/v1/breakers/break-glass',
      body: { key, minutes: 30, ticket: 'INC-71', reason: 'refunds are stuck' },
    });
    await page.getByText('Recorded, and on its way').waitFor();
    await page.getByRole('radio', { name: /^Exempt for a time/ }).check();
    await say(page, 'stock count');
    expect(await orderOf(page, 'Record')).toMatchObject({ path: '/v1/breakers/exempt' });
    await page.getByText('Recorded, and on its way').waitFor();
    await page.getByRole('radio', { name: /^Exempt for a time/ }).check();
    await page.getByLabel(/^Minutes/).fill('60');
    await say(page, 'stock count');
    expect(await orderOf(page, 'Record')).toMatchObject({
      path: '/v1/breakers/approvals',
      body: { order: 'exempt', minutes: 60 },
    });
  });

  it('releases by steps, and ends storm mode by hand', async () => {
    const page = await open('#/breakers/initech/agent/refund-clerk');
    await page.getByRole('radio', { name: /^Release by steps/ }).check();
    await say(page, 'looks fine');
    expect(await orderOf(page, 'Record')).toMatchObject({
      path: '/v1/breakers/release',
      body: { epoch: 7 },
    });
    await page.getByText('Recorded, and on its way').waitFor();
    await page.getByRole('link', { name: 'See breakers' }).click();
    await page.getByText('End it now…').click();
    const storm = page.getByRole('region', { name: 'Storm mode in initech' });
    await storm.getByLabel('Reason').fill('a sender was wrong');
    expect(await orderOf(page, 'End storm mode')).toEqual({
      path: '/v1/breakers/calm',
      body: { tenant: 'initech', reason: 'a sender was wrong' },
    });
  });
});
