import type { Clock } from '../ports/clock.ts';

/** The real clock. Everything else is given one. */
export const WALL_CLOCK: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  // The timers of promises make an error with a stack of each sleep that is cut short.
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done);
    }),
};
