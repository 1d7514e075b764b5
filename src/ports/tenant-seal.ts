/**
 * Seals what is kept of tenants beside the ledger under the same keys, so that it goes with them.
 */
export interface TenantSeal {
  /** Makes the keys of these tenants ready for `seal`. */
  prepare(tenants: Iterable<string>): Promise<void>;
  /**
   * A line without line ends; `place` is authenticated with it. Null where the key that was made
   * ready has been taken away since: the tenant is being erased.
   */
  seal(tenant: string, text: string, place: string): string | null;
  /**
   * The text again; null where its key was destroyed on purpose. Rejects when it is not what was
   * sealed for this place, or the key is not there.
   */
  open(line: string, place: string): Promise<string | null>;
}
