/**
 * What waits in lanes, one lane a tenant: handed out by deficit round robin (Shreedhar and
 * Varghese 1996), so that each lane gets the same cost served whatever waits in the others. Within
 * a lane first in, first out, but for what is pushed as `begun`.
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

  /**
   * `begun` is the rest of something that was served in part before: it goes ahead of what is
   * fresh, so that few things are half done, yet one time in `FRESH_EVERY` the fresh has its turn,
   * so that something long does not hold up its whole lane.
   */
  push(name: string, item: Item, cost: number, state: 'fresh' | 'begun' = 'fresh'): void {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { fresh: new Fifo(), begun: new Fifo(), streak: 0, deficit: this.#quantum };
      this.#lanes.set(name, lane);
    }
    lane[state].push({ item, cost });
    this.#size += 1;
  }

  /** The item whose turn it is, or undefined when none waits. */
  take(): Item | undefined {
    for (const [name, lane] of this.#lanes) {
      const line = lineOf(lane);
      const first = line.first;
      if (first !== undefined && first.cost <= lane.deficit) {
        line.shift();
        return this.#serve(name, lane, first);
      }
      // Its turn is over; it goes to the end of the round, which this loop comes back to.
      this.#lanes.delete(name);
      lane.deficit += this.#quantum;
      this.#lanes.set(name, lane);
    }
    return undefined;
  }

  #serve(name: string, lane: Lane<Item>, { item, cost }: Entry<Item>): Item {
    lane.deficit -= cost;
    lane.streak = (lane.streak + 1) % FRESH_EVERY;
    this.#size -= 1;
    if (lane.fresh.empty && lane.begun.empty) this.#lanes.delete(name);
    return item;
  }
}

interface Entry<Item> {
  readonly item: Item;
  readonly cost: number;
}

interface Lane<Item> {
  readonly fresh: Fifo<Entry<Item>>;
  readonly begun: Fifo<Entry<Item>>;
  /** Items served, modulo `FRESH_EVERY`. */
  streak: number;
  /** Cost that may still be spent in this round. */
  deficit: number;
}

/** At least every so many items of a lane, one of the fresh ones is served. */
const FRESH_EVERY = 8;

function lineOf<Item>({ fresh, begun, streak }: Lane<Item>): Fifo<Entry<Item>> {
  if (begun.empty) return fresh;
  return streak === FRESH_EVERY - 1 && !fresh.empty ? fresh : begun;
}

/** First in, first out, without shifting a long array item by item. */
class Fifo<Item> {
  readonly #items: Item[] = [];
  /** Index of the first that waits. */
  #next = 0;

  get empty(): boolean {
    return this.#next === this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[this.#next];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): void {
    this.#next += 1;
    if (this.#next >= COMPACTED_ITEMS && 2 * this.#next >= this.#items.length) {
      this.#items.splice(0, this.#next);
      this.#next = 0;
    } else if (this.empty) {
      this.#items.length = 0;
      this.#next = 0;
    }
  }
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
