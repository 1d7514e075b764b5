import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { textsOf } from '../entry-run.ts';
import type { OpenedGroup, OpenedRun } from '../read.ts';
import { SaltsByKey } from '../sealed-block.ts';
import { systemCode } from '../storage-error.ts';
import { checkpointText } from '../tlog/checkpoint.ts';
import { type NoteSigner, signNote } from '../tlog/signed-note.ts';
import { TILE_WIDTH, type TileName } from '../tlog/tile.ts';
import type { LogDirectory } from './log-directory.ts';
import { TenantLog } from './tenant-log.ts';

export interface TransparencyDependencies {
  readonly directory: LogDirectory;
  /** Who signs a tenant's checkpoints; the name is the log's origin. */
  readonly signerOf: (tenant: string) => NoteSigner;
  /** Groups of the ledger from this sequence on, to catch up. */
  readonly readGroups: (fromSeq: number) => AsyncIterable<readonly OpenedGroup[]>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What one tenant's log is, and how much of it is published and durable. */
interface Published {
  readonly log: TenantLog;
  publishedSize: number;
  /** Size at the last edge written. */
  durableSize: number;
  /** Unfinished files of the last publication, superseded by the next. */
  partial: readonly string[];
  /** Finished files placed since the last edge. */
  unsynced: string[];
  checkpoint: string | null;
}

/**
 * Keeps each tenant's transparency log behind the write path: what is durable in the segments is
 * integrated at once, published with a signed checkpoint within a second, and made durable here
 * every few seconds. All of it follows from the segments, so that a crash costs work and no entry.
 */
export class Transparency {
  readonly #dependencies: TransparencyDependencies;
  readonly #logs = new Map<string, Published>();
  readonly #salts = new SaltsByKey();
  readonly #stop = new AbortController();
  #seq: number;
  #durableSeq: number;
  /** Entries were passed over for want of room: they are read again from the segments. */
  #behind = false;
  #running: Promise<void> = Promise.resolve();
  /** The last publication or flush: they follow each other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(dependencies: TransparencyDependencies, seq: number) {
    this.#dependencies = dependencies;
    this.#seq = seq;
    this.#durableSeq = seq;
  }

  /** Restores the logs and integrates what the segments hold beyond them. */
  static async open(dependencies: TransparencyDependencies): Promise<Transparency> {
    const { directory } = dependencies;
    const { seq, tenants } = await directory.readIntegrated();
    const transparency = new Transparency(dependencies, seq);
    for (const tenant of tenants) {
      const log = new TenantLog(await directory.readEdge(tenant));
      // What was published last may be torn: it is signed anew, for this size or a later one.
      const sizes = { publishedSize: 0, durableSize: log.size, checkpoint: null };
      transparency.#logs.set(tenant, { log, ...sizes, partial: [], unsynced: [] });
    }
    await transparency.#catchUp();
    return transparency;
  }

  /** Publishes from now on, until `close`. */
  start(): void {
    this.#running = this.#run();
  }

  /** Of the last entry integrated. */
  get seq(): number {
    return this.#seq;
  }

