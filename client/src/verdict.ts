import type { CheckSubject } from './match-index.ts';
import type { BreakerKey } from './messages.ts';
import type { ActionClass, FeedState } from './posture.ts';
import type { BreakerClaim } from './revoked-tokens.ts';

export interface CheckQuestion extends CheckSubject {
  /** `read` and `list` are reads; everything else, also nothing, counts as a write. */
  readonly op?: string;
  /** Where it is graver than its operation tells, such as a read that exports. */
  readonly class?: ActionClass;
  /** The `brk` claim of the decision token: denied when level 5 came after it was issued. */
  readonly brk?: BreakerClaim;
}

export interface CheckVerdict {
  readonly allow: boolean;
  readonly level: number;
  /** `closed`, the reason of the breaker, `token_revoked`, or `feed_stale` and `feed_lost`. */
  readonly reason: string;
  readonly state: FeedState;
  /** A person may approve this action (level 2). */
  readonly needsApproval: boolean;
  /** The agent is asked to slow down (level 1). */
  readonly throttle: boolean;
  /** The breaker that matched. */
  readonly key: BreakerKey | null;
}

/** What the daemon said of an action before it is done; stricter of that and what is known here. */
export interface ProposalVerdict extends CheckVerdict {
  /** Whether detectors have looked at it; false when the answer is by posture. */
  readonly judged: boolean;
  readonly approvalUrl: string | null;
  /** Seconds; null where waiting does not help. */
  readonly retryAfter: number | null;
}
