import type { EpochMs } from '../core/time.ts';

/** What of a person is kept under keys of their own. */
export interface SubjectHoldings {
  /** Keys of which the person is the subject. */
  readonly keys: number;
  /** Sealed values: those of these subjects, and those that are an identifier of the person. */
  readonly values: number;
}

/** The key that gives pseudonyms from now on, and until when the one before it stands beside it. */
export interface KeyRotation {
  readonly tenant: string;
  readonly keyId: string;
  readonly previousKeyId: string;
  readonly overlapUntil: EpochMs;
}

/**
 * Everything that could lead from a pseudonym back to a person, and the orders on it. Synchronous:
 * it is a file of this process. All of it is recorded in the ledger by whoever gives the order.
 */
export interface Subjects {
  /**
   * The tokens that an identifier may stand as, under every key and as every kind of value; a text
   * that is a token already stands for itself.
   */
  tokensOf(tenant: string, identifier: string): readonly string[];
  holdings(tenant: string, tokens: readonly string[]): SubjectHoldings;
  /** Destroys those keys and values; what they sealed can be opened by nobody from then on. */
  erase(tenant: string, tokens: readonly string[]): SubjectHoldings;
  /** The same of everybody in a tenant, with its pseudonym keys. */
  eraseTenant(tenant: string): SubjectHoldings;
  /** Why a tenant may not be erased as a whole, or null: also the hold of one person counts. */
  anyHold(tenant: string): string | null;
  /** The value behind a token in `vault` mode; null where none was sealed, or its key is gone. */
  reveal(tenant: string, token: string): string | null;
  /** Refuses erasure of these tokens, or with none of everybody in the tenant. */
  hold(tenant: string, tokens: readonly string[], reason: string): void;
  /** Ends such a hold. Returns how many there were. */
  release(tenant: string, tokens: readonly string[]): number;
  /** Why none of these tokens may be erased now, or null. */
  heldBecause(tenant: string, tokens: readonly string[]): string | null;
  /** @throws TripcoilError `conflict` while an earlier rotation still overlaps. */
  rotate(tenant: string, overlapMs: number): KeyRotation;
}
