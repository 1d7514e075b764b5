import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { unzipSync, zipSync } from 'fflate';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportSite, incidentOrder } from '../../src/export/testing/made-bundle.ts';
import {
  axeViolations,
  hasBrowser,
  launchBrowser,
  openPage,
  type ViewOptions,
  type WatchedPage,
} from './browser.ts';

const pageUrl = pathToFileURL(
  fileURLToPath(new URL('../../dist/ui/verify.html', import.meta.url)),
).href;
const pictures = process.env['TRIPCOIL_PICTURES'];

describe.skipIf(!hasBrowser())('the verifier page, from a file and without a network', () => {
  let browser: Browser;
  let directory: string;
  let bundle: Uint8Array;
  let ownKey: string;
  let foreignKey: string;

  beforeAll(async () => {
    browser = await launchBrowser();
    directory = mkdtempSync(join(tmpdir(), 'tripcoil-verify-'));
    const site = await exportSite();
    bundle = (await site.exports.run(incidentOrder())).bytes;
    ownKey = site.sealed.evidence.sign('').verifierKey;
    await site.close();
    const other = await exportSite({ key: 2 });
    foreignKey = other.sealed.evidence.sign('').verifierKey;
    await other.close();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Opens the page and gives it a bundle; resolves once it has answered. */
  async function verdictOf(bytes: Uint8Array, view: ViewOptions = {}): Promise<WatchedPage> {
    const watched = await openPage(browser, 'file:', view);
    const file = join(directory, 'evidence.zip');
    writeFileSync(file, bytes);
    await watched.page.goto(pageUrl);
    await watched.page.locator('#bundle').setInputFiles(file);
    await watched.page.getByRole('status').waitFor();
    return watched;
  }

  function changed(change: (files: Record<string, Uint8Array>) => void): Uint8Array {
    const files = unzipSync(bundle);
    change(files);
    return zipSync(files);
  }

  const views: readonly ViewOptions[] = [
    { scheme: 'light', width: 1440 },
    { scheme: 'dark', width: 1440 },
    { scheme: 'light', width: 360 },
    { scheme: 'dark', width: 360 },
  ];
  it.each(views)(
    'accepts a sound bundle and is fit to be read: $scheme, $width px',
    async (view) => {
      const { page, context, complaints } = await verdictOf(bundle, view);
      await page.getByText('This bundle is intact').waitFor();
      expect(await page.getByRole('status').textContent()).toContain('10 entries stand in 1 log');
      expect(await page.locator('tbody tr').count()).toBe(10);
      expect(complaints).toEqual([]);
      expect(await axeViolations(page)).toEqual([]);
      const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect(excess).toBeLessThanOrEqual(0);
      await picture(page, `sound-${view.scheme}-${view.width}`);
      await context.close();
    },
  );

  it('names what was altered, cut, taken out, exchanged and added', async () => {
    const salted = 'entries/5.salted';
    const cases: readonly (readonly [string, RegExp, Uint8Array])[] = [
      [
        'Altered',
        /entries\/5\.salted \(entry 5\): its bytes are not/,
        changed((files) => {
          files[salted] = flipped(files[salted]);
        }),
      ],
      [
        'Cut off',
        /entries\/5\.salted \(entry 5\): \d+ of \d+ bytes/,
        changed((files) => {
          files[salted] = (files[salted] ?? new Uint8Array()).slice(0, 40);
        }),
      ],
      ['Missing', /entries\/5\.salted/, changed((files) => void delete files[salted])],
      [
        'Out of place',
        /it holds what belongs to entries\/4/,
        changed((files) => {
          const [four, five] = [files['entries/4.salted'], files[salted]];
          if (four && five) Object.assign(files, { 'entries/4.salted': five, [salted]: four });
        }),
      ],
      [
        'Added',
        /notes\.txt: the manifest does not name/,
        changed((files) => {
          files['notes.txt'] = Uint8Array.of(1);
        }),
      ],
      [
        'Missing',
        /manifest\.txt: there is no manifest/,
        changed((files) => {
          delete files['manifest.txt'];
        }),
      ],
      ['Cut off', /bundle\.zip: the archive ends/, bundle.slice(0, bundle.length - 200)],
    ];
    for (const [kind, message, bytes] of cases) {
      const { page, context, complaints } = await verdictOf(bytes);
      await page.getByText('This bundle is not intact').waitFor();
      const problems = await page.locator('.problems').textContent();
      expect(problems).toContain(kind);
      expect(problems).toMatch(message);
      expect(complaints).toEqual([]);
      expect(await axeViolations(page)).toEqual([]);
      await context.close();
    }
    for (const view of views) {
      const { page, context } = await verdictOf(cases[3]?.[2] ?? bundle, view);
      await picture(page, `broken-${view.scheme}-${view.width}`);
      await context.close();
    }
  });

  it('says whose key it is, once it is told the one that is known', async () => {
    const { page, context } = await verdictOf(bundle);
    await page.getByText('Whose key is it?').waitFor();
    await page.getByText('Compare with what you know').click();
    const field = page.getByLabel('A verifier key you know');
    await field.fill(ownKey);
    await field.blur();
    await page.getByText('the one you know').waitFor();
    expect(await page.getByText('Whose key is it?').count()).toBe(0);
    await field.fill(foreignKey);
    await field.blur();
    await page.getByText('Wrong key', { exact: true }).waitFor();
    await context.close();
  });

  async function picture(page: WatchedPage['page'], name: string): Promise<void> {
    if (!pictures) return;
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  }
});

function flipped(bytes: Uint8Array | undefined): Uint8Array {
  const copy = Uint8Array.from(bytes ?? []);
  copy[60] = (copy[60] ?? 0) ^ 1;
  return copy;
}
