import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { agentDynFile, plainArm } from './agentdyn-arms.ts';
import { eventsOfAll, grantsOf, type NativeEvent, readRuns, startsOf } from './agentdyn-events.ts';
import { type RunTruth, scoreOf, truthOf } from './agentdyn-score.ts';

const USAGE = `usage: node bench/agentdyn.ts [--out DIRECTORY] [--run]
  Maps the recorded runs of AgentDyn (TRIPCOIL_DATA or ../shared/data, folder agentdyn-dev) to
  native events: history.ndjson, input.ndjson, grants.yaml and labels.json. With --run it replays
  them and prints what tripped.`;

/** Files written for one replay, and where its output goes. */
interface Prepared {
  readonly history: string;
  readonly input: string;
  readonly grants: string;
  readonly labels: string;
  readonly output: string;
}

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    run: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(`${USAGE}\n`);
else {
  const runsFile = agentDynFile();
  if (runsFile !== null) await main(runsFile);
  else {
    talk('the recordings are not there; set TRIPCOIL_DATA to the folder with agentdyn-dev');
    process.exitCode = 1;
  }
}

async function main(runsFile: string): Promise<void> {
  const directory = values.out ?? (await mkdtemp(join(tmpdir(), 'tripcoil-agentdyn-')));
  await mkdir(directory, { recursive: true });
  const prepared = await prepare(runsFile, directory);
  talk(`written to ${directory}`);
  if (!values.run) return;
  const wallMs = await replay(prepared);
  const lines = (await readFile(prepared.output, 'utf8')).trimEnd().split('\n');
  const labels = JSON.parse(await readFile(prepared.labels, 'utf8')) as readonly RunTruth[];
  const summary = JSON.parse(lines.at(-1) ?? '{}') as Readonly<Record<string, unknown>>;
  const result = { summary, process_wall_ms: Math.round(wallMs), ...scoreOf(lines, labels) };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

/** One agent's history is its benign runs behind other defences; the test is what is undefended. */
async function prepare(runsFile: string, directory: string): Promise<Prepared> {
  const prepared: Prepared = {
    history: join(directory, 'history.ndjson'),
    input: join(directory, 'input.ndjson'),
    grants: join(directory, 'grants.yaml'),
    labels: join(directory, 'labels.json'),
    output: join(directory, 'output.jsonl'),
  };
  const runs = await readRuns(runsFile);
  const starts = startsOf(runs);
  const { history, test } = plainArm(runs);
  await writeLines(prepared.history, eventsOfAll(history, starts));
  await writeLines(prepared.input, eventsOfAll(test, starts));
  await writeFile(prepared.grants, grantsOf(runs));
  const truths = test.map(truthOf);
  await writeFile(prepared.labels, JSON.stringify(truths));
  return prepared;
}

async function writeLines(file: string, events: readonly NativeEvent[]): Promise<void> {
  const lines = Readable.from(events.map((event) => `${JSON.stringify(event)}\n`));
  await pipeline(lines, createWriteStream(file));
}

/** Runs the command line as a user would; resolves with its wall time in milliseconds. */
async function replay({ history, input, grants, output }: Prepared): Promise<number> {
  const options = ['--history', history, '--isolate', 'session', '--grants', grants];
  const command = ['src/main.ts', 'replay', input, ...options, '--out', output];
  const startMs = performance.now();
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`replay ended with ${code}`);
  return performance.now() - startMs;
}

function talk(line: string): void {
  process.stderr.write(`${line}\n`);
}
