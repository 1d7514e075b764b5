/** Time as the client needs it; injected so that tests advance it. Wall time is never used. */
export interface ClientClock {
  /** Milliseconds that never run backwards. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. Does not keep the process alive. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const MONOTONIC_CLOCK: ClientClock = {
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      timer.unref();
      signal.addEventListener('abort', done);
    }),
};
