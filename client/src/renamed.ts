import type { MatchIndex } from './match-index.ts';
import { type BreakerState, keyText, type RenamedHold } from './messages.ts';

/** Trips whose names the daemon has erased. They hold on, though no message names them again. */
export interface RenamedHolds {
  /**
   * Called for a trip that a snapshot no longer names; `renamed` are the breakers under pseudonyms
   * that it newly names. Whether one of them may be this trip: it is then held on.
   */
  keep(text: string, state: BreakerState, renamed: readonly BreakerState[]): boolean;
  restore(hold: RenamedHold): void;
  /** A breaker under a pseudonym changed: the trip that it alone may be changes with it. */
  follow(text: string, state: BreakerState): void;
  /** Forgets the keys that `gone` names, and the trips with none left. */
  drop(gone: (text: string) => boolean): void;
  list(): readonly RenamedHold[];
}

export function createRenamedHolds(index: MatchIndex): RenamedHolds {
  const holds = new Map<string, { readonly state: BreakerState; readonly became: Set<string> }>();
  const put = (text: string, state: BreakerState, became: readonly string[]): void => {
    const before = holds.get(text);
    if (before) index.remove(holdText(text), before.state);
    holds.set(text, { state, became: new Set(became) });
    index.add(holdText(text), state);
  };
  return {
    keep: (text, state, renamed) => {
      const became = renamed.filter((one) => isSameTrip(one, state));
      if (became.length === 0) return false;
      const texts = became.map((one) => keyText(one.key));
      put(text, state, texts);
      return true;
    },
    restore: ({ state, became }) => put(keyText(state.key), state, became),
    follow: (text, state) => {
      for (const [name, hold] of [...holds]) {
        if (hold.became.size > 1 || !hold.became.has(text)) continue;
        put(name, { ...state, key: hold.state.key }, [text]);
      }
    },
    drop: (gone) => {
      for (const [text, { state, became }] of holds) {
        for (const one of became) if (gone(one)) became.delete(one);
        if (became.size > 0) continue;
        holds.delete(text);
        index.remove(holdText(text), state);
      }
    },
    list: () => [...holds.values()].map(({ state, became }) => ({ state, became: [...became] })),
  };
}

/** Nobody can say which pseudonym a name became; kind, epoch and cause leave few. */
function isSameTrip(left: BreakerState, right: BreakerState): boolean {
  return (
    left.key.kind === right.key.kind &&
    left.epoch === right.epoch &&
    left.level === right.level &&
    left.phase === right.phase &&
    left.reason === right.reason
  );
}

/** Apart from the text of a breaker that the daemon may name anew. */
function holdText(text: string): string {
  return `renamed ${text}`;
}
