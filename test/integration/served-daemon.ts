import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real `tripcoil serve` in a process of its own, on free ports. */
export interface ServedDaemon {
  readonly main: string;
  readonly otlp: string;
  readonly otlpGrpc: string;
  readonly process: ChildProcess;
  /** Everything it said on standard error so far. */
  readonly said: readonly string[];
  /** Everything it wrote to standard output so far. */
  readonly printed: readonly string[];
  token(name: 'local-ingest' | 'local-broker' | 'local-operator'): Promise<string>;
  /** SIGKILL: no goodbye, no flush. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export interface Workplace {
  readonly directory: string;
  readonly configFile: string;
  remove(): Promise<void>;
}

/** A temporary data directory with a configuration on free ports; `extra` is more YAML. */
export async function createWorkplace(extra = '', storeKind = 'memory'): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), 'tripcoil-test-'));
  const configFile = join(directory, 'tripcoil.yaml');
  await writeFile(
    configFile,
    `listen: { port: 0 }\notlp: { port: 0 }\notlp_grpc: { port: 0 }\ndata_directory: ./data\n` +
      `store: { kind: ${storeKind} }\n${extra}`,
  );
  return {
    directory,
    configFile,
    remove: () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
  };
}

const LISTENS = /listens on (http:\S+) \(API, UI\) and (http:\S+) \(OTLP/;
const LISTENS_GRPC = /OTLP\/gRPC on (http:\S+)/;

/** As in the scripts of package.json and in the image. */
const YOUNG_GENERATION = '--max-semi-space-size=32';

const serveWords = ({ configFile }: Workplace): string[] => [
  'src/main.ts',
  'serve',
  '-c',
  configFile,
];

/** Starts it and kills it so long afterwards, wherever its start has come to. */
export async function killWhileStarting(workplace: Workplace, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, serveWords(workplace), { stdio: 'ignore' });
  const exited = once(child, 'exit');
  await sleep(afterMs);
  child.kill('SIGKILL');
  const [code] = await exited;
  if (code !== null) throw new Error(`serve ended by itself while starting (${code})`);
}

/** Starts it; `nodeOptions` are those of Node itself, such as one for reports of crashes. */
export async function serve(
  workplace: Workplace,
  nodeOptions: readonly string[] = [],
): Promise<ServedDaemon> {
  const words = [YOUNG_GENERATION, ...nodeOptions, ...serveWords(workplace)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  const printed: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => printed.push(line));
  const lines = createInterface({ input: child.stderr });
  const listening = new Promise<{ main: string; otlp: string; otlpGrpc: string }>(
    (resolve, reject) => {
      lines.on('line', (line) => {
        said.push(line);
        const otlpGrpc = LISTENS_GRPC.exec(line)?.[1];
        const [, main, otlp] = LISTENS.exec(said.at(-2) ?? '') ?? [];
        if (main && otlp && otlpGrpc) resolve({ main, otlp, otlpGrpc });
      });
      child.once('exit', (code) => reject(new Error(`serve ended (${code}):\n${said.join('\n')}`)));
    },
  );
  const { main, otlp, otlpGrpc } = await listening;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return {
    main,
    otlp,
    otlpGrpc,
    process: child,
    said,
    printed,
    token: async (name) => {
      const path = join(workplace.directory, 'data', 'credentials', `${name}.token`);
      return (await readFile(path, 'utf8')).trim();
    },
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}

/** Runs a command of the CLI to its end. */
export function tripcoil(
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', ...words], (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

/** Calls the daemon and returns its JSON. */
export async function call<Body>(
  daemon: ServedDaemon,
  token: string | null,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: Body }> {
  const response = await fetch(`${daemon.main}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

/** Asks again until the answer is the wanted one; the daemon works in a process of its own. */
export async function eventually<Value>(
  ask: () => Promise<Value>,
  wanted: (value: Value) => boolean,
  withinMs = 15_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (wanted(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(
        `not within ${withinMs} ms; last seen: ${JSON.stringify(value).slice(0, 2_000)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
