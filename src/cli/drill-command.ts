import type { Command } from 'commander';
import type { DrillBody } from '../api/breaker-contract.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { counted, EXIT, type OutputFormat, printRows, talk } from './output.ts';
import { withActor } from './with-server.ts';

type DrillOptions = ServerOptions & {
  readonly output: OutputFormat;
  readonly tenant?: string;
  readonly actor: string;
  readonly reason: string;
};

const COLUMNS = ['tenant', 'point', 'via', 'status', 'latency_ms', 'detail'];

/** `breakers drill`: fails where an enforcement point was silent, or refused. */
export function addDrillCommand(breakers: Command): void {
  withActor(
    breakers
      .command('drill')
      .description('ask every enforcement point whether it hears; no breaker moves'),
  )
    .option('--tenant <tenant>', 'one tenant only')
    .option('--reason <words>', 'why; stands in the record', 'drill')
    .action(async ({ tenant, actor, reason, ...options }: DrillOptions) => {
      const body = { ...(tenant !== undefined && { tenant }), actor, reason };
      const path = '/v1/breakers/drill';
      const { items } = await callDaemon<{ items: DrillBody[] }>(options, 'POST', path, body);
      const rows = items.flatMap(({ drill, tenant: of, points }) =>
        points.map((point) => ({ drill, tenant: of, ...point })),
      );
      printRows(rows, options.output, COLUMNS);
      if (rows.length === 0) talk('no enforcement point is known');
      const silent = rows.filter(({ status }) => status === 'silent' || status === 'refused');
      if (silent.length === 0) return;
      const names = silent.map(({ point }) => point).join(', ');
      talk(`${counted(silent.length, 'enforcement point')} did not answer: ${names}`);
      process.exitCode = EXIT.failed;
    });
}