  tenants(): readonly string[] {
    return [...this.#logs.keys()];
  }

  /** Integrates a group just committed; groups come in order. */
  integrate(runs: readonly OpenedRun[]): void {
    const lastSeq = Math.max(0, ...runs.map(({ entries }) => entries.at(-1)?.seq ?? 0));
    if (this.#behind || this.#unwritten() > LIMITS.tilesUnwritten) {
      this.#behind = true;
      return;
    }
    this.#add({ runs, lastSeq });
  }

  /** The newest signed checkpoint of a tenant; null before its first entry is published. */
  checkpoint(tenant: string): string | null {
    return this.#logs.get(tenant)?.checkpoint ?? null;
  }

  /** A tile or bundle, also one as narrow as an earlier checkpoint needs; null for none. */
  async file(tenant: string, name: TileName): Promise<Buffer | null> {
    const published = this.#logs.get(tenant);
    if (published === undefined) return null;
    const growing = published.log.growing(name);
    if (growing !== null) return growing;
    const { directory } = this.#dependencies;
    const full = await directory.readFile(tenant, { ...name, width: TILE_WIDTH });
    return full?.subarray(0, (full.length / TILE_WIDTH) * name.width) ?? null;
  }

  /** Writes what is new of every log and signs its new size. */
  publish(): Promise<void> {
    return this.#inTurn(() => this.#publish());
  }

  async #publish(): Promise<void> {
    if (this.#behind) await this.#catchUp();
    for (const [tenant, published] of this.#logs) {
      if (published.log.size > published.publishedSize) await this.#publishOne(tenant, published);
    }
  }

  /** Makes all logs durable up to what is integrated now. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#flush());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #flush(): Promise<void> {
    await this.#publish();
    const seq = this.#seq;
    if (seq === this.#durableSeq) return;
    for (const [tenant, published] of this.#logs) {
      const { log, unsynced } = published;
      if (log.size === published.durableSize) continue;
      const edge = log.edge();
      await this.#placeFinished(tenant, published);
      await this.#dependencies.directory.sync(unsynced);
      published.unsynced = [];
      await this.#dependencies.directory.writeEdge(tenant, edge);
      published.durableSize = edge.size;
    }
    await this.#dependencies.directory.writeIntegrated({ seq, tenants: this.tenants() });
    this.#durableSeq = seq;
  }

  /** Publishes and flushes a last time. Safe twice. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return this.#running;
    this.#stop.abort();
    await this.#running;
    this.#running = this.#attempt(() => this.flush());
    return this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#dependencies;
    let flushedAtMs = clock.monotonicMs();
    while (!this.#stop.signal.aborted) {
      await clock.sleep(LIMITS.publishEveryMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      const due = clock.monotonicMs() - flushedAtMs >= LIMITS.flushLogsEveryMs;
      if (due) flushedAtMs = clock.monotonicMs();
      await this.#attempt(() => (due ? this.flush() : this.publish()));
    }
  }

  /** A disk that refuses is tried again; the segments hold everything until then. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { log, metrics } = this.#dependencies;
      metrics.count('tripcoil_ledger_publish_failures_total');
      const code = systemCode(error);
      log.error('transparency logs not published, trying again', {
        reason: code ?? (error instanceof Error ? error.message : String(error)),
      });
    }
  }

  async #publishOne(tenant: string, published: Published): Promise<void> {
    const { directory, signerOf, metrics } = this.#dependencies;
    const { log } = published;
    // Taken at one moment, before anything is awaited.
    const { size } = log;
    const signer = signerOf(tenant);
    const text = checkpointText({ origin: signer.name, size, root: log.root() });
    const unfinished = log.unfinished();
    await this.#placeFinished(tenant, published);
    const partial = await directory.place(tenant, unfinished);
    const checkpoint = signNote(text, signer);
    await directory.placeCheckpoint(tenant, checkpoint);
    const kept = new Set(partial);
    await directory.remove(published.partial.filter((path) => !kept.has(path)));
    published.partial = partial;
    published.checkpoint = checkpoint;
    published.publishedSize = size;
    metrics.count('tripcoil_ledger_checkpoints_total');
  }

  async #placeFinished(tenant: string, published: Published): Promise<void> {
    const finished = published.log.takeFinished();
    try {
      const paths = await this.#dependencies.directory.place(tenant, finished);
      published.unsynced.push(...paths);
    } catch (error) {
      published.log.returnFinished(finished);
      throw error;
    }
  }

  async #catchUp(): Promise<void> {
    this.#behind = false;
    for await (const groups of this.#dependencies.readGroups(this.#seq + 1)) {
      for (const group of groups) {
        if (group.lastSeq > this.#seq) this.#add(group);
      }
      if (this.#unwritten() <= LIMITS.tilesUnwritten) continue;
      for (const [tenant, published] of this.#logs) await this.#placeFinished(tenant, published);
    }
  }

  #add({ runs, lastSeq }: OpenedGroup): void {
    for (const { bytes, entries, key } of runs) {
      const salts = this.#salts.of(key).of(entries.map(({ seq }) => seq));
      const texts = textsOf(bytes) ?? [];
      for (const [index, entry] of entries.entries()) {
        const { log } = this.#logOf(entry.tenant);
        const text = texts[index];
        // After a restart some logs are further than the least of them.
        if (text !== undefined && entry.seq > log.seq) log.add(entry, text, salts, index);
      }
    }
    this.#seq = Math.max(this.#seq, lastSeq);
  }

  #unwritten(): number {
    let files = 0;
    for (const { log } of this.#logs.values()) files += log.finished;
    return files;
  }

  #logOf(tenant: string): Published {
    const known = this.#logs.get(tenant);
    if (known) return known;
    const published: Published = {
      log: new TenantLog(),
      ...{ publishedSize: 0, durableSize: 0, partial: [], unsynced: [], checkpoint: null },
    };
    this.#logs.set(tenant, published);
    return published;
  }
}
