import { type BreakerKey, breakerKeyText } from '../core/breaker.ts';
import type { BreakerOrder } from '../core/breaker-order.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';

/** An enforcement point that has not acknowledged an order by its deadline. */
export interface LatePoint {
  readonly point: string;
  /** As recorded. */
  readonly key: BreakerKey;
  /** The actuator that acts in its place; null where none is configured. */
  readonly escalatedTo: string | null;
}

export interface EffectOptions {
  readonly deadlineMs: number;
  readonly fromLevel: number;
  /** The epoch of a key now, and which points have not acknowledged it. */
  readonly standing: (
    key: BreakerKey,
  ) => { readonly epoch: number; readonly awaiting: readonly string[] } | null;
  /** The actuator that acts when this point does not. */
  readonly nextOf: (point: string) => string | null;
  /** Has an actuator that stands by act on the key. */
  readonly call: (actuator: string, key: BreakerKey) => void;
  /** All of one order at once. */
  readonly late: (points: readonly LatePoint[]) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Proof of effect: every order from a level on has to be acknowledged by each enforcement point
 * within the deadline. Who is late is told of, and the next actuator is called in its place; it has
 * a deadline of its own, and so on down the line.
 */
export class EffectWatch {
  readonly #options: EffectOptions;
  readonly #watching = new Map<string, number>();
  readonly #stop = new AbortController();
  /** Late by now and not told of in the log; null while nothing was told for a while. */
  #untold: { orders: number; points: number } | null = null;

  constructor(options: EffectOptions) {
    this.#options = options;
  }

  /** Begins to wait for the acknowledgements of an order; after one that relaxes, for none. */
  note({ level, phase, epoch }: BreakerOrder, key: BreakerKey): void {
    const { fromLevel, log } = this.#options;
    const text = breakerKeyText(key);
    this.#watching.delete(text);
    if (phase === 'closed' || level < fromLevel || this.#stop.signal.aborted) return;
    if (this.#watching.size >= LIMITS.effectWatched) {
      log.error('too many orders wait for acknowledgements: one is not watched');
      return;
    }
    this.#watching.set(text, epoch);
    void this.#watch(text, key, epoch);
  }

  /** Calls the actuator for what is revoked and used all the same. */
  escalate(key: BreakerKey, actuator: string): void {
    const { log, metrics, call } = this.#options;
    log.error('used after its revocation: the next actuator is called', { actuator });
    metrics.count('tripcoil_escalations_total', { actuator, why: 'use_after_revoke' });
    call(actuator, key);
  }

  close(): void {
    this.#stop.abort();
  }

  /** Looks at each deadline who is late, until nobody new is called. */
  async #watch(text: string, key: BreakerKey, epoch: number): Promise<void> {
    const { clock, deadlineMs, standing } = this.#options;
    const told = new Set<string>();
    for (let more = true; more; ) {
      await clock.sleep(deadlineMs, this.#stop.signal);
      if (this.#stop.signal.aborted || this.#watching.get(text) !== epoch) return;
      const now = standing(key);
      if (!now || now.epoch !== epoch) break;
      const late = now.awaiting.filter((point) => !told.has(point));
      for (const point of late) told.add(point);
      more = late.length > 0 && this.#tell(late, key);
    }
    if (this.#watching.get(text) === epoch) this.#watching.delete(text);
  }

  /** True when another actuator was called. */
  #tell(points: readonly string[], key: BreakerKey): boolean {
    const { nextOf, call, late, log, metrics } = this.#options;
    const told = points.map((point) => ({ point, key, escalatedTo: nextOf(point) }));
    for (const { point } of told) {
      metrics.count('tripcoil_acknowledgements_late_total', { broker: point });
    }
    this.#log(told);
    const actuators = new Set(told.flatMap(({ escalatedTo }) => escalatedTo ?? []));
    for (const actuator of actuators) {
      log.error('the next actuator is called in place of who is late', { actuator });
      metrics.count('tripcoil_escalations_total', { actuator, why: 'late' });
      call(actuator, key);
    }
    late(told);
    return actuators.size > 0;
  }

  /** A line at once, then one a while: a thousand orders may be late to a hundred brokers. */
  #log(late: readonly LatePoint[]): void {
    const { clock, log } = this.#options;
    const point = late[0]?.point;
    if (this.#untold !== null) {
      this.#untold.orders += 1;
      this.#untold.points += late.length;
      return;
    }
    log.error('an enforcement point has not acknowledged in time', { point, points: late.length });
    this.#untold = { orders: 0, points: 0 };
    void clock.sleep(LIMITS.effectLogMs, this.#stop.signal).then(() => {
      const { orders = 0, points = 0 } = this.#untold ?? {};
      this.#untold = null;
      if (orders > 0) log.error('more orders were not acknowledged in time', { orders, points });
    });
  }
}
