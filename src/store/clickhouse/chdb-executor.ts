import type { ChildProcess } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { ChdbReply, ChdbRequest } from './chdb-messages.ts';
import { startChdbProcess } from './chdb-process.ts';
import type { SqlExecutor, SqlParameters, SqlRow } from './sql-executor.ts';

export interface ChdbOptions {
  /** Holds the engine's files alone; may be deleted, and is then projected anew. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

interface Waiting {
  readonly resolve: (lines: string) => void;
  readonly reject: (error: TripcoilError) => void;
  readonly settled: AbortController;
}

/**
 * Runs statements in a process of their own. When that dies, what waited is rejected, `healthy()`
 * turns false, and it is started again with growing delays until `close`.
 */
export class ChdbExecutor implements SqlExecutor {
  private readonly options: ChdbOptions;
  private readonly closing = new AbortController();
  private readonly waiting = new Map<number, Waiting>();
  private child: ChildProcess | null = null;
  private nextId = 1;
  private recovery: Promise<void> = Promise.resolve();

  private constructor(options: ChdbOptions) {
    this.options = options;
  }

  /** @throws TripcoilError `storage_unavailable` when chDB is not installed or cannot open. */
  static async open(options: ChdbOptions): Promise<ChdbExecutor> {
    const executor = new ChdbExecutor(options);
    executor.adopt(await startPatiently(options));
    return executor;
  }

  /** Of the engine's process, for whoever watches or kills it; null while it is away. */
  get processId(): number | null {
    return this.child?.pid ?? null;
  }

  /** Resolves when the process runs again, at once if it does; also when the store is closed. */
  async recovered(): Promise<void> {
    await this.recovery;
  }

  healthy(): boolean {
    return this.child !== null;
  }

  async exec(sql: string, parameters: SqlParameters = {}): Promise<readonly SqlRow[]> {
    const lines = await this.call((id) => ({ id, op: 'exec', sql, parameters }));
    return lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as SqlRow);
  }

  async insert(table: string, rows: Iterable<SqlRow>): Promise<void> {
    let lines = '';
    let sliceEnd: number = LIMITS.storeSliceChars;
    for (const row of rows) {
      lines += `${JSON.stringify(row)}\n`;
      if (lines.length < sliceEnd) continue;
      await setImmediate();
      sliceEnd = lines.length + LIMITS.storeSliceChars;
      if (lines.length < LIMITS.storeInsertChars) continue;
      await this.insertLines(table, lines);
      lines = '';
      sliceEnd = LIMITS.storeSliceChars;
    }
    if (lines !== '') await this.insertLines(table, lines);
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    const { child } = this;
    if (child !== null) {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      await this.call((id) => ({ id, op: 'close' })).catch(() => child.kill('SIGKILL'));
      await ended;
    }
    await this.recovery;
  }

  private async insertLines(table: string, lines: string): Promise<void> {
    await this.call((id) => ({ id, op: 'insert', table, lines }));
  }

  private adopt(child: ChildProcess): void {
    this.child = child;
    this.options.metrics.gauge('tripcoil_store_up', 1);
    child.on('message', (reply: ChdbReply) => this.settle(reply));
    child.once('error', () => child.kill('SIGKILL'));
    child.once('exit', (code, signal) => this.lost(code, signal));
  }

  private lost(code: number | null, signal: string | null): void {
    this.child = null;
    this.options.metrics.gauge('tripcoil_store_up', 0);
    for (const id of [...this.waiting.keys()]) this.fail(id, away());
    if (this.closing.signal.aborted) return;
    this.options.log.warn('store process ended; starting it again', { code, signal });
    this.recovery = this.restart();
  }

  private async restart(): Promise<void> {
    const { clock, directory, log, metrics } = this.options;
    let delayMs: number = LIMITS.storeRestartFirstMs;
    while (!this.closing.signal.aborted) {
      await clock.sleep(delayMs, this.closing.signal);
      if (this.closing.signal.aborted) return;
      metrics.count('tripcoil_store_restarts_total');
      try {
        const child = await startChdbProcess(directory, clock);
        if (this.closing.signal.aborted) child.kill('SIGKILL');
        else this.adopt(child);
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown';
        delayMs = Math.min(delayMs * 2, LIMITS.storeRestartMaxMs);
        log.error('store process does not start', { reason, retryMs: delayMs });
      }
    }
  }

  private call(request: (id: number) => ChdbRequest): Promise<string> {
    const { child } = this;
    if (child === null) return Promise.reject(away());
    if (this.waiting.size >= LIMITS.storeCallsInFlight) {
      const message = 'too many statements wait for the store';
      return Promise.reject(new TripcoilError('overloaded', message, { retryable: true }));
    }
    const id = this.nextId;
    this.nextId += 1;
    const settled = new AbortController();
    const answer = new Promise<string>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, settled });
      child.send(request(id), (error) => {
        if (error !== null) this.fail(id, away());
      });
    });
    this.watch(child, settled.signal);
    return answer;
  }

  /** A statement the engine does not finish has wedged it: only a new process helps. */
  private watch(child: ChildProcess, settled: AbortSignal): void {
    const { clock, log } = this.options;
    void clock.sleep(LIMITS.storeCallTimeoutMs, settled).then(() => {
      if (settled.aborted) return;
      log.error('store process does not answer; killing it', { pid: child.pid });
      child.kill('SIGKILL');
    });
  }

  private settle(reply: ChdbReply): void {
    if (reply.type === 'done') {
      const waiting = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      waiting?.settled.abort();
      waiting?.resolve(reply.lines);
    } else if (reply.type === 'failed') {
      this.fail(reply.id, new TripcoilError('internal', `store refused: ${reply.reason}`));
    }
  }

  private fail(id: number, error: TripcoilError): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    waiting?.settled.abort();
    waiting?.reject(error);
  }
}

/** A process that outlived a killed parent holds the directory until it notices: a moment. */
async function startPatiently({ directory, clock, log }: ChdbOptions): Promise<ChildProcess> {
  let delayMs: number = LIMITS.storeRestartFirstMs;
  for (;;) {
    try {
      return await startChdbProcess(directory, clock);
    } catch (error) {
      // The engine tells no more than that it could not open; waiting in vain costs four seconds.
      const inUse = error instanceof Error && error.message.includes('CHDB_CONNECTION');
      if (!inUse || delayMs > LIMITS.storeDirectoryWaitMs) throw error;
      log.info('store directory is still in use', { retryMs: delayMs });
      await clock.sleep(delayMs);
      delayMs *= 2;
    }
  }
}

function away(): TripcoilError {
  return new TripcoilError('storage_unavailable', 'the store is away', { retryable: true });
}
