import type { CriterionId } from './rubric.ts';
import type { EpochMs } from './time.ts';

/** What a person makes of a request whose decisions scored low. */
export const REVIEW_VERDICTS = ['acceptable', 'unacceptable', 'unclear'] as const;
export type ReviewVerdict = (typeof REVIEW_VERDICTS)[number];

/** What a model said of a chain; beside the score of the rubric, never in its place. */
export interface JudgeFact {
  readonly model: string;
  /** `sha256:` and the hash of all that the model was given. */
  readonly promptHash: string;
  /** 0 to 100. */
  readonly score: number;
  /** Its words, redacted once more. */
  readonly rationale: string;
}

/** Why a chain is to be looked at. */
export interface ReviewRequest {
  /** Local chain id. */
  readonly chain: string;
  readonly agents: readonly string[];
  readonly rubric: string;
  readonly score: number;
  readonly failed: readonly CriterionId[];
  /** Null where none was asked, or it did not answer. */
  readonly judge: JudgeFact | null;
}

/** A place in the review queue of a tenant. */
export interface Review extends ReviewRequest {
  /** `r` and the sequence of the entry that opened it. */
  readonly id: string;
  readonly openedAt: EpochMs;
  /** The person's word; null while it is open. */
  readonly decided: {
    readonly verdict: ReviewVerdict;
    readonly by: string;
    readonly note: string;
    readonly at: EpochMs;
  } | null;
}
