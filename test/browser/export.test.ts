import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeViolations, hasBrowser, launchBrowser, openPage } from './browser.ts';
import { FIXTURE_CHAIN } from './fixture-findings.ts';
import { type FixtureServer, startFixtureServer } from './fixture-server.ts';

const pictures = process.env['TRIPCOIL_PICTURES'];

describe.skipIf(!hasBrowser())('exporting a chain', () => {
  let browser: Browser;
  let server: FixtureServer;
  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startFixtureServer('data');
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each([
    ['light', 1440],
    ['dark', 360],
  ] as const)('asks why, and saves what the server sends: %s, %i px', async (scheme, width) => {
    const { page, context, complaints } = await openPage(browser, server.baseUrl, {
      scheme,
      width,
    });
    await page.goto(`${server.baseUrl}/#/chains/${FIXTURE_CHAIN}`);
    await page.getByText('Export evidence').click();
    await page.locator('select[name=format]').selectOption('csv');
    await page.getByLabel('Reason').fill('case 7');
    if (pictures) await page.screenshot({ path: join(pictures, `export-${scheme}-${width}.png`) });
    expect(await axeViolations(page)).toEqual([]);
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe('evidence.csv');
    const asked = JSON.parse(readFileSync(await download.path(), 'utf8'));
    expect(asked).toMatchObject({ chain: FIXTURE_CHAIN, format: 'csv', reason: 'case 7' });
    await page.getByText('Saved.').waitFor();
    const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(excess).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
