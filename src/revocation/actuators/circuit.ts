import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';

/**
 * Keeps calls from a target that does not answer: after `LIMITS.actuatorFailures` failures in a row
 * it rests, twice as long each time one trial call fails too, up to the back-off of deliveries.
 */
export class Circuit {
  readonly #clock: Clock;
  #failures = 0;
  #restMs = 0;
  #restsUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds to wait before the next call; 0 when it may be made now. */
  get waitMs(): number {
    return Math.max(0, this.#restsUntil - this.#clock.monotonicMs());
  }

  get open(): boolean {
    return this.#restMs > 0;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#restMs = 0;
    this.#restsUntil = 0;
  }

  failed(): void {
    this.#failures += 1;
    if (this.#failures < LIMITS.actuatorFailures) return;
    const next = this.#restMs === 0 ? LIMITS.actuatorRestMs : this.#restMs * 2;
    this.#restMs = Math.min(next, LIMITS.deliveryBackoffMaxMs);
    this.#restsUntil = this.#clock.monotonicMs() + this.#restMs;
  }
}
