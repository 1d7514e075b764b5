import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import type { TripcoilConfig } from '../config/load.ts';
import { TRUST_ORDER, type Trust } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { didYouMean } from '../core/nearest.ts';
import { auditFormats } from '../receivers/audit/formats.ts';
import { replayLedger } from '../replay/ledger-runs.ts';
import { type InputFormat, inputFormats } from '../replay/read-input.ts';
import { replay } from '../replay/replay.ts';
import { readConfig, readGrants } from './configuration.ts';
import { registryOf } from './detector-modules.ts';
import { CliError, counted, EXIT, talk } from './output.ts';

interface ReplayCommandOptions {
  readonly format: string;
  readonly config?: string;
  readonly grants?: string;
  readonly history?: readonly string[];
  readonly isolate?: string;
  readonly trust: string;
  readonly tenant: string;
  readonly out?: string;
  readonly fromLedger?: string;
  readonly posture: string;
}

/** `replay INPUT…`: the engine over files, offline and byte-identical on every run. */
export function addReplayCommand(program: Command): void {
  program
    .command('replay [input...]')
    .description('run recorded events through the engine, offline; JSON lines out')
    .option('--from-ledger <directory>', "make a ledger's decisions again and compare; read only")
    .option('--posture <posture>', 'with --from-ledger, of tenants nobody ordered', 'shadow')
    .option('--format <format>', inputFormats().join(', '), 'auto')
    .option('-c, --config <file>', 'detector settings, as for serve')
    .option('--grants <file>', 'what agents may do')
    .option('--history <file...>', 'folded first, to learn from; causes no output')
    .option('--isolate <by>', '`session`: judge every session by itself from the same start')
    .option('--trust <trust>', `what the input is worth: ${TRUST_ORDER.join(', ')}`, 'broker')
    .option('--tenant <tenant>', 'tenant of events that name none', 'default')
    .option('--out <file>', 'write here instead of standard output')
    .action(async (inputs: readonly string[], options: ReplayCommandOptions) => {
      const config = await readConfig(options.config);
      if (options.fromLedger !== undefined) {
        await replayRecorded(options.fromLedger, inputs, options, config);
        return;
      }
      if (inputs.length === 0) {
        throw new CliError(EXIT.usage, 'replay takes input files, or --from-ledger <directory>');
      }
      const asked = {
        inputs,
        history: options.history ?? [],
        format: formatOf(options.format, config.audit),
        isolateSessions: isolation(options.isolate),
        trust: trustOf(options.trust),
        defaultTenant: options.tenant,
        config,
        grants: await readGrants(options.grants),
        registry: await registryOf(config.detectorModules),
      };
      await using out = await openOutput(options.out);
      let buffered: string[] = [];
      const flush = async (): Promise<void> => {
        const text = buffered.join('');
        buffered = [];
        if (text !== '') await out.write(text);
      };
      const write = async (line: string): Promise<void> => {
        buffered.push(`${line}\n`);
        if (buffered.length >= LINES_PER_WRITE) await flush();
      };
      const summary = await replay({ ...asked, write });
      await flush();
      if (summary.rejectedHistory > 0)
        talk(
          `${summary.rejectedHistory} records of the history were rejected and not learned from`,
        );
      talk(
        `${counted(summary.events, 'event')}, ${summary.rejected} rejected, ` +
          (summary.ignored > 0 ? `${summary.ignored} ignored, ` : '') +
          `${counted(summary.findings, 'finding')}, ` +
          `${counted(summary.transitions, 'transition')}, ` +
          counted(summary.revocations, 'revocation'),
      );
    });
}

/** Every difference a line, then the summary; a difference within one version is an error. */
async function replayRecorded(
  dataDirectory: string,
  inputs: readonly string[],
  options: ReplayCommandOptions,
  config: TripcoilConfig,
): Promise<void> {
  if (inputs.length > 0) throw new CliError(EXIT.usage, '--from-ledger takes no input files');
  const posture = postureOf(options.posture);
  const registry = await registryOf(config.detectorModules);
  await using out = await openOutput(options.out);
  const lines: string[] = [];
  const result = await replayLedger(
    { dataDirectory, config, registry, posture },
    ({ why, kind, tenant, inputSeq, ordinal, seq, recorded, recomputed }) => {
      if (lines.length >= LIMITS.backtestFindings) return;
      const place = { tenant, input_seq: inputSeq, ordinal, seq };
      lines.push(JSON.stringify({ type: 'difference', why, kind, ...place, recorded, recomputed }));
    },
  );
  const { otherVersion, ...counts } = result;
  lines.push(JSON.stringify({ type: 'summary', ...counts, other_version: otherVersion }));
  await out.write(`${lines.join('\n')}\n`);
  talk(
    `${result.entries} entries, ${counted(result.decisions, 'decision')}: ` +
      `${result.same} the same, ${result.different} different, ${otherVersion} of another version`,
  );
  if (result.erased > 0) {
    talk(`${result.erased} entries are erased: what followed from them cannot be made again`);
  } else if (result.different > 0) process.exitCode = EXIT.integrity;
}

/** The posture of this name, or the end of the command. */
export function postureOf(text: string): 'shadow' | 'enforce' {
  if (text === 'shadow' || text === 'enforce') return text;
  throw new CliError(EXIT.usage, `--posture takes shadow or enforce, not ${text}`);
}

const LINES_PER_WRITE = 1_000;

interface Output extends AsyncDisposable {
  write(text: string): Promise<unknown>;
}

/** The named file, or standard output; a reader that has seen enough ends the command in peace. */
async function openOutput(file: string | undefined): Promise<Output> {
  if (file !== undefined) {
    const handle = await open(file, 'w').catch((error: NodeJS.ErrnoException) => {
      throw new CliError(EXIT.failed, `${file}: cannot be written (${error.code})`);
    });
    return {
      write: (text) => handle.appendFile(text),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  }
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
  });
  return {
    write: async (text) => {
      if (!process.stdout.write(text)) await once(process.stdout, 'drain');
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The format of this name, of the build or the configuration, or the end of the command. */
export function formatOf(text: string, audit: TripcoilConfig['audit']): InputFormat {
  const formats = inputFormats(auditFormats(audit));
  if (formats.includes(text)) return text;
  const meant = didYouMean(text, formats) || 'tripcoil replay --help lists them';
  throw new CliError(EXIT.usage, `--format knows no ${text}; ${meant}`);
}

/** The trust of this name, or the end of the command. */
export function trustOf(text: string): Trust {
  const trust = TRUST_ORDER.find((known) => known === text);
  if (trust) return trust;
  throw new CliError(EXIT.usage, `--trust takes ${TRUST_ORDER.join(', ')}, not ${text}`);
}

function isolation(text: string | undefined): boolean {
  if (text === undefined) return false;
  if (text === 'session') return true;
  throw new CliError(EXIT.usage, `--isolate takes session, not ${text}`);
}
