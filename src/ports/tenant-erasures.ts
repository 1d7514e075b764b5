import type { EpochMs } from '../core/time.ts';

/** Who orders that everything of a tenant is destroyed, and why. */
export interface TenantErasureOrder {
  readonly tenant: string;
  readonly actor: string;
  /** What was proven of the person: two persons have two. */
  readonly credential: string;
  readonly reason: string;
}

/** An erasure that waits for a second person. */
export interface TenantErasureAsked {
  readonly status: 'requested';
  readonly id: string;
  readonly tenant: string;
  readonly expiresAt: EpochMs;
}

/** What was destroyed. */
export interface TenantErased {
  readonly status: 'erased';
  readonly id: string;
  readonly tenant: string;
  /** Data keys: what they sealed in the ledger and in snapshots can be read by nobody. */
  readonly dataKeys: number;
  /** Keys of persons and of pseudonyms, and values that nobody can open any more. */
  readonly subjectKeys: number;
  readonly values: number;
  /** Rows of the store. */
  readonly events: number;
  readonly findings: number;
  readonly transitions: number;
  /** False while the store, which follows the log, is still deleting them. */
  readonly rowsDeleted: boolean;
}

/** Orders to erase whole tenants: one person asks, another approves. All of it is recorded. */
export interface TenantErasures {
  /**
   * Erases at once where the tenant's configuration lets one person do what takes two.
   * @throws TripcoilError `conflict` under legal hold, `not_found` for a tenant nobody knows.
   */
  request(order: TenantErasureOrder): Promise<TenantErasureAsked | TenantErased>;
  /** @throws TripcoilError `forbidden` for the person who asked, `not_found` when it expired. */
  approve(id: string, by: Pick<TenantErasureOrder, 'actor' | 'credential'>): Promise<TenantErased>;
  /** Whose erasure it is; null when there is no such one. */
  tenantOf(id: string): string | null;
}
