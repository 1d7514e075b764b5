import type { ClientClock } from './clock.ts';
import { type BreakerState, keyText } from './messages.ts';

const QUEUE_MAX = 100_000;
const BATCH = 1_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;
const ATTEMPT_MS = 5_000;

export interface Acknowledger {
  /** Queues a word for the daemon; a later epoch of the same key replaces an earlier one. */
  acknowledge(state: BreakerState): void;
  /** Tells the daemon that a drill was heard; once, for a late word is none. */
  answer(tenant: string, drill: string): void;
  readonly pending: number;
}

/**
 * Tells the daemon which epochs this broker has applied: at least once, retried until taken,
 * refused or superseded. What comes together, or while a request is under way, goes together.
 */
export function createAcknowledger(options: {
  readonly url: URL;
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onRefused: (status: number) => void;
}): Acknowledger {
  const { url, token, clock, random, signal } = options;
  const queue = new Map<string, BreakerState>();
  let isBusy = false;

  async function run(): Promise<void> {
    isBusy = true;
    // Other clients of this process, and other trips of this message, come first.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      await sendQueued();
    } finally {
      isBusy = false;
    }
  }

  async function sendQueued(): Promise<void> {
    for (let attempt = 0; queue.size > 0 && !signal.aborted; ) {
      const batch = [...queue].slice(0, BATCH);
      const status = await post(wordsOf(batch.map(([, state]) => state)));
      const isTaken = status !== null && status >= 200 && status < 300;
      const isRefused = !isTaken && status !== null && isFinal(status);
      if (isRefused) options.onRefused(status);
      if (isTaken || isRefused) {
        attempt = 0;
        for (const [text, state] of batch) if (queue.get(text) === state) queue.delete(text);
        continue;
      }
      const ceilingMs = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10), BACKOFF_MAX_MS);
      attempt += 1;
      await clock.sleep(ceilingMs * (0.5 + random() / 2), signal);
    }
  }

  /** The status; null when there was no answer. */
  async function post(body: object | undefined): Promise<number | null> {
    const limit = new AbortController();
    void clock.sleep(ATTEMPT_MS, limit.signal).then(() => limit.abort());
    try {
      const response = await options.fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.any([signal, limit.signal]),
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      return null;
    } finally {
      limit.abort();
    }
  }

  return {
    acknowledge: (state) => {
      const text = keyText(state.key);
      queue.delete(text);
      queue.set(text, state);
      if (queue.size > QUEUE_MAX) queue.delete(queue.keys().next().value ?? '');
      if (!isBusy) void run();
    },
    answer: (tenant, drill) => void post({ tenant, drill }),
    get pending() {
      return queue.size;
    },
  };
}

/** One acknowledgement, or several as `acks`. */
function wordsOf(states: readonly BreakerState[]): object | undefined {
  const acks = states.map(({ key, term, epoch }) => ({ key, term, epoch }));
  return acks.length === 1 ? acks[0] : { acks };
}

/** Asking again would not help. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}
