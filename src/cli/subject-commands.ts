import { userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import type { ErasureBody, RevealBody, RotationBody } from '../api/contract.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { counted, type OutputFormat, printRows, talk } from './output.ts';
import { withServer } from './with-server.ts';

type TenantOptions = ServerOptions & {
  readonly output: OutputFormat;
  readonly tenant: string;
  readonly reason: string;
  readonly actor: string;
};
interface FeedRotation {
  readonly key_id: string;
  readonly previous_key_id: string;
}
interface SigningRotation extends FeedRotation {
  readonly used_from: string;
}

type SubjectOptions = TenantOptions & { readonly subject?: readonly string[] };

/** `erase`, `legal-hold set|release`, `keys rotate`, `redact reveal|approve|read|findings`. */
export function addSubjectCommands(program: Command, redact: Command): void {
  withOrder(program.command('erase').description('erase a person: keys, sealed values, rows'))
    .requiredOption('--subject <identifier...>', 'identifiers of one person (required)')
    .option('--dry-run', 'only count what would go')
    .action(async (options: SubjectOptions & { dryRun?: boolean }) => {
      const body = {
        ...words(options),
        subject: options.subject,
        dry_run: options.dryRun ?? false,
      };
      const erased = await callDaemon<ErasureBody>(options, 'POST', path(options, 'erase'), body);
      printRows([{ ...erased }], options.output, [
        ...['keys', 'values', 'events', 'findings', 'transitions'],
      ]);
      const rows = erased.events + erased.findings + erased.transitions;
      const done = erased.dry_run ? 'would erase' : 'erased';
      talk(`${done} ${counted(rows, 'row')}; see docs/redaction.md`);
    });
  const hold = program.command('legal-hold').description('refuse erasure, of one or of everybody');
  for (const name of ['set', 'release'] as const) {
    withOrder(hold.command(name).description(`${name} a hold`))
      .option('--subject <identifier...>', 'of one person; without it of the whole tenant')
      .action(async (options: SubjectOptions) => {
        const end = name === 'set' ? 'legal-hold' : 'legal-hold/release';
        const body = { ...words(options), subject: options.subject ?? [] };
        await callDaemon(options, 'POST', path(options, end), body);
        talk(name === 'set' ? 'held: nothing of it is erased until released' : 'released');
      });
  }
  addRotate(program);
  addReveals(redact);
}

function addRotate(program: Command): void {
  const keys = program.command('keys').description('keys of pseudonyms, and those that sign');
  withServer(keys.command('rotate-signing').description('sign tokens with a new key'))
    .option('--at-once', 'do not wait until receivers know it: the old key is known to others')
    .action(async (options: ServerOptions & { output: OutputFormat; atOnce?: true }) => {
      const path = '/v1/keys/signing/rotate';
      const body = { at_once: options.atOnce === true };
      const rotated = await callDaemon<SigningRotation>(options, 'POST', path, body);
      printRows([{ ...rotated }], options.output, ['key_id', 'previous_key_id', 'used_from']);
    });
  withServer(keys.command('rotate-feed').description('sign the feed with a new key')).action(
    async (options: ServerOptions & { output: OutputFormat }) => {
      const path = '/v1/keys/feed/rotate';
      const rotated = await callDaemon<FeedRotation>(options, 'POST', path, {});
      printRows([{ ...rotated }], options.output, ['key_id', 'previous_key_id']);
    },
  );
  withOrder(keys.command('rotate').description('give pseudonyms under a new key'))
    .option('--overlap-hours <hours>', 'how long old and new are told together', '336')
    .action(async (options: TenantOptions & { overlapHours: string }) => {
      const body = { ...words(options), overlap_hours: Number(options.overlapHours) };
      const url = path(options, 'keys/rotate');
      const rotated = await callDaemon<RotationBody>(options, 'POST', url, body);
      printRows([{ ...rotated }], options.output, ['key_id', 'previous_key_id', 'overlap_until']);
    });
}

/** The two people use two credentials: `--token` says who asks, approves and reads. */
function addReveals(redact: Command): void {
  const columns = ['id', 'status', 'expires_at'];
  withServer(redact.command('reveal <token>').description('ask to see what a token stands for'))
    .requiredOption('--tenant <tenant>', 'whose token it is (required)')
    .requiredOption('--reason <words>', 'why; stands in the record (required)')
    .action(async (token: string, options: TenantOptions) => {
      const body = { token, reason: options.reason };
      const url = path(options, 'reveals');
      const state = await callDaemon<RevealBody>(options, 'POST', url, body);
      printRows([{ ...state }], options.output, columns);
      talk(`have somebody else run \`tripcoil redact approve ${state.id}\``);
    });
  withServer(redact.command('approve <id>').description('approve what somebody else asked')).action(
    async (id: string, options: TenantOptions) => {
      const url = `/v1/reveals/${encodeURIComponent(id)}/approve`;
      const state = await callDaemon<RevealBody>(options, 'POST', url, {});
      printRows([{ ...state }], options.output, columns);
    },
  );
  withServer(redact.command('read <id>').description('see an approved value, once')).action(
    async (id: string, options: TenantOptions) => {
      const url = `/v1/reveals/${encodeURIComponent(id)}/read`;
      const { value } = await callDaemon<{ value: string }>(options, 'POST', url, {});
      printRows([{ value }], options.output, ['value']);
    },
  );
}

function withOrder(command: Command): Command {
  return withServer(command)
    .requiredOption('--tenant <tenant>', 'the tenant (required)')
    .requiredOption('--reason <words>', 'why; stands in the record (required)')
    .addOption(
      new Option('--actor <name>', 'who gives the order').default(
        userInfo().username,
        'the user of this shell',
      ),
    );
}

function path({ tenant }: TenantOptions, end: string): string {
  return `/v1/tenants/${encodeURIComponent(tenant)}/${end}`;
}

function words({ reason, actor }: TenantOptions): { reason: string; actor: string } {
  return { reason, actor };
}
