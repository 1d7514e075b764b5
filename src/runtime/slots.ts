/** A bounded number of turns, given in the order they were asked for. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  /** Index of the next to be woken, so that a long queue is not shifted turn by turn. */
  #next = 0;

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when it is the caller's turn; every turn is given back by `release`. */
  acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const wake = this.#waiting[this.#next];
    if (!wake) {
      this.#free += 1;
      return;
    }
    this.#next += 1;
    if (this.#next === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#next = 0;
    }
    wake();
  }
}
