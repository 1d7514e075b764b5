import { join } from 'node:path';
import { assert, TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger, LedgerHead, SequencedEntry, UnsequencedEntry } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { CommitQueue, type WaitingAppend } from './commit-queue.ts';
import type { DataKeys } from './data-keys.ts';
import { FrameEncoder } from './frame.ts';
import { Group } from './group.ts';
import { HashChain } from './hash-chain.ts';
import { writeHeadFile } from './head-file.ts';
import type { LedgerFiles, LedgerLock } from './ledger-files.ts';
import { NODE_LEDGER_FILES } from './node-ledger-files.ts';
import { firstSeqSince, isUnreadable } from './old-segments.ts';
import { chainHashAt, type OpenedRun, type ReadableSegment, readEntries } from './read.ts';
import { type RecoveredLedger, recoverLedger } from './recover.ts';
import { type RetentionNote, writeRetentionNote } from './retention-note.ts';
import { segmentName } from './segment-header.ts';
import { SegmentWriter } from './segment-writer.ts';
import { readHeader, type SegmentFileName, segmentsDirectory, withSegment } from './segments.ts';
import { asStorageError, systemCode } from './storage-error.ts';

export interface LedgerOptions {
  /** Most entries and bytes that share one fsync; a single append may exceed them. */
  readonly commitEntries?: number;
  readonly commitBytes?: number;
  /** A segment ends with the group that reaches this size. */
  readonly segmentBytes?: number;
}

export interface LedgerDependencies {
  /** Created if absent. Segments go to `wal/` in it. */
  readonly directory: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly options?: LedgerOptions;
  /** Seals what is written; absent in tests and replays, where anybody may read it. */
  readonly keys?: DataKeys;
  /** Called with what became durable, in order, after those who wait for it have been told. */
  readonly onDurable?: (runs: readonly OpenedRun[]) => void;
  /** The machine's file system unless a test brings its own. */
  readonly files?: LedgerFiles;
}

/** A ledger whose oldest entries can be given up. */
export interface AgeingLedger extends Ledger {
  /** Notes, before keys are destroyed for their age, that entries up to here may be gone. */
  noteExpired(seq: number): Promise<void>;
  /**
   * Deletes whole segments from the front on, as long as all in them was sealed under destroyed
   * keys. Returns how many, and where the ledger begins from now on.
   */
  deleteOld(isDestroyed: (keyId: string) => Promise<boolean>): Promise<DeletedSegments>;
  /** The first entry that may have been logged at or after a time. */
  seqSince(time: number): Promise<number>;
}

/** What a deletion of segments took. */
export interface DeletedSegments {
  readonly segments: number;
  readonly firstSeq: number;
}

/**
 * Opens the ledger for writing: takes its lock, finds its end, removes a write that a crash cut.
 * @throws TripcoilError `ledger_locked`, `ledger_corrupt`, or `storage_unavailable`.
 */
export async function openLedger(dependencies: LedgerDependencies): Promise<AgeingLedger> {
  const { directory, log } = dependencies;
  const files = dependencies.files ?? NODE_LEDGER_FILES;
  let lock: LedgerLock | null = null;
  try {
    await files.makeDirectory(segmentsDirectory(directory));
    lock = await files.lock(directory);
    const recovered = await recoverLedger(files, directory, log);
    log.info('ledger opened', { seq: recovered.head.seq, segments: recovered.segments.length });
    return new SegmentLedger(dependencies, files, lock, recovered);
  } catch (error) {
    await lock?.release().catch(() => undefined);
    throw asStorageError('be opened', error);
  }
}

/** What a group will make of the ledger once it is durable. */
interface EncodedGroup {
  readonly runs: readonly OpenedRun[];
  readonly appends: readonly WaitingAppend[];
  readonly results: readonly (readonly SequencedEntry[])[];
  readonly head: LedgerHead;
  readonly hash: Buffer;
  readonly completesSegment: boolean;
}

