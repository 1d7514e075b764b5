import type { AccessEvent, Trust } from '../../core/access-event.ts';
import type { BreakerKey, BreakerLevel, BreakerState } from '../../core/breaker.ts';
import type { CapReason, DetectionFamily, DetectorMode, HeldReason } from '../../core/finding.ts';
import { REVOKING_LEVEL } from '../../core/revocation.ts';
import type { TripKey } from '../../core/rule.ts';
import type { DetectorVerdict } from '../detect/detector.ts';
import { levelOf } from './board.ts';
import type { BudgetAnswer } from './budget.ts';

/** What the policy knows when a verdict asks for a trip. */
export interface PolicyFacts {
  readonly family: DetectionFamily;
  readonly mode: DetectorMode;
  readonly posture: 'shadow' | 'enforce';
  readonly trust: Trust;
  readonly registered: boolean;
  /** The agent is one that automation never stops. */
  readonly isProtected: boolean;
  /** Statistics stop nothing: much looks wrong at once. */
  readonly inStorm: boolean;
  /** Whether a person holds this breaker, or its agent's, closed for now. */
  readonly isExempt: (key: BreakerKey) => boolean;
  readonly stateOf: (key: BreakerKey) => BreakerState;
  /** Asked for what would stop something: level 4 and above. */
  readonly budget: (key: BreakerKey) => BudgetAnswer;
  /** Whether the board can take this breaker. */
  readonly hasRoomFor: (key: BreakerKey) => boolean;
  /** Whether an exception of the tenant covers this finding. */
  readonly isExcepted: boolean;
}

export type PolicyAnswer =
  | {
      readonly trip: true;
      readonly key: BreakerKey;
      readonly level: BreakerLevel;
      readonly cappedBy: CapReason | null;
      /** What yields its place in the budget, and drops to step-up. */
      readonly displaces?: BreakerKey;
      /** A protected agent would have been held: a person is wanted at once. */
      readonly pages?: true;
    }
  | {
      readonly trip: false;
      readonly why: HeldReason;
      readonly would?: { readonly key: BreakerKey; readonly level: BreakerLevel };
    };

const STEP_UP: BreakerLevel = 2;
const SUSPEND: BreakerLevel = 4;
/** What statistics must reach at least before they may revoke, whatever a detector asks for. */
const MATERIAL_PROBABILITY = 1e-6;
const MATERIAL_RATIO = 2;

/** Decides what a verdict may do. Pure; the reasons are values so that they can be shown. */
export function decide(
  event: KeySubject,
  verdict: DetectorVerdict,
  facts: PolicyFacts,
): PolicyAnswer {
  if (!verdict.trip) {
    const why = facts.isExcepted ? 'suppressed' : (verdict.held ?? 'below_threshold');
    return { trip: false, why };
  }
  const key = keyOf(event, verdict.trip.key);
  const asked = escalated(verdict.trip.level, key, facts);
  const weakness =
    asked > STEP_UP ? (familyWeaknessOf(facts.family, verdict) ?? weaknessOf(facts)) : null;
  return allowed(key, asked, weakness, facts);
}

type KeySubject = Pick<AccessEvent, 'tenant' | 'agent' | 'session' | 'token' | 'trace'>;

/** The key of this kind that the event names, or its agent where it names none. */
export function keyOf(event: KeySubject, kind: TripKey): BreakerKey {
  const tenant = event.tenant.id;
  const agent = event.agent.id;
  if (kind === 'tenant') return { tenant, kind, id: tenant };
  const id = kind === 'agent' ? agent : idOf(event, kind);
  if (kind === 'agent' || id === undefined) return { tenant, kind: 'agent', id: agent };
  return { tenant, kind, id, agent };
}

/** As brokers ask for it: see `subjectOf` of the fold. */
function idOf(
  { session, token, trace }: KeySubject,
  kind: 'session' | 'chain' | 'token',
): string | undefined {
  if (kind === 'session') return session?.id;
  return kind === 'token' ? token?.jti : (token?.txn ?? trace?.traceId);
}

