import { TripcoilError } from '../core/errors.ts';
import type { LedgerHead } from '../ports/ledger.ts';
import { BLOCK_TYPE, decodeBlock } from './frame.ts';
import { FrameReader, wholeCommits } from './frame-reader.ts';
import { GENESIS_HASH } from './hash-chain.ts';
import { type KnownHead, readHeadFile } from './head-file.ts';
import type { LedgerFile, LedgerFiles } from './ledger-files.ts';
import { NODE_LEDGER_FILES } from './node-ledger-files.ts';
import { readRetentionNote } from './retention-note.ts';
import { HEADER_BYTES, type SegmentHeader } from './segment-header.ts';
import { type SegmentFault, type SegmentWalk, walkSegment } from './segment-walk.ts';
import { listSegments, readHeader, type SegmentFileName, withSegment } from './segments.ts';
import { asStorageError, systemCode } from './storage-error.ts';

/** What is wrong with a ledger, and where. The first problem ends the check. */
export interface LedgerProblem {
  /**
   * `altered`: bytes differ from what was written. `missing`: a segment or entries are gone.
   * `reordered`: whole entries or segments stand in another place. `truncated`: the end is gone.
   * `forked`: sound in itself, but another history than the one known. `wrong_version`: written
   * by a later version.
   */
  readonly kind: 'altered' | 'missing' | 'reordered' | 'truncated' | 'forked' | 'wrong_version';
  /** File name; `head.json` when that file is at fault. */
  readonly segment: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** The first entry that can no longer be relied upon. */
  readonly seq: number;
  readonly message: string;
}

export type LedgerVerification =
  | {
      readonly ok: true;
      readonly entries: number;
      readonly head: LedgerHead;
      readonly segments: number;
      /** Bytes a running writer has not committed yet; 0 unless one is running. */
      readonly uncommittedBytes: number;
    }
  | { readonly ok: false; readonly problem: LedgerProblem };

export interface VerificationProgress {
  readonly segment: string;
  readonly segmentIndex: number;
  readonly segments: number;
  /** Bytes checked of this segment, and its size. */
  readonly bytes: number;
  readonly segmentBytes: number;
  /** Entries committed so far. */
  readonly entries: number;
}

export interface VerificationOptions {
  readonly onProgress?: (progress: VerificationProgress) => void;
  /** Aborts with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * A head noted elsewhere. Without one, a ledger cut exactly behind a commit since its last clean
   * close, or rewritten as a whole, cannot be told from an honest one.
   */
  readonly expectedHead?: KnownHead;
  readonly files?: LedgerFiles;
}

/**
 * Checks every byte of a ledger without opening it for writing; also while a writer runs.
 * @throws TripcoilError `not_found` or `storage_unavailable`; the signal's reason when aborted.
 */
export async function verifyLedger(
  directory: string,
  options: VerificationOptions = {},
): Promise<LedgerVerification> {
  try {
    return await new Verifier(directory, options).run();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      const message = 'There is no ledger in this directory.';
      throw new TripcoilError('not_found', message, { cause: error });
    }
    throw asStorageError('be read', error);
  }
}

