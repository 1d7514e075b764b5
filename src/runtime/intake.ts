import type { Effect } from '../core/entry.ts';
import { FairQueue, fairShare } from '../core/fair-queue.ts';
import { LIMITS } from '../core/limits.ts';
import type { Refusal } from '../ports/ingest.ts';
import type { Unplaced, UnplacedRecord } from './entries.ts';

/** One call that waits for the writer of a partition. */
export interface Waiting {
  readonly entries: readonly (Unplaced | UnplacedRecord)[];
  /** `order` is what somebody waits for: commands, acknowledgements, ticks, proposals. */
  readonly lane: 'event' | 'order';
  /** Nothing else shares its append. */
  readonly alone?: boolean;
  /** Whose share of the queue of events it takes; see `shareOf`. */
  readonly share: string;
  /** Called once the entries are on disk. */
  readonly durable: () => void;
  /** Called with the effects of the entries; null where nobody asked. */
  readonly decided: ((effects: readonly Effect[]) => void) | null;
  readonly reject: (error: unknown) => void;
}

/**
 * What waits for the writer, bounded. Orders have a lane of their own and go first: a flood of
 * events must not keep an operator from opening a breaker. Events wait by tenant: each holds at
 * most its share of the queue, and all are served in turn.
 */
export class Intake {
  #orders: Waiting[] = [];
  /** Entries waiting, and those taken but not settled yet; of events by tenant. */
  #queuedOrders = 0;
  #queued = 0;
  readonly #queuedBy = new Map<string, number>();
  readonly #events = new FairQueue<Waiting>(LIMITS.eventsPerRound);

  /** Events not settled yet. */
  get queued(): number {
    return this.#queued;
  }

  get empty(): boolean {
    return this.#orders.length === 0 && this.#events.size === 0;
  }

  /**
   * Why `count` more events of a tenant find no room, or null. `underWay` will come to the queue
   * too: events of all tenants, and those of this one among them.
   */
  refusal(
    share: string,
    count: number,
    underWay: { readonly all: number; readonly own: number } = { all: 0, own: 0 },
  ): Refusal | null {
    const own = (this.#queuedBy.get(share) ?? 0) + underWay.own;
    const others = this.#queued + underWay.all - own;
    if (own + count <= fairShare(LIMITS.queuedEvents, others)) return null;
    return own > 0 ? 'over_share' : 'overloaded';
  }

  /** Null when it was taken in, else why it was not. */
  push(waiting: Waiting): Refusal | null {
    const { share, entries, lane } = waiting;
    const count = entries.length;
    if (lane === 'order') {
      if (this.#queuedOrders + count > LIMITS.queuedOrders) return 'overloaded';
      this.#orders.push(waiting);
      this.#queuedOrders += count;
      return null;
    }
    const refusal = this.refusal(share, count);
    if (refusal !== null) return refusal;
    this.#events.push(share, waiting, count);
    this.#queued += count;
    this.#queuedBy.set(share, (this.#queuedBy.get(share) ?? 0) + count);
    return null;
  }

  /** The calls of one group commit, at least one; a call is never split. */
  take(): readonly Waiting[] {
    const taken: Waiting[] = [];
    let entries = 0;
    if (this.#orders[0]?.alone) return this.#orders.splice(0, 1);
    for (const next of this.#orders) {
      if (next.alone) break;
      if (taken.length > 0 && entries + next.entries.length > LIMITS.commitEntries) break;
      entries += next.entries.length;
      taken.push(next);
    }
    this.#orders.splice(0, taken.length);
    while (entries < LIMITS.eventsPerCommit) {
      const next = this.#events.take();
      if (next === undefined) break;
      entries += next.entries.length;
      taken.push(next);
    }
    return taken;
  }

  /** Makes room again for what was taken, once it is on disk or refused. */
  settle(taken: readonly Waiting[]): void {
    for (const { lane, share, entries } of taken) {
      if (lane === 'order') {
        this.#queuedOrders -= entries.length;
        continue;
      }
      this.#queued -= entries.length;
      const left = (this.#queuedBy.get(share) ?? 0) - entries.length;
      if (left > 0) this.#queuedBy.set(share, left);
      else this.#queuedBy.delete(share);
    }
  }
}
