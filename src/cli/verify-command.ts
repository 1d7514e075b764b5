import { join } from 'node:path';
import type { Command } from 'commander';
import { verifyLedger } from '../ledger/verify.ts';
import { counted, EXIT, type OutputFormat, parseOutputFormat, talk } from './output.ts';

/** `verify [directory]`: checks every byte of a ledger, also while the daemon runs. */
export function addVerifyCommand(program: Command): void {
  program
    .command('verify [data-directory]')
    .description('check that nothing in the ledger was altered, removed or reordered')
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table')
    .action(async (dataDirectory: string | undefined, options: { output: OutputFormat }) => {
      const directory = join(dataDirectory ?? './tripcoil-data', 'ledger');
      const result = await verifyLedger(directory, { onProgress: progress() });
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      if (options.output !== 'table') process.stdout.write(`${JSON.stringify(result)}\n`);
      else if (result.ok) {
        process.stdout.write(
          `intact: ${result.entries} entries in ${counted(result.segments, 'segment')}, ` +
            `head ${result.head.seq} ${result.head.hash}\n`,
        );
      }
      if (result.ok) return;
      const { kind, segment, offset, seq, message } = result.problem;
      talk(`${kind}: ${message} (segment ${segment}, offset ${offset}, entry ${seq})`);
      process.exitCode = EXIT.integrity;
    });
}

/** A progress line on a terminal, and silence elsewhere. */
function progress(): NonNullable<Parameters<typeof verifyLedger>[1]>['onProgress'] & {} {
  let shownAt = 0;
  return ({ segmentIndex, segments, bytes, segmentBytes, entries }) => {
    const now = performance.now();
    if (!process.stderr.isTTY || now - shownAt < 100) return;
    shownAt = now;
    const share = (segmentIndex + bytes / Math.max(1, segmentBytes)) / Math.max(1, segments);
    const filled = Math.round(share * 30);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(30 - filled)}`;
    process.stderr.write(`\r${bar} ${(share * 100).toFixed(0)} %  ${entries} entries`);
  };
}
