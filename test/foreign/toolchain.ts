import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ChainBody } from '../../src/api/contract.ts';
import { call, eventually, type ServedDaemon } from '../integration/served-daemon.ts';

/** What is built and downloaded stays here, inside the repository and outside of git. */
export const CACHE = join(import.meta.dirname, '../../node_modules/.cache/foreign');

const execute = promisify(execFile);

/** True when the command runs; says loudly when it does not. */
export function present(command: string, ...words: readonly string[]): boolean {
  try {
    execFileSync(command, words, { stdio: 'ignore' });
    return true;
  } catch {
    console.warn(`!! SKIPPED: no ${command} here, so its clients are not tested`);
    return false;
  }
}

/** Runs a command to its end; its words on standard error are in the error. */
export async function run(
  command: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
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
export async function buildGo(program: 'agent' | 'collector'): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const binary = join(CACHE, program);
  const env = {
    GOMODCACHE: join(CACHE, 'go-modules'),
    GOCACHE: join(CACHE, 'go-build'),
    // Or nobody but root could delete the cache.
    GOFLAGS: '-modcacherw',
  };
  await run('go', ['build', '-o', binary, `./${program}`], {
    cwd: join(import.meta.dirname, 'go'),
    env,
  });
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
