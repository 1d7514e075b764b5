import type { Command } from 'commander';
import type {
  AgentBody,
  ChainBody,
  ChainSummaryBody,
  FindingBody,
  PageBody,
} from '../api/contract.ts';
import type { TokenBody } from '../api/token-contract.ts';
import { addAgentHistoryCommands } from './agent-history-commands.ts';
import { blindDetectors, blindInShort } from './blind-detectors.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { addFeedbackCommand } from './feedback-command.ts';
import { CliError, counted, EXIT, type OutputFormat, printRows, type Row, talk } from './output.ts';
import { withServer } from './with-server.ts';

type ReadOptions = ServerOptions & { readonly output: OutputFormat; readonly tenant?: string };

/** `agents`, `findings`, `chains list`, `chains show`, `tokens show`. */
export function addReadCommands(program: Command): void {
  const agents = program.command('agents').description('agents by level and risk');
  addAgentHistoryCommands(agents);
  withServer(agents)
    .option('--tenant <tenant>', 'one tenant only')
    .action(async (options: ReadOptions) => {
      const agents = await everyRow<AgentBody>(options, `/v1/agents${query(options)}`);
      const isTable = options.output === 'table';
      const rows = agents.map((agent) => ({
        ...agent,
        blind: isTable ? blindInShort(agent) : blindDetectors(agent),
      }));
      printRows(rows, options.output, [
        'tenant',
        'agent',
        'state',
        'level',
        'risk',
        'calls',
        'blind',
      ]);
    });
  const findings = program.command('findings').description('what detectors found, newest first');
  addFeedbackCommand(findings);
  withServer(findings)
    .option('--tenant <tenant>', 'one tenant only')
    .option('--agent <agent>', 'one agent only')
    .action(async (options: ReadOptions & { agent?: string }) => {
      const path = `/v1/findings${query(options)}`;
      const page = await callDaemon<PageBody<FindingBody>>(options, 'GET', path);
      const rows = page.items.map((finding) => ({
        ...finding,
        about: finding.subject?.id ?? finding.agent,
        outcome: outcomeOf(finding),
        verdict: finding.feedback?.verdict,
      }));
      printRows(rows, options.output, FINDING_COLUMNS);
      if (page.next !== null) talk(`the newest ${counted(rows.length, 'finding')}; there are more`);
    });
  addChainCommands(program);
}

const FINDING_COLUMNS = ['id', 'time', 'tenant', 'about', 'level', 'outcome', 'verdict', 'title'];

function addChainCommands(program: Command): void {
  const chains = program.command('chains').description('requests from end to end');
  withServer(chains.command('list').description('the latest chains, newest first'))
    .option('--tenant <tenant>', 'one tenant only')
    .option('--agent <agent>', 'chains in which this agent took part')
    .option('--since <time>', 'RFC 3339; without it, the last day')
    .option('--until <time>', 'RFC 3339')
    .option('--gap <reason>', 'where this is missing, such as execution_without_decision; or any')
    .option('--verdict <verdict>', 'where some decision was this: allow, deny, challenge …')
    .option('--limit <rows>', 'how many at most, up to 100', '25')
    .action(async (options: ReadOptions & ChainListOptions) => {
      const path = `/v1/chains${query(options)}`;
      const page = await callDaemon<PageBody<ChainSummaryBody>>(options, 'GET', path);
      const columns = [
        'started_at',
        'tenant',
        'id',
        'agents',
        'actions',
        'steps',
        'verdicts',
        'gaps',
      ];
      printRows(
        page.items.map((chain) => ({ ...chain })),
        options.output,
        columns,
      );
      if (page.next !== null)
        talk(`the newest ${counted(page.items.length, 'chain')}; more follow`);
    });
  withServer(chains.command('show <id>').description('every step of one chain'))
    .option('--tenant <tenant>', 'where several tenants have the id')
    .action(async (id: string, options: ReadOptions) => {
      const path = `/v1/chains/${encodeURIComponent(id)}${query({ ...options })}`;
      const chain = await callDaemon<ChainBody>(options, 'GET', path).catch((error: unknown) => {
        if (!(error instanceof CliError) || error.exitCode !== EXIT.notFound) throw error;
        const hint = 'a chain can be read about a second after its first event';
        throw new CliError(EXIT.notFound, `no chain ${id}; ${hint}`);
      });
      for (const line of gapLines(chain)) talk(line);
      const steps = counted(chain.steps.length, 'step');
      talk(`chain ${chain.id}: ${steps}, ${chain.agents.join(', ')}`);
      const rows: Row[] = chain.steps.map((step) => ({
        ...step,
        verdict: step.decision?.verdict,
        owner: step.resource?.tenant,
      }));
      const columns = ['time', 'agent', 'kind', 'action', 'owner', 'verdict', 'outcome', 'records'];
      printRows(rows, options.output, columns);
    });
  addTokenCommand(program);
}

