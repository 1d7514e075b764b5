import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LIMITS } from '../core/limits.ts';
import type { Shard } from '../engine/shard.ts';
import { ShardCut } from '../engine/shard-cut.ts';
import { restoreChunk, type SnapshotChunk } from '../engine/snapshot.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { TenantSeal } from '../ports/tenant-seal.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import { placeOf, SnapshotSlice } from './snapshot-slice.ts';

const NAME = /^snapshot-(\d{20})\.(?:ndjson|sealed)$/;
const KEPT = 2;

export interface SnapshotsOptions {
  readonly files: SnapshotFiles;
  readonly ledger: Ledger;
  readonly log: Log;
  /** Hides what it writes; anybody may read it without, in tests. */
  readonly seal?: TenantSeal;
  /**
   * Leaves the thread to others for a while, between two slices, unless there is a hurry. One turn
   * of the event loop unless given.
   */
  readonly pause?: (hurry: AbortSignal) => Promise<unknown>;
}

/**
 * Last line of a snapshot: the SHA-256 of the lines before it, and the ledger's own hash where it
 * stands, so that it is never restored over another ledger.
 */
interface End {
  readonly type: 'end';
  readonly sha256: string;
  readonly chain: string;
}

/** The snapshots of one partition: written one after the other, the newest usable one restored. */
export class Snapshots {
  readonly #files: SnapshotFiles;
  readonly #ledger: Ledger;
  readonly #log: Log;
  readonly #seal: TenantSeal | null;
  readonly #pause: (hurry: AbortSignal) => Promise<unknown>;
  readonly #hurry = new AbortController();
  #writing: Promise<void> | null = null;

  constructor({ files, ledger, log, seal, pause }: SnapshotsOptions) {
    this.#files = files;
    this.#ledger = ledger;
    this.#log = log;
    this.#seal = seal ?? null;
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

  /** Where the newest one stands; 0 without any. */
  async newestSeq(): Promise<number> {
    const [newest] = await this.#listed();
    return newest === undefined ? 0 : seqOf(newest);
  }

  async #store(cut: ShardCut): Promise<void> {
    const { seq } = cut;
    const name = nameOf(seq, this.#seal !== null);
    const chain = await this.#chainAt(seq);
    await this.#seal?.prepare(cut.tenants);
    await this.#files.write(name, this.#slices(cut, name, chain));
    // Whatever claims to be ahead of the state just written is of another ledger.
    const names = await this.#listed();
    const current = names.filter((other) => seqOf(other) <= seq);
    for (const other of names) {
      const isOpen = this.#seal !== null && other.endsWith(OPEN_END);
      if (seqOf(other) > seq || isOpen || current.indexOf(other) >= KEPT) {
        await this.#files.remove(other);
      }
    }
  }

  async *#slices(cut: ShardCut, name: string, chain: string): AsyncGenerator<readonly string[]> {
    const digest = createHash('sha256');
    const slice = new SnapshotSlice(this.#seal, name, (line) => digest.update(`${line}\n`));
    for (const line of cut.lines()) {
      slice.add(line);
      if (slice.chars < LIMITS.snapshotSliceChars) continue;
      yield slice.take();
      const { signal } = this.#hurry;
      await (signal.aborted ? nextTurn() : this.#pause(signal));
    }
    const rest = slice.take();
    const end: End = { type: 'end', sha256: digest.digest('hex'), chain };
    yield [...rest, JSON.stringify(end)];
  }

  async #restored(name: string, seq: number, shard: Shard): Promise<Shard> {
    const digest = createHash('sha256');
    let last: string | null = null;
    let number = 0;
    for await (const line of this.#files.lines(name)) {
      if (last !== null) {
        digest.update(`${last}\n`);
        await this.#restoreLine(last, placeOf(name, number), shard);
        number += 1;
      }
      last = line;
    }
    const end = JSON.parse(last ?? 'null') as Partial<End> | null;
    if (end?.type !== 'end' || end.sha256 !== digest.digest('hex')) throw new Error('damaged');
    if (shard.seq !== seq || end.chain !== (await this.#chainAt(seq))) {
      throw new Error('of another ledger');
    }
    return shard;
  }

  async #restoreLine(line: string, place: string, shard: Shard): Promise<void> {
    const text = this.#seal === null ? line : await this.#seal.open(line, place);
    // Of a tenant that was erased.
    if (text === null) return;
    for (const chunk of text.split('\n')) restoreChunk(shard, JSON.parse(chunk) as SnapshotChunk);
  }

  async #chainAt(seq: number): Promise<string> {
    const chain = await this.#ledger.chainAt(seq);
    if (chain === null) throw new Error('its entry is not in the ledger');
    return chain;
  }

  /** Newest first. */
  async #listed(): Promise<readonly string[]> {
    const names = await this.#files.list();
    return names.filter((name) => NAME.test(name)).sort((a, b) => (a < b ? 1 : -1));
  }
}

const OPEN_END = '.ndjson';

function nameOf(seq: number, sealed: boolean): string {
  return `snapshot-${String(seq).padStart(20, '0')}${sealed ? '.sealed' : OPEN_END}`;
}

function seqOf(name: string): number {
  return Number(NAME.exec(name)?.[1]);
}
