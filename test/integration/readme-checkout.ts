import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './served-daemon.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

export interface Ran {
  readonly code: number;
  /** Standard output and error as a terminal shows them. */
  readonly output: string;
}

/** A terminal in which something keeps running. */
export interface Terminal {
  /** What it has shown so far. */
  output(): string;
  /** SIGTERM to everything started in it; resolves when all of it has ended. */
  close(): Promise<void>;
}

/**
 * A directory that looks like a checkout after `npm ci`: the sources by link, the examples and the
 * data directory of its own, ports of its own in place of the documented ones.
 */
export interface Checkout {
  readonly directory: string;
  /** Words of the page with the ports of this checkout. */
  localised(text: string): string;
  write(path: string, text: string): Promise<void>;
  /** Runs in one terminal, call after call: functions and exported variables stay. */
  run(script: string): Promise<Ran>;
  /** Opens another terminal and leaves it running. */
  start(script: string): Terminal;
  remove(): Promise<void>;
}

export async function createCheckout(): Promise<Checkout> {
  const directory = await mkdtemp(join(tmpdir(), 'tripcoil-readme-'));
  const ports = await freePorts();
  const localised = (text: string): string =>
    [...ports].reduce((words, [from, to]) => words.replaceAll(`${from}`, `${to}`), text);
  await link(directory);
  await copyExamples(directory, localised);
  await writeFile(
    join(directory, 'ports.yaml'),
    localised('listen: { port: 8787 }\notlp: { port: 4318 }\nstore: { kind: memory }\n') +
      'otlp_grpc: { port: 0 }\n',
  );
  const env = environment(directory, localised('http://127.0.0.1:8787'));
  const terminals = new Set<Terminal>();
  return {
    directory,
    localised,
    write: (path, text) => writeFile(join(directory, path), text),
    run: (script) => runToEnd(keepingState(localised(script)), directory, env),
    start(script) {
      const terminal = open(localised(script), directory, env);
      terminals.add(terminal);
      return terminal;
    },
    async remove() {
      await Promise.all([...terminals].map((terminal) => terminal.close()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Functions and exported variables of one block are there in the next, as in one terminal. */
function keepingState(script: string): string {
  return `touch .terminal; . ./.terminal\n${script}\n{ declare -f; export -p; } > .terminal`;
}

async function runToEnd(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  const shell = bash(script, cwd, env);
  const output = collect(shell);
  const [code] = (await once(shell, 'close')) as [number | null];
  return { code: code ?? -1, output: output() };
}

function open(script: string, cwd: string, env: NodeJS.ProcessEnv): Terminal {
  const shell = bash(script, cwd, env);
  const closed = once(shell, 'close');
  return {
    output: collect(shell),
    async close() {
      try {
        // The group: npm and what it started get the signal as from Ctrl-C.
        if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGTERM');
      } catch {
        // It has ended by itself.
      }
      await closed;
    },
  };
}

function bash(script: string, cwd: string, env: NodeJS.ProcessEnv): ChildProcess {
  // One stream for both outputs keeps their order.
  const whole = `exec 2>&1\n${script}`;
  return spawn('bash', ['-euo', 'pipefail', '-c', whole], {
    ...{ cwd, env, detached: true },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function collect(shell: ChildProcess): () => string {
  let text = '';
  shell.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

/** Without what the outer npm and the outer terminal would tell the inner ones. */
function environment(directory: string, url: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|OTEL_|TRIPCOIL_|VITEST|NODE_OPTIONS$)/.test(name),
  );
  const path = `${join(directory, 'node_modules', '.bin')}:${process.env['PATH']}`;
  return { ...Object.fromEntries(inherited), PATH: path, TRIPCOIL_URL: url };
}

async function link(directory: string): Promise<void> {
  const own = new Set(['.git', 'examples', 'tripcoil-data', 'tripcoil.yaml']);
  const entries = (await readdir(ROOT)).filter((name) => !own.has(name));
  await Promise.all(entries.map((name) => symlink(join(ROOT, name), join(directory, name))));
}

/** The examples with other ports, beside a client compiled from the present sources. */
async function copyExamples(directory: string, localised: (text: string) => string): Promise<void> {
  const examples = join(directory, 'examples');
  await cp(join(ROOT, 'examples'), examples, { recursive: true });
  const broker = join(examples, 'broker.mjs');
  await writeFile(broker, localised(await readFile(broker, 'utf8')));
  const client = join(examples, 'node_modules', 'tripcoil-client');
  await mkdir(client, { recursive: true });
  await cp(join(ROOT, 'client', 'package.json'), join(client, 'package.json'));
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const project = join(ROOT, 'client', 'tsconfig.build.json');
  await run(tsc, ['-p', project, '--outDir', join(client, 'dist')]);
}

/** One free port for each that the page names. */
async function freePorts(): Promise<ReadonlyMap<number, number>> {
  const servers = [8787, 4318, 8790].map((named) => ({ named, server: createServer() }));
  const ports = new Map<number, number>();
  for (const { named, server } of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.set(named, (server.address() as AddressInfo).port);
  }
  for (const { server } of servers) server.close();
  return ports;
}

/** Runs a block that only asks until it shows what is wanted, which may still be on its way. */
export function runUntil(
  checkout: Checkout,
  script: string,
  wanted: (ran: Ran) => boolean,
): Promise<Ran> {
  return eventually(() => checkout.run(script), wanted, 30_000);
}
