/**
 * What waits in lanes, one lane a tenant: handed out by deficit round robin (Shreedhar and
 * Varghese 1996), so that each lane gets the same cost served whatever waits in the others. Within
 * a lane first in, first out.
 */
export class FairQueue<Item> {
  readonly #quantum: number;
  /** In the order of the round; the first is being served. */
  readonly #lanes = new Map<string, Lane<Item>>();
  #size = 0;

  /** `quantum` is the cost that a lane may spend each round; that of most items or more. */
  constructor(quantum: number) {
    this.#quantum = quantum;
  }

  /** Items waiting in all lanes. */
  get size(): number {
    return this.#size;
  }

  push(name: string, item: Item, cost: number): void {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { items: [], next: 0, deficit: this.#quantum };
      this.#lanes.set(name, lane);
    }
    lane.items.push({ item, cost });
    this.#size += 1;
  }

  /** The item whose turn it is, or undefined when none waits. */
  take(): Item | undefined {
    for (const [name, lane] of this.#lanes) {
      const first = lane.items[lane.next];
      if (first !== undefined && first.cost <= lane.deficit) return this.#serve(name, lane, first);
      // Its turn is over; it goes to the end of the round, which this loop comes back to.
      this.#lanes.delete(name);
      lane.deficit += this.#quantum;
      this.#lanes.set(name, lane);
    }
    return undefined;
  }

  #serve(name: string, lane: Lane<Item>, { item, cost }: Entry<Item>): Item {
    lane.deficit -= cost;
    lane.next += 1;
    this.#size -= 1;
    if (lane.next === lane.items.length) this.#lanes.delete(name);
    else if (lane.next >= COMPACTED_ITEMS && 2 * lane.next >= lane.items.length) {
      lane.items.splice(0, lane.next);
      lane.next = 0;
    }
    return item;
  }
}

interface Entry<Item> {
  readonly item: Item;
  readonly cost: number;
}

interface Lane<Item> {
  readonly items: Entry<Item>[];
  /** Index of the first that waits, so that a long lane is not shifted item by item. */
  next: number;
  /** Cost that may still be spent in this round. */
  deficit: number;
}

const COMPACTED_ITEMS = 256;

/**
 * Most that one lane may hold of a buffer of `limit` when the others hold `others`: half of what
 * those leave. One lane alone gets half of the buffer, and a newcomer always finds room, whoever
 * floods (dynamic thresholds with alpha 1: Choudhury and Hahne 1998).
 */
export function fairShare(limit: number, others: number): number {
  return Math.floor((limit - others) / 2);
}
