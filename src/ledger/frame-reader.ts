import { LIMITS } from '../core/limits.ts';
import {
  COMMIT_FRAME_BYTES,
  COMMIT_PAYLOAD_BYTES,
  COMMIT_TYPE,
  decodeCommit,
  FRAME_PREFIX_BYTES,
  frameIsWhole,
  PAYLOAD_BYTES_MAX,
} from './frame.ts';
import type { LedgerFile } from './ledger-files.ts';

/**
 * `frame`: one is ready in the public fields. `load`: call `load` first. `end`: the limit is
 * reached between frames. `cut`: it is reached inside one. `damaged`: length or checksum is wrong.
 */
export type FrameStep = 'frame' | 'load' | 'end' | 'cut' | 'damaged';

/**
 * Reads frames of a segment in order with a buffer of bounded size. Split into a synchronous step
 * and a rare asynchronous load because awaiting each of 100,000 frames would dominate.
 */
export class FrameReader {
  /** Where the current frame's payload lies in `bytes`; valid until the next step. */
  bytes: Buffer = Buffer.allocUnsafe(LIMITS.ledgerReadBytes);
  payload = 0;
  end = 0;

  readonly #file: LedgerFile;
  readonly #limit: number;
  /** File position of `bytes[0]`. */
  #base: number;
  #next = 0;
  #filled = 0;
  #frameStart = 0;

  /** Reads from `start` up to the file position `limit`. */
  constructor(file: LedgerFile, start: number, limit: number) {
    this.#file = file;
    this.#base = start;
    this.#limit = limit;
  }

  /** File position of the current frame, or of the fault when there is none. */
  get offset(): number {
    return this.#base + this.#frameStart;
  }

  /** File position after the current frame. */
  get endOffset(): number {
    return this.#base + this.#next;
  }

  step(): FrameStep {
    const start = this.#next;
    this.#frameStart = start;
    const left = this.#limit - this.#base - start;
    if (left <= 0) return 'end';
    if (left < FRAME_PREFIX_BYTES) return 'cut';
    if (this.#filled - start < FRAME_PREFIX_BYTES) return 'load';
    const length = this.bytes.readUInt32LE(start + 4);
    if (length === 0 || length > PAYLOAD_BYTES_MAX) return 'damaged';
    const end = start + FRAME_PREFIX_BYTES + length;
    if (end - start > left) return 'cut';
    if (end > this.#filled) return 'load';
    if (!frameIsWhole(this.bytes, start, end)) return 'damaged';
    this.payload = start + FRAME_PREFIX_BYTES;
    this.end = end;
    this.#next = end;
    return 'frame';
  }

  /** Loads what the next step needs. False when the file has become shorter than the limit. */
  async load(): Promise<boolean> {
    const rest = this.#filled - this.#next;
    const needed =
      rest >= FRAME_PREFIX_BYTES
        ? FRAME_PREFIX_BYTES + this.bytes.readUInt32LE(this.#next + 4)
        : FRAME_PREFIX_BYTES;
    const size = Math.max(needed, LIMITS.ledgerReadBytes);
    const target = size === this.bytes.length ? this.bytes : Buffer.allocUnsafe(size);
    this.bytes.copy(target, 0, this.#next, this.#filled);
    this.bytes = target;
    this.#base += this.#next;
    this.#next = 0;
    this.#frameStart = 0;
    this.#filled = rest;
    const wanted = Math.min(size, this.#limit - this.#base);
    while (this.#filled < wanted) {
      const position = this.#base + this.#filled;
      const read = await this.#file.read(target.subarray(this.#filled, wanted), position);
      if (read === 0) return false;
      this.#filled += read;
    }
    return true;
  }
}

const COMMIT_PATTERN = Buffer.from([COMMIT_PAYLOAD_BYTES, 0, 0, 0, COMMIT_TYPE]);

/**
 * Every whole commit frame from `start` on, found by its pattern and not by following lengths:
 * tells damage with committed data behind it from the torn end of a write. Sealed bytes cannot be
 * chosen, so that a body cannot imitate one.
 */
export async function* wholeCommits(
  file: LedgerFile,
  start: number,
  limit: number,
): AsyncGenerator<{ readonly offset: number; readonly lastSeq: number }> {
  const window = Buffer.allocUnsafe(LIMITS.ledgerReadBytes);
  for (let base = start; base < limit; base += window.length - COMMIT_FRAME_BYTES) {
    const wanted = Math.min(window.length, limit - base);
    const filled = await file.read(window.subarray(0, wanted), base);
    const bytes = window.subarray(0, filled);
    let found = bytes.indexOf(COMMIT_PATTERN);
    for (; found >= 0; found = bytes.indexOf(COMMIT_PATTERN, found + 1)) {
      const frame = found - 4;
      const end = frame + COMMIT_FRAME_BYTES;
      // One that begins in the overlap is whole in the next window, and counted there alone.
      if (frame < 0 || end > filled) continue;
      if (filled === window.length && frame >= window.length - COMMIT_FRAME_BYTES) continue;
      const commit = frameIsWhole(bytes, frame, end)
        ? decodeCommit(bytes, frame + FRAME_PREFIX_BYTES, end)
        : null;
      if (commit !== null) yield { offset: base + frame, lastSeq: commit.lastSeq };
    }
    if (filled < window.length) return;
  }
}
