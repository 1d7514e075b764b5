import type { LogEntry, RecordEntry } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { ProjectionBatch, Store, Tombstone } from '../ports/store.ts';
import { decodeEntry } from './entries.ts';
import type { Partition } from './partition.ts';

export interface ProjectorOptions {
  readonly partition: Partition;
  readonly ledger: Ledger;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Pauses by the time the last insert took: the store works a fifth of the time at most. */
const REST_FACTOR = 4;
/** Half the time while another full insert is waiting, or it never catches up. */
const BACKLOG_REST_FACTOR = 1;

/**
 * Copies the log into the store, in order and behind everything else. Recent entries come from
 * memory; when the store falls behind or restarts, the rest is read from the ledger. It takes what
 * gathers in a pause rather than each commit: a column store writes files for every insert, and on
 * one disk those delay the fsync that senders wait for. The pause follows the time the insert took,
 * so that a slow disk or a busy processor is asked for less.
 */
export class Projector {
  readonly #options: ProjectorOptions;
  readonly #recent: LogEntry[][] = [];
  #recentEntries = 0;
  readonly #stop = new AbortController();
  #wake: () => void = () => {};
  #done: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => {};
  #projected = 0;
  #pauseMs: number = LIMITS.projectionPauseMinMs;
  #waiters: { seq: number; resolve: () => void }[] = [];

  constructor(options: ProjectorOptions) {
    this.#options = options;
  }

  get projectedSeq(): number {
    return this.#projected;
  }

  start(): void {
    this.#unsubscribe = this.#options.partition.onCommitted(({ entries }) => {
      this.#recent.push([...entries]);
      this.#recentEntries += entries.length;
      while (this.#recentEntries > LIMITS.projectionQueue) this.#dropOldest();
      this.#wake();
    });
    this.#done = this.#run();
  }

  /** Resolves once everything up to `seq` can be read from the store. */
  reached(seq: number): Promise<void> {
    if (this.#projected >= seq || this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ seq, resolve }));
  }

  /** Stops after the batch under way. Safe twice. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    this.#wake();
    await this.#done;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        if (failures > 0 || this.#projected === 0) this.#projected = await this.#stored();
        await this.#sleepUntilWoken();
        await clock.sleep(this.#pauseMs, this.#stop.signal);
        await this.#step();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1)
          log.warn('store does not take projections; retrying', { error: String(error) });
        await clock.sleep(Math.min(5_000, 100 * 2 ** failures), this.#stop.signal);
      }
    }
  }

  /** Where the store stands. One that is ahead holds the rows of another ledger. */
  async #stored(): Promise<number> {
    const { store, ledger, log } = this.#options;
    const seq = await store.projectedSeq();
    if (seq > ledger.head.seq) {
      log.error('the store is ahead of the ledger: delete it, and it is rebuilt', {
        store_seq: seq,
        ledger_seq: ledger.head.seq,
      });
    }
    return seq;
  }

  /** One insert, and how long to rest after it. */
  async #step(): Promise<void> {
    const { clock, ledger } = this.#options;
    if (this.#projected >= ledger.head.seq || this.#stop.signal.aborted) return;
    const next = this.#projected + 1;
    const gathered = this.#gather(next);
    const entries = gathered.length > 0 ? gathered : await this.#fromLedger(next);
    const startMs = clock.monotonicMs();
    await this.#project(entries, next);
    const backlog = ledger.head.seq - this.#projected >= LIMITS.projectionEntries;
    const restMs = (clock.monotonicMs() - startMs) * (backlog ? BACKLOG_REST_FACTOR : REST_FACTOR);
    const { projectionPauseMinMs: min, projectionPauseMaxMs: max } = LIMITS;
    this.#pauseMs = Math.min(max, Math.max(min, restMs));
  }

  /** Entries from `next` on that are in memory, without a gap; none when the ledger is asked. */
  #gather(next: number): readonly LogEntry[] {
    const gathered: LogEntry[] = [];
    let wanted = next;
    while (gathered.length < LIMITS.projectionEntries) {
      const oldest = this.#recent[0];
      if (!oldest || (oldest[0]?.seq ?? 0) > wanted) break;
      for (const entry of oldest) if (entry.seq >= wanted) gathered.push(entry);
      wanted = Math.max(wanted, lastSeq(oldest) + 1);
      this.#dropOldest();
    }
    return gathered;
  }

  #dropOldest(): void {
    this.#recentEntries -= this.#recent.shift()?.length ?? 0;
  }

  async #fromLedger(next: number): Promise<readonly LogEntry[]> {
    const entries: LogEntry[] = [];
    let chars = 0;
    for await (const batch of this.#options.ledger.read(next)) {
      for (const stored of batch) {
        entries.push(decodeEntry(stored));
        chars += stored.body.length;
      }
      const enough = entries.length >= LIMITS.projectionEntries || chars >= LIMITS.projectionChars;
      if (enough || this.#stop.signal.aborted) break;
    }
    return entries;
  }

  /** Entries that are gone before the first one leave no gap. */
  async #project(entries: readonly LogEntry[], firstSeq: number): Promise<void> {
    const projection = projectionOf(entries);
    if (!projection) return;
    const batch = { ...projection, firstSeq };
    await this.#options.store.project(batch);
    this.#projected = Math.max(this.#projected, batch.lastSeq);
    const { ledger, metrics } = this.#options;
    metrics.gauge('tripcoil_store_projection_lag_entries', ledger.head.seq - this.#projected);
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.seq > this.#projected) return true;
      waiter.resolve();
      return false;
    });
  }

  #sleepUntilWoken(): Promise<void> {
    const { ledger } = this.#options;
    if (this.#projected < ledger.head.seq || this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** The rows of a run of the log; kinds that nobody queries take no row. */
export function projectionOf(entries: readonly LogEntry[]): ProjectionBatch | null {
  const first = entries[0];
  const last = entries[entries.length - 1];
  if (!first || !last) return null;
  const events: ProjectionBatch['events'][number][] = [];
  const findings: ProjectionBatch['findings'][number][] = [];
  const transitions: ProjectionBatch['transitions'][number][] = [];
  const chainLinks: ProjectionBatch['chainLinks'][number][] = [];
  const tombstones: Tombstone[] = [];
  for (const entry of entries) {
    const { seq, loggedAt } = entry;
    if (entry.kind === 'input') events.push({ seq, loggedAt, event: entry.body });
    else if (entry.kind === 'finding') findings.push({ seq, finding: entry.body.decision });
    else if (entry.kind === 'transition')
      transitions.push({ seq, transition: entry.body.decision });
    else if (entry.kind === 'chain')
      chainLinks.push({ seq, tenant: entry.tenant, link: entry.body.decision });
    else if (entry.kind === 'key') tombstones.push(...tombstonesOf(entry));
    else if (entry.kind === 'command' && entry.body.type === 'erase_tenant')
      tombstones.push({ seq, tenant: entry.body.erased, needles: '*' });
  }
  const { seq: firstSeq } = first;
  return { firstSeq, lastSeq: last.seq, events, findings, transitions, chainLinks, tombstones };
}

/** An erasure on record: a store that is built again from the log must not bring rows back. */
function tombstonesOf({ seq, tenant, body }: RecordEntry): readonly Tombstone[] {
  const { type, needles } = body;
  if (type !== 'erasure' || !Array.isArray(needles)) return [];
  return [{ seq, tenant, needles: needles.filter((needle) => typeof needle === 'string') }];
}

function lastSeq(entries: readonly LogEntry[]): number {
  return entries[entries.length - 1]?.seq ?? 0;
}
