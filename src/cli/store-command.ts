import type { Command } from 'commander';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { type OutputFormat, talk } from './output.ts';
import { endProgress, progressLine } from './progress-line.ts';
import { withPerson } from './with-server.ts';

type StoreOptions = ServerOptions & {
  readonly output: OutputFormat;
  readonly reason: string;
  readonly actor: string;
  readonly wait?: boolean;
};

interface Progress {
  readonly rebuilding: boolean;
  readonly seq: number;
  readonly of: number;
}

const ASK_EVERY_MS = 500;

/** `store rebuild`: the searchable store again from the ledger. */
export function addStoreCommands(program: Command): void {
  const store = program.command('store').description('the searchable projection of the ledger');
  withPerson(store.command('rebuild').description('build it again from the ledger, beside the old'))
    .option('--wait', 'until the new one has taken over')
    .action(async (options: StoreOptions) => {
      const path = '/v1/store/rebuild';
      const { reason, actor } = options;
      let progress = await callDaemon<Progress>(options, 'POST', path, { reason, actor });
      talk(`rebuilding from ${progress.of} entries; the old store answers until it is done`);
      const show = progressLine();
      while (options.wait === true && progress.rebuilding) {
        show(progress.seq / Math.max(1, progress.of), `${progress.seq} of ${progress.of} entries`);
        await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
        progress = await callDaemon<Progress>(options, 'GET', path);
      }
      endProgress();
      if (options.output !== 'table') process.stdout.write(`${JSON.stringify(progress)}\n`);
      if (options.wait === true)
        talk('no rebuild is under way any more; the log says how it ended');
    });
}
