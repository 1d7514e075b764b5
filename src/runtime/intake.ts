import type { Effect } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { Unplaced } from './entries.ts';

/** One call that waits for the writer of a partition. */
export interface Waiting {
  readonly entries: readonly Unplaced[];
  /** `order` is what somebody waits for: commands, acknowledgements, ticks, proposals. */
  readonly lane: 'event' | 'order';
  /** Called once the entries are on disk. */
  readonly durable: () => void;
  /** Called with the effects of the entries; null where nobody asked. */
  readonly decided: ((effects: readonly Effect[]) => void) | null;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  readonly limit: number;
  waiting: Waiting[];
  /** Entries waiting, and those taken but not settled yet. */
  queued: number;
}

/**
 * What waits for the writer, bounded. Orders have a lane of their own and go first: a flood of
 * events must not keep an operator from opening a breaker.
 */
export class Intake {
  readonly #lanes: Readonly<Record<Waiting['lane'], Lane>> = {
    order: { limit: LIMITS.queuedOrders, waiting: [], queued: 0 },
    event: { limit: LIMITS.queuedEvents, waiting: [], queued: 0 },
  };

  /** Events not settled yet. */
  get queued(): number {
    return this.#lanes.event.queued;
  }

  get empty(): boolean {
    return this.#lanes.order.waiting.length === 0 && this.#lanes.event.waiting.length === 0;
  }

  /** False when its lane is full. */
  push(waiting: Waiting): boolean {
    const lane = this.#lanes[waiting.lane];
    if (lane.queued + waiting.entries.length > lane.limit) return false;
    lane.waiting.push(waiting);
    lane.queued += waiting.entries.length;
    return true;
  }

  /** The calls of one group commit, at least one; a call is never split. */
  take(): readonly Waiting[] {
    const taken: Waiting[] = [];
    let entries = 0;
    for (const lane of [this.#lanes.order, this.#lanes.event]) {
      let count = 0;
      for (const next of lane.waiting) {
        if (taken.length > 0 && entries + next.entries.length > LIMITS.commitEntries) break;
        entries += next.entries.length;
        taken.push(next);
        count += 1;
      }
      lane.waiting.splice(0, count);
    }
    return taken;
  }

  /** Makes room again for what was taken, once it is on disk or refused. */
  settle(taken: readonly Waiting[]): void {
    for (const { lane, entries } of taken) this.#lanes[lane].queued -= entries.length;
  }
}
