import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { TransparencyView } from '../../ports/transparency.ts';
import { systemCode } from '../storage-error.ts';

export interface AnchorFileOptions {
  readonly logs: Pick<TransparencyView, 'logs' | 'checkpoint'>;
  /** Adds to the end of the file, durably. */
  readonly append: (text: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Writes the newest signed checkpoint of each log, as it changes, to the end of a file that should
 * lie on another disk or machine: whoever rewrites the ledger cannot rewrite that. A line each, as
 * JSON. What cannot be written is tried again with the next.
 */
export class AnchorFile {
  readonly #options: AnchorFileOptions;
  readonly #stop = new AbortController();
  readonly #anchored = new Map<string, string>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: AnchorFileOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Anchors what is new a last time. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.anchor();
  }

  /** Never rejects. */
  async anchor(): Promise<void> {
    const { logs, append, clock, log, metrics } = this.#options;
    const news = logs.logs('*').flatMap(({ tenant }) => {
      const checkpoint = logs.checkpoint(tenant);
      return checkpoint === null || checkpoint === this.#anchored.get(tenant)
        ? []
        : [{ tenant, checkpoint }];
    });
    if (news.length === 0) return;
    const at = new Date(clock.now()).toISOString();
    try {
      await append(news.map((each) => `${JSON.stringify({ at, ...each })}\n`).join(''));
      for (const { tenant, checkpoint } of news) this.#anchored.set(tenant, checkpoint);
    } catch (error) {
      metrics.count('tripcoil_ledger_anchor_failures_total');
      log.error('checkpoints not anchored, trying again', {
        reason: systemCode(error) ?? (error instanceof Error ? error.message : String(error)),
      });
    }
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      await clock.sleep(LIMITS.anchorEveryMs, this.#stop.signal);
      if (!this.#stop.signal.aborted) await this.anchor();
    }
  }
}
