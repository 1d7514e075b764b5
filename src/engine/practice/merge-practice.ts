import { LIMITS } from '../../core/limits.ts';
import type { PracticeState } from './practice.ts';

/**
 * What one agent is known to do under either of two names, as a practice of its own: the sessions
 * of each fact added up. Beyond its limit what was seen in the fewest sessions is forgotten.
 */
export function mergePractices(one: PracticeState, other: PracticeState): PracticeState {
  const facts = one.facts.copy();
  facts.addAll(other.facts);
  const sessions = Math.min(one.sessions + other.sessions, LIMITS.practiceSessionsMax);
  const known = new Set(one.notes.map(({ session }) => `${session.high}:${session.low}`));
  const others = other.notes.filter(({ session }) => !known.has(`${session.high}:${session.low}`));
  const notes = [...others, ...one.notes].slice(-LIMITS.practiceNotesPerAgent);
  return { facts, sessions, notes: notes.map((note) => ({ ...note })) };
}
