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
  readonly accepted: number;
  /** Found after decoding: tenant not allowed, clock skew. Receivers add their own. */
  readonly rejects: readonly Reject[];
}

/** The one way in. Resolves once every accepted event is durable. */
export interface Ingest {
  /** @throws TripcoilError `overloaded` or `storage_unavailable`, both retryable. */
  submit(batch: ReceivedBatch): Promise<IngestResult>;
  /** Receivers call this before reading a body, to refuse early. */
  overloaded(): boolean;
}
