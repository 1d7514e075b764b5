import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { SequencedEntry, UnsequencedEntry } from '../ports/ledger.ts';

/** One call of `append` that waits for its group. */
export interface WaitingAppend {
  readonly entries: readonly UnsequencedEntry[];
  resolve(entries: readonly SequencedEntry[]): void;
  reject(error: unknown): void;
}

/** Appends in call order, bounded. The caller of `push` learns its fate through the promise. */
export class CommitQueue {
  #waiting: WaitingAppend[] = [];
  #entries = 0;

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  push(entries: readonly UnsequencedEntry[]): Promise<readonly SequencedEntry[]> {
    if (this.#entries > 0 && this.#entries + entries.length > LIMITS.ledgerWaitingEntries) {
      const message = 'Too many entries wait for the ledger.';
      return Promise.reject(new TripcoilError('overloaded', message, { retryable: true }));
    }
    this.#entries += entries.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, resolve, reject });
    });
  }

  /**
   * Takes the appends of one group, oldest first. `add` is called for each taken and says whether
   * there is room for more. An append is never split.
   */
  take(add: (append: WaitingAppend) => boolean): readonly WaitingAppend[] {
    let count = 0;
    for (const append of this.#waiting) {
      count += 1;
      this.#entries -= append.entries.length;
      if (!add(append)) break;
    }
    return this.#waiting.splice(0, count);
  }

  /** Rejects everything that waits. */
  rejectAll(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#entries = 0;
    for (const append of waiting) append.reject(error);
  }
}
