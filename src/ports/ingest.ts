import type { ReceivedEvent, Trust } from '../core/access-event.ts';
import type { Reject } from '../core/reject.ts';

/** An authenticated caller: who it is, what it may do, and whose data it may touch. */
export interface Principal {
  readonly name: string;
  readonly roles: readonly Role[];
  /** Tenants it may name; `*` only for offline replay and the local operator. */
  readonly tenants: readonly string[] | '*';
  /** What its evidence is worth (design invariant 1). */
  readonly trust: Trust;
}

export const ROLES = ['ingest', 'broker', 'viewer', 'operator'] as const;
export type Role = (typeof ROLES)[number];

export interface ReceivedBatch {
  readonly sender: Principal;
  readonly events: readonly ReceivedEvent[];
  /** Position of each event in the sender's batch, for rejects found after decoding. */
  readonly positions?: readonly number[];
  /** Seeds baselines only (`tripcoil import --history`). */
  readonly history?: boolean;
}

export interface IngestResult {
  /** Durable now, duplicates among them. */
  readonly accepted: number;
  /** Those of `accepted` of which it is known already that they were taken in before. */
  readonly duplicates: number;
  /** Found after decoding: tenant not allowed, clock skew. Receivers add their own. */
  readonly rejects: readonly Reject[];
}

/** The one way in. Resolves once every accepted event is durable. */
export interface Ingest {
  /** @throws TripcoilError `overloaded` or `storage_unavailable`, both retryable. */
  submit(batch: ReceivedBatch): Promise<IngestResult>;
  /** Receivers ask this before they read a body, to refuse early; null to go on. */
  refusal(sender: Principal): Refusal | null;
  /**
   * Resolves when it is the sender's turn to compute for `LIMITS.ingestSliceMs`. `begin` comes
   * before the first slice and waits only where others were busy, `next` before each further one.
   */
  turn(sender: Principal, slice: 'begin' | 'next'): Promise<void>;
}

/** Why a sender had better come back later: its tenant has its share, or nobody has room. */
export type Refusal = 'over_share' | 'overloaded';

/** Whose share a sender uses: its tenant's, or its own where it serves several. */
export function shareOf(sender: Principal): string {
  const [tenant, more] = sender.tenants === '*' ? [] : sender.tenants;
  return tenant !== undefined && more === undefined ? tenant : `sender ${sender.name}`;
}
