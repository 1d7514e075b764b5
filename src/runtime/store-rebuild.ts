import { type LogEntry, SYSTEM_TENANT } from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { ProjectionBatch } from '../ports/store.ts';
import type {
  FreshStore,
  RebuildProgress,
  RebuildTarget,
  StoreRebuild,
} from '../ports/store-rebuild.ts';
import { decodeEntry } from './entries.ts';
import type { Partition } from './partition.ts';
import { projectionOf } from './projector.ts';

export interface StoreRebuildOptions {
  readonly ledger: Ledger;
  readonly target: RebuildTarget;
  readonly openFresh: () => Promise<FreshStore>;
  readonly partition: Pick<Partition, 'append'>;
  readonly redactText: (tenant: string, text: string) => string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Fills a new store from the ledger beside the one in use, and lets it take over when it has all.
 * It rests as long as it works, so that ingest and search go on. A crash leaves the old store.
 */
export class StoreRebuilder implements StoreRebuild {
  readonly #options: StoreRebuildOptions;
  readonly #stop = new AbortController();
  #progress: RebuildProgress | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: StoreRebuildOptions) {
    this.#options = options;
  }

  progress(): RebuildProgress | null {
    return this.#progress;
  }

  async start(order: { readonly actor: string; readonly reason: string }) {
    if (this.#progress !== null) {
      throw new TripcoilError('conflict', 'the store is being rebuilt already');
    }
    const { clock, ledger, partition, redactText, log } = this.#options;
    const begun = { seq: 0, of: ledger.head.seq, startedAt: clock.now() };
    this.#progress = begun;
    const words = (text: string): string => redactText(SYSTEM_TENANT, text);
    const body = { type: 'store_rebuild', actor: words(order.actor), reason: words(order.reason) };
    try {
      await partition.append([{ kind: 'snapshot', tenant: SYSTEM_TENANT, body }]);
    } catch (error) {
      this.#progress = null;
      throw error;
    }
    log.info('the store is rebuilt from the ledger', { entries: begun.of });
    this.#running = this.#run();
    return begun;
  }

  /** Resolves when nothing is under way any more. */
  idle(): Promise<void> {
    return this.#running;
  }

  /** Stops after the batch under way; the old store stays. Safe twice. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { target, openFresh, log, metrics } = this.#options;
    let fresh: FreshStore | null = null;
    try {
      fresh = await openFresh();
      const of = await target.begin(fresh.store);
      await this.#fill(of);
      if (this.#stop.signal.aborted) throw new TripcoilError('conflict', 'stopped');
      await target.finish(() => fresh?.adopt() ?? Promise.resolve());
      log.info('the store is rebuilt', { entries: of });
    } catch (error) {
      await target.abandon().catch(() => undefined);
      await fresh?.discard().catch(() => undefined);
      log.error('the store was not rebuilt; the old one goes on', { error: String(error) });
    } finally {
      this.#progress = null;
      metrics.gauge('tripcoil_store_rebuild_entries', 0);
    }
  }

  async #fill(of: number): Promise<void> {
    const { ledger, clock } = this.#options;
    let filled = 0;
    let gathered: LogEntry[] = [];
    let chars = 0;
    const flush = async (to: number): Promise<void> => {
      const startMs = clock.monotonicMs();
      await this.#project(gathered, filled + 1, to, of);
      filled = to;
      gathered = [];
      chars = 0;
      await clock.sleep(clock.monotonicMs() - startMs, this.#stop.signal);
    };
    for await (const batch of ledger.read(1)) {
      if (this.#stop.signal.aborted) return;
      for (const stored of batch) {
        if (stored.seq > of) break;
        gathered.push(decodeEntry(stored));
        chars += stored.body.length;
      }
      const last = gathered.at(-1)?.seq ?? filled;
      const enough = gathered.length >= LIMITS.projectionEntries || chars >= LIMITS.projectionChars;
      if (enough) await flush(last);
      if ((batch.at(-1)?.seq ?? 0) >= of) break;
    }
    // Also where the last entries are erased: nothing is missing up to there.
    if (filled < of) await flush(of);
  }

  async #project(
    entries: readonly LogEntry[],
    firstSeq: number,
    lastSeq: number,
    of: number,
  ): Promise<void> {
    const { target, metrics } = this.#options;
    const rows = projectionOf(entries) ?? NO_ROWS;
    await target.fill({ ...rows, firstSeq, lastSeq });
    const { startedAt = 0 } = this.#progress ?? {};
    this.#progress = { seq: lastSeq, of, startedAt };
    metrics.gauge('tripcoil_store_rebuild_entries', of - lastSeq);
  }
}

const NO_ROWS: ProjectionBatch = {
  ...{ firstSeq: 1, lastSeq: 1 },
  ...{ events: [], findings: [], transitions: [], chainLinks: [] },
};
