import type { Command } from 'commander';
import type { BreakerBody } from '../api/breaker-contract.ts';
import type { FindingBody, PageBody } from '../api/contract.ts';
import { addBreakerOrders, breakerByKey } from './breaker-commands.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { addDrillCommand } from './drill-command.ts';
import { CliError, counted, EXIT, type OutputFormat, printRows, type Row, talk } from './output.ts';
import { everyRow } from './read-commands.ts';
import { withActor, withPerson, withServer } from './with-server.ts';

type OperatorOptions = ServerOptions & {
  readonly output: OutputFormat;
  readonly reason: string;
  readonly actor: string;
};

type EnforceOptions = OperatorOptions & {
  readonly tenant: string;
  readonly dryRun?: boolean;
  readonly create?: boolean;
};

/** `enforce`, `shadow`, `breakers list|show` and the orders of `addBreakerOrders`. */
export function addOperatorCommands(program: Command): void {
  addPostureCommands(program);
  const breakers = program.command('breakers').description('look at, open and close breakers');
  const columns = [
    'key',
    'phase',
    'level',
    'level_name',
    'epoch',
    'reason',
    'acknowledged_by',
    'awaiting',
    'late',
  ];
  withServer(breakers.command('list').description('open breakers'))
    .option('--all', 'closed ones too')
    .action(async (options: OperatorOptions & { all?: boolean }) => {
      const path = `/v1/breakers${options.all ? '?include=closed' : ''}`;
      const rows = (await everyRow<BreakerBody>(options, path)).map(breakerRow);
      if (rows.length === 0) talk('no breaker is open');
      printRows(rows, options.output, columns);
    });
  withServer(
    breakers.command('show <key>').description('one breaker, key as tenant/kind/id'),
  ).action(async (key: string, options: OperatorOptions) => {
    const breaker = await breakerByKey(options, key);
    if (!breaker) throw new CliError(EXIT.notFound, `no breaker has the key ${key}`);
    printRows([breakerRow(breaker)], options.output, columns);
  });
  addBreakerOrders(breakers);
  addDrillCommand(breakers);
}

function breakerRow(breaker: BreakerBody): Row {
  const { tenant, kind, id } = breaker.key;
  return { ...breaker, key: `${tenant}/${kind}/${id}` };
}

function addPostureCommands(program: Command): void {
  withActor(
    program.command('enforce').description('show what shadow held back, then trip for real'),
  )
    .requiredOption('--tenant <tenant>', 'the tenant to promote (required)')
    .option('--dry-run', 'only show what would have tripped')
    .option('--create', 'also a tenant that the daemon has never seen')
    .option('--reason <words>', 'why; stands in the record (required without --dry-run)', '')
    .action(async (options: EnforceOptions) => {
      if (!options.dryRun && options.reason.trim() === '') {
        throw new CliError(EXIT.usage, 'enforce takes --reason <words>, or --dry-run');
      }
      const path = `/v1/findings?limit=500&tenant=${encodeURIComponent(options.tenant)}`;
      const { items, next } = await callDaemon<PageBody<FindingBody>>(options, 'GET', path);
      const would = items.filter(({ decision }) => !decision.tripped && decision.why === 'shadow');
      const times = `${next === null ? '' : 'at least '}${counted(would.length, 'time')}`;
      talk(`in shadow, ${options.tenant} would have tripped ${times}${would.length ? ':' : ''}`);
      const rows = would.map((finding) => ({ ...finding, ...wouldTrip(finding) }));
      if (rows.length > 0 || options.output !== 'table') {
        printRows(rows, options.output, ['time', 'agent', 'detector', 'would', 'title']);
      }
      if (options.dryRun) return;
      const url = `/v1/tenants/${encodeURIComponent(options.tenant)}/enforce`;
      const create = options.create ?? false;
      await callDaemon(options, 'POST', url, { ...words(options), create });
      talk(`${options.tenant} is enforced from now on; go back with \`tripcoil shadow\``);
    });
  withPerson(program.command('shadow').description('score and report, but trip nothing'))
    .requiredOption('--tenant <tenant>', 'the tenant to put into shadow (required)')
    .option('--create', 'also a tenant that the daemon has never seen')
    .action(async (options: OperatorOptions & { tenant: string; create?: boolean }) => {
      const url = `/v1/tenants/${encodeURIComponent(options.tenant)}/shadow`;
      const create = options.create ?? false;
      await callDaemon(options, 'POST', url, { ...words(options), create });
      talk(`${options.tenant} is in shadow: open breakers stay, no new one trips`);
    });
}

/** The breaker that enforcement would have opened, and how far. */
function wouldTrip({ decision }: FindingBody): { readonly would: string } {
  if (decision.tripped || !decision.would) return { would: '-' };
  const { key, level } = decision.would;
  return { would: `L${level} ${key.kind} ${key.id}` };
}

function words(options: OperatorOptions): { readonly reason: string; readonly actor: string } {
  return { reason: options.reason, actor: options.actor };
}
