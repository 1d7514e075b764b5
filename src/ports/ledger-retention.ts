import type { EpochMs } from '../core/time.ts';

/** What one tenant's age has cost it. */
export interface ExpiredMonths {
  /** `2026-11`, oldest first. */
  readonly months: readonly string[];
  /** How many keys were destroyed. */
  readonly keys: number;
}

/** Gives up what a ledger holds for longer than it is to be held. */
export interface LedgerRetention {
  /** Months of log time that ended by then, of which a tenant has keys; oldest first. */
  months(tenant: string, endedBy: EpochMs): Promise<readonly string[]>;
  /** Destroys their keys; what proves the entries is made durable first. */
  expire(tenant: string, months: readonly string[]): Promise<ExpiredMonths>;
  /** Deletes segments at the front in which nobody can read anything any more. */
  deleteSegments(): Promise<{ readonly segments: number; readonly firstSeq: number }>;
  /** The first entry that may have been logged at or after a time. */
  seqSince(time: EpochMs): Promise<number>;
}
