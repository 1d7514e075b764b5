import {
  type BreakerKey,
  type BreakerLevel,
  type BreakerState,
  breakerKeyText,
  type ExemptState,
  endsAt,
  type IsolatedState,
  isRepeatLatched,
  type Latch,
  LEVEL_OF_STEP,
  levelHeldBy,
  type OpenState,
  PROBATION_STEPS,
  type ProbationState,
  type ProbationStep,
  type TransitionClass,
  TWO_PERSON_LEVEL,
} from '../../core/breaker.ts';
import { assert } from '../../core/errors.ts';
import { hashOf } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';
import { REVOKING_LEVEL } from '../../core/revocation.ts';
import { type EpochMs, HOUR_MS, MINUTE_MS } from '../../core/time.ts';

/** What opens a breaker. */
export interface Opening {
  readonly level: BreakerLevel;
  readonly reason: string;
  readonly class: Exclude<TransitionClass, 'timer'>;
  readonly findingId: string | null;
  /** The named person, for class `operator`. */
  readonly actor: string | null;
  /** Score of the finding, 0 to 100; 0 where there is none. */
  readonly score?: number;
  /** Who delivered the evidence. */
  readonly source?: string | null;
  /** Text of the key that it hangs on. */
  readonly cascadeOf?: string | null;
  /** How long it holds, where that is not its level's dwell. */
  readonly holdMs?: number;
}

/** What of a breaker's past and surroundings decides how long it holds. */
export interface Standing {
  readonly key: BreakerKey;
  readonly logTime: EpochMs;
  /** Automatic openings of the last day before this one. */
  readonly flaps: number;
  /** The tenant's factor on every dwell. */
  readonly dwellScale: number;
}

/**
 * How long a breaker of each level stays open without new evidence. Deterministic trips and
 * operators' holds wait for a person: opening is safe, closing is guarded.
 */
const DWELL_MS: Readonly<Record<BreakerLevel, number>> = {
  0: 0,
  1: 5 * MINUTE_MS,
  2: 15 * MINUTE_MS,
  3: 30 * MINUTE_MS,
  4: 1 * HOUR_MS,
  5: 1 * HOUR_MS,
  6: 1 * HOUR_MS,
  7: 1 * HOUR_MS,
};

/** However often it came back; what needs longer is latched. */
const DWELL_MAX_MS = 4 * HOUR_MS;
/** Flaps from which a breaker that stops work waits for people. */
const LATCHING_FLAPS = 3;
/** Those of one incident that come back must not all let go in one second again. */
const SPREAD = 0.1;

/**
 * Whether an opening would change the state: a breaker only ever rises while it holds, but a
 * person's hold takes over from anything automatic at any level. In probation every violation
 * counts; an exemption is lifted by persons alone.
 */
export function rises(state: BreakerState, { level, class: by }: Opening): boolean {
  if (level === 0) return false;
  switch (state.phase) {
    case 'closed':
      return true;
    case 'probation':
      return by !== 'lifecycle';
    case 'exempt':
      return by === 'operator';
    case 'isolated':
      return level > state.level;
    default:
      return level > state.level || by === 'operator';
  }
}

/**
 * The state after an opening that `rises`, one epoch on; never lower than what held before. A
 * person's hold stays one when new evidence raises it: nothing automatic may close it.
 */
