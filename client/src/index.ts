import type { BreakerClient, BreakerClientStatus } from './breaker-client.ts';
import type { ClientClock } from './clock.ts';
import type { FeedProblem } from './follow.ts';
import { FollowingClient } from './following-client.ts';
import type { CheckSubject } from './match-index.ts';
import type { BreakerKey, BreakerState } from './messages.ts';
import type { BreakerClientOptions } from './options.ts';
import type { ActionClass, ClientPosture, FeedState, StalePosture } from './posture.ts';
import { BreakerOpenError, type Problem } from './problem.ts';
import type { ProposedEvent } from './propose.ts';
import type { BreakerClaim } from './revoked-tokens.ts';
import type { Watched } from './running.ts';
import type { CheckQuestion, CheckVerdict, ProposalVerdict } from './verdict.ts';
import type { FeedKeys } from './verify.ts';

export type {
  ActionClass,
  BreakerClaim,
  BreakerClient,
  BreakerClientOptions,
  BreakerClientStatus,
  BreakerKey,
  BreakerState,
  CheckQuestion,
  CheckSubject,
  CheckVerdict,
  ClientClock,
  ClientPosture,
  FeedKeys,
  FeedProblem,
  FeedState,
  Problem,
  ProposalVerdict,
  ProposedEvent,
  StalePosture,
  Watched,
};
export { BreakerOpenError };

/** Follows the breaker feed of one tenant and answers from memory. Starts at once. */
export function createBreakerClient(options: BreakerClientOptions): BreakerClient {
  return new FollowingClient(options);
}
