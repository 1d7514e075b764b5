import type { JudgeFact } from '../core/review.ts';

/** A second opinion on a recorded request, by a model; it never decides. */
export interface Judge {
  /**
   * Asks about one chain, told in redacted text. Null where it did not answer in time, answered
   * something else, its budget is spent, or `signal` aborts; never rejects.
   */
  judge(brief: string, signal: AbortSignal): Promise<JudgeFact | null>;
}
