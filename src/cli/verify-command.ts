import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { CliError, EXIT, type OutputFormat, parseOutputFormat, talk } from './output.ts';
import { endProgress } from './progress-line.ts';
import type { Verdict, VerifyGiven } from './verdict.ts';
import { isBundle, verifyBundle } from './verify-bundle.ts';
import { isDaemon, verifyDaemon } from './verify-daemon.ts';
import { verifyDirectory } from './verify-directory.ts';

interface VerifyOptions {
  readonly output: OutputFormat;
  readonly json?: boolean;
  readonly key?: string;
  readonly checkpoint?: readonly string[];
  readonly token?: string;
  readonly dataDirectory: string;
}

/** `verify [target]`: a data directory, an evidence bundle or a running daemon. */
export function addVerifyCommand(program: Command): void {
  const token = new Option('--token <token>', 'bearer token for a daemon').env('TRIPCOIL_TOKEN');
  program
    .command('verify [target]')
    .description('check that nothing in a ledger or an evidence bundle was altered or removed')
    .option('--key <key>', 'verifier key of one of its logs, known from elsewhere')
    .option('--checkpoint <file...>', 'checkpoints kept elsewhere: the logs have only grown since')
    .addOption(token)
    .option('--data-directory <path>', "for the local operator's token", './tripcoil-data')
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table')
    .option('--json', 'the same as -o json')
    .action(async (target: string | undefined, options: VerifyOptions) => {
      const { key, token: bearer, dataDirectory } = options;
      const verdict = await verified(target ?? './tripcoil-data', {
        kept: await Promise.all((options.checkpoint ?? []).map(readKept)),
        dataDirectory,
        ...(key === undefined ? {} : { key }),
        ...(bearer === undefined ? {} : { token: bearer }),
      }).finally(endProgress);
      const isTable = options.output === 'table' && options.json !== true;
      if (isTable) verdict.print();
      else process.stdout.write(`${JSON.stringify(verdict.result)}\n`);
      if (verdict.ok) return;
      for (const line of verdict.lines) talk(line);
      process.exitCode = EXIT.integrity;
    });
}

async function verified(target: string, given: VerifyGiven): Promise<Verdict> {
  if (isDaemon(target)) return verifyDaemon(target, given);
  return (await isBundle(target)) ? verifyBundle(target, given) : verifyDirectory(target, given);
}

async function readKept(file: string): Promise<{ file: string; text: string }> {
  try {
    return { file, text: await readFile(file, 'utf8') };
  } catch (error) {
    throw new CliError(EXIT.usage, `the checkpoint ${file} cannot be read: ${String(error)}`);
  }
}
