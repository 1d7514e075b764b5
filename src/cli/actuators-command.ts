import { type Command, Option } from 'commander';
import { actuatorOf } from '../composition/actuators.ts';
import type { ActuatorConfig } from '../config/actuators.ts';
import type { TripcoilConfig } from '../config/load.ts';
import { KEY_KINDS, type KeyKind } from '../core/breaker.ts';
import type { BreakerOrder } from '../core/breaker-order.ts';
import { targetOf } from '../revocation/actuators/mapping.ts';
import { shippedTemplates } from '../revocation/actuators/templates.ts';
import { WALL_CLOCK } from '../runtime/wall-clock.ts';
import { readConfig } from './configuration.ts';
import { CliError, EXIT, type OutputFormat, parseOutputFormat, printRows, talk } from './output.ts';

interface TestOptions {
  readonly config: string;
  readonly tenant?: string;
  readonly agent?: string;
  readonly key?: string;
  readonly look?: boolean;
  readonly output: OutputFormat;
}

type Environment = Readonly<Record<string, string | undefined>>;

const ACTIONS = ['freeze', 'restore', 'observe'] as const;

/** `actuators templates|list|test`. */
export function addActuatorsCommand(program: Command, environment: Environment): void {
  const actuators = program
    .command('actuators')
    .description('what freezes credentials and sessions elsewhere');
  const output = () =>
    new Option('-o, --output <format>', 'table, json or jsonl')
      .argParser(parseOutputFormat)
      .default('table');
  actuators
    .command('templates')
    .description('kinds of targets that come with Tripcoil')
    .addOption(output())
    .action((options: { output: OutputFormat }) => {
      const rows = [...shippedTemplates().values()].map(
        ({ name, title, reversible, verified }) => ({
          ...{ name, title, reversible, verified },
        }),
      );
      printRows(rows, options.output, ['name', 'title', 'reversible', 'verified']);
    });
  actuators
    .command('list')
    .description('actuators of a configuration')
    .requiredOption('-c, --config <file>', 'the configuration (required)')
    .addOption(output())
    .action(async (options: TestOptions) => {
      const config = await readConfig(options.config);
      const rows = config.revocation.actuators.map((each) => listed(config, each));
      if (rows.length === 0) talk('no actuator is configured');
      printRows(rows, options.output, [
        ...['name', 'template', 'tenants', 'keys', 'minimum_level', 'automatic', 'stands_by'],
      ]);
    });
  actuators
    .command('test <name>')
    .description('show the exact requests, secrets masked; nothing is sent without --look')
    .requiredOption('-c, --config <file>', 'the configuration (required)')
    .option('--agent <id>', 'the agent to act on')
    .option('--key <key>', 'in place of --agent: the breaker to follow, tenant/kind/id')
    .option('--tenant <tenant>', "the agent's tenant; default: the first of the actuator")
    .option('--look', 'ask the target what the agent is there: reads, and changes nothing')
    .addOption(output())
    .action((name: string, options: TestOptions) => testActuator(name, options, environment));
}

async function testActuator(
  name: string,
  options: TestOptions,
  environment: Environment,
): Promise<void> {
  const config = await readConfig(options.config);
  const found = config.revocation.actuators.find((each) => each.name === name);
  if (!found) throw new CliError(EXIT.notFound, `no actuator is called ${name}`);
  const clock = WALL_CLOCK;
  const actuator = actuatorOf(found, { config, clock, environment });
  const order = sampleOrder(found, options, actuator.options.minimumLevel, clock.now());
  const target = targetOf(found.mapping, order);
  if (target === null) {
    throw new CliError(
      EXIT.notFound,
      `${name} maps ${order.key.id} to no target, so it is left alone`,
    );
  }
  const rows: { action: string; request: string }[] = ACTIONS.flatMap((action) => {
    const request = actuator.describe(action, order, target).join('\n').trimEnd();
    return request === '' ? [] : [{ action, request }];
  });
  if (options.output === 'table') {
    for (const { action, request } of rows) process.stdout.write(`# ${action}\n${request}\n\n`);
  } else printRows(rows, options.output, []);
  if (!options.look) return;
  if (!actuator.canObserve)
    throw new CliError(EXIT.failed, `nobody can look at a target of ${name}`);
  const seen = await actuator.observe(order, target);
  talk(`${target} is ${seen}`);
  if (seen === 'unknown') process.exitCode = EXIT.failed;
}

function listed(config: TripcoilConfig, each: ActuatorConfig) {
  const actuator = actuatorOf(each, { config, clock: WALL_CLOCK, environment: {} });
  const { keys, minimumLevel, automatic } = actuator.options;
  return {
    name: each.name,
    template: each.template,
    tenants: each.tenants,
    keys,
    minimum_level: minimumLevel,
    automatic,
    stands_by: each.standby,
  };
}

/** An order as a person would give it now, that is never given. */
function sampleOrder(
  { name, tenants }: ActuatorConfig,
  { agent, key, tenant }: TestOptions,
  minimumLevel: number,
  now: number,
): BreakerOrder {
  const own = tenants === '*' ? undefined : tenants[0];
  const [first, kind = 'agent', ...rest] = key?.split('/') ?? [tenant ?? own, 'agent', agent];
  const id = rest.join('/');
  if (!first || id === '' || !(KEY_KINDS as readonly string[]).includes(kind)) {
    throw new CliError(EXIT.usage, `test ${name} takes --agent <id>, or --key tenant/kind/id`);
  }
  return {
    jti: 'test',
    txn: 'test',
    time: now,
    key: { tenant: first, kind: kind as KeyKind, id },
    agent: agent ?? (kind === 'agent' ? id : null),
    phase: 'open',
    level: minimumLevel as BreakerOrder['level'],
    previousLevel: 0,
    term: 0,
    epoch: 0,
    class: 'operator',
    reason: 'test',
    title: null,
    findingId: null,
    eventId: null,
  };
}
