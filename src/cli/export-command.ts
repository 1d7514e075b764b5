import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EXPORT_FORMATS } from '../ports/exports.ts';
import { fetchDaemon, type ServerOptions } from './daemon-client.ts';
import { CliError, counted, EXIT, type OutputFormat, talk } from './output.ts';
import { withPerson } from './with-server.ts';

type ExportOptions = ServerOptions & {
  readonly output: OutputFormat;
  readonly chain?: string;
  readonly finding?: string;
  readonly incident?: string;
  readonly agent?: string;
  readonly tenant?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format: string;
  readonly out: string;
  readonly reason: string;
  readonly actor: string;
};

/** `export`: evidence as a file that a stranger can check; taking it is recorded. */
export function addExportCommand(program: Command): void {
  withPerson(
    program
      .command('export')
      .description('evidence as one file: what happened, what was decided, and the proofs'),
  )
    .option('--chain <id>', 'one request from end to end, by any of its ids')
    .option('--finding <id>', 'a finding, its chain, and what became of it')
    .option('--incident <id>', 'the same as --finding')
    .option('--agent <tenant/agent>', 'what one agent did; with --from and --to')
    .option('--tenant <tenant>', 'where several tenants have the id')
    .option('--from <time>', 'RFC 3339, by log time; a day before --to unless given')
    .option('--to <time>', 'RFC 3339, left out itself; now unless given')
    .option('--format <format>', EXPORT_FORMATS.join(', '), 'bundle')
    .option('--out <path>', 'a file, or a directory to put it into', '.')
    .action(async (options: ExportOptions) => {
      const response = await fetchDaemon(options, 'GET', `/v1/export?${query(options)}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const path = await placeOf(options.out, nameIn(response));
      await writeFile(path, bytes, { mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
        throw new CliError(EXIT.failed, `${path}: cannot be written (${error.code})`);
      });
      const entries = Number(response.headers.get('x-tripcoil-entries') ?? 0);
      if (options.output === 'table') process.stdout.write(`${path}\n`);
      else process.stdout.write(`${JSON.stringify({ path, entries, bytes: bytes.length })}\n`);
      talk(`${entries} ${entries === 1 ? 'entry' : 'entries'}, ${counted(bytes.length, 'byte')}`);
      if (options.format === 'bundle') talk(`check it with \`tripcoil verify ${path}\``);
    });
}

function query(options: ExportOptions): string {
  const { chain, format, reason, actor } = options;
  const finding = options.finding ?? options.incident;
  const named = [chain, finding, options.agent].filter((each) => each !== undefined);
  if (named.length !== 1) {
    throw new CliError(EXIT.usage, 'export takes one of --chain, --finding and --agent');
  }
  if (!EXPORT_FORMATS.some((known) => known === format)) {
    throw new CliError(EXIT.usage, `--format takes ${EXPORT_FORMATS.join(', ')}, not ${format}`);
  }
  const [tenant, agent] = agentOf(options);
  const parts = { chain, finding, agent, tenant, since: options.from, until: options.to };
  const parameters = new URLSearchParams({ format, reason, actor });
  for (const [name, value] of Object.entries(parts)) if (value) parameters.set(name, value);
  return parameters.toString();
}

function agentOf({ agent, tenant }: ExportOptions) {
  if (agent === undefined) return [tenant, undefined];
  const at = agent.indexOf('/');
  if (tenant !== undefined && at < 0) return [tenant, agent];
  if (at > 0) return [agent.slice(0, at), agent.slice(at + 1)];
  throw new CliError(EXIT.usage, '--agent takes tenant/agent');
}

/** The daemon's own name for it; nothing that leads elsewhere. */
function nameIn(response: Response): string {
  const header = response.headers.get('content-disposition') ?? '';
  return /filename="([\w.-]+)"/.exec(header)?.[1] ?? 'tripcoil-evidence';
}

async function placeOf(out: string, name: string): Promise<string> {
  const isDirectory = await stat(out).then(
    (found) => found.isDirectory(),
    () => out.endsWith('/'),
  );
  return isDirectory ? join(out, name) : out;
}
