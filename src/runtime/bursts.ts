import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * Tells when many orders come at once. What costs a signature and a request for each of them then
 * lets the feeds be told first, which tell a hundred brokers of a hundred trips in one message.
 */
export class Bursts {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  /** Monotone times of the latest orders, the oldest at `#next`. */
  readonly #times: number[] = new Array(LIMITS.burstOrders).fill(Number.NEGATIVE_INFINITY);
  #next = 0;
  #over: Promise<void> | null = null;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** An order was given. */
  note(): void {
    this.#times[this.#next] = this.#clock.monotonicMs();
    this.#next = (this.#next + 1) % LIMITS.burstOrders;
  }

  /** Resolves once no burst is under way, at the latest after `LIMITS.burstWaitMs`. */
  over(): Promise<void> {
    if (!this.#isOn()) return Promise.resolve();
    this.#over ??= this.#wait();
    return this.#over;
  }

  #isOn(): boolean {
    const oldestMs = this.#times[this.#next] ?? Number.NEGATIVE_INFINITY;
    return this.#clock.monotonicMs() - oldestMs < LIMITS.burstMs;
  }

  async #wait(): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    while (this.#isOn() && !this.#signal.aborted) {
      if (this.#clock.monotonicMs() - startMs >= LIMITS.burstWaitMs) break;
      await this.#clock.sleep(LIMITS.burstLookMs, this.#signal);
    }
    this.#over = null;
  }
}
