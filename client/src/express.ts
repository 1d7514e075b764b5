import {
  admitRequest,
  type BreakerMiddlewareOptions,
  isProblem,
  refusalHeaders,
} from './answer.ts';
import type { BreakerClient } from './breaker-client.ts';

export { type BreakerMiddlewareOptions, breakerSignal } from './answer.ts';

/** The part of Node's own answer that is used; express 4 and 5, connect and polka have it. */
export interface ServerResponseLike {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  end(body: string): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * A middleware that answers for actions that breakers hold back: 403 or 429 as problem+json.
 * `breakerSignal(request)` aborts when a breaker opens over one that was let through.
 */
export function expressBreakers<Request extends object>(
  client: BreakerClient,
  options: BreakerMiddlewareOptions<Request>,
): (request: Request, response: ServerResponseLike, next: (error?: unknown) => void) => void {
  return (request, response, next) => {
    const outcome = admitRequest(client, options, request);
    if (outcome !== null && isProblem(outcome)) {
      response.writeHead(outcome.status, refusalHeaders(outcome));
      response.end(JSON.stringify(outcome));
      return;
    }
    if (outcome !== null) response.once('close', outcome.release);
    next();
  };
}
