/** An erasure of a tenant that was begun. */
export interface BegunErasure {
  readonly id: string;
  readonly tenant: string;
  /** The last entry before it began: the order, if it was given, comes later. */
  readonly afterSeq: number;
  /** Whether its keys are destroyed. */
  readonly destroyed: boolean;
}

/**
 * Makes all that a ledger holds of a tenant unreadable for ever, while every proof stays valid. In
 * this order: `begin`, the order in the log, `retire` before anything else is appended, `destroy`,
 * `finish`. After a crash `begun` tells what is to be gone on with.
 */
export interface LedgerErasure {
  begin(id: string, tenant: string): Promise<void>;
  /** At once: what is logged from now on is sealed under other keys. */
  retire(id: string, tenant: string): void;
  /**
   * Publishes what the logs still need of the tenant's entries, then destroys its keys. Returns how
   * many. Safe to repeat.
   */
  destroy(id: string): Promise<number>;
  /** Nothing is left to be done. */
  finish(id: string): Promise<void>;
  begun(): Promise<readonly BegunErasure[]>;
}
