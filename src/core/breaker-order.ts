import type { BreakerKey, BreakerLevel, BreakerPhase, TransitionClass } from './breaker.ts';
import { REVOKING_LEVEL } from './revocation.ts';
import type { EpochMs } from './time.ts';

/**
 * What an enforcement point is told of one key: its newest state, at any level, also the steps of a
 * probation and the closing. Delivered at least once, in order per key, until acknowledged or
 * superseded by a higher epoch; a replay keeps its `jti`.
 */
export interface BreakerOrder {
  /** Of the revocation where the state revokes, else of the transition. */
  readonly jti: string;
  /** The trip's transaction: the same from the opening of a key to its closing. */
  readonly txn: string;
  /** When it was decided: event time of what caused it, else log time. */
  readonly time: EpochMs;
  readonly key: BreakerKey;
  /** The agent concerned; null where the key has none. */
  readonly agent: string | null;
  readonly phase: BreakerPhase;
  /** The effective level; 0 when closed. */
  readonly level: BreakerLevel;
  /** Level of the state before this one. */
  readonly previousLevel: BreakerLevel;
  /** The highest level of this key of late, where it is higher; a short closing keeps it. */
  readonly peakLevel?: BreakerLevel;
  readonly term: number;
  readonly epoch: number;
  readonly class: TransitionClass;
  /** The detector's id, or an operator's words. */
  readonly reason: string;
  /** Title of the finding or of the order; null where there is none, as at a closing. */
  readonly title: string | null;
  readonly findingId: string | null;
  readonly eventId: string | null;
  /** Sequence of the entry that caused it; absent where that was not kept. */
  readonly seq?: number;
  /** Only as sent: an id in it is a pseudonym that nobody can resolve any more (docs/adr/0006). */
  readonly unresolvable?: true;
}

/** Whether it lets a subject do more than before: a closing, or a step to a lower level. */
export function relaxes({ phase, level, previousLevel }: BreakerOrder): boolean {
  return phase === 'closed' || level < previousLevel;
}

/** How many ranks `urgencyOf` knows. */
export const URGENCIES = 3;

/** Rank among what waits for a receiver: 0 what revokes, 1 what else restrains, 2 what relaxes. */
export function urgencyOf(order: BreakerOrder): 0 | 1 | 2 {
  if (order.phase !== 'closed' && order.level >= REVOKING_LEVEL) return 0;
  return relaxes(order) ? 2 : 1;
}
