import type { EpochMs } from './time.ts';

/**
 * 0 observe, 1 throttle, 2 step-up approval, 3 narrow scopes, 4 suspend, 5 revoke agent,
 * 6 quarantine tenant, 7 global stop.
 */
export type BreakerLevel = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

export const LEVEL_NAMES = [
  'observe',
  'throttle',
  'step_up',
  'narrow',
  'suspend',
  'revoke_agent',
  'quarantine_tenant',
  'global_stop',
] as const;

/** What a person is told who orders one: docs/adr/0008. */
export const NO_GLOBAL_STOP =
  'there is no global stop: trip each tenant at level 6, which every feed tells its brokers';

export const KEY_KINDS = [
  'token',
  'session',
  'chain',
  'tool',
  'agent',
  'broker',
  'tenant',
  'global',
] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/**
 * What a breaker guards. `agent` is set on a session key so that a broker may match by either; on a
 * tool key it narrows the breaker to that agent's use of the tool.
 */
export interface BreakerKey {
  readonly tenant: string;
  readonly kind: KeyKind;
  readonly id: string;
  readonly agent?: string;
}

/**
 * Canonical text of a key: `tenant/kind/id`, and `tenant/tool/agent/id` for one agent's use of a
 * tool. Components are percent-encoded so that no id can forge another key. A session is the same
 * whoever names its agent.
 */
export function breakerKeyText({ tenant, kind, id, agent }: BreakerKey): string {
  const narrowed = kind === 'tool' && agent !== undefined ? `${encoded(agent)}/` : '';
  return `${encoded(tenant)}/${kind}/${narrowed}${encoded(id)}`;
}

/** A lone surrogate has no encoding; it must not stop the fold either. */
function encoded(component: string): string {
  return PLAIN.test(component) ? component : encodeURIComponent(component.toWellFormed());
}

