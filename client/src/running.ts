import { BreakerOpenError, problemOf } from './problem.ts';
import type { CheckQuestion, CheckVerdict } from './verdict.ts';

/** Work under way, told to stop when a breaker opens over it. */
export interface Watched {
  /** Aborts with a `BreakerOpenError` as its reason. */
  readonly signal: AbortSignal;
  /** To be called when the work is done. */
  release(): void;
}

export interface RunningWork {
  watch(question: CheckQuestion): Watched;
  /** Looks at all of it again, after something opened. */
  review(): void;
}

export function createRunningWork(check: (question: CheckQuestion) => CheckVerdict): RunningWork {
  const running = new Map<AbortController, CheckQuestion>();
  return {
    watch: (question) => {
      const controller = new AbortController();
      running.set(controller, question);
      const release = (): void => void running.delete(controller);
      return { signal: controller.signal, release };
    },
    review: () => {
      for (const [controller, question] of [...running]) {
        const verdict = check(question);
        // Silence of the daemon starts nothing new, and stops nothing that a fresh copy allowed.
        if (verdict.allow || verdict.reason.startsWith('feed_')) continue;
        running.delete(controller);
        controller.abort(new BreakerOpenError(problemOf(verdict)));
      }
    },
  };
}

/** Runs work until it is done or its signal aborts, whichever comes first. */
export async function runWatched<Result>(
  watched: Watched,
  work: (signal: AbortSignal) => Promise<Result> | Result,
): Promise<Result> {
  const { signal } = watched;
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    return await Promise.race([Promise.resolve(work(signal)), aborted]);
  } finally {
    watched.release();
  }
}
