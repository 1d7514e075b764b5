import type { ClientClock } from './clock.ts';
import { createEventStreamParser, type StreamEvent } from './event-stream.ts';
import { ForgedMessageError } from './verify.ts';

/** Silence of 2.5 heartbeats means that the connection is dead, whatever the socket says. */
const IDLE_MS = 2_500;
const IDLE_LOOK_MS = 500;
/** Time to the head of the answer. */
const CONNECT_MS = 5_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** Streams that came to nothing, one after the other, before the client asks by polls. */
const STREAMS_BEFORE_POLLS = 3;
/** Polls before another stream is tried; each waits for up to two seconds. */
const POLLS_BEFORE_STREAM = 30;
/** Below the three seconds that a copy is fresh. */
const POLL_WAIT_S = 2;

/** Why the feed is not being followed just now. `forged`: it is not signed by a known key. */
export type FeedProblem =
  | 'unreachable'
  | 'refused'
  | 'unauthorised'
  | 'broken'
  | 'silent'
  | 'forged';

export interface FollowOptions {
  readonly stream: URL;
  readonly changes: URL;
  readonly transport: 'auto' | 'stream' | 'poll';
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** `term:seq` to resume from, or null for a snapshot. Asked before every connection. */
  readonly position: () => string | null;
  readonly onOpen: (subscriber: string | null) => void;
  /** Returns whether to stay; `reconnect` drops this connection at once. May throw on bad data. */
  readonly onEvent: (event: StreamEvent) => Promise<'stay' | 'reconnect'>;
  readonly onProblem: (problem: FeedProblem) => void;
}

/** Follows the feed until the signal aborts; reconnects for ever, with capped jittered back-off. */
export async function follow(options: FollowOptions): Promise<void> {
  const { clock, random, signal, transport } = options;
  let failures = 0;
  let uselessStreams = 0;
  let polls = transport === 'poll' ? Number.POSITIVE_INFINITY : 0;
  while (!signal.aborted) {
    const asksByPoll = polls > 0;
    const outcome = await connectOnce(options, asksByPoll ? pollOnce : streamOnce);
    if (signal.aborted) return;
    const { problem } = outcome;
    const isBad = problem === 'broken' || problem === 'forged';
    failures = outcome.delivered && !isBad ? 0 : failures + 1;
    if (problem !== null) options.onProblem(problem);
    if (asksByPoll) polls = problem === null ? polls - 1 : 0;
    else {
      uselessStreams = isUseless(outcome) ? uselessStreams + 1 : 0;
      const gaveUp = transport === 'auto' && uselessStreams >= STREAMS_BEFORE_POLLS;
      if (gaveUp) polls = POLLS_BEFORE_STREAM;
    }
    if (transport === 'poll') polls = Number.POSITIVE_INFINITY;
    const ceilingMs = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(failures, 10), BACKOFF_MAX_MS);
    await clock.sleep(ceilingMs * (0.5 + random() / 2), signal);
  }
}

interface Outcome {
  /** An event of this connection was understood. */
  readonly delivered: boolean;
  readonly problem: FeedProblem | null;
}

/** Somebody answered, and no event came: a proxy that buffers, or knows no streams. */
function isUseless({ delivered, problem }: Outcome): boolean {
  return !delivered && (problem === 'silent' || problem === 'refused');
}

type Idle = ReturnType<typeof watchIdle>;
type Attempt = (
  options: FollowOptions,
  signal: AbortSignal,
  idle: Idle,
) => AsyncIterable<StreamEvent>;

async function connectOnce(options: FollowOptions, attempt: Attempt): Promise<Outcome> {
  const connection = new AbortController();
  const signal = AbortSignal.any([options.signal, connection.signal]);
  const idle = watchIdle(options.clock, connection, CONNECT_MS);
  let delivered = false;
  try {
    for await (const event of attempt(options, signal, idle)) {
      if ((await options.onEvent(event)) === 'reconnect') return { delivered, problem: 'broken' };
      delivered = true;
    }
    return { delivered, problem: attempt === streamOnce ? 'unreachable' : null };
  } catch (error) {
    if (error instanceof RefusedError) return { delivered, problem: error.problem };
    if (idle.expired()) return { delivered, problem: 'silent' };
    if (error instanceof ForgedMessageError) return { delivered, problem: 'forged' };
    // Only our own readers throw SyntaxError or plain Error; the network throws TypeError.
    const network = error instanceof TypeError || (error as Error).name === 'AbortError';
    return { delivered, problem: network ? 'unreachable' : 'broken' };
  } finally {
    connection.abort();
  }
}

async function* streamOnce(
  options: FollowOptions,
  signal: AbortSignal,
  idle: Idle,
): AsyncGenerator<StreamEvent> {
  const position = options.position();
  const response = await ask(options, options.stream, signal, {
    accept: 'text/event-stream',
    ...(position === null ? {} : { 'last-event-id': position }),
  });
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('text/event-stream') || response.body === null) {
    throw new RefusedError('refused');
  }
  options.onOpen(subscriberOf(response));
  idle.allow(IDLE_MS);
  const parse = createEventStreamParser();
  // A reader takes half the time of the body's own iterator.
  const reader = response.body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      idle.touch();
      yield* parse(next.value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** One long poll: what has changed since, or after a while that nothing has. */
async function* pollOnce(options: FollowOptions, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  const url = new URL(options.changes);
  const position = options.position();
  url.searchParams.set('wait', String(POLL_WAIT_S));
  if (position !== null) url.searchParams.set('after', position);
  const response = await ask(options, url, signal, {});
  options.onOpen(subscriberOf(response));
  yield { event: 'changes', data: await response.text(), id: '' };
}

async function ask(
  { token, fetch }: FollowOptions,
  url: URL,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    // A redirect would hand the token and the say over trips to somebody else.
    redirect: 'error',
    cache: 'no-store',
    signal,
  });
  if (response.status === 200) return response;
  const isUnauthorised = response.status === 401 || response.status === 403;
  throw new RefusedError(isUnauthorised ? 'unauthorised' : 'refused');
}

class RefusedError extends Error {
  readonly problem: FeedProblem;

  constructor(problem: FeedProblem) {
    super(problem);
    this.problem = problem;
  }
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
