import type { Command } from 'commander';
import { formatProblem } from '../config/problems.ts';
import { readRuleFiles } from '../config/rule-files.ts';
import { runRuleTests } from '../replay/rule-tests.ts';
import { RULE_FILES } from './configuration.ts';
import {
  CliError,
  counted,
  EXIT,
  type OutputFormat,
  parseOutputFormat,
  printRows,
  talk,
} from './output.ts';

/** `detectors test`. */
export function addDetectorsCommand(program: Command): void {
  const detectors = program.command('detectors').description('detectors and your own rules');
  detectors
    .command('test <path...>')
    .description('run the tests of rule files; paths or globs')
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table')
    .action((paths: readonly string[], options: { output: OutputFormat }) => {
      const results = paths.flatMap((path) => {
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
