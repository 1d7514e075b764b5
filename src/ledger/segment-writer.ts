import { join } from 'node:path';
import { assert } from '../core/errors.ts';
import type { LedgerFile, LedgerFiles } from './ledger-files.ts';
import { encodeHeader, HEADER_BYTES, type SegmentHeader, segmentName } from './segment-header.ts';
import { segmentsDirectory, truncateSegment } from './segments.ts';

/**
 * Writes whole groups to the end of the ledger. After a failure the bytes of the failed group are
 * removed before the next one is tried, so that what was refused can never come back as committed.
 */
export class SegmentWriter {
  readonly #files: LedgerFiles;
  readonly #directory: string;
  #segment: { readonly path: string; readonly firstSeq: number } | null;
  #file: LedgerFile | null = null;
  #endOffset: number;
  /** Something behind `#endOffset` may be on disk. */
  #dirty = false;

  constructor(
    files: LedgerFiles,
    directory: string,
    tail: { readonly firstSeq: number; readonly endOffset: number } | null,
  ) {
    this.#files = files;
    this.#directory = segmentsDirectory(directory);
    this.#segment = tail === null ? null : this.#place(tail.firstSeq);
    this.#endOffset = tail?.endOffset ?? 0;
  }

  /** Where the next group goes, from the start of its segment. */
  get offset(): number {
    return this.#segment === null ? HEADER_BYTES : this.#endOffset;
  }

  /** Size of the segment that begins with `firstSeq` if it is the one being written, else null. */
  committedBytes(firstSeq: number): number | null {
    return this.#segment?.firstSeq === firstSeq ? this.#endOffset : null;
  }

  get clean(): boolean {
    return !this.#dirty;
  }

  /**
   * Resolves once the group is durable. `next` describes the segment to create if none is open.
   * Returns the first sequence of the segment that the group went to.
   */
  async write(group: Buffer, next: SegmentHeader, completesSegment: boolean): Promise<number> {
    if (this.#dirty) await this.#repair();
    this.#dirty = true;
    const file = this.#segment === null ? await this.#create(next) : await this.#open();
    await file.write(group, this.#endOffset);
    await file.syncData();
    this.#endOffset += group.length;
    this.#dirty = false;
    const firstSeq = this.#segment?.firstSeq ?? next.firstSeq;
    if (completesSegment) {
      this.#segment = null;
      await this.close();
    }
    return firstSeq;
  }

  /** Closes the file. Everything acknowledged is durable already, so that a failure is harmless. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => undefined);
  }

  #place(firstSeq: number) {
    return { path: join(this.#directory, segmentName(firstSeq)), firstSeq };
  }

  async #open(): Promise<LedgerFile> {
    const segment = this.#segment;
    assert(segment !== null, 'a segment is open');
    this.#file ??= await this.#files.open(segment.path, 'write');
    return this.#file;
  }

  async #create(header: SegmentHeader): Promise<LedgerFile> {
    const place = this.#place(header.firstSeq);
    this.#segment = place;
    this.#endOffset = 0;
    const file = await this.#files.open(place.path, 'create');
    this.#file = file;
    await file.write(encodeHeader(header), 0);
    // Before any group, so that none can be found behind a header that was lost.
    await file.sync();
    await this.#files.syncDirectory(this.#directory);
    this.#endOffset = HEADER_BYTES;
    return file;
  }

  /**
   * The file is opened anew because after a failed fsync the kernel may call lost pages clean;
   * only what is written and flushed after the truncation is relied upon.
   */
  async #repair(): Promise<void> {
    await this.close();
    const segment = this.#segment;
    if (segment === null) return;
    if (this.#endOffset < HEADER_BYTES) {
      await this.#files.remove(segment.path);
      await this.#files.syncDirectory(this.#directory);
      this.#segment = null;
    } else {
      await truncateSegment(this.#files, segment.path, this.#endOffset);
    }
    this.#dirty = false;
  }
}
