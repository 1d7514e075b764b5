import { BLOCK_TYPE, COMMIT_TYPE, decodeBlock, decodeCommit } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { HashChain } from './hash-chain.ts';
import type { LedgerFile } from './ledger-files.ts';
import { HEADER_BYTES, type SegmentHeader } from './segment-header.ts';

/**
 * Why a walk stopped before the end of the file. `cut`: the file ends within a group.
 * `out_of_order`: a whole entry with another sequence number than the next.
 */
export interface SegmentFault {
  readonly kind: 'cut' | 'altered' | 'out_of_order';
  /** File position of the frame, and of the group it belongs to. */
  readonly offset: number;
  readonly groupOffset: number;
  /** The sequence number expected there, and with `out_of_order` the one found. */
  readonly seq: number;
  readonly foundSeq?: number;
  readonly message: string;
}

/** The state at the last whole group. */
export interface SegmentWalk {
  readonly endOffset: number;
  /** Sequence of the last committed entry; the one before the segment when it holds none. */
  readonly lastSeq: number;
  readonly loggedAt: number;
  readonly hash: Buffer;
  readonly commits: number;
  /** The segment was ended on purpose: the next entry opens another. */
  readonly complete: boolean;
  readonly fault: SegmentFault | null;
}

export interface WalkObserver {
  /** A group is whole and its chain hash fits. */
  onCommit?(lastSeq: number, hash: Buffer): void;
  /** Bytes were read up to this position; may throw to abort the walk. */
  onProgress?(offset: number): void;
}

/**
 * Checks every byte of a segment behind its header: checksums, sequence, chain. Memory is bounded
 * by the longest entry.
 */
export async function walkSegment(
  file: LedgerFile,
  size: number,
  header: SegmentHeader,
  observer: WalkObserver = {},
): Promise<SegmentWalk> {
  const reader = new FrameReader(file, HEADER_BYTES, size);
  const groups = new GroupCheck(header, observer);
  for (;;) {
    const step = reader.step();
    if (step === 'frame') {
      const fault = groups.accept(reader);
      if (fault !== null) return groups.result(fault);
    } else if (step === 'load') {
      if (!(await reader.load())) return groups.result(groups.fault('cut', reader.offset, CUT));
      observer.onProgress?.(reader.offset);
    } else if (step === 'end') {
      return groups.result(groups.open ? groups.fault('cut', reader.offset, UNCOMMITTED) : null);
    } else if (step === 'cut') {
      return groups.result(groups.fault('cut', reader.offset, CUT));
    } else {
      return groups.result(groups.fault('altered', reader.offset, DAMAGED));
    }
  }
}

const CUT = 'the file ends inside a frame';
const UNCOMMITTED = 'the file ends before the commit of its last group';
const DAMAGED = 'a frame does not match its checksum';

class GroupCheck {
  readonly #observer: WalkObserver;
  readonly #chain: HashChain;
  #hash: Buffer;
  #lastSeq: number;
  #loggedAt: number;
  #endOffset = HEADER_BYTES;
  #commits = 0;
  #complete = false;
  /** Entries of the group being read, the lowest and highest of them, and its log time. */
  #count = 0;
  #blockFirst = 0;
  #groupFirst = Number.POSITIVE_INFINITY;
  #groupLast = 0;
  #groupLoggedAt: number;

  constructor(header: SegmentHeader, observer: WalkObserver) {
    this.#observer = observer;
    this.#chain = new HashChain(header.previousHash);
    this.#hash = header.previousHash;
    this.#lastSeq = header.firstSeq - 1;
    this.#loggedAt = header.previousLoggedAt;
    this.#groupLoggedAt = header.previousLoggedAt;
  }

  get open(): boolean {
    return this.#count > 0;
  }

  accept(reader: FrameReader): SegmentFault | null {
    if (this.#complete) {
      return this.fault('altered', reader.offset, 'bytes follow the end of the segment');
    }
    const type = reader.bytes[reader.payload];
    if (type === BLOCK_TYPE) return this.#block(reader);
    if (type === COMMIT_TYPE) return this.#commit(reader);
    return this.fault('altered', reader.offset, 'a frame has an unknown type');
  }

  fault(kind: SegmentFault['kind'], offset: number, message: string): SegmentFault {
    const seq = this.#lastSeq + this.#count + 1;
    return { kind, offset, groupOffset: this.#endOffset, seq, message };
  }

  result(fault: SegmentFault | null): SegmentWalk {
    return {
      endOffset: this.#endOffset,
      lastSeq: this.#lastSeq,
      loggedAt: this.#loggedAt,
      hash: this.#hash,
      commits: this.#commits,
      complete: this.#complete,
      fault,
    };
  }

  #block({ bytes, payload, end, offset }: FrameReader): SegmentFault | null {
    const block = decodeBlock(bytes, payload, end);
    if (block === null) return this.fault('altered', offset, 'a block is malformed');
    const { firstSeq, lastSeq, count, loggedAt } = block;
    if (firstSeq <= Math.max(this.#lastSeq, this.#blockFirst)) {
      const message = `entry ${firstSeq} stands in the place of another`;
      return { ...this.fault('out_of_order', offset, message), foundSeq: firstSeq };
    }
    this.#chain.add(bytes.subarray(payload, end));
    this.#count += count;
    this.#blockFirst = firstSeq;
    this.#groupFirst = Math.min(this.#groupFirst, firstSeq);
    if (lastSeq > this.#groupLast) this.#groupLoggedAt = loggedAt;
    this.#groupLast = Math.max(this.#groupLast, lastSeq);
    return null;
  }

  #commit(reader: FrameReader): SegmentFault | null {
    const commit = decodeCommit(reader.bytes, reader.payload, reader.end);
    if (commit === null) return this.fault('altered', reader.offset, 'a commit is malformed');
    const lastSeq = this.#lastSeq + this.#count;
    const whole = this.#groupFirst === this.#lastSeq + 1 && this.#groupLast === lastSeq;
    if (!whole || commit.lastSeq !== lastSeq || commit.count !== this.#count) {
      const message = `a commit of entry ${commit.lastSeq} stands in the place of another`;
      // The first that is not there; the blocks of a group say which entries they hold.
      const seq = this.#groupFirst > this.#lastSeq + 1 ? this.#lastSeq + 1 : lastSeq + 1;
      const fault = { ...this.fault('out_of_order', reader.offset, message), seq };
      return { ...fault, foundSeq: commit.lastSeq };
    }
    if (!this.#chain.equals(commit.hash)) {
      return this.fault('altered', reader.offset, 'the group does not hash to its commit');
    }
    this.#hash = this.#chain.value;
    this.#lastSeq = lastSeq;
    this.#loggedAt = this.#groupLoggedAt;
    this.#endOffset = reader.endOffset;
    this.#count = 0;
    this.#groupFirst = Number.POSITIVE_INFINITY;
    this.#commits += 1;
    this.#complete = commit.completesSegment;
    this.#observer.onCommit?.(lastSeq, this.#hash);
    return null;
  }
}