class Verifier {
  readonly #directory: string;
  readonly #options: VerificationOptions;
  readonly #files: LedgerFiles;
  #segments: readonly SegmentFileName[] = [];
  #knownHeads: readonly KnownHead[] = [];
  /** Where the chain stands, and whether the segment it stands in was ended on purpose. */
  #state: Pick<SegmentWalk, 'lastSeq' | 'loggedAt' | 'hash' | 'complete' | 'endOffset'> = {
    lastSeq: 0,
    loggedAt: 0,
    hash: GENESIS_HASH,
    complete: true,
    endOffset: 0,
  };
  #uncommittedBytes = 0;

  constructor(directory: string, options: VerificationOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#files = options.files ?? NODE_LEDGER_FILES;
  }

  async run(): Promise<LedgerVerification> {
    // The head file and the writer come first: what is found later can only be longer.
    const closed = await readHeadFile(this.#files, this.#directory);
    const live = (await this.#files.lockHolder(this.#directory)) !== null;
    const note = await readRetentionNote(this.#files, this.#directory);
    if (note === null) {
      const message = 'the note of what retention deleted does not match its checksum';
      return failed({ kind: 'altered', segment: 'retention.json', offset: 0, seq: 1, message });
    }
    const { firstSeq, previousHash: hash, previousLoggedAt: loggedAt } = note;
    this.#state = { ...this.#state, lastSeq: firstSeq - 1, hash, loggedAt };
    const listed = await listSegments(this.#files, this.#directory);
    this.#segments = listed.filter((segment) => segment.firstSeq >= firstSeq);
    if (closed === 'damaged') {
      const message = 'the record of the last clean close does not match its checksum';
      return failed({ kind: 'altered', segment: 'head.json', offset: 0, seq: 1, message });
    }
    this.#knownHeads = [closed, this.#options.expectedHead].filter(
      (head) => head !== 'none' && head !== undefined,
    );
    for (let i = 0; i < this.#segments.length; i += 1) {
      const problem = await this.#checkSegment(i, live);
      if (problem !== null) return failed(problem);
    }
    const problem = this.#checkReached();
    if (problem !== null) return failed(problem);
    const { lastSeq: seq, ...state } = this.#state;
    return {
      ok: true,
      entries: seq,
      head: { seq, hash: state.hash.toString('hex'), loggedAt: state.loggedAt },
      segments: this.#segments.length,
      uncommittedBytes: this.#uncommittedBytes,
    };
  }

  async #checkSegment(index: number, live: boolean): Promise<LedgerProblem | null> {
    const segment = this.#segments[index];
    if (segment === undefined) return null;
    const { name } = segment;
    const isLast = index === this.#segments.length - 1;
    return withSegment(this.#files, this.#directory, name, async (file) => {
      const size = await file.size();
      const reading = await readHeader(file);
      if (!reading.ok) {
        const { kind, message } = reading;
        if (live && isLast && kind === 'altered' && size <= HEADER_BYTES) return null;
        const cut = kind === 'altered' && size < HEADER_BYTES;
        const seq = segment.firstSeq;
        return { kind: cut ? 'truncated' : kind, segment: name, offset: 0, seq, message };
      }
      const misplaced = this.#checkPlace(index, reading.header);
      if (misplaced !== null) return misplaced;
      const { walk, forked } = await this.#walk(index, file, size, reading.header);
      if (forked !== null) return forked;
      this.#state = walk;
      if (walk.fault === null) return null;
      const problem = await this.#nameFault(name, file, size, walk.fault);
      if (!live || !isLast || problem.kind !== 'truncated') return problem;
      this.#uncommittedBytes = size - walk.endOffset;
      return null;
    });
  }

  /** Whether the segment begins where the one before it ended. */
  #checkPlace(index: number, header: SegmentHeader): LedgerProblem | null {
    const { name = '', firstSeq = 0 } = this.#segments[index] ?? {};
    const before = this.#segments[index - 1];
    const { lastSeq, complete, endOffset, hash, loggedAt } = this.#state;
    const seq = lastSeq + 1;
    if (header.firstSeq !== firstSeq) {
      const message = `the segment begins with entry ${header.firstSeq}, unlike its name`;
      return { kind: 'reordered', segment: name, offset: 0, seq: firstSeq, message };
    }
    if (before !== undefined && !complete) {
      const message = 'the segment ends before the next one begins';
      return { kind: 'truncated', segment: before.name, offset: endOffset, seq, message };
    }
    if (firstSeq > seq) {
      const message = `entries ${seq} to ${firstSeq - 1} are gone with their segments`;
      return { kind: 'missing', segment: name, offset: 0, seq, message };
    }
    if (firstSeq < seq) {
      const message = 'the segment begins with an entry that came before';
      return { kind: 'reordered', segment: name, offset: 0, seq: firstSeq, message };
    }
    if (!header.previousHash.equals(hash) || header.previousLoggedAt !== loggedAt) {
      const message = 'the segment continues another history than the one before it';
      return { kind: 'forked', segment: name, offset: 0, seq, message };
    }
    return null;
  }

  async #walk(index: number, file: LedgerFile, size: number, header: SegmentHeader) {
    const { onProgress, signal } = this.#options;
    const { name = '' } = this.#segments[index] ?? {};
    let forked: LedgerProblem | null = null;
    let reached = header.firstSeq - 1;
    const compare = (lastSeq: number, hash: Buffer): void => {
      const before = reached;
      reached = lastSeq;
      for (const known of this.#knownHeads) {
        if (known.seq <= before || known.seq > lastSeq) continue;
        if (known.seq === lastSeq && known.hash === hash.toString('hex')) continue;
        const message = `entry ${known.seq} hashes to another history than the one known`;
        forked ??= { kind: 'forked', segment: name, offset: 0, seq: known.seq, message };
      }
    };
    const walk = await walkSegment(file, size, header, {
      onCommit: compare,
      onProgress: (bytes) => {
        signal?.throwIfAborted();
        const segments = this.#segments.length;
        const at = { segment: name, segmentIndex: index, segments, segmentBytes: size };
        onProgress?.({ ...at, bytes, entries: reached });
      },
    });
    return { walk, forked: forked as LedgerProblem | null };
  }

  async #nameFault(
    segment: string,
    file: LedgerFile,
    size: number,
    fault: SegmentFault,
  ): Promise<LedgerProblem> {
    const { offset, seq, message } = fault;
    if (fault.kind === 'altered') return { kind: 'altered', segment, offset, seq, message };
    if (fault.kind === 'out_of_order') {
      const repeated = fault.foundSeq !== undefined && fault.foundSeq < seq;
      const moved = repeated || (await occursLater(file, offset, size, seq));
      return { kind: moved ? 'reordered' : 'missing', segment, offset, seq, message };
    }
    // A damaged length seems to run over the end: then there are whole commits behind it.
    for await (const commit of wholeCommits(file, fault.groupOffset, size)) {
      const wrong = `a frame before the commit of entry ${commit.lastSeq} has a wrong length`;
      return { kind: 'altered', segment, offset, seq, message: wrong };
    }
    const either = `${message}: cut off, or left by a crash and removed at the next start`;
    return { kind: 'truncated', segment, offset, seq, message: either };
  }

  #checkReached(): LedgerProblem | null {
    const { lastSeq, complete, endOffset } = this.#state;
    for (const known of this.#knownHeads) {
      if (known.seq <= lastSeq) continue;
      const kind = complete ? 'missing' : 'truncated';
      const segment = this.#segments.at(-1)?.name ?? 'wal';
      const message = `the ledger ends at entry ${lastSeq}, but is known to have had ${known.seq}`;
      return { kind, segment, offset: endOffset, seq: lastSeq + 1, message };
    }
    return null;
  }
}

function failed(problem: LedgerProblem): LedgerVerification {
  return { ok: false, problem };
}

/** Whether a block that may hold `seq` stands at or behind `start`, following whole frames. */
async function occursLater(
  file: LedgerFile,
  start: number,
  size: number,
  seq: number,
): Promise<boolean> {
  const reader = new FrameReader(file, start, size);
  for (;;) {
    const step = reader.step();
    if (step === 'load' ? !(await reader.load()) : step !== 'frame') return false;
    if (step === 'load' || reader.bytes[reader.payload] !== BLOCK_TYPE) continue;
    const block = decodeBlock(reader.bytes, reader.payload, reader.end);
    if (block !== null && block.firstSeq <= seq && seq <= block.lastSeq) return true;
  }
}
