import type { Command } from 'commander';
import type { StreamRow } from '../revocation/ssf/operator-routes.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { type OutputFormat, printRows, talk } from './output.ts';
import { withServer } from './with-server.ts';

type StreamOptions = ServerOptions & { readonly output: OutputFormat; readonly tenant?: string };

const COLUMNS = ['tenant', 'stream_id', 'receiver', 'delivery', 'status', 'ack_lag_seconds'];

/** `ssf streams list|show|pause|enable|delete`. */
export function addStreamCommands(program: Command): void {
  const ssf = program.command('ssf').description('shared signals: streams of security events');
  const streams = ssf.command('streams').description('streams that receivers have made');
  withServer(streams.command('list').description('every stream, and how far it is behind'))
    .option('--tenant <tenant>', 'one tenant only')
    .action(async (options: StreamOptions) => {
      const rows = await streamsOf(options);
      if (rows.length === 0) talk('no receiver has made a stream; see docs/ssf.md');
      printRows(
        rows.map((row) => ({ ...row })),
        options.output,
        COLUMNS,
      );
    });
  withServer(streams.command('show <id>').description('one stream with its events')).action(
    async (id: string, options: StreamOptions) => {
      const row = await streamOf(id, options);
      if (options.output === 'table') for (const type of row.events_delivered) talk(type);
      printRows([{ ...row }], options.output, [...COLUMNS, 'endpoint_url', 'reason']);
    },
  );
  for (const [name, status, what] of [
    ['pause', 'paused', 'hold what a stream is owed; its receiver is told first'],
    ['enable', 'enabled', 'let a stream go on'],
  ] as const) {
    withServer(streams.command(`${name} <id>`).description(what))
      .requiredOption('--reason <words>', 'why; its receiver is told (required)')
      .action(async (id: string, options: StreamOptions & { reason: string }) => {
        const { tenant } = await streamOf(id, options);
        const body = { tenant, stream_id: id, status, reason: options.reason };
        const row = await callDaemon<StreamRow>(options, 'POST', '/v1/streams/status', body);
        printRows([{ ...row }], options.output, COLUMNS);
      });
  }
  withServer(streams.command('delete <id>').description('end a stream for good')).action(
    async (id: string, options: StreamOptions) => {
      const { tenant } = await streamOf(id, options);
      await callDaemon(options, 'POST', '/v1/streams/delete', { tenant, stream_id: id });
      talk(`deleted ${id}`);
    },
  );
}

async function streamsOf(options: StreamOptions): Promise<readonly StreamRow[]> {
  const query = options.tenant === undefined ? '' : `?tenant=${encodeURIComponent(options.tenant)}`;
  const path = `/v1/streams${query}`;
  return (await callDaemon<{ items: readonly StreamRow[] }>(options, 'GET', path)).items;
}

async function streamOf(id: string, options: StreamOptions): Promise<StreamRow> {
  const row = (await streamsOf(options)).find((each) => each.stream_id === id);
  if (row) return row;
  throw new Error(`there is no stream ${id}`);
}
