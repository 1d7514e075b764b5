import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { redactionOfTenant } from '../config/load.ts';
import { DEFAULT_REDACTION, type RedactionPolicy } from '../core/redaction-policy.ts';
import { offlineRedactorOf } from '../offline.ts';
import { REGIONS, recognisersFor } from '../redact/entities/recognisers.ts';
import { type InspectedHit, inspectText } from '../redact/inspect.ts';
import { readConfig } from './configuration.ts';
import { CliError, EXIT, type OutputFormat, parseOutputFormat, talk } from './output.ts';
import { describePolicy, policyTable } from './redaction-policy-text.ts';

interface PolicyOptions {
  readonly config?: string;
  readonly tenant: string;
  readonly output: OutputFormat;
}

interface TestOptions extends PolicyOptions {
  readonly file?: string;
  readonly key?: string;
  readonly regions?: string;
  readonly dates?: boolean;
  readonly show?: boolean;
  readonly redacted?: boolean;
}

const TENANT = 'default';

/**
 * `redact test [text]`: what would be found in a text, by entity and span, and what would be kept;
 * `redact policy`: what holds for a tenant. Neither needs a daemon. Returns `redact`, which others
 * add to.
 */
export function addRedactCommand(program: Command): Command {
  const redact = program.command('redact').description('look at redaction');
  redact
    .addCommand(withPolicyOptions(testCommand()))
    .addCommand(withPolicyOptions(policyCommand()));
  return redact;
}

function testCommand(): Command {
  return new Command('test')
    .argument('[text]', 'the text; else a file or standard input')
    .description('say what redaction finds in a text, and what it leaves; values only with --show')
    .option('-f, --file <path>', 'read the text from a file')
    .option('-k, --key <name>', 'judge the text as the value of this key')
    .option('--regions <list>', 'only entities of these regions, comma-separated')
    .option('--dates', 'show every date, also those that redaction keeps')
    .option('--show', 'print the values found, which are personal')
    .option('--redacted', 'with -o json or jsonl: the redacted text, too')
    .action(async (text: string | undefined, options: TestOptions) => {
      const policy = await policyOf(options);
      const regions = regionsOf(options.regions) ?? policy.regions;
      const given = textOf(text, options.file);
      const hits = inspectText(given, {
        recognisers: recognisersFor({ ...policy, regions }),
        dates: options.dates === true,
        ...(options.key !== undefined && { key: options.key }),
      });
      const told = options.show ? hits.map((hit) => shownWith(hit, given)) : hits;
      const redacted = redactedText(given, { ...policy, regions }, options);
      process.stdout.write(shown(told, redacted, options));
      if (hits.length === 0) process.exitCode = EXIT.notFound;
    });
}

function policyCommand(): Command {
  return new Command('policy')
    .description('say what a tenant wants redacted, and how, once every default is filled in')
    .action(async (options: PolicyOptions) => {
      const described = describePolicy(await policyOf(options), options.tenant);
      const text = JSON.stringify(described);
      process.stdout.write(options.output === 'table' ? policyTable(described) : `${text}\n`);
    });
}

function withPolicyOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration whose policy holds; without it, the defaults')
    .option('--tenant <name>', 'the tenant whose policy holds', TENANT)
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table');
}

async function policyOf({ config, tenant }: PolicyOptions): Promise<RedactionPolicy> {
  if (config === undefined) return DEFAULT_REDACTION;
  const loaded = await readConfig(config);
  if (tenant !== TENANT && !Object.hasOwn(loaded.tenants, tenant)) {
    talk(`the configuration says nothing of ${tenant}: what holds for every tenant is used`);
  }
  return redactionOfTenant(loaded, tenant);
}

/** The text as it would be kept as a tool argument, with pseudonyms of the key that replay has. */
function redactedText(text: string, policy: RedactionPolicy, { key, tenant }: TestOptions): string {
  const { action } = offlineRedactorOf(policy).redact({
    ...{ v: 1, id: 'test', time: 0, kind: 'tool_call', phase: 'executed', attrs: {} },
    ...{ source: { format: 'native', deliveredBy: 'test', trust: 'broker' } },
    ...{ tenant: { id: tenant }, agent: { id: 'test' }, outcome: { status: 'success' } },
    action: { name: 'test', op: 'read', arguments: key === undefined ? text : { [key]: text } },
  });
  const kept = action.arguments;
  if (kept === undefined) return '';
  return typeof kept === 'string' ? kept : JSON.stringify(kept);
}

function textOf(text: string | undefined, file: string | undefined): string {
  if (text !== undefined && file !== undefined) {
    throw new CliError(EXIT.usage, 'give a text or a file, not both');
  }
  if (text !== undefined) return text;
  try {
    return readFileSync(file ?? process.stdin.fd, 'utf8');
  } catch {
    throw new CliError(EXIT.failed, `cannot read ${file ?? 'standard input'}`);
  }
}

function regionsOf(list: string | undefined): readonly string[] | null {
  if (list === undefined) return null;
  const regions = list.split(',').map((region) => region.trim());
  const unknown = regions.find((region) => !REGIONS.includes(region));
  if (unknown === undefined) return regions;
  throw new CliError(EXIT.usage, `unknown region ${unknown}; known: ${REGIONS.join(', ')}`);
}

interface ShownHit extends InspectedHit {
  readonly value?: string;
}

function shownWith(hit: InspectedHit, text: string): ShownHit {
  return { ...hit, value: text.slice(hit.start, hit.end) };
}

function shown(
  hits: readonly ShownHit[],
  redacted: string,
  { output, redacted: withText }: TestOptions,
): string {
  if (output === 'json') return `${JSON.stringify(withText ? { hits, redacted } : hits)}\n`;
  if (output === 'jsonl') {
    const lines: readonly unknown[] = withText ? [...hits, { redacted }] : hits;
    return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  }
  const rows = hits.map(({ entity, type, start, end, confidence, inside, value }) => {
    const wrapped = inside.length === 0 ? '' : `  in ${inside.join(' in ')}`;
    const raw = value === undefined ? '' : `  ${JSON.stringify(value)}`;
    const span = `${start}-${end}`.padEnd(12);
    return `${entity.padEnd(28)} ${type.padEnd(14)} ${span} ${confidence}${wrapped}${raw}\n`;
  });
  return `${rows.join('')}${rows.length === 0 ? '' : '\n'}${redacted}\n`;
}
