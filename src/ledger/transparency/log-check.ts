import type { EntryHead } from '../entry-text.ts';
import type { TreeHead } from '../tlog/checkpoint.ts';
import { decodeBundle } from '../tlog/entry-bundle.ts';
import { readLeafRecord } from '../tlog/leaf-record.ts';
import { hashesAt, TILE_WIDTH, type TileName, tilePath, tileWidth } from '../tlog/tile.ts';
import { TiledTree } from '../tlog/tiled-tree.ts';
import { HASH_BYTES, perfectRoot } from '../tlog/tree-hash.ts';
import type { LogDirectory } from './log-directory.ts';
import { LogFault, type LogProblem } from './log-problem.ts';
import { PartialFiles } from './partial-files.ts';
import { logFile, type StoredLog } from './stored-log.ts';
import { type LogFile, TenantLog } from './tenant-log.ts';

/** A run of entries that nobody can open, as the header of its block tells of it. */
export interface ClosedRun {
  readonly count: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly loggedAt: number;
}

/** A checkpoint kept elsewhere, and the file it came from. */
export interface KeptHead {
  readonly head: TreeHead;
  readonly file: string;
}

/**
 * Checks the log of one tenant against its entries: makes the log again, and holds every file it
 * makes against the one that is there. Memory is bounded by the right edge of the tree.
 */
export class LogCheck {
  readonly #directory: LogDirectory;
  readonly #tenant: string;
  readonly #stored: StoredLog | null;
  readonly #kept: readonly KeptHead[];
  readonly #log = new TenantLog();
  /** What a restart would go on from, as written, and the size it says; null when there is none. */
  readonly #edge: { readonly size: number; readonly text: string } | null;
  readonly #partials: PartialFiles;
  /** The bundle that closed entries are read from. */
  #bundle: { readonly index: number; readonly records: readonly Buffer[] } | null = null;
  /** The first closed entry in the bundle that grows: its records come from the bundle itself. */
  #closedFrom = Number.POSITIVE_INFINITY;
  #beyond = 0;

  constructor(options: {
    readonly directory: LogDirectory;
    readonly tenant: string;
    readonly stored: StoredLog | null;
    readonly edge: { readonly size: number; readonly text: string } | null;
    readonly kept: readonly KeptHead[];
  }) {
    this.#directory = options.directory;
    this.#tenant = options.tenant;
    this.#partials = new PartialFiles(options.directory, options.tenant);
    this.#stored = options.stored;
    this.#edge = options.edge;
    this.#kept = options.kept;
  }

  /** Entries in the signed log. */
  get size(): number {
    return this.#stored?.head.size ?? 0;
  }

  /** Entries of segments that came after the signed log. */
  get beyond(): number {
    return this.#beyond;
  }

  /** Takes the next entry as `TenantLog.add` does; true when `check` must run before the next. */
  add(entry: EntryHead, text: Buffer, salts: Buffer, place: number): boolean {
    if (this.#log.size === this.size) {
      this.#beyond += 1;
      return false;
    }
    this.#log.add(entry, text, salts, place);
    return this.#isDue();
  }

