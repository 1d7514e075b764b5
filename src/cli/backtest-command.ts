import type { Command } from 'commander';
import type { TripcoilConfig } from '../config/load.ts';
import { formatProblem } from '../config/problems.ts';
import { readRuleFiles } from '../config/rule-files.ts';
import type { ReadRule } from '../config/rules.ts';
import type { Registry } from '../engine/registry.ts';
import type { Backtest, BacktestCoverage, Candidates } from '../replay/backtest.ts';
import { backtestFiles, backtestLedger } from '../replay/backtest-runs.ts';
import { RULE_FILES, readConfig, readGrants } from './configuration.ts';
import { registryOf } from './detector-modules.ts';
import {
  CliError,
  counted,
  EXIT,
  type OutputFormat,
  parseOutputFormat,
  printRows,
  talk,
} from './output.ts';
import { formatOf, trustOf } from './replay-command.ts';

interface BacktestOptions {
  readonly rules?: readonly string[];
  readonly detector?: readonly string[];
  readonly fromLedger?: string;
  readonly config?: string;
  readonly grants?: string;
  readonly history?: readonly string[];
  readonly format: string;
  readonly trust: string;
  readonly tenant: string;
  readonly output: OutputFormat;
}

/** `detectors backtest`: what a rule or detector would have found in the past. */
export function addBacktestCommand(detectors: Command): void {
  detectors
    .command('backtest [input...]')
    .description('what rules or detectors would have found, against what was found')
    .option('--rules <file...>', 'rule files to test; paths or globs')
    .option('--detector <name...>', 'detectors, or rules of the configuration, to test')
    .option('--from-ledger <directory>', 'data directory of a daemon; read only')
    .option('-c, --config <file>', 'the configuration to compare with')
    .option('--grants <file>', 'what agents may do; with input files')
    .option('--history <file...>', 'folded first, to learn from; with input files')
    .option('--format <format>', 'of the input files, as for replay', 'auto')
    .option('--trust <trust>', 'what the input is worth', 'broker')
    .option('--tenant <tenant>', 'tenant of events that name none', 'default')
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table')
    .action(async (inputs: readonly string[], options: BacktestOptions) => {
      const config = await readConfig(options.config);
      const registry = await registryOf(config.detectorModules);
      const candidates = candidatesOf(options, config, registry);
      const result =
        options.fromLedger === undefined
          ? await fromFiles(inputs, options, { config, registry }, candidates)
          : await backtestLedger(options.fromLedger, config, candidates, registry);
      print(result, options.output);
    });
}

function candidatesOf(
  options: BacktestOptions,
  config: TripcoilConfig,
  registry: Registry,
): Candidates {
  const rules = (options.rules ?? []).flatMap(readRules);
  const detectors = options.detector ?? [];
  if (rules.length + detectors.length === 0) {
    throw new CliError(EXIT.usage, 'backtest takes --rules <file> or --detector <name>');
  }
  const tenantRules = Object.values(config.tenants).flatMap((tenant) => tenant.rules ?? []);
  const known = new Set([...registry.detectors, ...config.rules, ...tenantRules].map((d) => d.id));
  const unknown = detectors.find((id) => !known.has(id));
  if (unknown === undefined) return { rules, detectors };
  throw new CliError(EXIT.notFound, `no detector or rule of the configuration is ${unknown}`);
}

function readRules(pattern: string): readonly ReadRule[] {
  const { files, rules, problems } = readRuleFiles(pattern, RULE_FILES);
  if (files === 0) throw new CliError(EXIT.notFound, `${pattern}: no such file`);
  for (const problem of problems) talk(formatProblem(problem, pattern));
  if (problems.length === 0) return rules;
  throw new CliError(EXIT.config, `${pattern}: ${counted(problems.length, 'problem')}`);
}

async function fromFiles(
  inputs: readonly string[],
  options: BacktestOptions,
  { config, registry }: { readonly config: TripcoilConfig; readonly registry: Registry },
  candidates: Candidates,
): Promise<Backtest> {
  if (inputs.length === 0) {
    throw new CliError(EXIT.usage, 'backtest takes input files, or --from-ledger <directory>');
  }
  return backtestFiles(
    {
      inputs,
      history: options.history ?? [],
      format: formatOf(options.format, config.audit),
      isolateSessions: false,
      trust: trustOf(options.trust),
      defaultTenant: options.tenant,
      ...{ config, registry },
      grants: await readGrants(options.grants),
    },
    candidates,
  );
}

/** The table is of findings; coverage and the sums are talk. JSON has all of it. */
function print(result: Backtest, output: OutputFormat): void {
  if (output === 'json') process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else {
    const columns = ['when', 'time', 'tenant', 'agent', 'detector', 'level', 'verdict', 'title'];
    printRows(
      result.findings.map((finding) => ({ ...finding })),
      output,
      columns,
    );
  }
  if (result.unlisted > 0) talk(`and ${counted(result.unlisted, 'finding')} more`);
  for (const each of result.coverage) talk(coverageText(each, result));
}

function coverageText(coverage: BacktestCoverage, { findings }: Backtest): string {
  const { detector, events, judged, blind, now, before, precision, missed, caught } = coverage;
  const both = findings.filter((f) => f.detector === detector && f.when === 'both').length;
  const fields = Object.entries(blind).map(([field, count]) => `${count} lack ${field}`);
  const share =
    events === 0 ? 'no event of its kinds: this says nothing' : `${judged} of ${events}`;
  const calm = events > 0 && judged === 0 ? ' judged: this says nothing' : ' events judged';
  return [
    `${detector}: ${share}${events === 0 ? '' : calm}`,
    ...(fields.length === 0 ? [] : [fields.join(', ')]),
    `fires ${now} now, ${before} before, ${both} both`,
    ...(precision === null ? [] : [`precision ${Math.round(precision * 100)} % by feedback`]),
    ...(missed === 0 ? [] : [`${caught} of ${missed} missed events caught`]),
  ].join('; ');
}
