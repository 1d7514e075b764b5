import type { CheckVerdict } from './verdict.ts';

/** Why an action is refused, as the body of an answer (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: 403 | 429;
  readonly level: number;
  readonly reason: string;
  /** Seconds; null where waiting does not help. */
  readonly retry_after: number | null;
  readonly approval_url?: string;
}

export const PROBLEM_TYPE = 'https://tripcoil.dev/problems';

/** Thrown for an action that may not go on; `problem` is what to answer. */
export class BreakerOpenError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.title}: ${problem.reason}`);
    this.name = 'BreakerOpenError';
    this.problem = problem;
  }
}

/** Seconds after which a broker that lost the daemon is worth another try. */
const LOST_RETRY_S = 10;

/** What to answer for a verdict that does not allow. */
export function problemOf(verdict: CheckVerdict, approvalUrl: string | null = null): Problem {
  const { level, reason, key } = verdict;
  const shared = { status: 403, level, reason } as const;
  if (verdict.needsApproval) {
    return {
      type: `${PROBLEM_TYPE}/approval-required`,
      title: 'A person has to approve this',
      ...shared,
      retry_after: null,
      ...(approvalUrl !== null && { approval_url: approvalUrl }),
    };
  }
  if (reason === 'feed_stale' || reason === 'feed_lost') {
    const type = `${PROBLEM_TYPE}/breakers-unknown`;
    return { type, title: 'Breakers are not known now', ...shared, retry_after: LOST_RETRY_S };
  }
  const title = key === null || key.kind === 'agent' ? 'Agent paused' : `Paused by ${key.kind}`;
  return { type: `${PROBLEM_TYPE}/breaker-open`, title, ...shared, retry_after: null };
}

/** What to answer when the pace that a breaker allows is used up. */
export function throttledProblem(verdict: CheckVerdict, retryAfter: number): Problem {
  const { level, reason } = verdict;
  const type = `${PROBLEM_TYPE}/throttled`;
  return { type, title: 'Slow down', status: 429, level, reason, retry_after: retryAfter };
}
