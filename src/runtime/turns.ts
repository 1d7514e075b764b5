import { setImmediate } from 'node:timers/promises';
import { FairQueue } from '../core/fair-queue.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';

/** What is asked of the event loop. */
export interface EventLoop {
  /** Resolves in the next pass, after sockets and timers were served. */
  next(): Promise<unknown>;
  /** Resolves in the same pass, once what was woken has run to its next wait. */
  settled(): Promise<unknown>;
}

const NODE_LOOP: EventLoop = {
  next: () => setImmediate(),
  // Ticks run when no promise can go on.
  settled: () => new Promise((resolve) => process.nextTick(resolve)),
};

/**
 * Shares the event loop's thread between tenants. Who has much to compute asks for a turn before
 * each slice of `LIMITS.ingestSliceMs`; between two turns the loop runs, so that sockets, the feed
 * and timers are served, and tenants that wait take turns, however many requests one of them has.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #loop: EventLoop;
  readonly #waiting = new FairQueue<() => void>(1);
  readonly #ahead: (() => void)[] = [];
  /** When the first turn of this pass of the event loop began; null while nobody computes. */
  #startedMs: number | null = null;
  #arrived = false;

  constructor(clock: Clock, loop: EventLoop = NODE_LOOP) {
    this.#clock = clock;
    this.#loop = loop;
  }

  /** Whether this pass of the loop has been computed in for long enough. */
  get over(): boolean {
    const now = this.#clock.monotonicMs();
    this.#start(now);
    return now - (this.#startedMs ?? now) >= LIMITS.ingestSliceMs;
  }

  /** For the first slice: at once where nobody else has begun in this pass of the loop. */
  begin(tenant: string): Promise<void> {
    if (this.#startedMs === null) {
      this.#start(this.#clock.monotonicMs());
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(tenant, resolve, 1));
  }

  /** For what follows: at once while the slice lasts, else when it is this tenant's turn again. */
  next(tenant: string): Promise<void> {
    if (!this.over) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(tenant, resolve, 1, 'begun'));
  }

  /**
   * In the next pass of the loop, before any tenant: for what finishes work of them all. There is
   * one such caller, the writer of the partition.
   */
  ahead(): Promise<void> {
    const turn = new Promise<void>((resolve) => this.#ahead.push(resolve));
    this.#start(this.#clock.monotonicMs());
    return turn;
  }

  /**
   * A request has begun to arrive. More of them may be waiting: the loop accepts one connection
   * each pass, so that whoever opens hundreds would keep others from connecting, slice by slice.
   */
  arrived(): void {
    this.#arrived = true;
  }

  #start(now: number): void {
    if (this.#startedMs !== null) return;
    this.#startedMs = now;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#passes();
      const wake = this.#ahead.shift() ?? this.#waiting.take();
      if (wake === undefined) break;
      this.#startedMs = this.#clock.monotonicMs();
      wake();
      await this.#loop.settled();
      await this.#fill();
    }
    this.#startedMs = null;
  }

  /** Who needs less than a slice leaves the rest of it to the next ones. */
  async #fill(): Promise<void> {
    while (!this.over && this.#ahead.length === 0) {
      const wake = this.#waiting.take();
      if (wake === undefined) return;
      wake();
      await this.#loop.settled();
    }
  }

  /** One pass of the loop, and while requests arrive, more of them for as long as a slice. */
  async #passes(): Promise<void> {
    const endMs = this.#clock.monotonicMs() + LIMITS.ingestSliceMs;
    do {
      this.#arrived = false;
      await this.#loop.next();
    } while (this.#arrived && this.#ahead.length === 0 && this.#clock.monotonicMs() < endMs);
  }
}
