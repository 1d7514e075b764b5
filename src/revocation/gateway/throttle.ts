import { LIMITS } from '../../core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';

/**
 * Counts requests by breaker and minute. Beyond `LIMITS.gatewayThrottled` breakers of one minute
 * all further ones share a count.
 */
export class Throttle {
  #minute = 0;
  #counts = new Map<string, number>();

  /**
   * Null when the request may go on, else the seconds after which the next one may. One a minute
   * always may, however low the rate.
   */
  take(breaker: string, perMinute: number, nowMs: number): number | null {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#counts = new Map();
    }
    const isFull = this.#counts.size >= LIMITS.gatewayThrottled;
    const name = isFull && !this.#counts.has(breaker) ? '' : breaker;
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    if (count <= Math.max(1, perMinute)) return null;
    return Math.max(1, Math.ceil(((minute + 1) * MINUTE_MS - nowMs) / SECOND_MS));
  }
}
