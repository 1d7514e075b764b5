import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REGISTRY } from '../../src/components.ts';
import { parseGrants } from '../../src/config/grants.ts';
import { loadConfig } from '../../src/config/load.ts';
import { parseNativeValue } from '../../src/receivers/audit/native.ts';
import { type Block, comparable, missingLines, readBlocks } from './readme-blocks.ts';
import { type Checkout, createCheckout, runUntil, type Terminal } from './readme-checkout.ts';
import { eventually } from './served-daemon.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const blocks = readBlocks(read('README.md'));
const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts;

/** Commands that are not run as they stand, and what is done in their place. */
const INSTALL_AND_DEMO = 'npm ci && npm run demo';
const HEADLESS_DEMO = 'npm run --silent tripcoil -- demo --headless --seed 7';
const TESTS = 'npm test';
const SERVE = 'npm run tripcoil -- serve';
const BROKER = /^TRIPCOIL_BROKER_TOKEN=.* node examples\/broker\.mjs$/;
const IMPORT = 'tripcoil import --history history.ndjson';

/** Blocks that change nothing: what they ask for may still be on its way, so they ask again. */
const ASKING =
  /^(tripcoil (chains|agents|findings|breakers list)|curl -sS http:\/\/127\.0\.0\.1:8790|check\b)/;

const EXECUTED: Readonly<Record<string, (block: Block) => Promise<void> | void>> = {
  sh: runShell,
  yaml: loadYaml,
  json: parseEvent,
  js: compareWithExample,
  // A picture; nothing in it can be run.
  mermaid: ({ text }) => expect(text).toMatch(/^flowchart /),
};

let checkout: Checkout;
let daemon: Terminal | undefined;
let broker: Terminal | undefined;
let broken: string | null = null;

describe('README.md, block by block', () => {
  beforeAll(async () => {
    checkout = await createCheckout();
  });
  afterAll(() => checkout?.remove());

  it.each(blocks.map((block) => [titleOf(block), block] as const))('%s', async (_title, block) => {
    // Each block builds on those before: after a failure only the first one tells anything.
    if (broken !== null) throw new Error(`not run: ${broken} failed`);
    const execute = EXECUTED[block.kind];
    if (!execute) throw new Error(`nobody executes blocks of kind "${block.kind}"`);
    broken = titleOf(block);
    await execute(block);
    broken = null;
  });

  it('shows what the broker says of the trip', async () => {
    const line = 'tripped session session-2 4 out_of_scope_access';
    expect(read('README.md')).toContain(`\`${line}\``);
    expect(broker?.output()).toContain(`${line}\n`);
  });

  it('shows every example', () => {
    for (const name of ['broker.mjs', 'agent.mjs', 'grants.yaml']) {
      expect(blocks.map(({ text }) => text)).toContain(read(`examples/${name}`));
    }
  });
});

describe('the reader of blocks', () => {
  it('takes output only right behind a command, and leaves nothing out', () => {
    const page = '```sh\na\n```\n\n```text\nb\n```\n\nwords\n\n```text\nc\n```\n```ruby\nd\n```\n';
    expect(readBlocks(page)).toEqual([
      { kind: 'sh', text: 'a\n', line: 1, expected: 'b\n' },
      { kind: 'text', text: 'c\n', line: 11, expected: null },
      { kind: 'ruby', text: 'd\n', line: 14, expected: null },
    ]);
    expect(Object.keys(EXECUTED)).not.toContain('text');
  });

  it('forgives times and hashes, and nothing else', () => {
    const line = (time: string, agent: string) => `${time}  ${agent}  tripped L4`;
    const [then, now] = ['2026-11-21T09:00:00.000Z', '2027-01-02T03:04:05.678Z'];
    expect(comparable(line(then, 'a'))).toBe(comparable(line(now, 'a')));
    expect(comparable(line(then, 'a'))).not.toBe(comparable(line(then, 'b')));
    expect(missingLines('a\nb', 'a\nx\nb')).toEqual([]);
    expect(missingLines('a\nb', 'b\na')).toEqual(['b']);
  });
});

async function runShell(block: Block): Promise<void> {
  const command = block.text.trimEnd();
  if (command === INSTALL_AND_DEMO) return await runDemo(block);
  if (command === TESTS) return void expect(scripts['test']).toBe('vitest run');
  if (command === SERVE) {
    expect(scripts['tripcoil']).toBe('node --max-semi-space-size=32 src/main.ts');
    daemon = await startAndSee(`${SERVE} --config ports.yaml`, block);
    return;
  }
  if (BROKER.test(command)) {
    broker = checkout.start(command);
    return;
  }
  if (command === IMPORT) await stopForImport();
  await runAndCompare(command, block.expected);
}

/** `npm ci` has been run; what it leaves behind for the rest of the page is checked instead. */
async function runDemo({ expected }: Block): Promise<void> {
  expect(scripts['prepare']).toContain('scripts/build-web.ts');
  expect(scripts['prepare']).toContain('scripts/build-client.ts');
  expect(scripts['demo']).toMatch(/&& node src\/main\.ts demo$/);
  const { code, output } = await checkout.run(HEADLESS_DEMO);
  expect(code, output).toBe(0);
  expect(missingLines(expected ?? '', output)).toEqual([]);
}

async function startAndSee(command: string, { expected }: Block): Promise<Terminal> {
  const terminal = checkout.start(command);
  const wanted = checkout.localised(expected ?? '');
  await eventually(
    async () => terminal.output(),
    (output) => missingLines(wanted, output).length === 0,
    30_000,
  );
  return terminal;
}

/** The page asks for the reader's own history: here the example's, as of an hour ago. */
async function stopForImport(): Promise<void> {
  await daemon?.close();
  const anHourAgo = Date.now() - 3_600_000;
  const events = read('examples/events.ndjson')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const shifted = events.map((event, index) => ({ ...event, time: anHourAgo + index * 1_000 }));
  await checkout.write('history.ndjson', shifted.map((event) => JSON.stringify(event)).join('\n'));
}

async function runAndCompare(command: string, expected: string | null): Promise<void> {
  const isAsWanted = ({ code, output }: { code: number; output: string }): boolean =>
    code === 0 && (expected === null || comparable(output) === comparable(expected));
  const ran = ASKING.test(command)
    ? await runUntil(checkout, command, isAsWanted)
    : await checkout.run(command);
  expect(ran.code, ran.output).toBe(0);
  if (expected !== null) expect(comparable(ran.output)).toBe(comparable(expected));
}

async function loadYaml({ text }: Block): Promise<void> {
  if (text.startsWith('agents:')) {
    expect(parseGrants(text)).toHaveProperty('grants');
    return;
  }
  await checkout.write('tripcoil.yaml', text);
  const loaded = loadConfig({
    text,
    detectors: REGISTRY.detectors,
    env: { GATEWAY_TOKEN: 'a-token-of-the-test' },
    readFile: () => '',
  });
  expect(loaded).toHaveProperty('config');
}

function parseEvent({ text }: Block): void {
  expect(parseNativeValue(JSON.parse(text), 0)).toHaveProperty('event');
}

function compareWithExample({ text }: Block): void {
  expect([read('examples/broker.mjs'), read('examples/agent.mjs')]).toContain(text);
}

function titleOf({ kind, line, text }: Block): string {
  return `line ${line}, ${kind}: ${text.split('\n')[0]?.slice(0, 60)}`;
}
