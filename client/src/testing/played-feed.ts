import type { ClientClock } from '../clock.ts';
import { type BreakerClient, type BreakerClientOptions, createBreakerClient } from '../index.ts';

/** A clock that moves only by `advance`. */
export interface PlayedClock extends ClientClock {
  advance(ms: number): void;
}

export function createPlayedClock(): PlayedClock {
  let nowMs = 0;
  let sleeping: { readonly atMs: number; readonly wake: () => void }[] = [];
  return {
    monotonicMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const sleeper = { atMs: nowMs + ms, wake: resolve };
        sleeping.push(sleeper);
        signal.addEventListener('abort', () => {
          sleeping = sleeping.filter((one) => one !== sleeper);
          resolve();
        });
      }),
    advance: (ms) => {
      nowMs += ms;
      const due = sleeping.filter((one) => one.atMs <= nowMs);
      sleeping = sleeping.filter((one) => one.atMs > nowMs);
      for (const one of due) one.wake();
    },
  };
}

export interface PlayedBreaker {
  readonly kind?: string;
  readonly id: string;
  readonly agent?: string;
  readonly level: number;
  readonly epoch?: number;
  readonly [member: string]: unknown;
}

/** A daemon of a few lines: snapshot first, then what the test tells. */
export interface PlayedFeed {
  readonly client: BreakerClient;
  readonly clock: PlayedClock;
  readonly acknowledged: readonly unknown[];
  readonly errors: readonly unknown[];
  tell(breaker: PlayedBreaker): void;
  /** A snapshot as after an erasure or a lost position. */
  resync(breakers: readonly PlayedBreaker[]): void;
}

export interface PlayedOptions extends Partial<BreakerClientOptions> {
  readonly tenantPosture?: 'shadow' | 'enforce';
  /** Answers `POST /v1/check`. */
  readonly answer?: (body: Readonly<Record<string, unknown>>) => Promise<Response> | Response;
}

export function playFeed(
  breakers: readonly PlayedBreaker[] = [],
  { answer, tenantPosture = 'enforce', ...options }: PlayedOptions = {},
): PlayedFeed {
  const clock = createPlayedClock();
  const acknowledged: unknown[] = [];
  const errors: unknown[] = [];
  let seq = 0;
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  const send = (event: string, body: object): void => {
    const text = `event: ${event}\ndata: ${JSON.stringify({ v: 1, term: 1, seq, ...body })}\n\n`;
    controller?.enqueue(Buffer.from(text));
  };
  const bodyOf = ({ id, kind = 'agent', agent, epoch = 1, ...rest }: PlayedBreaker): object => ({
    key: { tenant: 'acme', kind, id, ...(agent !== undefined && { agent }) },
    phase: 'open',
    term: 1,
    epoch,
    reason: 'volume_spike',
    class: 'statistical',
    ...rest,
  });
  const snapshot = (all: readonly PlayedBreaker[]): void =>
    send('snapshot', { tenant: 'acme', posture: tenantPosture, breakers: all.map(bodyOf) });
  const fetch = async (url: URL, init: RequestInit = {}): Promise<Response> => {
    if (String(url).endsWith('/v1/check')) {
      const said = answer?.(JSON.parse(String(init.body))) ?? new Response(null, { status: 503 });
      return Promise.race([said, abortOf(init.signal)]);
    }
    if (init.method === 'POST') {
      acknowledged.push(JSON.parse(String(init.body)));
      return new Response(null, { status: 204 });
    }
    const body = new ReadableStream<Uint8Array>({
      start: (started) => {
        controller = started;
        snapshot(breakers);
      },
    });
    init.signal?.addEventListener('abort', () => {
      controller?.error(new DOMException('aborted', 'AbortError'));
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const client = createBreakerClient({
    url: 'http://127.0.0.1:1',
    token: 'broker-token',
    clock,
    random: () => 0,
    onError: (error) => errors.push(error),
    fetch: fetch as typeof globalThis.fetch,
    ...options,
  });
  return {
    client,
    clock,
    acknowledged,
    errors,
    tell: (breaker) => {
      seq += 1;
      send('transition', bodyOf(breaker));
    },
    resync: (all) => {
      seq += 1;
      send('resync', { why: 'gap' });
      snapshot(all);
    },
  };
}

function abortOf(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
  });
}

/** Turns the event loop until the condition holds; the test's own timeout is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}
