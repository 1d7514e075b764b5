import type { ClientClock } from './clock.ts';
import { createEventStreamParser, type StreamEvent } from './event-stream.ts';

/** Silence of 2.5 heartbeats means that the connection is dead, whatever the socket says. */
const IDLE_MS = 2_500;
const IDLE_LOOK_MS = 500;
/** Time to the head of the answer. */
const CONNECT_MS = 5_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;

/** Why the feed is not being followed just now. */
export type FeedProblem = 'unreachable' | 'refused' | 'unauthorised' | 'broken' | 'silent';

export interface FollowOptions {
  readonly url: URL;
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** `term:seq` to resume from, or null for a snapshot. Asked before every connection. */
  readonly position: () => string | null;
  readonly onOpen: (subscriber: string | null) => void;
  /** Returns whether to stay; `reconnect` drops this connection at once. May throw on bad data. */
  readonly onEvent: (event: StreamEvent) => 'stay' | 'reconnect';
  readonly onProblem: (problem: FeedProblem) => void;
}

/** Follows the feed until the signal aborts; reconnects for ever, with capped jittered back-off. */
export async function follow(options: FollowOptions): Promise<void> {
  const { clock, random, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    const outcome = await connectOnce(options);
    if (signal.aborted) return;
    failures = outcome.delivered && outcome.problem !== 'broken' ? 0 : failures + 1;
    if (outcome.problem !== null) options.onProblem(outcome.problem);
    const ceilingMs = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(failures, 10), BACKOFF_MAX_MS);
    await clock.sleep(ceilingMs * (0.5 + random() / 2), signal);
  }
}

interface Outcome {
  /** An event of this connection was understood. */
  readonly delivered: boolean;
  readonly problem: FeedProblem | null;
}

async function connectOnce(options: FollowOptions): Promise<Outcome> {
  const { url, token, clock } = options;
  const connection = new AbortController();
  const signal = AbortSignal.any([options.signal, connection.signal]);
  const idle = watchIdle(clock, connection, CONNECT_MS);
  let delivered = false;
  try {
    const position = options.position();
    const response = await options.fetch(url, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'text/event-stream',
        ...(position === null ? {} : { 'last-event-id': position }),
      },
      // A redirect would hand the token and the say over trips to somebody else.
      redirect: 'error',
      cache: 'no-store',
      signal,
    });
    const problem = problemOf(response);
    if (problem !== null || response.body === null) {
      return { delivered: false, problem: problem ?? 'refused' };
    }
    options.onOpen(subscriberOf(response));
    idle.allow(IDLE_MS);
    const parse = createEventStreamParser();
    for await (const chunk of response.body) {
      idle.touch();
      for (const event of parse(chunk)) {
        if (options.onEvent(event) === 'reconnect') return { delivered, problem: 'broken' };
        delivered = true;
      }
    }
    return { delivered, problem: 'unreachable' };
  } catch (error) {
    if (idle.expired()) return { delivered, problem: 'silent' };
    // Only our own readers throw SyntaxError or plain Error; the network throws TypeError.
    const network = error instanceof TypeError || (error as Error).name === 'AbortError';
    return { delivered, problem: network ? 'unreachable' : 'broken' };
  } finally {
    connection.abort();
  }
}

function problemOf(response: Response): FeedProblem | null {
  if (response.status === 401 || response.status === 403) return 'unauthorised';
  if (response.status !== 200) return 'refused';
  const type = response.headers.get('content-type') ?? '';
  return type.startsWith('text/event-stream') ? null : 'refused';
}

function subscriberOf(response: Response): string | null {
  const name = response.headers.get('tripcoil-subscriber');
  try {
    return name === null ? null : decodeURIComponent(name);
  } catch {
    return null;
  }
}

/** Aborts the connection once no byte has come for the allowed time. */
function watchIdle(clock: ClientClock, connection: AbortController, firstMs: number) {
  let allowedMs = firstMs;
  let touchedAtMs = clock.monotonicMs();
  let expired = false;
  const watch = async (): Promise<void> => {
    while (!connection.signal.aborted) {
      const leftMs = touchedAtMs + allowedMs - clock.monotonicMs();
      if (leftMs <= 0) {
        expired = true;
        connection.abort();
        return;
      }
      await clock.sleep(Math.min(leftMs, IDLE_LOOK_MS), connection.signal);
    }
  };
  void watch();
  return {
    touch: (): void => {
      touchedAtMs = clock.monotonicMs();
    },
    allow: (ms: number): void => {
      allowedMs = ms;
      touchedAtMs = clock.monotonicMs();
    },
    expired: (): boolean => expired,
  };
}
