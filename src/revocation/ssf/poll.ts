import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LiveStream } from './live-stream.ts';
import { invalid, objectOf, textOf } from './stream-body.ts';

interface PollRequest {
  readonly most: number;
  readonly atOnce: boolean;
  readonly acknowledged: readonly string[];
  readonly refused: readonly (readonly [jti: string, error: string])[];
}

/**
 * One poll (RFC 8936 section 2): takes the receiver's word on earlier tokens, then offers what
 * waits. Unless it asked for an answer at once, it gets one when there is something to tell.
 */
export async function pollStream(
  json: () => unknown,
  find: () => LiveStream,
  context: {
    readonly reply: FastifyReply;
    readonly request: FastifyRequest;
    readonly clock: Clock;
  },
): Promise<unknown> {
  const { reply, request, clock } = context;
  const asked = pollOf(json());
  const live = find();
  for (const jti of asked.acknowledged) live.queue.acknowledge(jti);
  for (const [jti, error] of asked.refused) live.queue.refuse(jti, error);
  // Whoever waits for these answers goes on first, and may have the next token to offer.
  await Promise.resolve();
  let sets = await live.take(asked.most);
  if (!asked.atOnce && asked.most > 0 && Object.keys(sets).length === 0) {
    await somethingToTell(live, request, clock, async () => {
      sets = await live.take(asked.most);
      return Object.keys(sets).length > 0;
    });
  }
  const more = live.queue.size > Object.keys(sets).length && asked.most > 0;
  reply.type('application/json').header('content-language', 'en');
  return { sets, ...(more && live.stream.status === 'enabled' ? { moreAvailable: true } : {}) };
}

/** Resolves when the check says so, the time is up or the receiver has gone. */
async function somethingToTell(
  live: LiveStream,
  request: FastifyRequest,
  clock: Clock,
  check: () => Promise<boolean>,
): Promise<void> {
  const over = new AbortController();
  const leave = (): void => over.abort();
  request.raw.socket.once('close', leave);
  live.closed.addEventListener('abort', leave);
  void clock.sleep(LIMITS.streamLongPollMs, over.signal).then(leave);
  while (!over.signal.aborted) {
    const arrival = live.queue.arrival(over.signal);
    if (await check()) break;
    await arrival;
  }
  over.abort();
  request.raw.socket.off('close', leave);
  live.closed.removeEventListener('abort', leave);
}

function pollOf(body: unknown): PollRequest {
  const { maxEvents, returnImmediately, ack, setErrs } = objectOf(body);
  if (maxEvents !== undefined && !(Number.isInteger(maxEvents) && Number(maxEvents) >= 0)) {
    throw invalid('`maxEvents` is no number of events');
  }
  if (returnImmediately !== undefined && typeof returnImmediately !== 'boolean') {
    throw invalid('`returnImmediately` is true or false');
  }
  if (ack !== undefined && !Array.isArray(ack)) throw invalid('`ack` is no list');
  const errors = setErrs === undefined ? [] : Object.entries(objectOf(setErrs));
  return {
    most: Math.min(Number(maxEvents ?? LIMITS.streamPollTokens), LIMITS.streamPollTokens),
    atOnce: returnImmediately === true,
    acknowledged: (ack ?? []).map((jti: unknown) => textOf(jti, 'ack')),
    refused: errors.map(([jti, error]) => {
      const { err } = objectOf(error);
      return [jti, /^[\w-]{1,64}$/.test(String(err)) ? String(err) : 'refused'];
    }),
  };
}
