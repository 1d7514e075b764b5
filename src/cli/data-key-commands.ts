import type { Command } from 'commander';
import type { DataKeyBody } from '../api/erasure-contract.ts';
import { rewrapStopped } from '../composition/stopped-rewrap.ts';
import { WALL_CLOCK } from '../runtime/wall-clock.ts';
import { createLog } from '../telemetry/log.ts';
import { readConfig } from './configuration.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { counted, type OutputFormat, printRows, talk } from './output.ts';
import { withPerson, withServer } from './with-server.ts';

type Options = ServerOptions & { readonly output: OutputFormat; readonly tenant?: string };
type Order = Options & { readonly actor: string; readonly reason: string };
type Rewrap = Order & {
  readonly stopped?: boolean;
  readonly config?: string;
  readonly oldConfig?: string;
};

const COLUMNS = ['id', 'tenant', 'month', 'generation', 'state', 'destroyed_at'];

/** `keys list|rotate-data|rewrap`: what seals the ledger. */
export function addDataKeyCommands(program: Command): void {
  const keys = program.commands.find((command) => command.name() === 'keys') ?? program;
  withServer(keys.command('list').description('keys that seal the ledger, without the keys'))
    .option('--tenant <tenant>', 'of one tenant; without it of all')
    .action(async (options: Options) => {
      const query = options.tenant ? `?tenant=${encodeURIComponent(options.tenant)}` : '';
      const url = `/v1/keys/data${query}`;
      const { items } = await callDaemon<{ items: DataKeyBody[] }>(options, 'GET', url);
      printRows(
        items.map((key) => ({ ...key })),
        options.output,
        COLUMNS,
      );
    });
  withPerson(keys.command('rotate-data').description('seal the ledger with new keys from now on'))
    .option('--tenant <tenant>', 'of one tenant; without it of all')
    .action(async ({ actor, reason, tenant, ...options }: Order) => {
      const body = { actor, reason, ...(tenant === undefined ? {} : { tenant }) };
      const url = '/v1/keys/data/rotate';
      const { items } = await callDaemon<{ items: DataKeyBody[] }>(options, 'POST', url, body);
      printRows(
        items.map((key) => ({ ...key })),
        options.output,
        COLUMNS,
      );
    });
  withPerson(keys.command('rewrap').description('wrap all data keys under another master key'))
    .option('--stopped', 'of a ledger that no daemon has open')
    .option('-c, --config <file>', 'with --stopped: the configuration that names the new one')
    .option('--old-config <file>', 'with --stopped: that of the old one, where it is another')
    .action(async (options: Rewrap) => {
      const count = await (options.stopped ? rewrapHere(options) : rewrapThere(options));
      printRows([{ keys: count }], options.output, ['keys']);
      talk(`${counted(count, 'data key')} wrapped anew; back up the new master key`);
    });
}

async function rewrapThere({ actor, reason, ...options }: Rewrap): Promise<number> {
  const url = '/v1/keys/master/rotate';
  const { keys } = await callDaemon<{ keys: number }>(options, 'POST', url, { actor, reason });
  return keys;
}

async function rewrapHere({ config, oldConfig, actor, reason }: Rewrap): Promise<number> {
  const to = await readConfig(config);
  const from = oldConfig === undefined ? to : await readConfig(oldConfig);
  const log = createLog({ level: 'warn' });
  return rewrapStopped({ from, to, actor, reason, clock: WALL_CLOCK, log });
}
