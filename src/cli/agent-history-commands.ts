import type { Command } from 'commander';
import type { AgentBody } from '../api/contract.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { CliError, EXIT, type OutputFormat, printRows, talk } from './output.ts';
import { withPerson } from './with-server.ts';

type OrderOptions = ServerOptions & {
  readonly output: OutputFormat;
  readonly reason: string;
  readonly actor: string;
};

type MergeOptions = OrderOptions & { readonly from: string; readonly atOnce?: boolean };

/**
 * `agents reset-baseline` and `agents merge-baseline`; an agent is written tenant/agent. The parent
 * takes some of their options too, and would keep them for itself.
 */
export function addAgentHistoryCommands(agents: Command): void {
  withPerson(
    agents
      .command('reset-baseline <agent>')
      .description('forget what was usual for tenant/agent; it learns anew'),
  ).action(async (agent: string, _own: unknown, command: Command) => {
    const options = command.optsWithGlobals<OrderOptions>();
    await order(options, agent, 'reset', {});
    talk(`reset: ${agent} learns anew, from its peers at first`);
  });
  withPerson(
    agents
      .command('merge-baseline <agent>')
      .description('let the history of another agent count for tenant/agent too'),
  )
    .requiredOption('--from <agent>', 'the other agent, of the same tenant (required)')
    .option('--at-once', 'both worked at the same time, and their work adds up from now on')
    .action(async (agent: string, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<MergeOptions>();
      const joining = options.atOnce ? 'at_once' : 'in_turn';
      await order(options, agent, 'merge', { from: options.from, joining });
      talk(`merged: what was usual for ${options.from} is usual for ${agent} too`);
    });
}

async function order(
  options: OrderOptions,
  named: string,
  what: 'reset' | 'merge',
  more: object,
): Promise<void> {
  const { reason, actor, output } = options;
  const path = `${agentPath(named)}/baseline/${what}`;
  const body = await callDaemon<AgentBody>(options, 'POST', path, { reason, actor, ...more });
  const { tenant, agent, state, baseline_age_ms, calls } = body;
  if (output !== 'table') printRows([{ tenant, agent, state, baseline_age_ms, calls }], output, []);
}

/** Tenants have no slash in their names; agents may. */
function agentPath(named: string): string {
  const at = named.indexOf('/');
  if (at < 1 || at === named.length - 1) {
    throw new CliError(EXIT.usage, `an agent is written tenant/agent, not ${named}`);
  }
  const [tenant, agent] = [named.slice(0, at), named.slice(at + 1)];
  return `/v1/agents/${encodeURIComponent(tenant)}/${encodeURIComponent(agent)}`;
}
