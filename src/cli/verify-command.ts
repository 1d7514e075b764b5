import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { LogProblem } from '../ledger/transparency/log-problem.ts';
import {
  type EvidenceOptions,
  type EvidenceVerification,
  verifyEvidence,
} from '../ledger/transparency/verify-evidence.ts';
import type { LedgerProblem } from '../ledger/verify.ts';
import { CliError, counted, EXIT, type OutputFormat, parseOutputFormat, talk } from './output.ts';

interface VerifyOptions {
  readonly output: OutputFormat;
  readonly key?: string;
  readonly checkpoint?: readonly string[];
}

/** `verify [directory]`: checks every byte of a ledger and of its logs, also beside the daemon. */
export function addVerifyCommand(program: Command): void {
  program
    .command('verify [data-directory]')
    .description('check that nothing in the ledger was altered, removed or reordered')
    .option('--key <key>', 'verifier key of one of its logs, in place of the one in keys/')
    .option('--checkpoint <file...>', 'checkpoints kept elsewhere: the logs have only grown since')
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table')
    .action(async (dataDirectory: string | undefined, options: VerifyOptions) => {
      const data = dataDirectory ?? './tripcoil-data';
      const result = await verifyEvidence(join(data, 'ledger'), {
        keysDirectory: join(data, 'keys'),
        kept: await Promise.all((options.checkpoint ?? []).map(readKept)),
        onProgress: progress(),
        ...(options.key === undefined ? {} : { verifierKey: options.key }),
      });
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      if (options.output !== 'table') process.stdout.write(`${JSON.stringify(result)}\n`);
      else if (result.ok) printIntact(result);
      if (result.ok) return;
      talk(told(result.problem));
      process.exitCode = EXIT.integrity;
    });
}

function printIntact({
  entries,
  segments,
  head,
  transparency,
}: EvidenceVerification & { ok: true }) {
  const { erased, signatures, contents } = transparency;
  process.stdout.write(
    `intact: ${entries} entries in ${counted(segments, 'segment')}, ` +
      `head ${head.seq} ${head.hash}\n`,
  );
  if (erased > 0) talk(`${erased} entries are erased: their keys were destroyed on purpose`);
  if (!signatures) talk('signatures not checked: there is no signing key; give one by --key');
  if (!contents) talk('contents not checked: there is no master key to open them with');
}

function told(problem: LedgerProblem | LogProblem): string {
  const { kind, message, seq } = problem;
  if ('segment' in problem) {
    const { segment, offset } = problem;
    return `${kind}: ${message} (segment ${segment}, offset ${offset}, entry ${seq})`;
  }
  const tenant = problem.tenant === null ? '' : `, tenant ${problem.tenant}`;
  return `${kind}: ${message} (${problem.file}${tenant}${seq === null ? '' : `, entry ${seq}`})`;
}

async function readKept(file: string): Promise<{ file: string; text: string }> {
  try {
    return { file, text: await readFile(file, 'utf8') };
  } catch (error) {
    throw new CliError(EXIT.usage, `the checkpoint ${file} cannot be read: ${String(error)}`);
  }
}

/** A progress line on a terminal, and silence elsewhere: segments first, then logs. */
function progress(): NonNullable<EvidenceOptions['onProgress']> {
  let shownAt = 0;
  return ({ pass, segmentIndex, segments, bytes, segmentBytes, entries }) => {
    const now = performance.now();
    if (!process.stderr.isTTY || now - shownAt < 100) return;
    shownAt = now;
    const within = (segmentIndex + bytes / Math.max(1, segmentBytes)) / Math.max(1, segments);
    const share = (pass - 1 + within) / 2;
    const filled = Math.round(share * 30);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(30 - filled)}`;
    const what = pass === 1 ? 'segments' : 'logs';
    process.stderr.write(`\r${bar} ${(share * 100).toFixed(0)} %  ${what}, ${entries} entries`);
  };
}
