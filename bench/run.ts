import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.ts';

/** What every benchmark returns; figures carry their unit in the name. */
interface Result {
  readonly figures: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

type Bench = (options: { readonly quick: boolean }) => Promise<Result>;

const NAMES = [
  'ingest',
  'engine',
  'redact',
  'detection',
  'fleet',
  'nab',
  'revocation',
  'ledger',
  'store',
  'latency',
] as const;

const EXIT_USAGE = 64;

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const [asked = ''] = positionals;
const name = NAMES.find((known) => known === asked && existsSync(moduleOf(known)));
if (name && positionals.length === 1) await run(name);
else {
  const known = NAMES.filter((each) => existsSync(moduleOf(each)));
  talk('usage: npm run bench -- NAME [--json] [--quick]');
  talk(`names: ${known.join(', ')}`);
  process.exitCode = EXIT_USAGE;
}

/** With `--json` the last line of standard output is the result; else a table for people. */
async function run(bench: (typeof NAMES)[number]): Promise<void> {
  const machine = describeMachine();
  talk(`${bench}: running${values.quick ? ', quick' : ''} on ${machine.cores} cores`);
  const startMs = performance.now();
  const module: Readonly<Record<string, unknown>> = await import(moduleOf(bench).href);
  const { figures, notes } = await (module[`${bench}Bench`] as Bench)({ quick: values.quick });
  talk(`${bench}: done in ${Math.round((performance.now() - startMs) / 1_000)} s`);
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ bench, figures, machine, notes })}\n`);
    return;
  }
  for (const [figure, value] of Object.entries(figures)) {
    process.stdout.write(`${figure.padEnd(44)} ${JSON.stringify(value)}\n`);
  }
  for (const note of notes) process.stdout.write(`  ${note}\n`);
}

function moduleOf(bench: string): URL {
  return new URL(`./${bench}.ts`, import.meta.url);
}

function talk(line: string): void {
  process.stderr.write(`${line}\n`);
}
