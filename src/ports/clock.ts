import type { EpochMs } from '../core/time.ts';

/** Wall time for stamps, monotonic time for durations; both injected so that tests advance them. */
export interface Clock {
  now(): EpochMs;
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
