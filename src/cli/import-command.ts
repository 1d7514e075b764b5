import type { Command } from 'commander';
import { LOCAL_TENANT } from '../local-credentials.ts';
import { openOffline } from '../offline.ts';
import { tenantOfAccountIn } from '../receivers/audit/accounts.ts';
import { auditFormats } from '../receivers/audit/formats.ts';
import { readInput } from '../replay/read-input.ts';
import { WALL_CLOCK } from '../runtime/wall-clock.ts';
import { createLog } from '../telemetry/log.ts';
import { readConfig, readGrants } from './configuration.ts';
import { EXIT, talk } from './output.ts';

interface ImportOptions {
  readonly history: readonly string[];
  readonly config?: string;
  readonly tenant: string;
}

const EVENTS_PER_BATCH = 2_000;

/** `import --history F…`: seeds baselines by event time; nothing is found and nothing trips. */
export function addImportCommand(program: Command): void {
  program
    .command('import')
    .description('seed baselines from recorded events while the daemon is stopped')
    .requiredOption(
      '--history <file...>',
      'native events, audit records or OTLP JSON, plain or gzipped (required)',
    )
    .option('-c, --config <file>', 'the configuration the daemon runs with')
    .option('--tenant <tenant>', 'tenant of events that name none', LOCAL_TENANT)
    .action(importHistory);
}

/** Runs the very engine of the daemon over its own data directory, without listeners. */
async function importHistory(options: ImportOptions): Promise<void> {
  const config = await readConfig(options.config);
  const { events, rejects } = await readInput(options.history, 'auto', options.tenant, {
    aliases: config.aliases,
    formats: auditFormats(config.audit),
    tenantOfAccount: tenantOfAccountIn(config.audit.accounts),
  });
  for (const { reject, file } of rejects.slice(0, 20)) {
    const path = reject.path === '' ? '' : `${reject.path}: `;
    talk(`${file}:${reject.position}: ${path}${reject.message}`);
  }
  await using host = await openOffline({
    config,
    grants: await readGrants(config.grantsFile),
    clock: WALL_CLOCK,
    log: createLog({ level: 'warn' }),
  });
  const sender = { name: 'import', roles: ['operator'], tenants: '*', trust: 'broker' } as const;
  let accepted = 0;
  let refused = rejects.length;
  for (let from = 0; from < events.length; from += EVENTS_PER_BATCH) {
    const batch = events.slice(from, from + EVENTS_PER_BATCH).map(({ event }) => event);
    const result = await host.ingest.submit({ sender, events: batch, history: true });
    accepted += result.accepted;
    refused += result.rejects.length;
    if (process.stderr.isTTY) process.stderr.write(`\r${accepted} of ${events.length} events`);
  }
  if (process.stderr.isTTY) process.stderr.write('\n');
  const agents = new Set(events.map(({ event }) => event.agent.id)).size;
  talk(`learned from ${accepted} events of ${agents} agents; ${refused} were refused`);
  if (accepted === 0) process.exitCode = EXIT.failed;
}
