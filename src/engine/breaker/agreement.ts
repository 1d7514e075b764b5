import { type BreakerKey, breakerKeyText } from '../../core/breaker.ts';
import type { DetectionFamily } from '../../core/finding.ts';
import { type EpochMs, MINUTE_MS } from '../../core/time.ts';

/** One finding that asked for a trip, as evidence for or beside another. */
export interface Witness {
  readonly family: DetectionFamily;
  readonly detector: string;
  /** Id of the finding. */
  readonly finding: string;
  readonly key: BreakerKey;
  /** Log time. */
  readonly at: EpochMs;
}

/** The latest of each side, until they agree; bounded by being two. */
export interface AgreementState {
  novelty: Witness | null;
  /** Of any other family. */
  other: Witness | null;
}

export interface Agreement {
  readonly novelty: Witness;
  readonly other: Witness;
}

/** How far apart two families may find something and still mean the same incident. */
export const AGREEMENT_WINDOW_MS = 15 * MINUTE_MS;

/**
 * Novelty alone must not revoke (design section 5). It may once another family finds something of
 * the same agent, and of the same session where both are about sessions, within the window. What
 * has agreed is used up: the next agreement needs two new findings.
 */
export function agreementWith(state: AgreementState, witness: Witness): Agreement | null {
  if (witness.family === 'novelty') state.novelty = witness;
  else state.other = witness;
  const { novelty, other } = state;
  if (novelty === null || other === null) return null;
  if (Math.abs(novelty.at - other.at) > AGREEMENT_WINDOW_MS) return null;
  if (!concern(novelty.key, other.key)) return null;
  state.novelty = null;
  state.other = null;
  return { novelty, other };
}

/** Whether two keys of one agent may mean the same incident: equal, or one is the whole agent. */
function concern(one: BreakerKey, other: BreakerKey): boolean {
  if (one.kind === 'agent' || other.kind === 'agent') return true;
  return breakerKeyText(one) === breakerKeyText(other);
}