export function opened(
  state: BreakerState,
  opening: Opening,
  standing: Standing,
): OpenState | IsolatedState {
  assert(rises(state, opening), 'a breaker opens only upwards');
  const epoch = state.epoch + 1;
  const { logTime } = standing;
  const cascadeOf = opening.cascadeOf ?? null;
  const isOwn = cascadeOf === null && opening.class === 'operator';
  if (isOwn || state.phase === 'isolated') {
    const before = levelHeldBy(state);
    const holder = state.phase === 'isolated' ? state.by : 'unknown';
    const level = Math.max(before, opening.level) as BreakerLevel;
    const cameBack = latchOf(opening.class, level, standing.flaps) === 'repeat';
    return {
      phase: 'isolated',
      epoch,
      level,
      reason: opening.reason,
      by: opening.actor ?? holder,
      openedAt: logTime,
      ...latched(isRepeatLatched(state) || (cameBack && opening.class !== 'operator')),
    };
  }
  const inForce = state.phase === 'probation' ? state.level : 0;
  const level = Math.max(inForce, opening.level) as BreakerLevel;
  const latch = cascadeOf === null ? latchOf(opening.class, level, standing.flaps) : null;
  const dwellMs = opening.holdMs ?? dwellOf(level, epoch, standing);
  return {
    phase: 'open',
    epoch,
    level,
    reason: opening.reason,
    class: opening.class,
    openedAt: logTime,
    // What hangs on a parent waits for that.
    closesAt: latch === null && cascadeOf === null ? logTime + dwellMs : null,
    findingId: opening.findingId,
    latch,
    score: opening.score ?? 0,
    source: opening.source ?? null,
    cascadeOf,
  };
}

/** New evidence for an open breaker puts its closing off; the epoch stays, nothing is sent. */
export function prolonged(state: BreakerState, standing: Standing): BreakerState {
  if (state.phase !== 'open' || state.closesAt === null || state.class === 'lifecycle') {
    return state;
  }
  const until = standing.logTime + dwellOf(state.level, state.epoch, standing);
  return { ...state, closesAt: Math.max(state.closesAt, until) };
}

/** Looked at again a little later: its subject is still too conspicuous to be let back in. */
export function postponed(state: OpenState, logTime: EpochMs): OpenState {
  return { ...state, closesAt: logTime + LIMITS.breakerRecheckMs };
}

/**
 * The first step of probation that holds less than the breaker did, or null where there is none:
 * probation never makes anything stricter.
 */
export function firstStep(state: BreakerState): ProbationStep | null {
  const held = levelHeldBy(state);
  return PROBATION_STEPS.find((step) => LEVEL_OF_STEP[step] < held) ?? null;
}

/** On probation, at its first step. */
export function onProbation(
  state: OpenState | IsolatedState,
  logTime: EpochMs,
  usualPerMin: number | null,
): ProbationState {
  const step = firstStep(state);
  assert(step !== null, 'what holds nothing has no probation');
  return {
    phase: 'probation',
    epoch: state.epoch + 1,
    step,
    level: LEVEL_OF_STEP[step],
    heldLevel: state.level,
    ratePerMin: shareOf(usualPerMin, step),
    since: logTime,
    cleanCalls: 0,
    reason: state.reason,
    class: state.phase === 'open' ? state.class : 'operator',
    openedAt: state.openedAt,
    findingId: state.phase === 'open' ? state.findingId : null,
  };
}

/** The next step of probation; null after the last, when it closes. */
export function nextStep(
  state: ProbationState,
  logTime: EpochMs,
  usualPerMin: number | null,
): ProbationState | null {
  const step = PROBATION_STEPS[PROBATION_STEPS.indexOf(state.step) + 1];
  if (step === undefined) return null;
  return {
    ...state,
    epoch: state.epoch + 1,
    step,
    level: LEVEL_OF_STEP[step],
    ratePerMin: shareOf(usualPerMin, step),
    since: logTime,
    cleanCalls: 0,
  };
}

/** One call more without a violation; neither epoch nor anybody's orders change. */
export function cleanCall(state: ProbationState): ProbationState {
  return { ...state, cleanCalls: Math.min(LIMITS.probationCleanCalls, state.cleanCalls + 1) };
}

/**
 * Whether a step has lasted long enough, with calls enough; a subject that makes none for an hour
 * has ended or waits, and moves on too.
 */
