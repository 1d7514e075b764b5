import type { Command } from '../core/entry.ts';
import { type Feedback, type FeedbackCounts, NO_FEEDBACK } from '../core/feedback.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';

/** What people said of a tenant's findings: the latest words, and counts by detector. */
export interface FeedbackState {
  readonly latest: Map<string, Feedback>;
  readonly counts: Map<string, FeedbackCounts>;
}

export function createFeedback(): FeedbackState {
  return { latest: new Map(), counts: new Map() };
}

/** The counts of one detector in a tenant. */
export function countsOf({ counts }: FeedbackState, detector: string): FeedbackCounts {
  return counts.get(detector) ?? NO_FEEDBACK;
}

/**
 * Takes a person's word; a later one about the same finding replaces it. Of words beyond the limit
 * only the counts are kept, so that a change of mind about them counts twice.
 */
export function takeFeedback(
  state: FeedbackState,
  { finding, detector, verdict, actor, reason }: Extract<Command, { type: 'feedback' }>,
  at: EpochMs,
): void {
  const before = state.latest.get(finding);
  if (before) count(state, before, -1);
  state.latest.delete(finding);
  const feedback = { verdict, detector, actor, reason, at };
  state.latest.set(finding, feedback);
  count(state, feedback, 1);
  if (state.latest.size <= LIMITS.feedbackKept) return;
  const [oldest] = state.latest.keys();
  if (oldest !== undefined) state.latest.delete(oldest);
}

function count({ counts }: FeedbackState, { detector, verdict }: Feedback, by: 1 | -1): void {
  const known = counts.get(detector);
  if (known === undefined && counts.size >= LIMITS.feedbackDetectors) return;
  const sums = known ?? NO_FEEDBACK;
  counts.set(detector, { ...sums, [verdict]: Math.max(0, sums[verdict] + by) });
}