function addTokenCommand(program: Command): void {
  const tokens = program.command('tokens').description('tokens from issue to end');
  withServer(tokens.command('show <jti>').description('the life of one token, by jti or reference'))
    .option('--tenant <tenant>', 'where several tenants have the jti')
    .action(async (jti: string, options: ReadOptions) => {
      const path = `/v1/tokens/${encodeURIComponent(jti)}${query({ ...options })}`;
      const token = await callDaemon<TokenBody>(options, 'GET', path).catch((error: unknown) => {
        if (!(error instanceof CliError) || error.exitCode !== EXIT.notFound) throw error;
        const hint = 'a token can be read about a second after its first event';
        throw new CliError(EXIT.notFound, `no token ${jti}; ${hint}`);
      });
      for (const line of tokenLines(token)) talk(line);
      const rows: Row[] = token.steps.map((step) => ({ ...step, revoked_by: breakerOf(step) }));
      const columns = ['time', 'state', 'agent', 'what', 'by', 'verification', 'revoked_by'];
      printRows(rows, options.output, columns);
    });
}

/** The state of a token, and what is wrong with it. */
function tokenLines(token: TokenBody): readonly string[] {
  const of = token.subject === null ? '' : ` of ${token.subject}`;
  const expires = token.times.expires === null ? '' : `, expires ${token.times.expires}`;
  return [
    `token ${token.jti ?? token.asked}${of}: ${token.state}${expires}`,
    ...token.problems.map((problem) => `problem: ${problem.replaceAll('_', ' ')}`),
    ...token.other_tenants.map((tenant) => `${tenant} has this jti too; see --tenant`),
    ...(token.truncated ? ['only its earliest records are shown'] : []),
  ];
}

function breakerOf({ revoked_by: revoked }: TokenBody['steps'][number]): string | null {
  if (revoked === null) return null;
  const { tenant, kind, id } = revoked.key;
  return `${tenant}/${kind}/${id} L${revoked.level}`;
}

/** What the table cannot show: what is not there, what was joined, and what could not be told. */
function gapLines(chain: ChainBody): readonly string[] {
  const actions = new Map(chain.steps.map(({ seq, action }) => [seq, action]));
  return [
    ...chain.merged.map(({ id, by }) => `joined with ${id} by ${by}`),
    ...chain.shared_keys.map(
      ({ kind, key }) => `${kind} ${key} is in too many chains to join them`,
    ),
    ...chain.others.map(({ id }) => `the id also means ${id}`),
    ...chain.unrelated_tenants.map((tenant) => `${tenant} has this id too; see --tenant`),
    ...chain.gaps.map(({ reason, state, seq }) => {
      const what = reason.replaceAll('_', ' ');
      return `${state === 'missing' ? 'gap' : 'pending'}: ${what} (${actions.get(seq) ?? seq})`;
    }),
    ...chain.steps.flatMap(({ action, role, late_ms }) =>
      late_ms === null
        ? []
        : [`late: ${role} ${action} came after ${Math.round(late_ms / 1_000)} s`],
    ),
  ];
}

/** Every row of a list, page after page. */
export async function everyRow<Body>(
  options: ServerOptions,
  path: string,
): Promise<readonly Body[]> {
  const rows: Body[] = [];
  let next: string | null = null;
  do {
    const cursor: string = next === null ? '' : `${path.includes('?') ? '&' : '?'}cursor=${next}`;
    const page: PageBody<Body> = await callDaemon(options, 'GET', `${path}${cursor}`);
    rows.push(...page.items);
    next = page.next;
  } while (next !== null);
  return rows;
}

interface ChainListOptions {
  readonly agent?: string;
  readonly since?: string;
  readonly until?: string;
  readonly gap?: string;
  readonly verdict?: string;
  readonly limit: string;
}

const PARAMETERS = ['tenant', 'agent', 'since', 'until', 'gap', 'verdict', 'limit'] as const;

function query(options: { readonly [Name in (typeof PARAMETERS)[number]]?: string }): string {
  const parameters = new URLSearchParams();
  for (const name of PARAMETERS) if (options[name]) parameters.set(name, options[name]);
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function outcomeOf(finding: FindingBody): string {
  const { decision } = finding;
  if (decision.tripped) return `tripped L${decision.level}`;
  return decision.would ? `${decision.why}: would be L${decision.would.level}` : decision.why;
}