export function stepDone({ since, cleanCalls }: ProbationState, logTime: EpochMs): boolean {
  const lasted = logTime - since;
  if (lasted >= LIMITS.probationQuietMs) return true;
  return lasted >= LIMITS.probationStepMs && cleanCalls >= LIMITS.probationCleanCalls;
}

/** Log time at which a state moves on by itself as it stands; null where it waits for people. */
export function movesAt(state: BreakerState): EpochMs | null {
  if (state.phase !== 'probation') return endsAt(state);
  const enough = state.cleanCalls >= LIMITS.probationCleanCalls;
  return state.since + (enough ? LIMITS.probationStepMs : LIMITS.probationQuietMs);
}

/** Lowered to step-up approval in favour of graver evidence, within a spent budget. */
export function displaced(state: OpenState, standing: Standing): OpenState {
  assert(state.level > DISPLACED_LEVEL, 'only what stops work is displaced');
  const epoch = state.epoch + 1;
  const closesAt = standing.logTime + dwellOf(DISPLACED_LEVEL, epoch, standing);
  return { ...state, epoch, level: DISPLACED_LEVEL, latch: null, closesAt };
}

const DISPLACED_LEVEL: BreakerLevel = 2;

/** Held closed by a person until `until`. */
export function exempted(
  state: BreakerState,
  order: Pick<ExemptState, 'reason' | 'by' | 'until' | 'ticket'>,
  logTime: EpochMs,
): ExemptState {
  const suspendedLevel = levelHeldBy(state);
  const { reason, by, until, ticket } = order;
  const epoch = state.epoch + 1;
  return {
    ...{ phase: 'exempt', epoch, level: 0, reason, by, openedAt: logTime },
    ...{ until, ticket, suspendedLevel },
    ...(isRepeatLatched(state) && { suspendedLatch: 'repeat' }),
  };
}

/** What an exemption suspended holds again when it ends, until a person releases it. */
export function exemptionEnded(state: ExemptState, logTime: EpochMs): BreakerState {
  const epoch = state.epoch + 1;
  if (state.suspendedLevel === 0) return { phase: 'closed', epoch };
  const { reason, by, suspendedLevel: level } = state;
  const latch = latched(isRepeatLatched(state));
  return { phase: 'isolated', epoch, level, reason, by, openedAt: logTime, ...latch };
}

function latched(is: boolean): Pick<IsolatedState, 'latch'> {
  return is ? { latch: 'repeat' } : {};
}

/** The closed state, one epoch on, so that a late re-delivery of the opening cannot win. */
export function closed(state: BreakerState): BreakerState {
  assert(state.phase !== 'closed', 'only an open breaker closes');
  return { phase: 'closed', epoch: state.epoch + 1 };
}

/**
 * What is proven and stops work waits for a person; what stops work and came back again and again
 * waits for two. A step-up cools down like any other.
 */
function latchOf(by: Opening['class'], level: BreakerLevel, flaps: number): Latch | null {
  if (level < REVOKING_LEVEL || by === 'lifecycle') return null;
  if (flaps >= LATCHING_FLAPS) return 'repeat';
  if (level >= TWO_PERSON_LEVEL) return 'level';
  return by === 'deterministic' ? 'proven' : null;
}

/** Doubled with every flap, and then spread by what nobody can choose: key and epoch. */
function dwellOf(level: BreakerLevel, epoch: number, { key, flaps, dwellScale }: Standing): number {
  const backedOff = DWELL_MS[level] * dwellScale * 2 ** Math.min(flaps, 10);
  const share = (hashOf(`${breakerKeyText(key)}\n${epoch}`).low >>> 0) / 2 ** 32;
  const most = DWELL_MAX_MS * Math.max(1, dwellScale);
  const spread = flaps === 0 ? 1 : 1 + share * SPREAD;
  return Math.round(Math.min(backedOff, most) * spread);
}

function shareOf(usualPerMin: number | null, step: ProbationStep): number | null {
  return usualPerMin === null ? null : Math.round(usualPerMin * step) / 100;
}
