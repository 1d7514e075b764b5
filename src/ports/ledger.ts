import type { EntryKind } from '../core/entry.ts';
import type { EpochMs } from '../core/time.ts';

/** An entry as handed to the ledger: the body is the exact JSON text that is stored and hashed. */
export interface UnsequencedEntry {
  readonly loggedAt: EpochMs;
  readonly kind: EntryKind;
  readonly tenant: string;
  readonly engineVersion: number;
  readonly body: string;
}

export interface SequencedEntry extends UnsequencedEntry {
  readonly seq: number;
}

export interface LedgerHead {
  /** 0 for an empty ledger. */
  readonly seq: number;
  /** Hex SHA-256 of the chain up to and including `seq`. */
  readonly hash: string;
  readonly loggedAt: EpochMs;
}

/** The append-only ground truth of one partition. */
export interface Ledger {
  readonly head: LedgerHead;
  /**
   * Assigns sequence numbers in call order and resolves once the entries are on disk (fsync).
   * Concurrent calls share one write. @throws TripcoilError `storage_unavailable`, retryable.
   */
  append(entries: readonly UnsequencedEntry[]): Promise<readonly SequencedEntry[]>;
  /**
   * Hex SHA-256 of the chain behind the commit that holds an entry: what tells this ledger from any
   * other of that length. Null beyond its ends.
   */
  chainAt(seq: number): Promise<string | null>;
  /** Up to here entries may be gone for their age; 0 for none. */
  readonly expiredSeq: number;
  /** Entries from `fromSeq` on, in order, in batches of bounded size; without erased ones. */
  read(fromSeq: number): AsyncIterable<readonly SequencedEntry[]>;
  close(): Promise<void>;
}
