import type { EpochMs } from '../core/time.ts';

/** A key that seals what is kept of one tenant, for a month of log time at most. */
export interface DataKey {
  readonly id: string;
  /** Null where nobody knows which tenant its file is named after. */
  readonly tenant: string | null;
  /** `2026-11`. */
  readonly month: string;
  /** Rises with each rotation within a month. */
  readonly generation: number;
  readonly destroyedAt: EpochMs | null;
}

/** The keys of the ledger, as files. */
export interface DataKeyFiles {
  /** The newest keys of a tenant; of all without one. `tenants` are those whose names are known. */
  list(tenant: string | null, tenants: Iterable<string>): Promise<readonly DataKey[]>;
  /** Seals with another key from now on. */
  rotate(tenant: string): Promise<DataKey>;
  /**
   * Wraps every key under another master key, which takes the place of the one there is. Returns
   * how many. @throws TripcoilError `bad_request` where that lives elsewhere.
   */
  replaceMaster(): Promise<number>;
  /** Called with each key that is made, and with those made before anybody listened. */
  onMade(listener: (key: DataKey) => void): void;
}

/** Who gives an order about keys, and why. */
export interface KeyOrder {
  readonly actor: string;
  readonly reason: string;
}

/** Orders about the keys of the ledger; all of them are recorded. */
export interface KeyOrders {
  list(tenant: string | null): Promise<readonly DataKey[]>;
  /** Of one tenant, or of all that are known. */
  rotate(order: KeyOrder & { readonly tenant: string | null }): Promise<readonly DataKey[]>;
  /** How many keys were wrapped anew. */
  replaceMaster(order: KeyOrder): Promise<number>;
}
