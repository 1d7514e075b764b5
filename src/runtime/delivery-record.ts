import type { BreakerOrder } from '../core/breaker-order.ts';
import type { Delivery, DeliveryReceipt } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { backoffMs } from './backoff.ts';
import type { Unplaced } from './entries.ts';

export interface DeliveryRecordOptions {
  readonly append: (entries: readonly Unplaced[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly jitter: () => number;
}

/**
 * Puts what receivers answered into the ledger, beside the deliveries and not in their way: while
 * the disk refuses, revocations go on and their acknowledgements wait here. One that is lost in a
 * crash costs one more delivery under the same `jti`.
 */
export class DeliveryRecord {
  readonly #options: DeliveryRecordOptions;
  #waiting: Unplaced[] = [];
  readonly #stop = new AbortController();
  #writing: Promise<void> | null = null;
  #isFull = false;

  constructor(options: DeliveryRecordOptions) {
    this.#options = options;
  }

  acknowledged(
    receiver: string,
    { key, jti, term, epoch }: BreakerOrder,
    receipt?: DeliveryReceipt,
  ): void {
    const body = { receiver, jti, key, term, epoch, ...(receipt && { receipt }) };
    this.#add({ kind: 'ack', tenant: key.tenant, body });
  }

  rejected(receiver: string, { key, jti }: BreakerOrder, detail: string): void {
    this.noted({ tenant: key.tenant, jti }, receiver, 'rejected', detail);
  }

  /** What became of an order at one enforcement point. */
  noted(
    { tenant, jti }: { readonly tenant: string; readonly jti: string },
    receiver: string,
    status: Delivery['status'],
    detail: string,
  ): void {
    this.#add({ kind: 'delivery', tenant, body: { receiver, jti, status, detail } });
  }

  /** Drops what waits of an erased tenant. */
  forget(tenant: string): void {
    this.#waiting = this.#waiting.filter((entry) => entry.tenant !== tenant);
  }

  /** Tries once more what waits, then stops. Safe twice. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#writing;
  }

  #add(entry: Unplaced): void {
    if (this.#waiting.length >= LIMITS.outboxPending) {
      if (!this.#isFull) {
        this.#options.log.error('too many acknowledgements wait for the ledger: some are dropped');
      }
      this.#isFull = true;
      return;
    }
    this.#waiting.push(entry);
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    const { append, clock, jitter } = this.#options;
    const { signal } = this.#stop;
    for (let attempt = 0; this.#waiting.length > 0; ) {
      const entries = this.#waiting.slice(0, LIMITS.acknowledgementsPerAppend);
      try {
        await append(entries);
        const written = new Set(entries);
        this.#waiting = this.#waiting.filter((entry) => !written.has(entry));
        this.#isFull = false;
        attempt = 0;
      } catch {
        if (signal.aborted) break;
        await clock.sleep(backoffMs(attempt, jitter()), signal);
        attempt += 1;
      }
    }
    this.#writing = null;
  }
}
