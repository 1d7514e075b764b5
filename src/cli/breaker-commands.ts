import type { Command } from 'commander';
import type { ApprovalBody, BreakerBody, PreviewBody } from '../api/breaker-contract.ts';
import { KEY_KINDS } from '../core/breaker.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { CliError, counted, EXIT, type OutputFormat, printRows, talk } from './output.ts';
import { withPerson, withServer } from './with-server.ts';

type OrderOptions = ServerOptions & {
  readonly output: OutputFormat;
  readonly reason: string;
  readonly actor: string;
};
type DryRun = { readonly dryRun?: boolean };

/** `breakers trip|isolate|reset|release|exempt|break-glass|calm` and `breakers approvals`. */
export function addBreakerOrders(breakers: Command): void {
  for (const name of ['trip', 'isolate']) addTrip(breakers, name);
  addClosing(breakers, 'reset', 'close a breaker', 'closed');
  const release = 'let its subject back in by steps of probation';
  addClosing(breakers, 'release', release, 'on probation:');
  addExemptions(breakers);
  withPerson(
    breakers.command('calm <tenant>').description('end the storm mode of a tenant'),
  ).action(async (tenant: string, options: OrderOptions) => {
    await callDaemon(options, 'POST', '/v1/breakers/calm', { tenant, ...words(options) });
    talk(`${tenant}: statistics act again`);
  });
  addApprovals(breakers);
}

function addTrip(breakers: Command, name: string): void {
  withPerson(
    breakers.command(`${name} <key>`).description('open a breaker now; it holds until reset'),
  )
    .option(
      '--level <level>',
      '1 throttle, 2 step up, 3 narrow, 4 suspend, 5 revoke agent, 6 a whole tenant; ' +
        'there is no global stop',
      '4',
    )
    .option('--dry-run', 'only show what it would touch')
    .action(async (key: string, options: OrderOptions & DryRun & { level: string }) => {
      const body = { key: parseKey(key), level: Number(options.level), ...words(options) };
      if (options.dryRun) return preview(options, '/v1/breakers/trip', body);
      await callDaemon(options, 'POST', '/v1/breakers/trip', body);
      talk(`tripped ${key} at level ${options.level}`);
    });
}

function addClosing(
  breakers: Command,
  name: 'reset' | 'release',
  description: string,
  done: string,
): void {
  const command = withPerson(breakers.command(`${name} <key>`).description(description));
  if (name === 'reset') command.option('--dry-run', 'only show what it would touch');
  command.action(async (key: string, options: OrderOptions & DryRun) => {
    const breaker = await openBreaker(options, key);
    // The key as recorded: that of a session names its agent, whose findings start afresh.
    const body = { key: breaker.key, epoch: breaker.epoch, ...words(options) };
    if (options.dryRun) return preview(options, '/v1/breakers/reset', body);
    await callDaemon(options, 'POST', `/v1/breakers/${name}`, body);
    talk(`${done} ${key}; it was open for: ${breaker.reason ?? 'no reason given'}`);
  });
}

function addExemptions(breakers: Command): void {
  withPerson(
    breakers
      .command('exempt <key>')
      .description('hold a breaker closed for a time; more than 15 minutes take two persons'),
  )
    .option('--minutes <minutes>', 'for how long, 240 at most', '15')
    .action(async (key: string, options: OrderOptions & { minutes: string }) => {
      const body = { key: parseKey(key), minutes: Number(options.minutes), ...words(options) };
      await callDaemon(options, 'POST', '/v1/breakers/exempt', body);
      talk(`${key} is exempt for ${options.minutes} minutes; it is still scored`);
    });
  withPerson(
    breakers
      .command('break-glass <key>')
      .description('let it work in an emergency: one person, loud, reviewed afterwards'),
  )
    .requiredOption('--ticket <ticket>', 'where the emergency is recorded (required)')
    .option('--minutes <minutes>', 'for how long, 60 at most', '15')
    .action(async (key: string, options: OrderOptions & { minutes: string; ticket: string }) => {
      const { minutes, ticket } = options;
      const body = { key: parseKey(key), minutes: Number(minutes), ticket, ...words(options) };
      await callDaemon(options, 'POST', '/v1/breakers/break-glass', body);
      talk(`${key} works for ${minutes} minutes; a review item waits for somebody`);
    });
}

