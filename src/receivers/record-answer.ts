import { LIMITS } from '../core/limits.ts';
import type { Reject } from '../core/reject.ts';

/** A record that was refused, and where it stood in the body. */
export interface RefusedRecord {
  /** Line from 1, for NDJSON. */
  readonly line?: number;
  /** Index from 0, for an array or a single record. */
  readonly index?: number;
  readonly code: string;
  readonly path: string;
  readonly message: string;
}

/** Answer to native events, audit records and CloudEvents. */
export interface RecordAnswer {
  /** Events that are durable now, `duplicates` among them. */
  readonly accepted: number;
  /**
   * Those of `accepted` that had been taken in before, as far as is known by now. A repeat of what
   * is still under way, in this body or another, is told apart later, and counts once all the same.
   */
  readonly duplicates: number;
  /** Records that were understood and tell of nothing that an agent did. */
  readonly ignored: number;
  /** Records refused, however many `rejected` lists. */
  readonly rejected_count: number;
  /** The first `LIMITS.rejectsReported` of them. */
  readonly rejected: readonly RefusedRecord[];
}

/** What a body of records came to before it was submitted, and what the submission did. */
export interface TakenRecords {
  readonly accepted: number;
  readonly duplicates: number;
  readonly ignored: number;
  readonly rejects: readonly Reject[];
}

/** Positions are line numbers in `ndjson` and indices otherwise. */
export function recordAnswer(taken: TakenRecords, shape: string): RecordAnswer {
  const { accepted, duplicates, ignored, rejects } = taken;
  const rejected = rejects
    .slice(0, LIMITS.rejectsReported)
    .map(({ position, code, path, message }) => {
      const place = shape === 'ndjson' ? { line: position } : { index: position };
      return { ...place, code, path, message };
    });
  return { accepted, duplicates, ignored, rejected_count: rejects.length, rejected };
}
