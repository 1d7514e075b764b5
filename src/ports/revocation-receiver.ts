import type { Revocation } from '../core/revocation.ts';

export type DeliveryOutcome =
  | { readonly status: 'acknowledged' }
  /** Try again; `afterMs` when the receiver named a delay. */
  | { readonly status: 'retry'; readonly detail: string; readonly afterMs?: number }
  /** The receiver understood and refused; repeating it changes nothing. */
  | { readonly status: 'rejected'; readonly detail: string };

/**
 * One enforcement point that revocations are pushed to. Order, retry and durability are the
 * outbox's.
 */
export interface RevocationReceiver {
  readonly name: string;
  readonly tenants: readonly string[] | '*';
  /** Never throws. Aborts when the signal does. */
  deliver(revocation: Revocation, signal: AbortSignal): Promise<DeliveryOutcome>;
}
