import type { EpochMs } from '../core/time.ts';
import type { ProjectionBatch, Store } from './store.ts';

/** How far a rebuild of the store has come: entry `seq` of `of`. */
export interface RebuildProgress {
  readonly seq: number;
  readonly of: number;
  readonly startedAt: EpochMs;
}

/** Builds the store again from the ledger, while everything goes on. */
export interface StoreRebuild {
  /** @throws TripcoilError `conflict` while one is under way. */
  start(order: { readonly actor: string; readonly reason: string }): Promise<RebuildProgress>;
  /** Null while none is under way. */
  progress(): RebuildProgress | null;
}

/** A store that is not in use yet. */
export interface FreshStore {
  readonly store: Store;
  /** Makes it the one that the next start opens. */
  adopt(): Promise<void>;
  /** Takes it away again. */
  discard(): Promise<void>;
}

/** A store in use that another may take the place of. */
export interface RebuildTarget {
  /** From now on both are written; returns up to where the new one has to be filled. */
  begin(next: Store): Promise<number>;
  /** Fills the new one, behind what both are told. */
  fill(batch: ProjectionBatch): Promise<void>;
  /** Puts the new one in the place of the old, which is closed once nobody reads from it. */
  finish(adopt: () => Promise<void>): Promise<void>;
  /** Goes on with the old one alone. */
  abandon(): Promise<void>;
}
