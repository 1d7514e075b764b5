import {
  admitRequest,
  type BreakerMiddlewareOptions,
  isProblem,
  refusalHeaders,
} from './answer.ts';
import type { BreakerClient } from './breaker-client.ts';

export { type BreakerMiddlewareOptions, breakerSignal } from './answer.ts';

/** The part of a fastify reply that is used; fastify 4 and 5 have it. */
export interface FastifyReplyLike {
  readonly raw: { once(event: 'close', listener: () => void): unknown };
  code(status: number): this;
  headers(headers: Readonly<Record<string, string>>): this;
  send(payload: string): unknown;
}

/**
 * A hook (`preHandler`, or `onRequest` where no body is needed) that answers for actions that
 * breakers hold back: 403 or 429 as problem+json. `breakerSignal(request)` aborts when a breaker
 * opens over one that was let through.
 */
export function fastifyBreakers<Request extends object>(
  client: BreakerClient,
  options: BreakerMiddlewareOptions<Request>,
): (request: Request, reply: FastifyReplyLike, done: (error?: Error) => void) => void {
  return (request, reply, done) => {
    const outcome = admitRequest(client, options, request);
    if (outcome !== null && isProblem(outcome)) {
      reply.code(outcome.status).headers(refusalHeaders(outcome)).send(JSON.stringify(outcome));
      return;
    }
    if (outcome !== null) reply.raw.once('close', outcome.release);
    done();
  };
}
