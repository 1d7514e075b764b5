import type { Command } from 'commander';
import type { PageBody } from '../api/contract.ts';
import type { DetectorBody } from '../api/detector-contract.ts';
import { tenantConfigOf } from '../config/load.ts';
import { formatProblem } from '../config/problems.ts';
import { readRuleFiles } from '../config/rule-files.ts';
import { SYSTEM_TENANT } from '../core/entry.ts';
import { modeOf } from '../engine/registry.ts';
import { withRules } from '../engine/rules/rule-registry.ts';
import { runModuleTests } from '../replay/module-tests.ts';
import { runRuleTests } from '../replay/rule-tests.ts';
import { addBacktestCommand } from './backtest-command.ts';
import { RULE_FILES, readConfig } from './configuration.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { readDetector, registryOf } from './detector-modules.ts';
import {
  CliError,
  counted,
  EXIT,
  type OutputFormat,
  parseOutputFormat,
  printRows,
  type Row,
  talk,
} from './output.ts';
import { withServer } from './with-server.ts';

/** `detectors list|test|backtest`. */
export function addDetectorsCommand(program: Command): void {
  const detectors = program.command('detectors').description('detectors and your own rules');
  addListCommand(detectors);
  addBacktestCommand(detectors);
  detectors
    .command('test <path...>')
    .description('run the tests of rule files, and hold detector modules to the contract')
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table')
    .action(async (paths: readonly string[], options: { output: OutputFormat }) => {
      const modules = paths.filter((path) => MODULE.test(path));
      const ofModules = await Promise.all(modules.map(readDetector));
      const rulePaths = paths.filter((path) => !MODULE.test(path));
      const ofRules = rulePaths.flatMap((path) => {
        const read = readRuleFiles(path, RULE_FILES);
        if (read.files === 0) throw new CliError(EXIT.notFound, `${path}: no such file`);
        for (const problem of read.problems) talk(formatProblem(problem, path));
        if (read.problems.length > 0) {
          throw new CliError(EXIT.config, `${path}: ${counted(read.problems.length, 'problem')}`);
        }
        for (const { rule, tests, file } of read.rules) {
          if (tests.length === 0) talk(`${file}: ${rule.id} has no tests`);
        }
        return read.rules.flatMap(runRuleTests);
      });
      const results = [...ofRules, ...ofModules.flatMap(runModuleTests)];
      const failed = results.filter(({ passed }) => !passed).length;
      const isTable = options.output === 'table';
      const rows = results.map((result) =>
        isTable ? { ...result, passed: result.passed ? 'yes' : 'NO' } : { ...result },
      );
      const columns = ['rule', 'test', 'passed', 'expected', 'got', 'detail'];
      printRows(rows, options.output, columns);
      talk(`${counted(results.length, 'test')}, ${failed} failed`);
      if (failed > 0) process.exitCode = EXIT.failed;
    });
}

const MODULE = /\.[cm]?[jt]s$/;

/** Of a daemon, or of a configuration that none runs with yet. */
function addListCommand(detectors: Command): void {
  withServer(detectors.command('list').description('detectors and rules: mode, source, precision'))
    .option('--tenant <tenant>', 'one tenant only')
    .option('-c, --config <file>', 'those of this configuration, without asking a daemon')
    .action(async (options: ListOptions) => {
      const { tenant, config, output } = options;
      if (config !== undefined) {
        const rows = await configured(config, tenant ?? SYSTEM_TENANT);
        printRows(rows, output, ['id', 'family', 'source', 'mode', 'title']);
        return;
      }
      const query = tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`;
      const path = `/v1/detectors${query}`;
      const { items } = await callDaemon<PageBody<DetectorBody>>(options, 'GET', path);
      const isTable = output === 'table';
      const rows = items.map((each) => ({
        ...each,
        ...(isTable
          ? {
              mode:
                each.set_aside === null ? each.mode : `${each.mode}, set aside: ${each.set_aside}`,
              precision: precisionText(each),
              blind: `${each.blind}/${each.agents}`,
            }
          : {}),
      }));
      const columns = ['tenant', 'id', 'family', 'source', 'mode', 'blind', 'precision', 'title'];
      printRows(rows, output, columns);
    });
}

type ListOptions = ServerOptions & {
  readonly output: OutputFormat;
  readonly tenant?: string;
  readonly config?: string;
};

async function configured(file: string, tenant: string): Promise<readonly Row[]> {
  const read = await readConfig(file);
  const config = tenantConfigOf(read, tenant);
  const registry = await registryOf(read.detectorModules);
  const rules = new Set(config.rules?.map(({ id }) => id));
  return withRules(registry, config).detectors.map((detector) => {
    const { id, family, title } = detector;
    const source = rules.has(id) ? 'rule' : (registry.sources?.get(id) ?? 'built-in');
    return { id, family, source, mode: modeOf(detector, config, ''), title };
  });
}

/** `92 % of 13`: of the findings judged, the share that was not false. */
function precisionText({ precision, feedback }: DetectorBody): string {
  const judged = feedback.true + feedback.benign + feedback.false;
  const missed = feedback.missed === 0 ? '' : `, ${feedback.missed} missed`;
  if (precision === null) return feedback.missed === 0 ? '-' : missed.slice(2);
  return `${Math.round(precision * 100)} % of ${judged}${missed}`;
}
