import { TripcoilError } from '../core/errors.ts';
import type { ProjectionBatch, Store } from '../ports/store.ts';
import type { RebuildTarget } from '../ports/store-rebuild.ts';

/** The store in use, and how many read from it. */
interface InUse {
  readonly store: Store;
  readers: number;
  idle: () => void;
}

type Erased = Parameters<Store['erase']>;

/**
 * The store in use behind one that stays: while another is built, both are written; then the new
 * one takes over between two writes, so that no reader sees half of it.
 */
export class RebuildingStore implements Store, RebuildTarget {
  #inUse: InUse;
  #next: Store | null = null;
  #writing: Promise<unknown> = Promise.resolve();
  #lastSeq = 0;
  /** Erasures since the rebuild began: rows filled in later may be meant, too. */
  #erased: Erased[] = [];
  #failure: unknown = null;

  constructor(store: Store) {
    this.#inUse = { store, readers: 0, idle: () => {} };
  }

  project(batch: ProjectionBatch): Promise<void> {
    return this.#inTurn(async () => {
      await this.#inUse.store.project(batch);
      this.#lastSeq = Math.max(this.#lastSeq, batch.lastSeq);
      if (this.#next === null) return;
      for (const { tenant, needles, seq } of batch.tombstones ?? []) {
        this.#erased.push([tenant, needles, seq]);
      }
      await this.#alsoTo((next) => next.project(batch));
    });
  }

  erase(...erased: Erased): Promise<void> {
    return this.#inTurn(async () => {
      await this.#inUse.store.erase(...erased);
      if (this.#next === null) return;
      this.#erased.push(erased);
      await this.#alsoTo((next) => next.erase(...erased));
    });
  }

  begin(next: Store): Promise<number> {
    return this.#inTurn(async () => {
      const seq = await this.#inUse.store.projectedSeq();
      this.#next = next;
      this.#erased = [];
      this.#failure = null;
      return Math.max(seq, this.#lastSeq);
    });
  }

  async fill(batch: ProjectionBatch): Promise<void> {
    await this.#built().project(batch);
  }

  finish(adopt: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      const next = this.#built();
      for (const erased of this.#erased) await next.erase(...erased);
      await adopt();
      const old = this.#inUse;
      this.#inUse = { store: next, readers: 0, idle: () => {} };
      this.#next = null;
      const close = (): void => void old.store.close().catch(() => undefined);
      if (old.readers === 0) close();
      else old.idle = close;
    });
  }

  abandon(): Promise<void> {
    return this.#inTurn(async () => {
      const next = this.#next;
      this.#next = null;
      await next?.close();
    });
  }

  projectedSeq = () => this.#read((store) => store.projectedSeq());
  findings: Store['findings'] = (query) => this.#read((store) => store.findings(query));
  chain: Store['chain'] = (...asked) => this.#read((store) => store.chain(...asked));
  wholeChains: Store['wholeChains'] = (...asked) =>
    this.#read((store) => store.wholeChains(...asked));
  chains: Store['chains'] = (query) => this.#read((store) => store.chains(query));
  authentications: Store['authentications'] = (query) =>
    this.#read((store) => store.authentications(query));
  token: Store['token'] = (...asked) => this.#read((store) => store.token(...asked));
  activity: Store['activity'] = (query) => this.#read((store) => store.activity(query));
  countHolding: Store['countHolding'] = (...asked) =>
    this.#read((store) => store.countHolding(...asked));

  healthy(): boolean {
    return this.#inUse.store.healthy();
  }

  async close(): Promise<void> {
    await this.#next?.close().catch(() => undefined);
    await this.#inUse.store.close();
  }

  #built(): Store {
    if (this.#failure !== null) throw this.#failure;
    if (this.#next === null) throw new TripcoilError('conflict', 'no rebuild is under way');
    return this.#next;
  }

  /** What goes wrong with the new store ends its building and nothing else. */
  async #alsoTo(write: (next: Store) => Promise<void>): Promise<void> {
    if (this.#next === null || this.#failure !== null) return;
    await write(this.#next).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  async #read<Answer>(ask: (store: Store) => Promise<Answer>): Promise<Answer> {
    const used = this.#inUse;
    used.readers += 1;
    try {
      return await ask(used.store);
    } finally {
      used.readers -= 1;
      if (used.readers === 0) used.idle();
    }
  }

  #inTurn<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => undefined);
    return done;
  }
}
