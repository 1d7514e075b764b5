import type { DecisionEntry, Effect, FoldedEntry, LogEntry, RecordEntry } from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { Shard } from '../engine/shard.ts';
import type { Clock } from '../ports/clock.ts';
import type { Refusal } from '../ports/ingest.ts';
import type { Ledger, SequencedEntry } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import {
  encodeDecision,
  encodeEntry,
  isFolded,
  placed,
  recordedDecision,
  TICK,
  type Unplaced,
  type UnplacedRecord,
} from './entries.ts';
import { Intake, type Waiting } from './intake.ts';

/** What a cycle of the writer made durable, for whoever follows the log. */
export interface Committed {
  /** In order of sequence: what was folded, then what was decided and recorded. */
  readonly entries: readonly LogEntry[];
  readonly folded: readonly FoldedEntry[];
  readonly effects: readonly Effect[];
  /** False when the disk refused the decisions: they are out, and recorded later. */
  readonly recorded: boolean;
}

export interface PartitionOptions {
  readonly shard: Shard;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Lets others run: resolves when it is the writer's turn to fold. At once unless given. */
  readonly nextTurn?: () => Promise<unknown>;
}

/** What a cycle has folded, while its decisions are not on disk yet. */
interface Folded {
  readonly taken: readonly Waiting[];
  readonly stored: readonly SequencedEntry[];
  readonly entries: readonly (FoldedEntry | RecordEntry)[];
  readonly folded: readonly FoldedEntry[];
  readonly effects: readonly Effect[];
  readonly loggedAt: EpochMs;
}

const NO_EFFECTS: readonly Effect[] = [];

/**
 * The one writer of a partition. Cycle: take what waits, append and fsync, acknowledge, fold,
 * record the decisions, hand them out. The decisions go to disk together with what waits by then:
 * one fsync serves both. Entries are folded in the order of their sequence.
 */
export class Partition {
  readonly shard: Shard;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #nextTurn: () => Promise<unknown>;
  readonly #intake = new Intake();
  readonly #listeners = new Set<(committed: Committed) => void>();
  /** Decisions of one cycle that went out although the disk refused them. */
  #unrecorded: readonly Effect[] = [];
  #loggedAt: EpochMs;
  #running: Promise<void> | null = null;
  #inHand: readonly Waiting[] = [];
  /** Of the last cycle, when it decided something. */
  #undecided: Folded | null = null;
  #writable = true;
  #closing: Promise<void> | null = null;
  #broken = false;

  constructor(options: PartitionOptions) {
    this.shard = options.shard;
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#metrics = options.metrics;
    this.#nextTurn = options.nextTurn ?? (() => Promise.resolve());
    this.#loggedAt = Math.max(options.ledger.head.loggedAt, options.shard.logTime);
  }

  /** Events that wait for the ledger. */
  get queued(): number {
    return this.#intake.queued;
  }

  /** False from a failed write until the next one succeeds. */
  get writable(): boolean {
    return this.#writable;
  }

  /** Decisions that are out and not in the ledger, because the disk refused them. */
  get unrecorded(): number {
    return this.#unrecorded.length;
  }

  /** Whether every decision on the state so far is in the ledger, so that it may be snapshotted. */
  get settled(): boolean {
    return this.#running === null && this.#unrecorded.length === 0 && !this.#broken;
  }

