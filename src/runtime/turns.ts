import { FairQueue } from '../core/fair-queue.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * Shares the event loop's thread between tenants. Who has much to compute asks for a turn before
 * each slice of `LIMITS.ingestSliceMs`; between two turns the loop runs, so that sockets, the feed
 * and timers are served, and tenants that wait take turns, however many requests one of them has.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #nextLoop: () => Promise<unknown>;
  readonly #waiting = new FairQueue<() => void>(1);
  /** When the first turn of this pass of the event loop began; null while nobody computes. */
  #startedMs: number | null = null;

  /** `nextLoop` resolves in the next pass of the event loop. */
  constructor(clock: Clock, nextLoop: () => Promise<unknown>) {
    this.#clock = clock;
    this.#nextLoop = nextLoop;
  }

  /** For the first slice: at once, unless this pass of the loop has been computed in enough. */
  begin(tenant: string): Promise<void> {
    const now = this.#clock.monotonicMs();
    this.#start(now);
    const spentMs = now - (this.#startedMs ?? now);
    if (this.#waiting.size === 0 && spentMs < LIMITS.ingestSliceMs) return Promise.resolve();
    return this.#wait(tenant);
  }

  /** For every further slice: in a later pass of the loop, when it is this tenant's turn. */
  next(tenant: string): Promise<void> {
    this.#start(this.#clock.monotonicMs());
    return this.#wait(tenant);
  }

  #wait(tenant: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(tenant, resolve, 1));
  }

  #start(now: number): void {
    if (this.#startedMs !== null) return;
    this.#startedMs = now;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#nextLoop();
      const wake = this.#waiting.take();
      if (wake === undefined) break;
      this.#startedMs = this.#clock.monotonicMs();
      wake();
    }
    this.#startedMs = null;
  }
}
