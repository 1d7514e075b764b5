import type { Browser } from 'playwright-core';
import { axeViolations, openPage, type ViewOptions } from './browser.ts';

/** One address to look at, and the text that shows it has arrived. */
export interface PageCase {
  readonly name: string;
  readonly hash: string;
  /** Visible once the page is complete. */
  readonly shows: string | RegExp;
}

/**
 * What must hold of every page, whatever serves it: it arrives, the console stays clean under the
 * policy, axe finds nothing, and nothing sticks out sideways. Returns what is wrong.
 */
export async function pageChecks(
  browser: Browser,
  baseUrl: string,
  one: PageCase,
  view: ViewOptions,
): Promise<readonly string[]> {
  const { page, context, complaints } = await openPage(browser, baseUrl, view);
  try {
    const answer = await page.goto(`${baseUrl}/${one.hash}`);
    await page.getByText(one.shows).filter({ visible: true }).first().waitFor({ timeout: 15_000 });
    const policy = answer?.headers()['content-security-policy'] ?? '';
    if (!policy.includes("require-trusted-types-for 'script'")) complaints.push('no strict policy');
    complaints.push(...(await axeViolations(page)));
    const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    if (Number(excess) > 0) complaints.push(`${excess} px wider than the window`);
    return complaints;
  } finally {
    await context.close();
  }
}
