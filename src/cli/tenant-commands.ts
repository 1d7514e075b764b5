import type { Command } from 'commander';
import type { TenantErasureBody } from '../api/erasure-contract.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { type OutputFormat, printRows, talk } from './output.ts';
import { withActor, withPerson } from './with-server.ts';

type Options = ServerOptions & { readonly output: OutputFormat; readonly actor: string };

/** `tenants erase|approve`. The two people use two credentials: `--token` says who. */
export function addTenantCommands(program: Command): void {
  const tenants = program.command('tenants').description('end tenants');
  withPerson(tenants.command('erase').description('ask to erase everything of a tenant, for good'))
    .requiredOption('--tenant <tenant>', 'the tenant (required)')
    .action(async (options: Options & { tenant: string; reason: string }) => {
      const path = `/v1/tenants/${encodeURIComponent(options.tenant)}/erase-all`;
      const { actor, reason } = options;
      print(options, await callDaemon<TenantErasureBody>(options, 'POST', path, { actor, reason }));
    });
  withActor(tenants.command('approve <id>').description('approve what somebody else asked')).action(
    async (id: string, options: Options) => {
      const path = `/v1/erasures/${encodeURIComponent(id)}/approve`;
      const { actor } = options;
      print(options, await callDaemon<TenantErasureBody>(options, 'POST', path, { actor }));
    },
  );
}

const COLUMNS = ['id', 'tenant', 'status', 'data_keys', 'subject_keys', 'values', 'events'];

function print({ output }: Options, { erased, ...erasure }: TenantErasureBody): void {
  printRows([{ ...erasure, ...erased }], output, COLUMNS);
  if (erased === undefined) {
    talk(`have somebody else run \`tripcoil tenants approve ${erasure.id}\``);
  } else {
    const rows = erased.rows_deleted ? '' : '; the store is still deleting its rows';
    talk(`${erasure.tenant} is erased, and \`tripcoil verify\` still holds${rows}`);
  }
}
