import type { ClientClock } from './clock.ts';
import type { FeedProblem } from './follow.ts';
import type { FeedState } from './posture.ts';

export const STALE_AFTER_MS = 3_000;

/** How old a copy is, by a monotonic clock, and who waits for it to be fresh. */
export class Freshness {
  readonly #clock: ClientClock;
  readonly #maxStaleMs: number;
  readonly #staleAfterMs: number;
  readonly #onChange: (state: FeedState) => void;
  readonly #waiting = new Set<() => void>();
  #confirmedAtMs: number | null = null;
  #reported: FeedState = 'lost';
  problem: FeedProblem | null = null;

  constructor(clock: ClientClock, maxStaleMs: number, onChange: (state: FeedState) => void) {
    this.#clock = clock;
    this.#maxStaleMs = maxStaleMs;
    this.#staleAfterMs = Math.min(STALE_AFTER_MS, maxStaleMs);
    this.#onChange = onChange;
  }

  get state(): FeedState {
    // A refused token is no outage: nothing known may be relied on.
    if (this.#confirmedAtMs === null || this.problem === 'unauthorised') return 'lost';
    const ageMs = this.#clock.monotonicMs() - this.#confirmedAtMs;
    if (ageMs <= this.#staleAfterMs) return 'fresh';
    return ageMs <= this.#maxStaleMs ? 'stale' : 'lost';
  }

  /** Milliseconds since the copy was confirmed; null before the first time. */
  get ageMs(): number | null {
    return this.#confirmedAtMs === null ? null : this.#clock.monotonicMs() - this.#confirmedAtMs;
  }

  confirm(): void {
    this.#confirmedAtMs = this.#clock.monotonicMs();
    this.problem = null;
    this.report();
  }

  fail(problem: FeedProblem): void {
    this.problem = problem;
    this.report();
  }

  /** Says so when the state is another than was last said. */
  report(): void {
    const { state } = this;
    if (state === this.#reported) return;
    this.#reported = state;
    this.#onChange(state);
    if (state === 'fresh') this.#wake();
  }

  /** Looks until the signal aborts, so that silence is told too. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(this.#staleAfterMs / 4, signal);
      if (!signal.aborted) this.report();
    }
    this.#wake();
  }

  /** Resolves once it is fresh, after `timeoutMs`, or when the signal aborts. */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const done = new AbortController();
    const wake = (): void => done.abort();
    this.#waiting.add(wake);
    if (this.state === 'fresh' || signal.aborted) wake();
    await this.#clock.sleep(timeoutMs, done.signal);
    this.#waiting.delete(wake);
    return this.state === 'fresh';
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
