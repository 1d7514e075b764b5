import { createHash, hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LIMITS } from '../core/limits.ts';
import type { Shard } from '../engine/shard.ts';
import { restoreChunk, ShardCut, type SnapshotChunk } from '../engine/snapshot.ts';
import type { Ledger, SequencedEntry } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { SnapshotFiles } from './snapshot-files.ts';

const NAME = /^snapshot-(\d{20})\.ndjson$/;
const KEPT = 2;

export interface SnapshotsOptions {
  readonly files: SnapshotFiles;
  readonly ledger: Ledger;
  readonly log: Log;
  /**
   * Leaves the thread to others for a while, between two slices, unless there is a hurry. One turn
   * of the event loop unless given.
   */
  readonly pause?: (hurry: AbortSignal) => Promise<unknown>;
}

/**
 * Last line of a snapshot: the SHA-256 of the lines before it, and that of the ledger entry it
 * stands on, so that it is never restored over another ledger.
 */
interface End {
  readonly type: 'end';
  readonly sha256: string;
  readonly entrySha256: string;
}

/** The snapshots of one partition: written one after the other, the newest usable one restored. */
export class Snapshots {
  readonly #files: SnapshotFiles;
  readonly #ledger: Ledger;
  readonly #log: Log;
  readonly #pause: (hurry: AbortSignal) => Promise<unknown>;
  readonly #hurry = new AbortController();
  #writing: Promise<void> | null = null;

  constructor({ files, ledger, log, pause }: SnapshotsOptions) {
    this.#files = files;
    this.#ledger = ledger;
    this.#log = log;
    this.#pause = pause ?? (() => nextTurn());
  }

  /** Whether a snapshot is being written; another one then waits for a better time. */
  get busy(): boolean {
    return this.#writing !== null;
  }

  /**
   * Writes the shard's state as it is at this moment, in slices between which the fold goes on. A
   * crash leaves the previous snapshot; a failure is logged, since without it the next start only
   * replays more.
   */
  write(shard: Shard): Promise<void> {
    if (shard.seq === 0) return Promise.resolve();
    const previous = this.#writing ?? Promise.resolve();
    const cut = new ShardCut(shard);
    const writing = previous.then(() => this.#store(cut)).finally(() => cut.drop());
    this.#writing = writing
      .catch((error: unknown) => {
        this.#log.warn('snapshot not written; the next start replays more', {
          error: String(error),
        });
      })
      .finally(() => {
        if (this.#writing === settled) this.#writing = null;
      });
    const settled = this.#writing;
    return settled;
  }

  /** From now on nobody else needs the thread: what is being written is finished fast. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** Resolves once nothing is being written. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  /** The newest snapshot that is whole, of this version and of this ledger; null without one. */
  async restoreLatest(fresh: () => Shard): Promise<Shard | null> {
    for (const name of await this.#listed()) {
      const seq = seqOf(name);
      if (seq > this.#ledger.head.seq) {
        this.#log.warn('snapshot is ahead of the ledger, ignored', { name });
        continue;
      }
      try {
        return await this.#restored(name, seq, fresh());
      } catch (error) {
        this.#log.warn('snapshot not usable, trying an older one', { name, error: String(error) });
      }
    }
    return null;
  }

  async #store(cut: ShardCut): Promise<void> {
    const { seq } = cut;
    const entrySha256 = await this.#entryDigest(seq);
    await this.#files.write(nameOf(seq), this.#slices(cut, entrySha256));
    // Whatever claims to be ahead of the state just written is of another ledger.
    const names = await this.#listed();
    const current = names.filter((name) => seqOf(name) <= seq);
    for (const name of names) {
      if (seqOf(name) > seq || current.indexOf(name) >= KEPT) await this.#files.remove(name);
    }
  }

  async *#slices(cut: ShardCut, entrySha256: string): AsyncGenerator<readonly string[]> {
    const digest = createHash('sha256');
    let slice: string[] = [];
    let chars = 0;
    for (const line of cut.lines()) {
      digest.update(`${line}\n`);
      slice.push(line);
      chars += line.length;
      if (chars < LIMITS.snapshotSliceChars) continue;
      yield slice;
      const { signal } = this.#hurry;
      await (signal.aborted ? nextTurn() : this.#pause(signal));
      slice = [];
      chars = 0;
    }
    const end: End = { type: 'end', sha256: digest.digest('hex'), entrySha256 };
    yield [...slice, JSON.stringify(end)];
  }

  async #restored(name: string, seq: number, shard: Shard): Promise<Shard> {
    const digest = createHash('sha256');
    let last: string | null = null;
    for await (const line of this.#files.lines(name)) {
      if (last !== null) {
        digest.update(`${last}\n`);
        restoreChunk(shard, JSON.parse(last) as SnapshotChunk);
      }
      last = line;
    }
    const end = JSON.parse(last ?? 'null') as Partial<End> | null;
    if (end?.type !== 'end' || end.sha256 !== digest.digest('hex')) throw new Error('damaged');
    if (shard.seq !== seq || end.entrySha256 !== (await this.#entryDigest(seq))) {
      throw new Error('of another ledger');
    }
    return shard;
  }

  async #entryDigest(seq: number): Promise<string> {
    for await (const [entry] of this.#ledger.read(seq)) {
      if (entry?.seq === seq) return digestOf(entry);
      break;
    }
    throw new Error('its entry is not in the ledger');
  }

  /** Newest first. */
  async #listed(): Promise<readonly string[]> {
    const names = await this.#files.list();
    return names.filter((name) => NAME.test(name)).sort((a, b) => (a < b ? 1 : -1));
  }
}

function digestOf({ seq, loggedAt, kind, tenant, body }: SequencedEntry): string {
  return hash('sha256', JSON.stringify([seq, loggedAt, kind, tenant, body]));
}

function nameOf(seq: number): string {
  return `snapshot-${String(seq).padStart(20, '0')}.ndjson`;
}

function seqOf(name: string): number {
  return Number(NAME.exec(name)?.[1]);
}
