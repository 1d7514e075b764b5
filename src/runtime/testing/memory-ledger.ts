import { createHash } from 'node:crypto';
import { TripcoilError } from '../../core/errors.ts';
import type { Ledger, LedgerHead, SequencedEntry, UnsequencedEntry } from '../../ports/ledger.ts';

const READ_ENTRIES = 3;

/** A ledger in memory, with a disk that can be told to refuse or to take its time. */
export class MemoryLedger implements Ledger {
  readonly entries: SequencedEntry[];
  /** Each append while this says so is refused, and leaves nothing behind. */
  refuses: (entries: readonly UnsequencedEntry[]) => boolean = () => false;
  expiredSeq = 0;
  #head: LedgerHead = { seq: 0, hash: '', loggedAt: 0 };
  #gate: Promise<void> | null = null;

  constructor(entries: readonly SequencedEntry[] = []) {
    this.entries = [...entries];
    for (const entry of entries) this.#advance(entry);
  }

  get head(): LedgerHead {
    return this.#head;
  }

  async append(entries: readonly UnsequencedEntry[]): Promise<readonly SequencedEntry[]> {
    await this.#gate;
    if (this.refuses(entries)) {
      throw new TripcoilError('storage_unavailable', 'disk full', { retryable: true });
    }
    return entries.map((entry) => {
      const stored = { ...entry, seq: this.#head.seq + 1 };
      this.entries.push(stored);
      this.#advance(stored);
      return stored;
    });
  }

  /** Holds every append back until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return () => {
      this.#gate = null;
      resolve();
    };
  }

  async chainAt(seq: number): Promise<string | null> {
    const through = new MemoryLedger(this.entries.slice(0, seq));
    return seq > 0 && seq <= this.#head.seq ? through.head.hash : null;
  }

  async *read(fromSeq: number): AsyncGenerator<readonly SequencedEntry[]> {
    const { seq } = this.#head;
    for (let from = Math.max(1, fromSeq); from <= seq; from += READ_ENTRIES) {
      yield this.entries.slice(from - 1, Math.min(seq, from - 1 + READ_ENTRIES));
    }
  }

  async close(): Promise<void> {}

  #advance(entry: SequencedEntry): void {
    const hash = createHash('sha256').update(this.#head.hash).update(JSON.stringify(entry));
    this.#head = { seq: entry.seq, hash: hash.digest('hex'), loggedAt: entry.loggedAt };
  }
}
