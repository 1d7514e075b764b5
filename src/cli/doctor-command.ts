import { type Command, Option } from 'commander';
import { readLocalToken } from '../composition/local-credentials.ts';
import { readConfig, readGrants } from './configuration.ts';
import { type Check, exitCodeOf, failed, sound } from './doctor/check.ts';
import { offlineChecks } from './doctor/offline.ts';
import { daemonChecks, probe } from './doctor/online.ts';
import { CliError, type OutputFormat, parseOutputFormat, printRows } from './output.ts';

interface DoctorOptions {
  readonly config?: string;
  readonly server?: string;
  /** What `--server` was called here before. */
  readonly url?: string;
  readonly token?: string;
  readonly ingestToken?: string;
  readonly dataDirectory?: string;
  readonly probe?: boolean;
  readonly output: OutputFormat;
}

const LOCAL_DAEMON = 'http://127.0.0.1:8787';
const MARKS = { ok: '✓', warning: '!', failed: '✗' } as const;

/** `doctor`: what is wrong, why it matters, and the exact cure. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'say what is wrong, why it matters and how to mend it; 0 sound, 1 warnings, 2 broken',
    )
    .option('-c, --config <file>', 'the configuration to judge; without it, the defaults')
    .addOption(new Option('--server <url>', 'a running daemon to judge').env('TRIPCOIL_URL'))
    .addOption(new Option('--url <url>', 'the same').hideHelp())
    .addOption(new Option('--token <token>', 'token that may read').env('TRIPCOIL_TOKEN'))
    .addOption(
      new Option('--ingest-token <token>', 'token that may send').env('TRIPCOIL_INGEST_TOKEN'),
    )
    .option('--data-directory <path>', 'where the daemon keeps its data')
    .option('--probe', 'send one marked span through the daemon and follow it to the store')
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table')
    .action(async (options: DoctorOptions) => {
      const checks = await examine(options);
      if (options.output === 'table') process.stdout.write(checks.map(paragraph).join(''));
      else
        printRows(
          checks.map((check) => ({ ...check })),
          options.output,
          [],
        );
      process.exitCode = exitCodeOf(checks);
    });
}

async function examine(options: DoctorOptions): Promise<readonly Check[]> {
  const { token, probe: wantsProbe = false } = options;
  const url = options.url ?? options.server;
  const file = options.config;
  const checks: Check[] = [];
  let directory = options.dataDirectory ?? './tripcoil-data';
  try {
    const config = await readConfig(file);
    await readGrants(config.grantsFile);
    directory = options.dataDirectory ?? config.dataDirectory;
    checks.push(sound('config', `${file ?? 'defaults'}: sound`));
    if (url === undefined && !wantsProbe) checks.push(...(await offlineChecks(config)));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const cure = 'Mend the lines named above; tripcoil config check lists them again.';
    checks.push(failed('config', error.message, 'serve does not start with it.', cure));
  }
  if (url === undefined && !wantsProbe) return checks;
  const server = {
    server: url ?? LOCAL_DAEMON,
    dataDirectory: directory,
    ...(token === undefined ? {} : { token }),
  };
  checks.push(...(await daemonChecks(server)));
  if (!wantsProbe) return checks;
  const ingest = options.ingestToken ?? (await readLocalToken(directory, 'local-ingest'));
  return [...checks, ...(await probe(server, ingest ?? null))];
}

function paragraph({ check, status, what, why, cure }: Check): string {
  const head = `${MARKS[status]} ${check}: ${what}\n`;
  if (cure === null) return head;
  const lines = cure.split('\n');
  const more = lines.slice(1).map((line) => `          ${line}\n`);
  return `${head}    why:  ${why ?? ''}\n    cure: ${lines[0]}\n${more.join('')}`;
}