const APPROVAL_COLUMNS = ['id', 'order', 'key', 'epoch', 'requested_by', 'reason', 'expires_at'];

function addApprovals(breakers: Command): void {
  const approvals = breakers.command('approvals').description('orders that take two persons');
  withServer(approvals.command('list').description('what waits for a second person')).action(
    async (options: OrderOptions) => {
      const path = '/v1/breakers/approvals';
      const { items } = await callDaemon<{ items: ApprovalBody[] }>(options, 'GET', path);
      if (items.length === 0) talk('nothing waits for a second person');
      printRows(items.map(approvalRow), options.output, APPROVAL_COLUMNS);
    },
  );
  withPerson(approvals.command('request <key>').description('ask a second person'))
    .option('--order <order>', 'reset, release or exempt', 'reset')
    .option('--minutes <minutes>', 'of an exemption, 240 at most')
    .action(async (key: string, options: OrderOptions & { order: string; minutes?: string }) => {
      const { order, minutes } = options;
      const known = await breakerByKey(options, key);
      const body = {
        ...{ key: known?.key ?? parseKey(key), epoch: known?.epoch ?? 0, order },
        ...(minutes !== undefined && { minutes: Number(minutes) }),
        ...words(options),
      };
      const asked = await callDaemon<ApprovalBody>(options, 'POST', '/v1/breakers/approvals', body);
      printRows([approvalRow(asked)], options.output, APPROVAL_COLUMNS);
      talk('somebody with another credential has 15 minutes to approve it');
    });
  for (const verdict of ['approve', 'deny']) {
    withPerson(
      approvals.command(`${verdict} <id>`).description(`${verdict} what somebody else asked for`),
    ).action(async (id: string, options: OrderOptions) => {
      const path = `/v1/breakers/approvals/${encodeURIComponent(id)}`;
      await callDaemon(options, 'POST', path, { verdict, ...words(options) });
      talk(verdict === 'approve' ? `${id} is approved and carried out` : `${id} is denied`);
    });
  }
}

function approvalRow(approval: ApprovalBody) {
  const { tenant, kind, id } = approval.key;
  return { ...approval, key: `${tenant}/${kind}/${id}` };
}

async function preview(options: OrderOptions, path: string, body: unknown): Promise<void> {
  const told = await callDaemon<PreviewBody>(options, 'POST', `${path}?preview=true`, body);
  talk(
    `it would touch ${counted(told.agents_in_all, 'agent')}, ` +
      `${counted(told.sessions_in_all, 'live session')} and ` +
      `${counted(told.enforcement_points.length, 'enforcement point')}` +
      `${told.needs_two_persons ? '; closing it takes two persons' : ''}; nothing was done`,
  );
  const { tenant, kind, id } = told.key;
  const row = {
    ...told,
    key: `${tenant}/${kind}/${id}`,
    sessions: told.sessions.map((session) => session.id),
  };
  const columns = ['key', 'present_level', 'level', 'agents', 'sessions', 'enforcement_points'];
  printRows([row], options.output, columns);
}

async function openBreaker(options: ServerOptions, key: string): Promise<BreakerBody> {
  const breaker = await breakerByKey(options, key);
  if (breaker && breaker.phase !== 'closed') return breaker;
  throw new CliError(EXIT.notFound, `no open breaker has the key ${key}`);
}

/** The daemon finds it also by a name that it records as a pseudonym. */
export async function breakerByKey(
  options: ServerOptions,
  key: string,
): Promise<BreakerBody | null> {
  const query = new URLSearchParams(parseKey(key));
  try {
    return await callDaemon<BreakerBody>(options, 'GET', `/v1/breakers/by-key?${query}`);
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.notFound) return null;
    throw error;
  }
}

function words(options: OrderOptions): { readonly reason: string; readonly actor: string } {
  return { reason: options.reason, actor: options.actor };
}

function parseKey(text: string): { tenant: string; kind: string; id: string } {
  const [tenant, kind, ...rest] = text.split('/');
  const id = rest.join('/');
  if (!tenant || !kind || id === '' || !KEY_KINDS.some((known) => known === kind)) {
    throw new CliError(EXIT.usage, `a key is tenant/kind/id, kind one of ${KEY_KINDS.join(', ')}`);
  }
  return { tenant, kind, id };
}
