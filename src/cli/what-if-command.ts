import type { Command } from 'commander';
import { whatIf } from '../replay/ledger-runs.ts';
import { readConfig } from './configuration.ts';
import { registryOf } from './detector-modules.ts';
import { counted, type OutputFormat, parseOutputFormat, printRows, talk } from './output.ts';
import { postureOf } from './replay-command.ts';

interface WhatIfOptions {
  readonly fromLedger: string;
  readonly config?: string;
  readonly posture: string;
  readonly output: OutputFormat;
}

/** `what-if`: the recorded past under another configuration. */
export function addWhatIfCommand(program: Command): void {
  program
    .command('what-if')
    .description('what another configuration would have made of what a daemon recorded')
    .requiredOption('--from-ledger <directory>', 'data directory of a daemon; read only (required)')
    .option('-c, --config <file>', 'the other configuration; the defaults without it')
    .option('--posture <posture>', 'of tenants nobody ordered: shadow or enforce', 'shadow')
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table')
    .action(async (options: WhatIfOptions) => {
      const config = await readConfig(options.config);
      const result = await whatIf({
        dataDirectory: options.fromLedger,
        ...{ config, registry: await registryOf(config.detectorModules) },
        posture: postureOf(options.posture),
      });
      if (options.output === 'json') process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
      else {
        const columns = ['tenant', 'detector', 'before', 'now', 'more', 'less'];
        printRows(
          result.detectors.map((row) => ({ ...row })),
          options.output,
          columns,
        );
      }
      const tripped = (when: string) => result.trips.filter((trip) => trip.when === when);
      const [more, less] = [tripped('now'), tripped('before')];
      talk(
        `${counted(result.events, 'event')}; breakers: ${more.length} would open that did not, ` +
          `${less.length} would not open that did`,
      );
      for (const { time, key, level, reason } of more)
        talk(`more: ${time} ${key} L${level} ${reason}`);
      for (const { time, key, level, reason } of less)
        talk(`less: ${time} ${key} L${level} ${reason}`);
      if (result.unlisted > 0) talk(`and ${result.unlisted} more that are not listed`);
    });
}
