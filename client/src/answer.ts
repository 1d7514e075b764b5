import type { BreakerClient } from './breaker-client.ts';
import type { Problem } from './problem.ts';
import type { CheckQuestion } from './verdict.ts';

/** Media type of RFC 9457. */
export const PROBLEM_JSON = 'application/problem+json';

/** What every middleware is told. */
export interface BreakerMiddlewareOptions<Request> {
  /** What a request is about to do; null for one that no breaker concerns. */
  readonly question: (request: Request) => CheckQuestion | null;
  /** Where a person approves what level 2 holds back. */
  readonly approvalUrl?: (request: Request) => string | null;
}

/** What a request that may go on is given; `release` when it is answered. */
export interface Admitted {
  readonly signal: AbortSignal;
  release(): void;
}

const signals = new WeakMap<object, AbortSignal>();

/**
 * Aborts when a breaker opens over a request that a middleware let through: hand it to whatever the
 * request started. Undefined for a request that none has seen.
 */
export function breakerSignal(request: object): AbortSignal | undefined {
  return signals.get(request);
}

/** Admits a request, or says what to answer; null where no breaker concerns it. */
export function admitRequest<Request extends object>(
  client: BreakerClient,
  options: BreakerMiddlewareOptions<Request>,
  request: Request,
): Problem | Admitted | null {
  const question = options.question(request);
  if (question === null) return null;
  const problem = client.admit(question, options.approvalUrl?.(request) ?? null);
  if (problem !== null) return problem;
  const watched = client.watch(question);
  signals.set(request, watched.signal);
  return watched;
}

export function isProblem(outcome: Problem | Admitted): outcome is Problem {
  return 'status' in outcome;
}

/** Headers of a refusal. */
export function refusalHeaders(problem: Problem): Readonly<Record<string, string>> {
  const { retry_after } = problem;
  return {
    'content-type': PROBLEM_JSON,
    'cache-control': 'no-store',
    ...(retry_after === null ? {} : { 'retry-after': String(retry_after) }),
  };
}
