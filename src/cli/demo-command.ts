import { type Command, InvalidArgumentError } from 'commander';
import { TripcoilError } from '../core/errors.ts';
import { type Demo, type DemoOptions, type DemoResult, startDemo } from '../demo/demo.ts';
import { INCIDENTS } from '../demo/incidents.ts';
import { WALL_CLOCK } from '../runtime/wall-clock.ts';
import { forgetExporterVariables } from '../telemetry/exporter-environment.ts';
import { createLog } from '../telemetry/log.ts';
import { CliError, EXIT, talk } from './output.ts';
import { untilSignalled, WEB_DIRECTORY } from './serve-command.ts';

interface DemoCommandOptions {
  readonly seed: number;
  readonly headless?: boolean;
  readonly port?: number;
  readonly otlpPort?: number;
}

const PACE_MS = 1_500;
const READABLE_WITHIN_MS = 20_000;

/** `demo`: two dozen agents, three incidents, one broker; offline and seeded. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('show the whole product on synthetic agents; needs no files and no network')
    .option('--seed <number>', 'the same seed gives the same demo', wholeNumber, 7)
    .option('--headless', 'print a summary and exit: 0 if exactly the planted incidents tripped')
    .option('--port <port>', 'port of API and UI; default 8787, headless any free one', portNumber)
    .option('--otlp-port <port>', 'port of OTLP; default 4318, headless any free one', portNumber)
    .action(runDemo);
}

async function runDemo(options: DemoCommandOptions): Promise<void> {
  const headless = options.headless ?? false;
  forgetExporterVariables(process.env);
  const startedAt = performance.now();
  await using demo = await start({
    seed: options.seed,
    port: options.port ?? (headless ? 0 : 8787),
    otlpPort: options.otlpPort ?? (headless ? 0 : 4318),
    clock: WALL_CLOCK,
    log: createLog({ level: 'warn' }),
    webDirectory: WEB_DIRECTORY,
    talk,
    paceMs: headless ? 0 : PACE_MS,
  });
  const result = await demo.play();
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  summarise(result, seconds);
  if (headless) {
    process.exitCode = isAsPlanted(result) ? EXIT.ok : EXIT.failed;
    return;
  }
  await demo.readable(READABLE_WITHIN_MS);
  talk(`\nSynthetic data; nothing left this machine. Look around: ${demo.daemon.urls.main}`);
  talk(`Close a breaker: ${resetCommand(demo)}`);
  talk('Ordinary traffic goes on. Stop with Ctrl-C.');
  const stop = new AbortController();
  const working = demo.keepWorking(stop.signal);
  await untilSignalled();
  stop.abort();
  await working;
}

/** What a person types into another terminal. */
function resetCommand({ daemon, directory }: Demo): string {
  const key = INCIDENTS.map(({ key: { tenant, kind, id } }) => `${tenant}/${kind}/${id}`)[0];
  const where = `--server ${daemon.urls.main} --data-directory ${directory}`;
  return `npm run tripcoil -- breakers reset ${key} --reason checked ${where}`;
}

/** As the demo, with its own way out of a taken port: it reads no configuration file. */
async function start(options: DemoOptions): Promise<Demo> {
  try {
    return await startDemo(options);
  } catch (error) {
    const taken = /^port (\d+) .*?(?=; set )/.exec(
      error instanceof TripcoilError ? error.message : '',
    );
    if (!taken) throw error;
    const option = Number(taken[1]) === options.port ? '--port' : '--otlp-port';
    throw new CliError(EXIT.config, `${taken[0]}; choose another with ${option}, 0 for any`);
  }
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}

function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('A port is at most 65535.');
}

/** The result as JSON on standard output, and for people on standard error. */
function summarise(result: DemoResult, seconds: string): void {
  const summary = {
    incidents: result.outcomes.map(({ incident, tripped, obeyed, tookMs }) => ({
      name: incident.name,
      detector: incident.detector,
      tripped,
      acknowledged: obeyed,
      took_ms: tookMs === null ? null : Math.round(tookMs),
    })),
    unplanted_trips: result.unplanted.length,
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  const good = result.outcomes.filter((outcome) => outcome.tripped && outcome.obeyed).length;
  talk(
    `${good} of ${result.outcomes.length} planted incidents tripped and were acknowledged, ` +
      `${result.unplanted.length} others tripped, ${seconds} s in all`,
  );
}

function isAsPlanted({ outcomes, unplanted }: DemoResult): boolean {
  return outcomes.every(({ tripped, obeyed }) => tripped && obeyed) && unplanted.length === 0;
}
