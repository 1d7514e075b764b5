import type { EpochMs } from './time.ts';

/**
 * What a person says of a finding: right, wrong, right but agreed to, or (of an event) that there
 * should have been one.
 */
export const FEEDBACK_VERDICTS = ['true', 'false', 'benign', 'missed'] as const;
export type FeedbackVerdict = (typeof FEEDBACK_VERDICTS)[number];

/** The latest word on one finding. */
export interface Feedback {
  readonly verdict: FeedbackVerdict;
  readonly detector: string;
  readonly actor: string;
  readonly reason: string;
  readonly at: EpochMs;
}

export type FeedbackCounts = { readonly [verdict in FeedbackVerdict]: number };

export const NO_FEEDBACK: FeedbackCounts = { true: 0, false: 0, benign: 0, missed: 0 };

/** Share of the judged findings that were right; benign ones were not wrong. Null without any. */
export function precisionOf(counts: FeedbackCounts): number | null {
  const right = counts.true + counts.benign;
  const judged = right + counts.false;
  return judged === 0 ? null : right / judged;
}
