interface Queue {
  readonly waiting: (() => void)[];
  /** Index of the next to be woken, so that a long queue is not shifted turn by turn. */
  next: number;
}

/** A bounded number of turns: the lowest rank first, then in the order they were asked for. */
export class Slots {
  #free: number;
  readonly #queues: readonly Queue[];

  constructor(count: number, ranks = 1) {
    this.#free = count;
    this.#queues = Array.from({ length: ranks }, () => ({ waiting: [], next: 0 }));
  }

  /** Resolves when it is the caller's turn; every turn is given back by `release`. */
  acquire(rank = 0): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#queues[Math.min(rank, this.#queues.length - 1)]?.waiting.push(resolve);
    });
  }

  release(): void {
    const queue = this.#queues.find(({ waiting, next }) => next < waiting.length);
    const wake = queue?.waiting[queue.next];
    if (!queue || !wake) {
      this.#free += 1;
      return;
    }
    queue.next += 1;
    if (queue.next === queue.waiting.length) {
      queue.waiting.length = 0;
      queue.next = 0;
    }
    wake();
  }
}
