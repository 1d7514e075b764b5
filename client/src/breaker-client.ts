import type { FeedProblem } from './follow.ts';
import type { FeedState } from './posture.ts';
import type { Problem } from './problem.ts';
import type { ProposedEvent } from './propose.ts';
import type { Watched } from './running.ts';
import type { CheckQuestion, CheckVerdict, ProposalVerdict } from './verdict.ts';

export interface BreakerClientStatus {
  readonly state: FeedState;
  readonly tenant: string | null;
  /** Null until the daemon, or the persisted file, has told it. */
  readonly posture: 'shadow' | 'enforce' | null;
  readonly term: number;
  readonly seq: number;
  /** Breakers not closed. */
  readonly open: number;
  /** Milliseconds since the daemon last confirmed this copy; null before the first time. */
  readonly ageMs: number | null;
  readonly problem: FeedProblem | null;
  /** Messages refused as older than what is known. A rising number deserves a look. */
  readonly refused: number;
  readonly unacknowledged: number;
}

export interface BreakerClient {
  /** Synchronous, constant time, no I/O. Ask before every action. */
  check(question: CheckQuestion): CheckVerdict;
  /**
   * `check`, and the pace that level 1 and probation allow: null when the action may go ahead now,
   * else what to answer. Takes from the pace, so ask once per action.
   */
  admit(question: CheckQuestion, approvalUrl?: string | null): Problem | null;
  /**
   * Asks the daemon to judge an action before it is done (`POST /v1/check`). Without an answer in
   * time it goes by what is known and by the posture for `lost`. Never rejects.
   */
  propose(event: ProposedEvent): Promise<ProposalVerdict>;
  /**
   * Runs work that stops when a breaker opens over it: the signal aborts, and the promise rejects
   * at once, whether the work heeds the signal or not.
   * @throws BreakerOpenError before it starts, or while it runs.
   */
  guard<Result>(
    question: CheckQuestion,
    work: (signal: AbortSignal) => Promise<Result> | Result,
  ): Promise<Result>;
  /** The signal that `guard` gives, for work that is run elsewhere. Release it afterwards. */
  watch(question: CheckQuestion): Watched;
  /** Resolves to whether the copy is fresh, at the latest after `timeoutMs`. Never rejects. */
  ready(options?: { readonly timeoutMs?: number }): Promise<boolean>;
  status(): BreakerClientStatus;
  /** Stops following; what is known stays askable and soon counts as lost. */
  close(): Promise<void>;
}
