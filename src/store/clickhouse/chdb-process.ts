import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { SECOND_MS } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ChdbReply } from './chdb-messages.ts';

/** Threads and memory of the engine: it must never compete with the fold. */
const ENGINE_OPTIONS: readonly string[] = [
  '--max_threads=1',
  '--max_insert_threads=1',
  `--max_memory_usage=${LIMITS.storeStatementBytes}`,
  `--max_execution_time=${Math.ceil(LIMITS.storeCallTimeoutMs / SECOND_MS / 2)}`,
  '--max_thread_pool_size=16',
  '--background_pool_size=2',
  '--mark_cache_size=33554432',
];

/** The scheduler prefers the process that trips breakers; where that is not allowed, so be it. */
function yieldProcessor(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    return;
  }
}

/** This file's extension is that of its sibling, from source as from the build. */
const CHILD = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './chdb-child.ts' : './chdb-child.js', import.meta.url),
);

/**
 * Starts the engine's process and resolves when it has opened the directory.
 * @throws TripcoilError `storage_unavailable` when it cannot, within `LIMITS.storeStartTimeoutMs`.
 */
export async function startChdbProcess(directory: string, clock: Clock): Promise<ChildProcess> {
  const child = fork(CHILD, [directory, ...ENGINE_OPTIONS], {
    // Not our environment: it may hold keys, and the engine needs none of it.
    env: { TZ: 'UTC' },
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  yieldProcessor(child);
  const settled = new AbortController();
  const timeout = clock
    .sleep(LIMITS.storeStartTimeoutMs, settled.signal)
    .then((): ChdbReply => ({ type: 'unavailable', reason: 'no answer in time' }));
  const first = new Promise<ChdbReply>((resolve) => {
    child.once('message', (reply: ChdbReply) => resolve(reply));
    child.once('error', () => resolve({ type: 'unavailable', reason: 'cannot be started' }));
    child.once('exit', (code, signal) =>
      resolve({ type: 'unavailable', reason: `ended with ${signal ?? code}` }),
    );
  });
  const reply = await Promise.race([first, timeout]);
  settled.abort();
  if (reply.type === 'ready') return child;
  child.kill('SIGKILL');
  const reason = reply.type === 'unavailable' ? reply.reason : 'an unexpected answer';
  throw new TripcoilError('storage_unavailable', `chDB: ${reason}`, { retryable: true });
}
