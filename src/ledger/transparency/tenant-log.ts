import { assert } from '../../core/errors.ts';
import { type EntryHead, kindCode } from '../entry-text.ts';
import { SALT_BYTES } from '../sealed-block.ts';
import { encodeBundle } from '../tlog/entry-bundle.ts';
import {
  LEAF_RECORD_BYTES,
  readLeafRecord,
  writeCommitment,
  writeLeafRecord,
} from '../tlog/leaf-record.ts';
import { hashesAt, TILE_WIDTH, type TileName, tileWidth } from '../tlog/tile.ts';
import { TiledTree } from '../tlog/tiled-tree.ts';
import { HASH_BYTES, writeHash } from '../tlog/tree-hash.ts';

/** A tile of hashes or a bundle of entries, as served. */
export interface LogFile {
  readonly name: TileName;
  readonly bytes: Buffer;
}

/** What a log needs to go on after a restart. */
export interface LogEdge {
  /** Of the last entry in it, in the partition's log. */
  readonly seq: number;
  readonly size: number;
  /** Base64 of the unfinished tiles, lowest level first, and of the unfinished bundle's records. */
  readonly tiles: readonly string[];
  readonly records: string;
}

const LEAF_PREFIX = 0x00;

/**
 * The transparency log of one tenant: its tree and its unfinished entry bundle. A pure fold over
 * the tenant's entries: the same entries give the same files, whenever they are asked for.
 */
export class TenantLog {
  readonly #tree: TiledTree;
  readonly #records: Buffer;
  readonly #leaf = Buffer.alloc(1 + LEAF_RECORD_BYTES, LEAF_PREFIX);
  readonly #hash = Buffer.alloc(HASH_BYTES);
  #salted = Buffer.alloc(4_096);
  /** Finished since they were last taken. */
  #finished: LogFile[] = [];
  #seq: number;

  constructor(edge: LogEdge | null = null) {
    const { seq, size, tiles, records } = edge ?? { seq: 0, size: 0, tiles: [], records: '' };
    const bytesOf = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64');
    this.#tree = TiledTree.restore(size, (level) => bytesOf(tiles[level]));
    this.#records = Buffer.alloc(TILE_WIDTH * LEAF_RECORD_BYTES);
    const unfinished = bytesOf(records);
    assert(unfinished.length === (size % TILE_WIDTH) * LEAF_RECORD_BYTES, 'the edge is whole');
    unfinished.copy(this.#records);
    this.#seq = seq;
  }

  get size(): number {
    return this.#tree.size;
  }

  /** Of the last entry, in the partition's log. */
  get seq(): number {
    return this.#seq;
  }

  /** Finished files that are not on disk yet. */
  get finished(): number {
    return this.#finished.length;
  }

  root(): Buffer {
    return this.#tree.root();
  }

  /**
   * Adds an entry that comes after all others; `text` is what was stored of it, and its salt the
   * one at `place` of `salts`.
   */
  add({ seq, loggedAt, kind }: EntryHead, text: Buffer, salts: Buffer, place: number): void {
    assert(seq > this.#seq, 'entries are added in order');
    const salted = this.#room(SALT_BYTES + text.length);
    salts.copy(salted, 0, place * SALT_BYTES, (place + 1) * SALT_BYTES);
    text.copy(salted, SALT_BYTES);
    const at = (this.#tree.size % TILE_WIDTH) * LEAF_RECORD_BYTES;
    writeLeafRecord(this.#records, at, { kind: kindCode(kind), seq, loggedAt });
    writeCommitment(salted.subarray(0, SALT_BYTES + text.length), this.#records, at);
    this.#integrate(seq);
  }

  /** Adds an entry whose text nobody can read any more, by its leaf record. */
  addRecord(seq: number, record: Buffer): void {
    assert(seq > this.#seq, 'entries are added in order');
    record.copy(this.#records, (this.#tree.size % TILE_WIDTH) * LEAF_RECORD_BYTES);
    this.#integrate(seq);
  }

  #integrate(seq: number): void {
    const place = this.#tree.size % TILE_WIDTH;
    const at = place * LEAF_RECORD_BYTES;
    this.#records.copy(this.#leaf, 1, at, at + LEAF_RECORD_BYTES);
    writeHash(this.#leaf, this.#hash, 0);
    for (const { bytes, ...name } of this.#tree.append(this.#hash)) {
      this.#finished.push({ name, bytes });
    }
    this.#seq = seq;
    if (place === TILE_WIDTH - 1) {
      const index = this.#tree.size / TILE_WIDTH - 1;
      const name = { level: 'entries', index, width: TILE_WIDTH } as const;
      this.#finished.push({ name, bytes: encodeBundle(this.#records) });
    }
  }

  /** The finished files since the last call. */
  takeFinished(): readonly LogFile[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  /** Gives back what could not be written. */
  returnFinished(files: readonly LogFile[]): void {
    this.#finished = [...files, ...this.#finished];
  }

  /** The files that are still growing. */
  unfinished(): readonly LogFile[] {
    const files: LogFile[] = this.#tree.unfinished().map(({ bytes, ...name }) => ({ name, bytes }));
    const index = Math.floor(this.size / TILE_WIDTH);
    const width = this.size % TILE_WIDTH;
    if (width === 0) return files;
    const bytes = encodeBundle(this.#unfinishedRecords());
    return [...files, { name: { level: 'entries', index, width }, bytes }];
  }

  /** A file of the log that is not a finished one; null where the log does not reach. */
  growing(name: TileName): Buffer | null {
    const { level, index, width } = name;
    if (tileWidth(level, index, this.size) < width) return null;
    const found = this.unfinished().find(
      (file) => file.name.level === level && file.name.index === index,
    );
    if (found === undefined) return null;
    return found.bytes.subarray(0, (found.bytes.length / found.name.width) * width);
  }

  /** Of the entries in the bundle that grows, or was filled last. */
  lastSeqs(): readonly number[] {
    const width = this.size % TILE_WIDTH || TILE_WIDTH;
    return Array.from(
      { length: Math.min(width, this.size) },
      (_, place) => readLeafRecord(this.#records, place * LEAF_RECORD_BYTES)?.seq ?? 0,
    );
  }

  edge(): LogEdge {
    const tiles: string[] = [];
    const unfinished = this.#tree.unfinished();
    for (let level = 0; hashesAt(level, this.size) > 0; level += 1) {
      const tile = unfinished.find((each) => each.level === level);
      tiles.push(tile?.bytes.toString('base64') ?? '');
    }
    const records = this.#unfinishedRecords().toString('base64');
    return { seq: this.#seq, size: this.size, tiles, records };
  }

  #unfinishedRecords(): Buffer {
    return this.#records.subarray(0, (this.size % TILE_WIDTH) * LEAF_RECORD_BYTES);
  }

  #room(bytes: number): Buffer {
    if (bytes > this.#salted.length) this.#salted = Buffer.alloc(2 * bytes);
    return this.#salted;
  }
}
