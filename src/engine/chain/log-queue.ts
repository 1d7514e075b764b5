/**
 * Values by their sequence, oldest first. Which is the oldest is known at once: to look for it from
 * the front of a `Map` is to walk over every place that was deleted there, thousands at a time.
 */
export class LogQueue<Value> {
  readonly #values = new Map<number, Value>();
  #from = this.#values.keys();
  /** Sequence of the oldest value, unless it was deleted since; null before anybody asked. */
  #oldest: number | null = null;

  get size(): number {
    return this.#values.size;
  }

  /** Sequences only rise. */
  set(seq: number, value: Value): void {
    this.#values.set(seq, value);
  }

  delete(seq: number): void {
    this.#values.delete(seq);
  }

  /** The value of the lowest sequence, or null where there is none. */
  oldest(): Value | null {
    for (;;) {
      if (this.#oldest !== null) {
        const value = this.#values.get(this.#oldest);
        if (value !== undefined) return value;
      }
      const next = this.#from.next();
      this.#oldest = next.done === true ? null : next.value;
      if (this.#oldest !== null) continue;
      // What had no more to give at its end gives nothing that comes later either.
      this.#from = this.#values.keys();
      if (this.#values.size === 0) return null;
    }
  }

  /** Oldest first. */
  values(): MapIterator<Value> {
    return this.#values.values();
  }
}