  /** Called after each cycle, in order. Returns the unsubscribe. */
  onCommitted(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** As `Intake.refusal`. */
  refusal(share: string, underWay: { readonly all: number; readonly own: number }): Refusal | null {
    return this.#intake.refusal(share, LIMITS.queuedEventsLeast, underWay);
  }

  /**
   * Resolves once the entries are durable; what they cause follows by `onCommitted`. Events take
   * the queue's room of `share`; many of them are taken in as a whole and committed in parts, so
   * that others need not wait for all.
   */
  async append(entries: readonly (Unplaced | UnplacedRecord)[], share = ''): Promise<void> {
    const lane = entries.every(({ kind }) => kind === 'input') ? 'event' : 'order';
    const size = LIMITS.eventsPerRound;
    if (lane === 'order' || entries.length <= size) return this.#append(entries, lane, share);
    const refusal = this.#intake.refusal(share, entries.length);
    if (refusal !== null) throw refused(refusal);
    const parts: Promise<void>[] = [];
    for (let at = 0; at < entries.length; at += size) {
      parts.push(this.#append(entries.slice(at, at + size), lane, share));
    }
    // Whoever is told of a failure may send again at once, so nothing may be under way by then.
    const outcomes = await Promise.allSettled(parts);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  #append(
    entries: readonly (Unplaced | UnplacedRecord)[],
    lane: Waiting['lane'],
    share: string,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ entries, lane, share, durable: resolve, decided: null, reject });
    });
  }

  /**
   * Resolves with the effects of the entries, once those are recorded too. `alone`: nothing but
   * earlier decisions is written with them, so that followers hear of them before more is.
   */
  decide(entries: readonly Unplaced[], alone = false): Promise<readonly Effect[]> {
    return new Promise((resolve, reject) => {
      const durable = (): void => {};
      const waiting = { entries, lane: 'order', share: '', durable, alone } as const;
      this.#enqueue({ ...waiting, decided: resolve, reject });
    });
  }

  /** Logs a tick of time when something waits for one; while the disk refuses, it is the probe. */
  async tick(): Promise<void> {
    const next = this.shard.nextTimerAt();
    const due = next !== null && next <= Math.max(this.#loggedAt, this.#clock.now());
    if (due || !this.#writable || this.#unrecorded.length > 0)
      await this.append([TICK]).catch(() => undefined);
  }

  /** Resolves once nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Takes in what waits, then stops. Safe twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.idle();
    if (!this.#broken) await this.#recordOwed().catch(() => undefined);
  }

  #enqueue(waiting: Waiting): void {
    if (this.#broken) waiting.reject(new TripcoilError('internal', 'the engine has stopped'));
    else if (this.#closing !== null) waiting.reject(overloaded('shutting down'));
    else if (waiting.entries.length === 0) {
      waiting.durable();
      waiting.decided?.(NO_EFFECTS);
    } else {
      const refusal = this.#intake.push(waiting);
      if (refusal === null) this.#running ??= this.#run();
      else waiting.reject(refused(refusal));
    }
  }

  async #run(): Promise<void> {
    try {
      while (!this.#intake.empty || this.#undecided !== null) await this.#cycle();
    } catch (error) {
      this.#break(error);
    }
    this.#running = null;
  }

  async #cycle(): Promise<void> {
    this.#inHand = this.#intake.take();
    await this.#takeIn(this.#inHand);
  }

  /** What is owed comes first; as long as the disk refuses that, nothing more is decided. */
  async #takeIn(taken: readonly Waiting[]): Promise<void> {
    try {
      await this.#recordOwed();
    } catch (error) {
      this.#refuse(taken, error);
      return;
    }
    await this.#commit(taken);
  }

  /** Decisions of the cycle before, then what was taken, in one append. */
  async #commit(taken: readonly Waiting[]): Promise<void> {
    const before = this.#undecided;
    const unplaced = taken.flatMap((waiting) => waiting.entries);
    this.#loggedAt = Math.max(this.#loggedAt, this.#clock.now());
    const loggedAt = this.#loggedAt;
    const decisions = (before?.effects ?? []).map((effect) =>
      encodeDecision(effect, before?.loggedAt ?? loggedAt, null),
    );
    let stored: readonly SequencedEntry[];
    try {
      const entries = unplaced.map((entry) => encodeEntry(entry, loggedAt));
      stored = await this.#ledger.append([...decisions, ...entries]);
    } catch (error) {
      await this.#recommit(taken, error);
      return;
    }
    this.#setWritable(true);
    this.#settle(taken);
    if (before !== null) this.#handOut(before, stored.slice(0, decisions.length));
    for (const waiting of taken) waiting.durable();
    if (taken.length === 0) return;
    // Acknowledgements leave before the fold begins; whoever gave an order finds it obeyed.
    if (taken.every(({ lane }) => lane === 'event')) await this.#nextTurn();
    this.#fold(taken, unplaced, stored.slice(decisions.length), loggedAt);
  }

  /** An entry the ledger cannot take is the fault of one call, not of its neighbours. */
  async #recommit(taken: readonly Waiting[], error: unknown): Promise<void> {
    const before = this.#undecided;
    const alone = taken.length + (before === null ? 0 : 1) === 1;
    if (isOfStorage(error) || alone) {
      // They are derivable from what is durable, so they go out all the same.
      if (before !== null) this.#handOut(before, null);
      this.#refuse(taken, error);
      return;
    }
    if (before !== null) await this.#commit([]);
    for (const waiting of taken) await this.#takeIn([waiting]);
  }

  #fold(
    taken: readonly Waiting[],
    unplaced: readonly (Unplaced | UnplacedRecord)[],
    stored: readonly SequencedEntry[],
    loggedAt: EpochMs,
  ): void {
    const entries = unplaced.map((entry, index) => placed(entry, at(stored, index)));
    const folded = entries.filter(isFolded);
    const effects = this.shard.apply(folded);
    const cycle = { taken, stored, entries, folded, effects, loggedAt };
    if (effects.length === 0) this.#handOut(cycle, []);
    else this.#undecided = cycle;
  }

  /** To followers of the log, and to those who wait for an answer. Null: the disk refused them. */
  #handOut(cycle: Folded, recorded: readonly SequencedEntry[] | null): void {
    this.#undecided = null;
    const { taken, stored, entries, folded, effects } = cycle;
    if (recorded === null) {
      this.#unrecorded = [...this.#unrecorded, ...effects];
      this.#setWritable(false);
    }
    const decisions = recorded === null ? [] : decisionsOf(effects, recorded, null);
    this.#tell({
      entries: [...entries, ...decisions],
      folded,
      effects,
      recorded: recorded !== null,
    });
    let entry = 0;
    let effect = 0;
    for (const { entries: own, decided } of taken) {
      entry += own.length;
      const last = at(stored, entry - 1).seq;
      const first = effect;
      while ((effects[effect]?.inputSeq ?? Number.POSITIVE_INFINITY) <= last) effect += 1;
      decided?.(effect === first ? NO_EFFECTS : effects.slice(first, effect));
    }
  }

  /** Before anything else is written, so that what is owed never exceeds one cycle. */
  async #recordOwed(): Promise<void> {
    const owed = this.#unrecorded;
    if (owed.length === 0) return;
    let stored: readonly SequencedEntry[];
    try {
      stored = await this.#ledger.append(
        owed.map((effect) => encodeDecision(effect, this.#loggedAt, 'late')),
      );
    } catch (error) {
      this.#setWritable(false);
      throw error;
    }
    this.#unrecorded = [];
    this.#setWritable(true);
    const entries = decisionsOf(owed, stored, 'late');
    this.#tell({ entries, folded: [], effects: [], recorded: true });
  }

  #tell(committed: Committed): void {
    for (const listener of this.#listeners) {
      try {
        listener(committed);
      } catch (error) {
        this.#log.error('a follower of the log failed', { error: String(error) });
      }
    }
  }

  #refuse(taken: readonly Waiting[], error: unknown): void {
    if (isOfStorage(error)) this.#setWritable(false);
    this.#settle(taken);
    for (const waiting of taken) waiting.reject(error);
  }

  /** A bug in the fold: the state may be half changed, so nothing more is decided on it. */
  #break(error: unknown): void {
    this.#broken = true;
    this.#log.error('the engine stopped; open breakers stay as they are', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    this.#setWritable(false);
    const refusal = new TripcoilError('internal', 'the engine has stopped', { cause: error });
    for (const waiting of this.#inHand) waiting.reject(refusal);
    while (!this.#intake.empty) this.#refuse(this.#intake.take(), refusal);
  }

  #settle(taken: readonly Waiting[]): void {
    this.#intake.settle(taken);
    this.#metrics.gauge('tripcoil_ingest_queue_length', this.#intake.queued);
  }

  #setWritable(writable: boolean): void {
    if (this.#writable === writable) return;
    this.#writable = writable;
    if (writable) this.#log.info('ledger writable again');
    else this.#log.error('ledger not writable: senders are refused until it is');
  }
}

function isOfStorage(error: unknown): boolean {
  return (
    error instanceof TripcoilError &&
    (error.code === 'storage_unavailable' || error.code === 'overloaded')
  );
}

function refused(refusal: Refusal): TripcoilError {
  if (refusal === 'overloaded') return overloaded('the ingest queue is full');
  const message = 'this tenant has its share of the ingest queue';
  return new TripcoilError('over_share', message, { retryable: true });
}

function overloaded(message: string): TripcoilError {
  return new TripcoilError('overloaded', message, { retryable: true });
}

function decisionsOf(
  effects: readonly Effect[],
  stored: readonly SequencedEntry[],
  late: 'late' | null,
): readonly DecisionEntry[] {
  return effects.map((effect, index) => recordedDecision(effect, at(stored, index), late));
}

function at(stored: readonly SequencedEntry[], index: number): SequencedEntry {
  const entry = stored[index];
  if (!entry) throw new Error('assertion failed: the ledger returns one entry for each given');
  return entry;
}
