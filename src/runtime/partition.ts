import type { DecisionEntry, Effect, FoldedEntry, LogEntry } from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { Shard } from '../engine/shard.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger, SequencedEntry, UnsequencedEntry } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import {
  encodeDecision,
  encodeEntry,
  placed,
  recordedDecision,
  TICK,
  type Unplaced,
} from './entries.ts';

/** What a cycle of the writer made durable, for whoever follows the log. */
export interface Committed {
  /** In order of sequence: what was folded, then what was decided and recorded. */
  readonly entries: readonly LogEntry[];
  readonly folded: readonly FoldedEntry[];
  readonly effects: readonly Effect[];
  /** False when the disk refused the decisions: they are out, and recorded later. */
  readonly recorded: boolean;
}

interface Waiting {
  readonly entries: readonly Unplaced[];
  readonly resolve: (effects: readonly Effect[]) => void;
  readonly durable: () => void;
  readonly reject: (error: unknown) => void;
}

export interface PartitionOptions {
  readonly shard: Shard;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * The one writer of a partition. Cycle: take what waits, append and fsync, acknowledge, fold,
 * record the decisions, hand them out. Entries are folded in the order of their sequence.
 */
export class Partition {
  readonly shard: Shard;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #waiting: Waiting[] = [];
  readonly #listeners = new Set<(committed: Committed) => void>();
  /** Decisions that went out although the disk refused them. */
  readonly #unrecorded: Effect[] = [];
  #queued = 0;
  #loggedAt: EpochMs;
  #running: Promise<void> | null = null;
  #writable = true;
  #closed = false;

  constructor(options: PartitionOptions) {
    this.shard = options.shard;
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#metrics = options.metrics;
    this.#loggedAt = Math.max(options.ledger.head.loggedAt, options.shard.logTime);
  }

  get queued(): number {
    return this.#queued;
  }

  /** False from a failed write until the next one succeeds. */
  get writable(): boolean {
    return this.#writable;
  }

  /** Called after each cycle, in order. Returns the unsubscribe. */
  onCommitted(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves once the entries are durable; what they cause follows by `onCommitted`. */
  append(entries: readonly Unplaced[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ entries, durable: resolve, resolve: () => {}, reject });
    });
  }

  /** Resolves with the effects of the entries, once those are recorded too. */
  decide(entries: readonly Unplaced[]): Promise<readonly Effect[]> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ entries, durable: () => {}, resolve, reject });
    });
  }

  /** Logs a tick of time when something waits for one; while the disk refuses, it is the probe. */
  async tick(): Promise<void> {
    const next = this.shard.nextTimerAt();
    const due = next !== null && next <= this.#clock.now();
    if (due || !this.#writable || this.#unrecorded.length > 0)
      await this.append([TICK]).catch(() => undefined);
  }

  /** Takes in what waits, then stops. Safe twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #enqueue(waiting: Waiting): void {
    if (this.#closed) {
      waiting.reject(new TripcoilError('overloaded', 'shutting down', { retryable: true }));
      return;
    }
    if (this.#queued + waiting.entries.length > LIMITS.queuedEvents) {
      waiting.reject(
        new TripcoilError('overloaded', 'the ingest queue is full', { retryable: true }),
      );
      return;
    }
    this.#waiting.push(waiting);
    this.#queued += waiting.entries.length;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#cycle();
    this.#running = null;
  }

  async #cycle(): Promise<void> {
    const taken = this.#take();
    const unplaced = taken.flatMap((waiting) => waiting.entries);
    this.#loggedAt = Math.max(this.#loggedAt, this.#clock.now());
    const loggedAt = this.#loggedAt;
    let stored: readonly SequencedEntry[];
    try {
      stored = await this.#ledger.append(unplaced.map((entry) => encodeEntry(entry, loggedAt)));
    } catch (error) {
      this.#setWritable(false);
      for (const waiting of taken) waiting.reject(error);
      return;
    } finally {
      this.#queued -= unplaced.length;
      this.#metrics.gauge('tripcoil_ingest_queue_length', this.#queued);
    }
    this.#setWritable(true);
    for (const waiting of taken) waiting.durable();
    await this.#fold(taken, unplaced, stored, loggedAt);
  }

  async #fold(
    taken: readonly Waiting[],
    unplaced: readonly Unplaced[],
    stored: readonly SequencedEntry[],
    loggedAt: EpochMs,
  ): Promise<void> {
    const folded = unplaced.map((entry, index) => placed(entry, at(stored, index)));
    const effects = this.shard.apply(folded);
    const decisions = await this.#record(effects, loggedAt);
    const recorded = decisions !== null;
    const committed = { entries: [...folded, ...(decisions ?? [])], folded, effects, recorded };
    for (const listener of this.#listeners) listener(committed);
    let from = 0;
    for (const waiting of taken) {
      const first = at(stored, from).seq;
      from += waiting.entries.length;
      const last = at(stored, from - 1).seq;
      waiting.resolve(effects.filter((e) => e.inputSeq >= first && e.inputSeq <= last));
    }
  }

  /** Null when the disk refused: the decisions are derivable from durable input, so they go out. */
  async #record(
    effects: readonly Effect[],
    loggedAt: EpochMs,
  ): Promise<readonly DecisionEntry[] | null> {
    const owed = [...this.#unrecorded, ...effects];
    if (owed.length === 0) return [];
    const encoded: UnsequencedEntry[] = owed.map((effect) => encodeDecision(effect, loggedAt));
    try {
      const stored = await this.#ledger.append(encoded);
      this.#unrecorded.length = 0;
      return owed.map((effect, index) => recordedDecision(effect, at(stored, index)));
    } catch {
      this.#setWritable(false);
      this.#unrecorded.push(...effects);
      return null;
    }
  }

  #take(): Waiting[] {
    const taken: Waiting[] = [];
    let entries = 0;
    while (this.#waiting.length > 0) {
      const next = this.#waiting[0];
      if (!next || (entries > 0 && entries + next.entries.length > LIMITS.commitEntries)) break;
      entries += next.entries.length;
      taken.push(next);
      this.#waiting.shift();
    }
    return taken;
  }

  #setWritable(writable: boolean): void {
    if (this.#writable === writable) return;
    this.#writable = writable;
    if (writable) this.#log.info('ledger writable again');
    else this.#log.error('ledger not writable: senders are refused until it is');
  }
}

function at(stored: readonly SequencedEntry[], index: number): SequencedEntry {
  const entry = stored[index];
  if (!entry) throw new Error('assertion failed: the ledger returns one entry for each given');
  return entry;
}
