import type { BoardState } from './board.ts';
import type { Match, Subject } from './match-index.ts';

/**
 * The highest open breaker over every key that matches the subject; constant time. In shadow it is
 * the highest that a person holds, if there is one: automation's must not stand before that, for it
 * is not in force.
 */
export function strictest(
  board: BoardState | undefined,
  system: BoardState | undefined,
  subject: Subject,
  posture: 'shadow' | 'enforce' = 'enforce',
): Match | null {
  const stop = system?.index.highest({ tenant: subject.tenant }) ?? null;
  const held = posture === 'shadow' ? (board?.index.highest(subject, 'held') ?? null) : null;
  const own = held ?? board?.index.highest(subject) ?? null;
  if (stop === null || own === null) return stop ?? own;
  return own.state.level > stop.state.level ? own : stop;
}