class SegmentLedger implements AgeingLedger {
  readonly #dependencies: LedgerDependencies;
  readonly #files: LedgerFiles;
  readonly #lock: LedgerLock;
  readonly #limits: Required<LedgerOptions>;
  readonly #encoder: FrameEncoder;
  readonly #writer: SegmentWriter;
  readonly #queue = new CommitQueue();
  /** Tenants that wait for a key, with the log time of their entry. */
  readonly #keyless = new Map<string, number>();
  readonly #segments: SegmentFileName[];
  #retention: RetentionNote;
  #head: LedgerHead;
  #hash: Buffer;
  #committing: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(
    dependencies: LedgerDependencies,
    files: LedgerFiles,
    lock: LedgerLock,
    recovered: RecoveredLedger,
  ) {
    this.#dependencies = dependencies;
    this.#files = files;
    this.#lock = lock;
    this.#limits = {
      commitEntries: dependencies.options?.commitEntries ?? LIMITS.commitEntries,
      commitBytes: dependencies.options?.commitBytes ?? LIMITS.commitBytes,
      segmentBytes: dependencies.options?.segmentBytes ?? LIMITS.segmentBytes,
    };
    this.#encoder = new FrameEncoder(this.#limits.commitBytes);
    this.#writer = new SegmentWriter(files, dependencies.directory, recovered.tail);
    this.#segments = [...recovered.segments];
    this.#retention = recovered.retention;
    this.#head = recovered.head;
    this.#hash = recovered.hash;
  }

  get head(): LedgerHead {
    return this.#head;
  }

  get expiredSeq(): number {
    return this.#retention.expiredSeq;
  }

  async noteExpired(seq: number): Promise<void> {
    if (seq <= this.#retention.expiredSeq) return;
    await this.#noteRetention({ ...this.#retention, expiredSeq: seq });
  }

  async deleteOld(isDestroyed: (keyId: string) => Promise<boolean>): Promise<DeletedSegments> {
    const { directory } = this.#dependencies;
    const place = { files: this.#files, directory };
    let segments = 0;
    for (let next = this.#segments[1]; next !== undefined; next = this.#segments[1]) {
      const [oldest] = this.#segments;
      if (oldest === undefined || !(await isUnreadable(place, oldest, isDestroyed))) break;
      const reading = await withSegment(this.#files, directory, next.name, readHeader);
      if (!reading.ok) break;
      await this.#noteRetention({ ...this.#retention, ...reading.header });
      this.#segments.shift();
      await this.#files.remove(join(segmentsDirectory(directory), oldest.name));
      segments += 1;
    }
    if (segments > 0) await this.#files.syncDirectory(segmentsDirectory(directory));
    return { segments, firstSeq: this.#retention.firstSeq };
  }

  seqSince(time: number): Promise<number> {
    const place = { files: this.#files, directory: this.#dependencies.directory };
    return firstSeqSince(place, this.#segments, time);
  }

  async #noteRetention(note: RetentionNote): Promise<void> {
    await writeRetentionNote(this.#files, this.#dependencies.directory, note);
    this.#retention = note;
  }

  append(entries: readonly UnsequencedEntry[]): Promise<readonly SequencedEntry[]> {
    if (this.#closing !== null) {
      const message = 'The ledger is closed.';
      return Promise.reject(new TripcoilError('storage_unavailable', message));
    }
    if (entries.length === 0) return Promise.resolve([]);
    try {
      for (const entry of entries) checkEntry(entry);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#noteKeyless(entries);
    const appended = this.#queue.push(entries);
    this.#committing ??= this.#commitWaiting();
    return appended;
  }

  read(fromSeq: number): AsyncIterable<readonly SequencedEntry[]> {
    assert(Number.isSafeInteger(fromSeq), 'fromSeq is an integer');
    const segments = this.#readable();
    const { directory, keys = null } = this.#dependencies;
    const readable = { files: this.#files, directory, keys };
    return readEntries(readable, segments, Math.max(1, fromSeq), this.#head.seq);
  }

  async chainAt(seq: number): Promise<string | null> {
    if (seq < 1 || seq > this.#head.seq) return null;
    const { directory } = this.#dependencies;
    try {
      return await chainHashAt({ files: this.#files, directory }, this.#readable(), seq);
    } catch (error) {
      throw asStorageError('be read', error);
    }
  }

  #readable(): readonly ReadableSegment[] {
    return this.#segments.map(({ name, firstSeq }) => ({
      name,
      firstSeq,
      committedBytes: this.#writer.committedBytes(firstSeq),
    }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { directory, log } = this.#dependencies;
    await this.#committing;
    const { clean } = this.#writer;
    await this.#writer.close();
    try {
      // After a failed write the end on disk is uncertain; recovery settles it at the next start.
      if (clean && this.#head.seq > 0) await writeHeadFile(this.#files, directory, this.#head);
    } catch (error) {
      log.warn('ledger head file not written', { code: systemCode(error) });
    }
    await this.#lock.release().catch((error: unknown) => {
      log.warn('ledger lock not released', { code: systemCode(error) });
    });
    log.info('ledger closed', { seq: this.#head.seq });
  }

  async #commitWaiting(): Promise<void> {
    // Calls made before the next microtask share the first group.
    await Promise.resolve();
    while (!this.#queue.empty) await this.#commitGroup();
    this.#committing = null;
  }

  /** Never rejects: the outcome belongs to the appends of the group. */
  async #commitGroup(): Promise<void> {
    const { clock } = this.#dependencies;
    const startMs = clock.monotonicMs();
    try {
      await this.#makeKeys();
    } catch (error) {
      this.#refuse([], error);
      return;
    }
    const group = this.#encodeGroup();
    try {
      await this.#write(group);
    } catch (error) {
      this.#refuse(group.appends, error);
      return;
    }
    this.#measure(group.head.seq - this.#head.seq, clock.monotonicMs() - startMs);
    this.#head = group.head;
    this.#hash = group.hash;
    for (let i = 0; i < group.appends.length; i += 1) {
      group.appends[i]?.resolve(group.results[i] ?? []);
    }
    this.#dependencies.onDurable?.(group.runs);
  }

  async #write(group: EncodedGroup): Promise<void> {
    const next = {
      firstSeq: this.#head.seq + 1,
      previousLoggedAt: this.#head.loggedAt,
      previousHash: this.#hash,
    };
    const firstSeq = await this.#writer.write(this.#encoder.bytes, next, group.completesSegment);
    if (this.#segments.at(-1)?.firstSeq !== firstSeq) {
      this.#segments.push({ name: segmentName(firstSeq), firstSeq });
    }
  }

  #measure(entries: number, tookMs: number): void {
    const { metrics } = this.#dependencies;
    metrics.count('tripcoil_ledger_entries_total', {}, entries);
    metrics.count('tripcoil_ledger_bytes_total', {}, this.#encoder.length);
    metrics.observe('tripcoil_ledger_commit_entries', entries);
    metrics.observe('tripcoil_ledger_commit_seconds', tookMs / 1_000);
  }

  #noteKeyless(entries: readonly UnsequencedEntry[]): void {
    const { keys } = this.#dependencies;
    if (keys === undefined) return;
    for (const { tenant, loggedAt } of entries) {
      if (!keys.isReady(tenant, loggedAt)) this.#keyless.set(tenant, loggedAt);
    }
  }

  /** Of all who wait, so that nothing is encoded without its key. */
  async #makeKeys(): Promise<void> {
    while (this.#keyless.size > 0) {
      for (const [tenant, loggedAt] of this.#keyless) {
        await this.#dependencies.keys?.makeReady(tenant, loggedAt);
        this.#keyless.delete(tenant);
      }
    }
  }

  #encodeGroup(): EncodedGroup {
    const { commitEntries, commitBytes, segmentBytes } = this.#limits;
    const { keys } = this.#dependencies;
    const encoder = this.#encoder;
    const chain = new HashChain(this.#hash);
    const group = new Group();
    const results: SequencedEntry[][] = [];
    let seq = this.#head.seq;
    let loggedAt = this.#head.loggedAt;
    const appends = this.#queue.take(({ entries }) => {
      results.push(entries.map((entry, index) => group.add(entry, seq + 1 + index)));
      seq += entries.length;
      loggedAt = entries.at(-1)?.loggedAt ?? loggedAt;
      return seq - this.#head.seq < commitEntries && group.length < commitBytes;
    });
    encoder.reset();
    const runs = group.seal(encoder, chain, (tenant) => keys?.current(tenant) ?? null);
    const hash = chain.value;
    const completesSegment = this.#writer.offset + encoder.length >= segmentBytes;
    encoder.addCommit({ count: seq - this.#head.seq, lastSeq: seq, hash, completesSegment });
    const head = { seq, hash: hash.toString('hex'), loggedAt };
    return { runs, appends, results, head, hash, completesSegment };
  }

  /** Refuses the group and all that wait behind it, so that order holds for their senders. */
  #refuse(appends: readonly WaitingAppend[], error: unknown): void {
    const { log, metrics } = this.#dependencies;
    const code = systemCode(error);
    log.error('ledger write failed', { code: code ?? 'internal' });
    metrics.count('tripcoil_ledger_write_failures_total');
    const refusal = asStorageError('be written', error);
    for (const append of appends) append.reject(refusal);
    this.#queue.rejectAll(refusal);
  }
}

function checkEntry({ loggedAt, engineVersion, tenant, body }: UnsequencedEntry): void {
  assert(Number.isSafeInteger(loggedAt) && loggedAt >= 0, 'loggedAt is whole milliseconds');
  assert(Number.isInteger(engineVersion) && engineVersion >= 0, 'engineVersion is whole');
  assert(tenant.length <= LIMITS.identifierChars, 'a tenant is an identifier');
  assert(tenant.isWellFormed() && body.isWellFormed(), 'text reads back as it was written');
  // UTF-8 takes at most three bytes for each UTF-16 unit: most bodies need no counting.
  if (3 * body.length > LIMITS.ledgerEntryBytes) checkBodyBytes(Buffer.byteLength(body));
}

function checkBodyBytes(bytes: number): void {
  if (bytes <= LIMITS.ledgerEntryBytes) return;
  const message = `An entry has ${bytes} bytes, at most ${LIMITS.ledgerEntryBytes} are kept.`;
  throw new TripcoilError('payload_too_large', message);
}
