import type { BoardState } from './board.ts';
import type { Match, Subject } from './match-index.ts';

/** The highest open breaker over every key that matches the subject; constant time. */
export function strictest(
  board: BoardState | undefined,
  system: BoardState | undefined,
  subject: Subject,
): Match | null {
  const stop = system?.index.highest({ tenant: subject.tenant }) ?? null;
  const own = board?.index.highest(subject) ?? null;
  if (stop === null || own === null) return stop ?? own;
  return own.state.level > stop.state.level ? own : stop;
}