/** What encodes as itself. */
const PLAIN = /^[\w.~!*'()-]*$/;

/**
 * `isolated` is a person's hold: nothing automatic closes it. `probation` lets the subject back in
 * by steps. `exempt` is held closed by a person, for a time: still scored and logged.
 */
export const BREAKER_PHASES = ['closed', 'open', 'probation', 'isolated', 'exempt'] as const;
export type BreakerPhase = (typeof BREAKER_PHASES)[number];

/**
 * `lifecycle` is no suspicion: a task ended or a grant was withdrawn, and what was given for it is
 * taken back.
 */
export type TransitionClass =
  | 'deterministic'
  | 'statistical'
  | 'novelty'
  | 'operator'
  | 'timer'
  | 'lifecycle';

/** Share of the subject's usual rate that a step of probation lets through, in per cent. */
export const PROBATION_STEPS = [25, 50, 100] as const;
export type ProbationStep = (typeof PROBATION_STEPS)[number];

/** What a step still holds, so that a reader who knows levels alone does right. */
export const LEVEL_OF_STEP: Readonly<Record<ProbationStep, BreakerLevel>> = {
  25: 3,
  50: 1,
  100: 0,
};

/** Levels from here on, and latched breakers, are closed by two distinct persons. */
export const TWO_PERSON_LEVEL = 5;

/**
 * Why no timer closes an open breaker: what is `proven` waits for a person; what came back too
 * often within a day (`repeat`), and level 5 and above (`level`), for two.
 */
export type Latch = 'proven' | 'repeat' | 'level';

/** Why it opened, kept while it holds in whatever phase. */
export interface BreakerCause {
  readonly reason: string;
  readonly class: TransitionClass;
  readonly openedAt: EpochMs;
  readonly findingId: string | null;
}

/** Data exists only in the phase where it means something. */
export type BreakerState =
  | { readonly phase: 'closed'; readonly epoch: number }
  | OpenState
  | ProbationState
  | IsolatedState
  | ExemptState;

export interface OpenState extends BreakerCause {
  readonly phase: 'open';
  readonly epoch: number;
  readonly level: BreakerLevel;
  /** Log time at which probation begins by itself; null where only a person may end it. */
  readonly closesAt: EpochMs | null;
  readonly latch: Latch | null;
  /** Score of the finding, 0 to 100: within a spent budget the highest wins. */
  readonly score: number;
  /** Who delivered the evidence; null where no event did. */
  readonly source: string | null;
  /** Text of the key that it hangs on: the breaker of a parent that delegated. */
  readonly cascadeOf: string | null;
}

export interface ProbationState extends BreakerCause {
  readonly phase: 'probation';
  readonly epoch: number;
  readonly step: ProbationStep;
  /** `LEVEL_OF_STEP`: what holds meanwhile. */
  readonly level: BreakerLevel;
  /** The level it was open at: a violation opens one above it. */
  readonly heldLevel: BreakerLevel;
  /** What the step lets through; null where the subject has no usual rate yet. */
  readonly ratePerMin: number | null;
  /** Log time at which the step began. */
  readonly since: EpochMs;
  /** Calls of the step that went by without a violation. */
  readonly cleanCalls: number;
}

export interface IsolatedState {
  readonly phase: 'isolated';
  readonly epoch: number;
  readonly level: BreakerLevel;
  readonly reason: string;
  readonly by: string;
  readonly openedAt: EpochMs;
  /** It took over what is latched for coming back, and takes two persons to end, as that did. */
  readonly latch?: 'repeat';
}

export interface ExemptState {
  readonly phase: 'exempt';
  readonly epoch: number;
  readonly level: 0;
  readonly reason: string;
  readonly by: string;
  readonly openedAt: EpochMs;
  /** Log time at which it ends; what it suspended then holds again, by hand. */
  readonly until: EpochMs;
  /** What a person in a hurry names instead of a second person; null for an ordinary exemption. */
  readonly ticket: string | null;
  /** The level it suspended; 0 where nothing was open. */
  readonly suspendedLevel: BreakerLevel;
  /** What it suspended is latched for coming back. */
  readonly suspendedLatch?: 'repeat';
}

/** Whether closing takes two distinct persons, unless the tenant has a single operator. */
export function needsTwoPersons(state: BreakerState): boolean {
  if (state.phase === 'exempt') return false;
  return levelHeldBy(state) >= TWO_PERSON_LEVEL || isRepeatLatched(state);
}

/**
 * The level that a breaker was opened at; of probation, the one it came from; of an exemption, the
 * one it suspends.
 */
export function levelHeldBy(state: BreakerState): BreakerLevel {
  if (state.phase === 'closed') return 0;
  if (state.phase === 'exempt') return state.suspendedLevel;
  return state.phase === 'probation' ? state.heldLevel : state.level;
}

/** Whether it is latched for coming back, in whatever hands and even while suspended. */
export function isRepeatLatched(state: BreakerState): boolean {
  if (state.phase === 'exempt') return state.suspendedLatch === 'repeat';
  return (state.phase === 'open' || state.phase === 'isolated') && state.latch === 'repeat';
}

/** The class as told: what a person holds or lifts is theirs. Null for a closed breaker. */
export function classOf(state: BreakerState): TransitionClass | null {
  if (state.phase === 'closed') return null;
  return 'class' in state ? state.class : 'operator';
}

/** Log time at which a breaker moves on by itself; null where it waits for people or for calls. */
export function endsAt(state: BreakerState): EpochMs | null {
  if (state.phase === 'open') return state.closesAt;
  return state.phase === 'exempt' ? state.until : null;
}

/** One step of a breaker. `epoch` rises strictly per key and fences every revocation. */
export interface Transition {
  readonly time: EpochMs;
  readonly eventId: string | null;
  readonly key: BreakerKey;
  readonly from: BreakerPhase;
  readonly to: BreakerPhase;
  readonly level: BreakerLevel;
  readonly epoch: number;
  /** The detector's id, or an operator's words. */
  readonly reason: string;
  readonly class: TransitionClass;
  readonly findingId: string | null;
  readonly actor: string | null;
  /** Position in the tenant's feed, from 1, without gaps. */
  readonly feedSeq: number;
  /** Of probation alone. */
  readonly probation?: { readonly step: ProbationStep; readonly ratePerMin: number | null };
  /** Of an exemption alone: log time at which it ends. */
  readonly until?: EpochMs;
  /** The second person of an order that takes two. */
  readonly approvedBy?: string;
  /** An order that takes two, given by one because the tenant has a single operator. */
  readonly singleOperator?: true;
  /** Of a break-glass order alone. */
  readonly ticket?: string;
}