/**
 * Decides what may follow where novelty and another family agree: the key of what is new is
 * suspended. `facts` are those of the finding that came last, its family being novelty all the
 * same: the weaker evidence sets the budget.
 */
export function decideAgreed(key: BreakerKey, facts: Omit<PolicyFacts, 'family'>): PolicyAnswer {
  return allowed(key, SUSPEND, weaknessOf(facts), { ...facts, family: 'novelty' });
}

/** What posture, mode, room and budget leave of a trip. */
function allowed(
  key: BreakerKey,
  asked: BreakerLevel,
  weakness: CapReason | null,
  facts: PolicyFacts,
): PolicyAnswer {
  const cap = asked > STEP_UP ? (weakness ?? circumstanceOf(facts)) : null;
  const level = cap ? STEP_UP : asked;
  if (facts.isExcepted) return { trip: false, why: 'suppressed', would: { key, level } };
  if (facts.mode === 'shadow' || facts.posture === 'shadow') {
    return { trip: false, why: 'shadow', would: { key, level } };
  }
  if (facts.mode === 'alert') return { trip: false, why: 'alert_only', would: { key, level } };
  if (facts.isExempt(key)) return { trip: false, why: 'exempt', would: { key, level } };
  if (!facts.hasRoomFor(key)) return { trip: false, why: 'over_budget', would: { key, level } };
  const pages = cap === 'protected' ? ({ pages: true } as const) : {};
  const rests = { trip: true, key, level, cappedBy: cap, ...pages } as const;
  if (level < REVOKING_LEVEL || levelOf(facts.stateOf(key)) >= level) return rests;
  const answer = facts.budget(key);
  if (!answer.room) return { trip: true, key, level: STEP_UP, cappedBy: 'over_budget' };
  return answer.displaces === null ? rests : { ...rests, displaces: answer.displaces };
}

/**
 * A violation during probation opens one level above where it was, up to where evidence of this
 * kind may go: only proof about an agent takes it to level 5.
 */
function escalated(asked: BreakerLevel, key: BreakerKey, facts: PolicyFacts): BreakerLevel {
  const state = facts.stateOf(key);
  if (state.phase !== 'probation') return asked;
  const isProof = facts.family === 'deterministic' && key.kind === 'agent';
  const most = isProof ? REVOKING_LEVEL + 1 : REVOKING_LEVEL;
  return Math.max(asked, Math.min(state.heldLevel + 1, most)) as BreakerLevel;
}

/** What keeps any evidence of a family at step-up for now. */
function circumstanceOf({ isProtected, inStorm, family }: PolicyFacts): CapReason | null {
  if (isProtected) return 'protected';
  return inStorm && family !== 'deterministic' ? 'storm' : null;
}

/** What keeps evidence of any family at step-up: an agent's own word, an unregistered agent. */
function weaknessOf(facts: Pick<PolicyFacts, 'trust' | 'registered'>): CapReason | null {
  if (facts.trust === 'agent') return 'agent_trust';
  return facts.registered ? null : 'unregistered';
}

/**
 * What its family lacks for more than a step-up: novelty, that another family agrees; statistics,
 * evidence, a material ratio, and a check by peers, the agent's anchor or a cap.
 */
function familyWeaknessOf(family: DetectionFamily, verdict: DetectorVerdict): CapReason | null {
  if (family === 'novelty') return 'novelty_alone';
  return family === 'statistical' && !isMaterial(verdict) ? 'statistics_alone' : null;
}

/** A cap needs no history, so that neither likelihood nor ratio means anything beside it. */
function isMaterial({ agreement, probability, actual, typical }: DetectorVerdict): boolean {
  if (agreement === undefined) return false;
  if (agreement === 'cap') return true;
  if (probability === null || actual === null || typical === null) return false;
  return probability <= MATERIAL_PROBABILITY && actual >= MATERIAL_RATIO * typical;
}
