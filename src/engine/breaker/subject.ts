import type { AccessEvent } from '../../core/access-event.ts';
import { type BreakerLevel, breakerKeyText, type KeyKind } from '../../core/breaker.ts';
import { REVOKING_LEVEL } from '../../core/revocation.ts';
import type { EpochMs } from '../../core/time.ts';
import { type BoardState, isQuiet } from './board.ts';
import { strictest } from './check.ts';
import type { Match, Subject } from './match-index.ts';

/** The gravest open breaker that an event falls under, as detectors are told of it. */
export interface OpenBreaker {
  readonly kind: KeyKind;
  readonly level: BreakerLevel;
  readonly reason: string;
  /** Log time at which it opened. */
  readonly openedAt: EpochMs;
  /** Log time at which the first enforcement point said that it applies it; null before. */
  readonly acknowledgedAt: EpochMs | null;
}

/**
 * Whether a breaker keeps what is done under it from being learned. What only asked people, and is
 * over, was looked at by them: on probation it may become known, or it would trip again and again.
 */
export function isUnderSuspicion({ state }: Match): boolean {
  return state.phase !== 'probation' || state.heldLevel >= REVOKING_LEVEL;
}

/** The gravest open breaker of the agent, its session or anything else it acts under, or null. */
export function breakerOver(board: BoardState, event: AccessEvent): Match | null {
  return isQuiet(board) ? null : strictest(board, undefined, subjectOf(event));
}

/** What detectors are told of it. */
export function openBreakerOf(board: BoardState, match: Match | null): OpenBreaker | null {
  if (match === null) return null;
  const { key, state } = match;
  return {
    kind: key.kind,
    level: state.level,
    reason: state.reason,
    openedAt: state.openedAt,
    acknowledgedAt: board.entries.get(breakerKeyText(key))?.acknowledgedAt ?? null,
  };
}

function subjectOf(event: AccessEvent): Subject {
  const chain = event.token?.txn;
  const trace = event.trace?.traceId;
  const jti = event.token?.jti;
  const subject: { -readonly [Member in keyof Subject]: Subject[Member] } = {
    tenant: event.tenant.id,
    agent: event.agent.id,
    // An event without a session is not of every session of its agent.
    session: event.session?.id ?? '',
    tool: event.action.name,
  };
  if (chain !== undefined) subject.chain = chain;
  if (trace !== undefined) subject.trace = trace;
  if (jti !== undefined) subject.jti = jti;
  return subject;
}
