import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ChainBody } from '../../src/api/contract.ts';
import { call, eventually, type ServedDaemon } from '../integration/served-daemon.ts';

/** What is built and downloaded stays here, inside the repository and outside of git. */
export const CACHE = join(import.meta.dirname, '../../node_modules/.cache/foreign');

const GO = join(import.meta.dirname, 'go');
const GO_ENV = {
  ...process.env,
  GOMODCACHE: join(CACHE, 'go-modules'),
  GOCACHE: join(CACHE, 'go-build'),
  // Or nobody but root could delete the cache.
  GOFLAGS: '-modcacherw',
};

const execute = promisify(execFile);

/** True when the command runs; says loudly when it does not. */
function present(
  what: string,
  command: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): boolean {
  try {
    execFileSync(command, words, { ...options, stdio: 'ignore', timeout: 300_000 });
    return true;
  } catch {
    console.warn(`!! SKIPPED: ${what} not to be had here, so its clients are not tested`);
    return false;
  }
}

/** A server of the distribution; `.ci/run` installs it where it may. */
export function serverIsHere(command: 'redis-server' | 'haproxy'): boolean {
  return present(`${command} is`, command, ['-v']);
}

/** Go, and what the programs beside this file need of it; downloads that once. */
export function goIsHere(): boolean {
  const words = ['list', '-deps', './agent', './collector', './tlog'];
  return (
    present('Go is', 'go', ['version']) &&
    present('Go packages are', 'go', words, { cwd: GO, env: GO_ENV })
  );
}

/** An interpreter with the packages of `python/requirements.txt`; null where there is none. */
export function pythonHere(): string | null {
  const folder = join(CACHE, 'python');
  const python = join(folder, 'bin/python');
  const requirements = join(import.meta.dirname, 'python/requirements.txt');
  const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', requirements];
  const ready =
    present('Python is', 'python3', ['-m', 'venv', folder]) &&
    present('Python packages are', python, install);
  return ready ? python : null;
}

/** Python packages that verify tokens, by the name they are imported with. */
export const JOSE_STACKS = ['jwcrypto', 'jwt', 'jose', 'authlib'] as const;

/** Debian's interpreter where it has the package, else one with ours; null where neither has. */
export function josePython(stack: (typeof JOSE_STACKS)[number]): string | null {
  const words = ['-c', `import ${stack}`];
  try {
    execFileSync('/usr/bin/python3', words, { stdio: 'ignore', timeout: 60_000 });
    return '/usr/bin/python3';
  } catch {
    const python = joseEnvironment();
    return python !== null && present(`Python's ${stack} is`, python, words) ? python : null;
  }
}

let joseFolder: string | null | undefined;

function joseEnvironment(): string | null {
  if (joseFolder !== undefined) return joseFolder;
  const folder = join(CACHE, 'python-jose');
  const python = join(folder, 'bin/python');
  const requirements = join(import.meta.dirname, 'python/jose-requirements.txt');
  const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', requirements];
  const ready =
    present('Python is', 'python3', ['-m', 'venv', folder]) &&
    present('JOSE packages of Python are', python, install);
  joseFolder = ready ? python : null;
  return joseFolder;
}

/** Runs a command to its end; its words on standard error are in the error. */
export async function run(
  command: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const env = { ...process.env, ...options.env };
  const { stdout } = await execute(command, words, {
    ...options,
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Builds a program of the Go module beside this file; returns its path. */
export async function buildGo(program: 'agent' | 'collector' | 'tlog'): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const binary = join(CACHE, program);
  await run('go', ['build', '-o', binary, `./${program}`], { cwd: GO, env: GO_ENV });
  return binary;
}

/** How an OpenTelemetry SDK is told where to send, and with which token. */
export async function exporterEnvironment(
  daemon: ServedDaemon,
  protocol: 'http' | 'grpc',
): Promise<Readonly<Record<string, string>>> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? daemon.otlpGrpc : daemon.otlp,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${await daemon.token('local-ingest')}`,
    OTEL_EXPORTER_OTLP_INSECURE: 'true',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
  };
}

/** The chain of a trace once all three spans of the application have arrived. */
export async function chainOf(daemon: ServedDaemon, traceId: string): Promise<ChainBody> {
  const { body } = await eventually(
    () => call<ChainBody>(daemon, null, 'GET', `/v1/chains/${traceId}`),
    ({ status, body }) => status === 200 && body.steps.length === 3,
  );
  return body;
}

const OPA = join(import.meta.dirname, 'opa');

/** Whether OPA can be built: Go and its packages are here or can be had. */
export function opaIsHere(): boolean {
  const words = ['list', '-deps', 'github.com/open-policy-agent/opa'];
  return (
    present('Go is', 'go', ['version']) &&
    present('The packages of OPA are', 'go', words, { cwd: OPA, env: GO_ENV })
  );
}

/** Builds the `opa` command of the version in `opa/go.mod`; returns its path. */
export async function buildOpa(): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const binary = join(CACHE, 'opa');
  const words = ['build', '-o', binary, 'github.com/open-policy-agent/opa'];
  await run('go', words, { cwd: OPA, env: GO_ENV });
  return binary;
}
