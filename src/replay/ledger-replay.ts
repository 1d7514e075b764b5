import { type DecisionEntry, type Effect, ENGINE_VERSION, type LogEntry } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import { isDecision, isFolded } from '../runtime/entries.ts';
import type { LedgerFollower } from './ledger-fold.ts';

/** A decision that the engine makes otherwise than it is recorded. */
export interface Difference {
  /** `missing`: not recorded. `extra`: recorded, and not decided now. */
  readonly why: 'missing' | 'extra' | 'different';
  readonly kind: string;
  readonly tenant: string;
  readonly inputSeq: number;
  readonly ordinal: number;
  /** Where it is recorded; null where it is not. */
  readonly seq: number | null;
  readonly recorded: unknown;
  readonly recomputed: unknown;
}

/** How a recorded log compares with what this engine decides over it. */
export interface LedgerReplay {
  readonly entries: number;
  readonly inputs: number;
  readonly decisions: number;
  readonly same: number;
  readonly different: number;
  /** Recorded by another version of the engine, and not compared. */
  readonly otherVersion: number;
  /** Decided by now, and to be recorded with what comes next. */
  readonly pending: number;
  /** Entries whose keys were destroyed; what followed from them cannot be computed again. */
  readonly erased: number;
}

/** Compares every recorded decision with the one that is made again. */
export class ReplayComparison implements LedgerFollower {
  readonly #tell: (difference: Difference) => void;
  readonly #owed = new Map<string, Effect>();
  #counts = { entries: 0, inputs: 0, decisions: 0, same: 0, different: 0, otherVersion: 0 };
  #erased = 0;
  #lastSeq = 0;
  /** From here on everything was recorded by this version. */
  #ownVersionFrom = 1;

  constructor(tell: (difference: Difference) => void) {
    this.#tell = tell;
  }

  onEntry(entry: LogEntry): void {
    this.#erased += entry.seq - this.#lastSeq - 1;
    this.#lastSeq = entry.seq;
    this.#counts.entries += 1;
    if (entry.engineVersion !== ENGINE_VERSION) this.#ownVersionFrom = entry.seq + 1;
    if (entry.kind === 'input') this.#counts.inputs += 1;
    if (!isFolded(entry) && isDecision(entry)) this.#settle(entry);
  }

  onEffect(effect: Effect): void {
    this.#owed.set(positionOf(effect), effect);
  }

  result(): LedgerReplay {
    let pending = 0;
    for (const effect of this.#owed.values()) {
      if (effect.inputSeq > this.#lastSeq - LIMITS.replayPendingEntries) pending += 1;
      else if (effect.inputSeq >= this.#ownVersionFrom) {
        this.#differs('missing', effect, null, effect);
      }
    }
    this.#owed.clear();
    return { ...this.#counts, pending, erased: this.#erased };
  }

  #settle(entry: DecisionEntry): void {
    this.#counts.decisions += 1;
    const position = positionOf(entry.body);
    const effect = this.#owed.get(position) ?? null;
    this.#owed.delete(position);
    if (entry.engineVersion !== ENGINE_VERSION) {
      this.#counts.otherVersion += 1;
      return;
    }
    const { decision } = entry.body;
    const isSame =
      effect?.kind === entry.kind && JSON.stringify(effect.decision) === JSON.stringify(decision);
    if (isSame) this.#counts.same += 1;
    else this.#differs(effect === null ? 'extra' : 'different', entry.body, entry, effect);
  }

  #differs(
    why: Difference['why'],
    { inputSeq, ordinal }: { readonly inputSeq: number; readonly ordinal: number },
    entry: DecisionEntry | null,
    effect: Effect | null,
  ): void {
    this.#counts.different += 1;
    const kind = entry?.kind ?? effect?.kind ?? '';
    const tenant = entry?.tenant ?? effect?.tenant ?? '';
    this.#tell({
      ...{ why, kind, tenant, inputSeq, ordinal, seq: entry?.seq ?? null },
      ...{ recorded: entry?.body.decision ?? null, recomputed: effect?.decision ?? null },
    });
  }
}

function positionOf(of: { readonly inputSeq: number; readonly ordinal: number }): string {
  return `${of.inputSeq}-${of.ordinal}`;
}
