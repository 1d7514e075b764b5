import type { EpochMs } from '../core/time.ts';
import type { KeyRotation } from './subjects.ts';

/** Who gives an order, and why; both stand in the record. */
interface Order {
  readonly tenant: string;
  readonly actor: string;
  readonly reason: string;
}

/** Which person: every identifier given is one of theirs. */
export interface ErasureOrder extends Order {
  readonly subject: readonly string[];
  readonly dryRun: boolean;
}

/** Without a subject: everybody in the tenant. */
export interface HoldOrder extends Order {
  readonly subject: readonly string[];
}

export interface RotationOrder extends Order {
  readonly overlapMs: number;
}

export interface RevealOrder extends Order {
  /** As it stands in a record, `[email:p1-…:…]`. */
  readonly token: string;
}

/** What an erasure destroyed, or would destroy. */
export interface Erasure {
  readonly tenant: string;
  readonly dryRun: boolean;
  readonly keys: number;
  readonly values: number;
  readonly events: number;
  readonly findings: number;
  readonly transitions: number;
}

/** A reveal that somebody asked for and nobody else has approved yet, or that may be read. */
export interface RevealState {
  readonly id: string;
  readonly status: 'requested' | 'approved';
  readonly expiresAt: EpochMs;
}

/** Orders about persons and keys. Each is in the ledger before it takes effect. */
export interface SubjectOrders {
  /** @throws TripcoilError `conflict` under legal hold, which is recorded too. */
  erase(order: ErasureOrder): Promise<Erasure>;
  hold(order: HoldOrder): Promise<void>;
  /** @throws TripcoilError `not_found` where there is no such hold. */
  release(order: HoldOrder): Promise<void>;
  /** @throws TripcoilError `conflict` while the last rotation overlaps. */
  rotate(order: RotationOrder): Promise<KeyRotation>;
  /** @throws TripcoilError `not_found` where no value was sealed for the token. */
  requestReveal(order: RevealOrder): Promise<RevealState>;
  /** @throws TripcoilError `forbidden` for the person who asked, `not_found` when it expired. */
  approveReveal(id: string, actor: string): Promise<RevealState>;
  /** The value, to the person who asked, once, after somebody else approved. */
  readReveal(id: string, actor: string): Promise<string>;
  /** Whose value a reveal is about; null when there is no such reveal. */
  revealTenant(id: string): string | null;
}
