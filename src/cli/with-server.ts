import { userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import { parseOutputFormat } from './output.ts';

/** Adds the options every command that talks to a daemon takes. */
export function withServer(command: Command): Command {
  const server = new Option('--server <url>', 'URL of the daemon')
    .default('http://127.0.0.1:8787')
    .env('TRIPCOIL_URL');
  const token = new Option('--token <token>', "bearer token; without it, the local operator's");
  return command
    .addOption(server)
    .addOption(token.env('TRIPCOIL_TOKEN'))
    .option('--data-directory <path>', 'where the daemon keeps its data', './tripcoil-data')
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table');
}

/** Adds who gives an order, and why, as the record has it. */
export function withPerson(command: Command): Command {
  return withActor(command).requiredOption(
    '--reason <words>',
    'why; stands in the record (required)',
  );
}

/** As `withPerson`, where the reason is asked for elsewhere. */
export function withActor(command: Command): Command {
  const actor = new Option('--actor <name>', 'who gives the order').default(
    userInfo().username,
    'the user of this shell',
  );
  return withServer(command).addOption(actor);
}