  /** Takes the entries whose segments were deleted, by their leaf records; how many they are. */
  async addDeleted(beforeSeq: number): Promise<number> {
    let count = 0;
    for (; this.#log.size < this.size && beforeSeq > 1; count += 1) {
      const place = this.#log.size;
      const bytes = this.#recordAt(place, beforeSeq);
      const record = readLeafRecord(bytes);
      if (record === null || record.seq <= this.#log.seq) {
        const path = tilePath(bundleName(place, this.size));
        throw this.#fault('altered', path, null, 'the bundle does not hold entries in order');
      }
      if (record.seq >= beforeSeq) return count;
      this.#closedFrom = Math.min(this.#closedFrom, place);
      this.#log.addRecord(record.seq, bytes);
      if (this.#isDue()) await this.check();
    }
    return count;
  }

  /** Takes the entries of a run that nobody can open, by their leaf records. */
  async addClosed({ count, firstSeq, lastSeq, loggedAt }: ClosedRun): Promise<void> {
    for (let taken = 0; taken < count; taken += 1) {
      if (this.#log.size === this.size) {
        this.#beyond += count - taken;
        return;
      }
      const place = this.#log.size;
      const bytes = this.#recordAt(place, firstSeq);
      const record = readLeafRecord(bytes);
      const fits =
        record !== null &&
        (taken === 0 ? record.seq === firstSeq : record.seq > this.#log.seq) &&
        (taken === count - 1
          ? record.seq === lastSeq && record.loggedAt === loggedAt
          : record.seq < lastSeq);
      if (!fits) {
        const name = bundleName(place, this.size);
        const message = 'the bundle does not hold what was sealed in its place';
        throw this.#fault('altered', tilePath(name), firstSeq, message);
      }
      this.#closedFrom = Math.min(this.#closedFrom, place);
      this.#log.addRecord(record.seq, bytes);
      if (this.#isDue()) await this.check();
    }
  }

  /** Holds what was finished against the files that are there. */
  async check(): Promise<void> {
    const size = this.#log.size;
    const files = [...this.#log.takeFinished()];
    const ended = size === this.size;
    // Bundles first: tiles follow from them.
    if (ended) files.push(...this.#log.unfinished());
    files.sort((a, b) => Number(b.name.level === 'entries') - Number(a.name.level === 'entries'));
    for (const file of files) this.#compare(file);
    for (const { name, bytes } of files) await this.#comparePartials(name, bytes);
    if (files.length > 0) this.#closedFrom = Number.POSITIVE_INFINITY;
    if (ended && !this.#log.root().equals(this.#stored?.head.root ?? EMPTY)) {
      const message = 'the checkpoint is of another history than the entries';
      throw this.#fault('forked', 'checkpoint', null, message);
    }
    if (size === this.#edge?.size && JSON.stringify(this.#log.edge()) !== this.#edge.text) {
      const message = 'the edge that a restart goes on from is not as it was written';
      throw this.#fault('altered', 'edge.json', this.#log.seq, message);
    }
    for (const { head, file } of this.#kept) {
      if (head.size !== size || this.#log.root().equals(head.root)) continue;
      const message = `the first ${size} entries are others than those of the checkpoint kept`;
      throw this.#fault('forked', file, this.#log.seq, message, false);
    }
  }

  /** After the last entry: nothing signed, kept or written may be missing. */
  finish(): void {
    const { size, seq } = this.#log;
    if (size < this.size) {
      const message = `the log has ${this.size} entries, and the segments ${size} of them`;
      throw this.#fault('truncated', 'checkpoint', seq + 1, message);
    }
    const kept = this.#kept.find(({ head }) => head.size > size);
    if (kept) {
      const message = `the log ends after ${size} entries, and had ${kept.head.size} of them`;
      throw this.#fault('truncated', kept.file, seq + 1, message, false);
    }
    if (this.#edge !== null && this.#edge.size > size + this.#beyond) {
      const message = 'the edge that a restart goes on from lies behind the last entry';
      throw this.#fault('altered', 'edge.json', seq + 1, message);
    }
  }

  /** An entry that should be in the log, and is behind its end. */
  missing(seq: number): LogFault {
    if (this.#stored === null) {
      return this.#fault('missing', 'checkpoint', seq, 'the log has no checkpoint');
    }
    const message = `the log ends after ${this.size} entries and should hold entry ${seq}`;
    return this.#fault('truncated', 'checkpoint', seq, message);
  }

  #isDue(): boolean {
    const { size } = this.#log;
    if (size % TILE_WIDTH === 0 || size === this.size || size === this.#edge?.size) return true;
    return this.#kept.some(({ head }) => head.size === size);
  }

  #compare({ name, bytes }: LogFile): void {
    const found = this.#read(name);
    if (found?.equals(bytes)) return;
    const path = tilePath(name);
    const fault = (kind: LogProblem['kind'], message: string, place = 0) =>
      this.#fault(kind, path, this.#seqAt(name, place), message);
    if (found === null) throw fault('missing', 'the file is gone');
    if (found.length < bytes.length && bytes.subarray(0, found.length).equals(found)) {
      throw fault('truncated', 'the file is cut off');
    }
    const unit = bytes.length / name.width;
    const differing = differingPlaces(bytes, found, unit);
    if (name.level === 0) this.#blameBundle(name, bytes, found, differing);
    const place = differing[0] ?? 0;
    const moved = name.width > 1 && differing.length === name.width;
    if (moved && found.length === bytes.length) {
      throw fault('reordered', 'the file stands in the place of another');
    }
    const what = name.level === 'entries' ? 'entry' : 'hash';
    throw fault('altered', `${what} ${place} of the file is not what was written`, place);
  }

  /** Narrower files that were published before and are still there must have been true then. */
  async #comparePartials(name: TileName, bytes: Buffer): Promise<void> {
    for (const width of await this.#partials.widthsBeside(name)) {
      const partial = { ...name, width };
      const found = width < name.width && this.#directory.readFileNow(this.#tenant, partial);
      const wanted = bytes.subarray(0, (bytes.length / name.width) * width);
      if (!found || found.equals(wanted)) continue;
      const message = 'an earlier state of the file is not a part of it';
      throw this.#fault('altered', tilePath(partial), this.#seqAt(name, 0), message);
    }
  }

  /**
   * Records of closed entries come from the bundle. Where the tile fits what is above it, the
   * bundle is at fault.
   */
  #blameBundle(name: TileName, bytes: Buffer, found: Buffer, differing: readonly number[]): void {
    const [place = 0] = differing;
    const index = name.index * TILE_WIDTH + place;
    if (index < this.#closedFrom || found.length !== bytes.length) return;
    if (!this.#fitsAbove(name, found)) return;
    const path = tilePath({ ...name, level: 'entries' });
    const message = `entry ${place} of the bundle is not what the tree holds`;
    throw this.#fault('altered', path, this.#seqAt(name, place), message);
  }

  #fitsAbove({ index, width }: TileName, found: Buffer): boolean {
    if (width < TILE_WIDTH) {
      const tile = (level: number) => (level === 0 ? found : this.#partialAt(level));
      for (let level = 0; hashesAt(level, this.size) > 0; level += 1) {
        const hashes = hashesAt(level, this.size) % TILE_WIDTH;
        if ((tile(level)?.length ?? 0) !== hashes * HASH_BYTES) return false;
      }
      return TiledTree.restore(this.size, tile)
        .root()
        .equals(this.#stored?.head.root ?? EMPTY);
    }
    const above = Math.floor(index / TILE_WIDTH);
    const parent = { level: 1, index: above, width: tileWidth(1, above, this.size) };
    const at = (index - above * TILE_WIDTH) * HASH_BYTES;
    const hashes = this.#read(parent);
    return hashes?.subarray(at, at + HASH_BYTES).equals(perfectRoot(found)) ?? false;
  }

  #partialAt(level: number): Buffer | null {
    const found = [...(this.#stored?.partial ?? [])].find(([path]) =>
      path.startsWith(`tile/${level}/`),
    );
    return found?.[1] ?? null;
  }

  #recordAt(place: number, seq: number): Buffer {
    const name = bundleName(place, this.size);
    if (this.#bundle?.index !== name.index) {
      const bytes = this.#read(name);
      if (bytes === null) throw this.#fault('missing', tilePath(name), seq, 'the file is gone');
      const records = decodeBundle(bytes);
      if (records?.length !== name.width) {
        const message = 'the bundle is malformed or cut off';
        throw this.#fault('altered', tilePath(name), seq, message);
      }
      this.#bundle = { index: name.index, records };
    }
    return this.#bundle?.records[place % TILE_WIDTH] ?? EMPTY;
  }

  #read(name: TileName): Buffer | null {
    const partial = name.width < TILE_WIDTH ? this.#stored?.partial.get(tilePath(name)) : undefined;
    return partial === undefined ? this.#directory.readFileNow(this.#tenant, name) : partial;
  }

  /** The entry at a place of a file that belongs to the end of what was made so far. */
  #seqAt({ level, index, width }: TileName, place: number): number | null {
    if (level !== 0 && level !== 'entries') return null;
    const behind = index * TILE_WIDTH + width;
    if (behind !== this.#log.size) return null;
    return this.#log.lastSeqs()[place] ?? null;
  }

  #fault(
    kind: LogProblem['kind'],
    path: string,
    seq: number | null,
    message: string,
    own = true,
  ): LogFault {
    const tenant = this.#tenant;
    return new LogFault({ kind, tenant, file: own ? logFile(tenant, path) : path, seq, message });
  }
}

const EMPTY = Buffer.alloc(0);

function bundleName(place: number, size: number): TileName {
  const index = Math.floor(place / TILE_WIDTH);
  return { level: 'entries', index, width: tileWidth('entries', index, size) };
}

function differingPlaces(wanted: Buffer, found: Buffer, unit: number): readonly number[] {
  const places: number[] = [];
  for (let at = 0; at < wanted.length; at += unit) {
    if (!wanted.subarray(at, at + unit).equals(found.subarray(at, at + unit))) {
      places.push(at / unit);
    }
  }
  return places;
}
