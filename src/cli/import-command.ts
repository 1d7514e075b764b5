import type { Command } from 'commander';
import { LOCAL_TENANT } from '../composition/local-credentials.ts';
import { openOffline } from '../offline.ts';
import { tenantOfAccountIn } from '../receivers/audit/accounts.ts';
import { auditFormats } from '../receivers/audit/formats.ts';
import { type Input, readInput } from '../replay/read-input.ts';
import { WALL_CLOCK } from '../runtime/wall-clock.ts';
import { createLog } from '../telemetry/log.ts';
import { readConfig, readGrants } from './configuration.ts';
import { registryOf } from './detector-modules.ts';
import { EXIT, talk } from './output.ts';

interface ImportOptions {
  readonly history: readonly string[];
  readonly config?: string;
  readonly tenant: string;
}

const EVENTS_PER_BATCH = 2_000;
const REASONS_SHOWN = 20;

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
  const { events, rejects, ignored } = await readInput(options.history, 'auto', options.tenant, {
    aliases: config.aliases,
    formats: auditFormats(config.audit),
    tenantOfAccount: tenantOfAccountIn(config.audit.accounts),
  });
  const refused = [...rejects];
  await using host = await openOffline({
    config,
    grants: await readGrants(config.grantsFile),
    registry: await registryOf(config.detectorModules),
    clock: WALL_CLOCK,
    log: createLog({ level: 'warn' }),
  });
  const sender = { name: 'import', roles: ['operator'], tenants: '*', trust: 'broker' } as const;
  let accepted = 0;
  const agents = new Set<string>();
  for (let from = 0; from < events.length; from += EVENTS_PER_BATCH) {
    const batch = events.slice(from, from + EVENTS_PER_BATCH);
    const received = batch.map(({ event }) => event);
    const result = await host.ingest.submit({ sender, events: received, history: true });
    accepted += result.accepted;
    const unfit = new Set(result.rejects.map(({ position }) => position));
    for (const [index, { event }] of batch.entries()) {
      if (!unfit.has(index)) agents.add(event.agent.id);
    }
    for (const reject of result.rejects) {
      const { file = '', line = 0 } = batch[reject.position] ?? {};
      refused.push({ reject: { ...reject, position: line }, file });
    }
    if (process.stderr.isTTY) process.stderr.write(`\r${accepted} of ${events.length} events`);
  }
  if (process.stderr.isTTY) process.stderr.write('\n');
  tellRefused(refused);
  const learned = `learned from ${accepted} events of ${agents.size} agents`;
  const alsoIgnored = ignored.size > 0 ? `, ${ignoredBy(ignored)}` : '';
  talk(`${learned}; ${refused.length} were refused${alsoIgnored}`);
  if (accepted === 0) process.exitCode = EXIT.failed;
}

/** `12 of otlp.traces and 3 of langfuse tell of no agent's action`. */
function ignoredBy(ignored: Input['ignored']): string {
  const parts = [...ignored].map(([format, count]) => `${count} of ${format}`);
  return `${parts.join(' and ')} tell of no agent's action`;
}

/** Each reason once, with how many records it met and where the first of them stands. */
function tellRefused(refused: Input['rejects']): void {
  const reasons = new Map<string, { count: number; readonly first: string }>();
  for (const { reject, file } of refused) {
    const path = reject.path === '' ? '' : `${reject.path}: `;
    const reason = `${path}${reject.message}`;
    const known = reasons.get(reason);
    if (known) known.count++;
    else reasons.set(reason, { count: 1, first: `${file}:${reject.position}` });
  }
  const most = [...reasons].sort(([, one], [, other]) => other.count - one.count);
  for (const [reason, { count, first }] of most.slice(0, REASONS_SHOWN)) {
    talk(`${first}: ${reason}${count > 1 ? ` (and ${count - 1} more)` : ''}`);
  }
  const left = most.length - REASONS_SHOWN;
  if (left > 0) talk(`… and ${left} more reasons`);
}
