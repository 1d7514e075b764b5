import { setImmediate } from 'node:timers/promises';
import type { EpochMs } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock that moves only when told to. Whoever sleeps is woken in order of time. */
export class FakeClock implements Clock {
  #now: EpochMs;
  #monotonicMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(now: EpochMs) {
    this.#now = now;
  }

  /** Whole milliseconds, as wall clocks tell. */
  now(): EpochMs {
    return Math.floor(this.#now);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** How many sleep at the moment. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { atMs: this.#monotonicMs + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      const stop = () => {
        this.#sleepers.delete(sleeper);
        resolve();
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Moves on by `ms`, letting everything that wakes on the way run to its next wait. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonicMs + ms;
    await settled();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#moveTo(Math.max(next.atMs, this.#monotonicMs));
      this.#sleepers.delete(next);
      next.wake();
      await settled();
    }
    this.#moveTo(end);
  }

  /** Moves on at once, as after a machine's sleep: whoever is due wakes late, and only once. */
  async leap(ms: number): Promise<void> {
    await settled();
    this.#moveTo(this.#monotonicMs + ms);
    await this.advance(0);
  }

  /** Sets the wall clock, as an operator or a time server does; sleepers do not notice. */
  set(now: EpochMs): void {
    this.#now = now;
  }

  #next(end: number): Sleeper | null {
    let next: Sleeper | null = null;
    for (const sleeper of this.#sleepers) {
      if (sleeper.atMs <= end && (next === null || sleeper.atMs < next.atMs)) next = sleeper;
    }
    return next;
  }

  #moveTo(ms: number): void {
    this.#now += ms - this.#monotonicMs;
    this.#monotonicMs = ms;
  }
}

/** Passes of the event loop that an entry needs from its sender to the followers of the log. */
const PASSES = 4;

/** Resolves once every promise that can go on without time or I/O has gone on. */
export async function settled(): Promise<void> {
  for (let pass = 0; pass < PASSES; pass += 1) await setImmediate();
}
