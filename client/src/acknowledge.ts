import type { ClientClock } from './clock.ts';
import { type BreakerState, keyText } from './messages.ts';

const QUEUE_MAX = 100_000;
const CONCURRENT = 8;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;
const ATTEMPT_MS = 5_000;

export interface Acknowledger {
  /** Queues a word for the daemon; a later epoch of the same key replaces an earlier one. */
  acknowledge(state: BreakerState): void;
  readonly pending: number;
}

/**
 * Tells the daemon which epochs this broker has applied: at least once, retried until taken,
 * refused or superseded. Acknowledging an epoch twice is harmless.
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
  const busy = new Map<string, BreakerState>();

  function start(): void {
    for (const [text, state] of queue) {
      if (busy.size >= CONCURRENT) return;
      if (busy.has(text)) continue;
      queue.delete(text);
      busy.set(text, state);
      void send(text, state).finally(() => {
        busy.delete(text);
        if (!signal.aborted) start();
      });
    }
  }

  async function send(text: string, state: BreakerState): Promise<void> {
    for (let attempt = 0; !signal.aborted && !queue.has(text); attempt += 1) {
      const status = await post(state);
      if (status !== null && status >= 200 && status < 300) return;
      if (status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429) {
        options.onRefused(status);
        return;
      }
      const ceilingMs = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10), BACKOFF_MAX_MS);
      await clock.sleep(ceilingMs * (0.5 + random() / 2), signal);
    }
  }

  /** The status; null when there was no answer. */
  async function post(state: BreakerState): Promise<number | null> {
    const { key, term, epoch } = state;
    const limit = new AbortController();
    void clock.sleep(ATTEMPT_MS, limit.signal).then(() => limit.abort());
    try {
      const response = await options.fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ key, term, epoch }),
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
      start();
    },
    get pending() {
      return queue.size + busy.size;
    },
  };
}
