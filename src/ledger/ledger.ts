import { assert, TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger, LedgerHead, SequencedEntry, UnsequencedEntry } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { CommitQueue, type WaitingAppend } from './commit-queue.ts';
import { GroupEncoder } from './frame.ts';
import { HashChain } from './hash-chain.ts';
import { writeHeadFile } from './head-file.ts';
import type { LedgerFiles, LedgerLock } from './ledger-files.ts';
import { NODE_LEDGER_FILES } from './node-ledger-files.ts';
import { readEntries } from './read.ts';
import { type RecoveredLedger, recoverLedger } from './recover.ts';
import { segmentName } from './segment-header.ts';
import { SegmentWriter } from './segment-writer.ts';
import { type SegmentFileName, segmentsDirectory } from './segments.ts';
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
  /** The machine's file system unless a test brings its own. */
  readonly files?: LedgerFiles;
}

/**
 * Opens the ledger for writing: takes its lock, finds its end, removes a write that a crash cut.
 * @throws TripcoilError `ledger_locked`, `ledger_corrupt`, or `storage_unavailable`.
 */
export async function openLedger(dependencies: LedgerDependencies): Promise<Ledger> {
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
interface Group {
  readonly appends: readonly WaitingAppend[];
  readonly results: readonly (readonly SequencedEntry[])[];
  readonly head: LedgerHead;
  readonly hash: Buffer;
  readonly completesSegment: boolean;
}

class SegmentLedger implements Ledger {
  readonly #dependencies: LedgerDependencies;
  readonly #files: LedgerFiles;
  readonly #lock: LedgerLock;
  readonly #limits: Required<LedgerOptions>;
  readonly #encoder: GroupEncoder;
  readonly #writer: SegmentWriter;
  readonly #queue = new CommitQueue();
  readonly #segments: SegmentFileName[];
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
    this.#encoder = new GroupEncoder(this.#limits.commitBytes);
    this.#writer = new SegmentWriter(files, dependencies.directory, recovered.tail);
    this.#segments = [...recovered.segments];
    this.#head = recovered.head;
    this.#hash = recovered.hash;
  }

  get head(): LedgerHead {
    return this.#head;
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
    const appended = this.#queue.push(entries);
    this.#committing ??= this.#commitWaiting();
    return appended;
  }

  read(fromSeq: number): AsyncIterable<readonly SequencedEntry[]> {
    assert(Number.isSafeInteger(fromSeq), 'fromSeq is an integer');
    const segments = this.#segments.map(({ name, firstSeq }) => ({
      name,
      firstSeq,
      committedBytes: this.#writer.committedBytes(firstSeq),
    }));
    const { directory } = this.#dependencies;
    return readEntries(this.#files, directory, segments, Math.max(1, fromSeq), this.#head.seq);
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
    const { clock, metrics } = this.#dependencies;
    const startMs = clock.monotonicMs();
    const group = this.#encodeGroup();
    try {
      const firstSeq = await this.#writer.write(
        this.#encoder.bytes,
        {
          firstSeq: this.#head.seq + 1,
          previousLoggedAt: this.#head.loggedAt,
          previousHash: this.#hash,
        },
        group.completesSegment,
      );
      if (this.#segments.at(-1)?.firstSeq !== firstSeq) {
        this.#segments.push({ name: segmentName(firstSeq), firstSeq });
      }
    } catch (error) {
      this.#refuse(group, error);
      return;
    }
    const entries = group.head.seq - this.#head.seq;
    this.#head = group.head;
    this.#hash = group.hash;
    metrics.count('tripcoil_ledger_entries_total', {}, entries);
    metrics.count('tripcoil_ledger_bytes_total', {}, this.#encoder.length);
    metrics.observe('tripcoil_ledger_commit_entries', entries);
    metrics.observe('tripcoil_ledger_commit_seconds', (clock.monotonicMs() - startMs) / 1_000);
    for (let i = 0; i < group.appends.length; i += 1) {
      group.appends[i]?.resolve(group.results[i] ?? []);
    }
  }

  #encodeGroup(): Group {
    const { commitEntries, commitBytes, segmentBytes } = this.#limits;
    const encoder = this.#encoder;
    const chain = new HashChain(this.#hash);
    const results: SequencedEntry[][] = [];
    let seq = this.#head.seq;
    let loggedAt = this.#head.loggedAt;
    encoder.reset();
    const appends = this.#queue.take(({ entries }) => {
      const sequenced: SequencedEntry[] = [];
      for (const entry of entries) {
        seq += 1;
        chain.add(encoder.addEntry(entry, seq));
        sequenced.push(withSeq(entry, seq));
        loggedAt = entry.loggedAt;
      }
      results.push(sequenced);
      return seq - this.#head.seq < commitEntries && encoder.length < commitBytes;
    });
    const hash = chain.value;
    const completesSegment = this.#writer.offset + encoder.length >= segmentBytes;
    encoder.addCommit({ count: seq - this.#head.seq, lastSeq: seq, hash, completesSegment });
    const head = { seq, hash: hash.toString('hex'), loggedAt };
    return { appends, results, head, hash, completesSegment };
  }

  /** Refuses the group and all that wait behind it, so that order holds for their senders. */
  #refuse(group: Group, error: unknown): void {
    const { log, metrics } = this.#dependencies;
    const code = systemCode(error);
    log.error('ledger write failed', { code: code ?? 'internal' });
    metrics.count('tripcoil_ledger_write_failures_total');
    const refusal = asStorageError('be written', error);
    for (const append of group.appends) append.reject(refusal);
    this.#queue.rejectAll(refusal);
  }
}

function withSeq(entry: UnsequencedEntry, seq: number): SequencedEntry {
  const { loggedAt, kind, tenant, engineVersion, body } = entry;
  return { seq, loggedAt, kind, tenant, engineVersion, body };
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
