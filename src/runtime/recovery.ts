import {
  type DecisionEntry,
  type Effect,
  ENGINE_VERSION,
  type FoldedEntry,
} from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import { Shard, type ShardOptions } from '../engine/shard.ts';
import type { Ledger } from '../ports/ledger.ts';
import { decodeEntry, encodeDecision, isDecision, isFolded } from './entries.ts';
import type { Snapshots } from './snapshots.ts';

export interface Recovered {
  readonly shard: Shard;
  /** The entry that the snapshot stands on; 0 without one. */
  readonly snapshotSeq: number;
  /** Entries folded again after the snapshot. */
  readonly replayed: number;
  /** False where entries were needed that are gone for their age: baselines begin later. */
  readonly isWhole: boolean;
  /** Decisions that a crash had kept out of the ledger, recorded now. */
  readonly completed: readonly Effect[];
}

/**
 * Rebuilds the engine from its newest snapshot and the tail of the ledger, and completes what a
 * crash cut off: the fold is deterministic, so a decision missing from the log is computed again.
 * @throws TripcoilError `ledger_corrupt` when a recorded decision differs from the recomputed one.
 */
export async function recover(options: {
  readonly ledger: Ledger;
  readonly shard: ShardOptions;
  readonly snapshots: Snapshots;
}): Promise<Recovered> {
  const { ledger, snapshots } = options;
  const fresh = (): Shard => new Shard(options.shard);
  const shard = (await snapshots.restoreLatest(fresh)) ?? fresh();
  const snapshotSeq = shard.seq;
  const owed = new Map<string, Effect>();
  // What retention took cannot be folded again: then what is on record stands as it is.
  const isWhole = snapshotSeq >= ledger.expiredSeq;
  let replayed = 0;
  for await (const batch of ledger.read(snapshotSeq + 1)) {
    const pending: FoldedEntry[] = [];
    const recorded: DecisionEntry[] = [];
    for (const stored of batch) {
      const entry = decodeEntry(stored);
      if (isFolded(entry)) pending.push(entry);
      else if (isDecision(entry) && entry.body.inputSeq > snapshotSeq) recorded.push(entry);
    }
    replayed += pending.length;
    const effects = shard.apply(pending);
    if (!isWhole) continue;
    for (const effect of effects) owed.set(positionOf(effect), effect);
    for (const entry of recorded) settle(owed, entry);
  }
  const completed = [...owed.values()];
  if (completed.length > 0) {
    const loggedAt = Math.max(ledger.head.loggedAt, shard.logTime);
    await ledger.append(completed.map((effect) => encodeDecision(effect, loggedAt, null)));
  }
  return { shard, snapshotSeq, replayed, isWhole, completed };
}

function settle(owed: Map<string, Effect>, entry: DecisionEntry): void {
  const position = positionOf(entry.body);
  const effect = owed.get(position);
  owed.delete(position);
  if (entry.engineVersion !== ENGINE_VERSION) return;
  const same =
    effect?.kind === entry.kind &&
    JSON.stringify(effect.decision) === JSON.stringify(entry.body.decision);
  if (same) return;
  throw new TripcoilError(
    'ledger_corrupt',
    `the ${entry.kind} at sequence ${entry.seq} is not what this engine decides for entry ` +
      `${entry.body.inputSeq}; the record or the engine was changed`,
  );
}

function positionOf(of: { readonly inputSeq: number; readonly ordinal: number }): string {
  return `${of.inputSeq}-${of.ordinal}`;
}
