import type { ReviewVerdict } from '../core/review.ts';

/** What a model said of a chain, beside the rubric. */
export interface JudgeBody {
  readonly model: string;
  readonly prompt_hash: string;
  readonly score: number;
  readonly rationale: string;
}

/** A request that people are asked to look at. */
export interface ReviewBody {
  readonly id: string;
  readonly tenant: string;
  readonly state: 'open' | 'decided';
  readonly chain: string;
  readonly agents: readonly string[];
  readonly opened_at: string;
  readonly rubric: string;
  /** 0 to 100. */
  readonly score: number;
  /** Criteria that were not met. */
  readonly failed: readonly string[];
  readonly judge: JudgeBody | null;
  readonly decided: {
    readonly verdict: ReviewVerdict;
    readonly by: string;
    readonly note: string;
    readonly at: string;
  } | null;
}

/** How a chain scores now. */
export interface EvaluationBody {
  readonly tenant: string;
  readonly chain: string;
  readonly rubric: string;
  readonly score: number | null;
  readonly verdict: 'pass' | 'review' | 'not_applicable';
  readonly criteria: readonly {
    readonly id: string;
    readonly question: string;
    readonly weight: number;
    readonly required: boolean;
    readonly result: 'pass' | 'fail' | 'not_applicable';
  }[];
}
