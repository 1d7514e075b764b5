import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Whether there is a browser; says so loudly where there is none. */
export function hasBrowser(): boolean {
  if (existsSync(executablePath)) return true;
  console.warn(`SKIPPED: no browser at ${executablePath}; set CHROMIUM_PATH to test the UI`);
  return false;
}

/** Chromium without any network of its own. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings of the console, uncaught exceptions, and requests that left the server. */
  readonly complaints: string[];
}

export interface ViewOptions {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
}

/**
 * A page that keeps what went wrong in it. Answers of 4xx and 5xx, which Chromium also reports, are
 * the server's to give and left out.
 */
export async function openPage(
  browser: Browser,
  baseUrl: string,
  options: ViewOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: 800 },
    colorScheme: options.scheme ?? 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    const isAnswer = /^Failed to load resource: the server responded/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isAnswer) {
      complaints.push(message.text());
    }
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(baseUrl)) complaints.push(`request to ${request.url()}`);
  });
  return { page, context, complaints };
}

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

interface AxeNode {
  readonly target: readonly string[];
  readonly failureSummary: string;
}

/** Every rule of WCAG 2.2 A and AA that axe knows, and its best practices. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  // Evaluated, not added as a script: the page's policy forbids foreign scripts.
  await page.evaluate(`${axeSource}; undefined`);
  const violations = (await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
      'best-practice'] }).then((result) => result.violations.map(({ id, nodes }) =>
        ({ id, nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })) })))`,
  )) as readonly { readonly id: string; readonly nodes: readonly AxeNode[] }[];
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes[0]?.target.join(' ')}: ${nodes[0]?.failureSummary}`,
  );
}
