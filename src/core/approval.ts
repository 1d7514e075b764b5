import type { BreakerKey } from './breaker.ts';
import { type EpochMs, HOUR_MS, MINUTE_MS } from './time.ts';

/** Orders that a second person can be asked for. */
export const HELD_ORDERS = ['reset', 'release', 'exempt'] as const;
export type HeldOrder = (typeof HELD_ORDERS)[number];

/** How long a second person has. */
export const APPROVAL_EXPIRES_MS: number = 15 * MINUTE_MS;
/** The longest exemption, the longest that one person may give, and the longest break-glass. */
export const EXEMPTION_MAX_MS: number = 4 * HOUR_MS;
export const EXEMPTION_ALONE_MAX_MS: number = 15 * MINUTE_MS;
export const BREAK_GLASS_MAX_MS: number = 1 * HOUR_MS;
/** After break-glass the same breaker is let go by two persons alone, for so long. */
export const BREAK_GLASS_REST_MS: number = 4 * HOUR_MS;

/**
 * An order that waits for a second person. It is bound to the breaker as the first person saw it:
 * whatever moves the breaker meanwhile makes it void.
 */
export interface Approval {
  /** `a` and the sequence of the entry that asked for it. */
  readonly id: string;
  readonly key: BreakerKey;
  readonly epoch: number;
  readonly order: HeldOrder;
  /** How long an exemption is to last; 0 for other orders. */
  readonly forMs: number;
  readonly reason: string;
  readonly requestedBy: string;
  /** The credential it was asked with: the same one cannot approve. */
  readonly credential: string;
  readonly requestedAt: EpochMs;
  readonly expiresAt: EpochMs;
}
