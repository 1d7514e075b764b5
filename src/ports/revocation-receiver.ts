import type { BreakerOrder } from '../core/breaker-order.ts';
import type { DeliveryReceipt } from '../core/entry.ts';

export type DeliveryOutcome =
  | { readonly status: 'acknowledged'; readonly receipt?: DeliveryReceipt }
  /** Try again; `afterMs` when the receiver named a delay. */
  | { readonly status: 'retry'; readonly detail: string; readonly afterMs?: number }
  /** The receiver understood and refused; repeating it changes nothing. */
  | { readonly status: 'rejected'; readonly detail: string };

/** One drill as receivers are told of it. */
export interface Drill {
  readonly id: string;
  readonly tenant: string;
}

/** What a receiver answers to a drill. */
export type DrillAnswer =
  | DeliveryOutcome
  | { readonly status: 'dry_run' | 'skipped'; readonly detail: string };

/**
 * One enforcement point that breaker orders are given to: the newest state of each key, at any
 * level. Order, retry and durability are the outbox's.
 */
export interface RevocationReceiver {
  readonly name: string;
  readonly tenants: readonly string[] | '*';
  /**
   * Whether it has anything to do for this order; everything concerns it unless given. One that
   * does not concern it still supersedes what is owed of its key.
   */
  concerns?(order: BreakerOrder): boolean;
  /**
   * It comes for orders itself: an attempt lasts until it has answered, however long, and counts
   * among no attempts at once. Superseding it aborts the attempt.
   */
  readonly fetches?: boolean;
  /** Each delivery costs a signature and a request: in a burst, feeds are told first. */
  readonly afterFeeds?: boolean;
  /** How long one attempt may take; `LIMITS.deliveryTimeoutMs` unless given. */
  readonly attemptMs?: number;
  /** Resolves when attempts may be made, or the signal aborts; at once unless given. */
  ready?(signal: AbortSignal): Promise<void>;
  /** Told when an order it was given, or might have been, is owed to it no more. */
  withdrawn?(order: BreakerOrder): void;
  /**
   * Has the point show that it hears, without any effect on agents: a verification, a look. Aborts
   * with the signal. Absent where nothing can be asked.
   */
  drill?(drill: Drill, signal: AbortSignal): Promise<DrillAnswer>;
  /** Never throws. Aborts when the signal does. */
  deliver(order: BreakerOrder, signal: AbortSignal): Promise<DeliveryOutcome>;
}
