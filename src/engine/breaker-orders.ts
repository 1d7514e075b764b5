import {
  APPROVAL_EXPIRES_MS,
  type Approval,
  BREAK_GLASS_MAX_MS,
  BREAK_GLASS_REST_MS,
  EXEMPTION_ALONE_MAX_MS,
  EXEMPTION_MAX_MS,
} from '../core/approval.ts';
import {
  type BreakerKey,
  type BreakerState,
  breakerKeyText,
  needsTwoPersons,
} from '../core/breaker.ts';
import type { Command } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { type BoardState, stateOf } from './breaker/board.ts';
import {
  closeBreaker,
  endExemption,
  exemptBreaker,
  type Mover,
  openBreaker,
  probeBreaker,
} from './breaker/moves.ts';
import { announce, usualPerMin } from './breaker-timers.ts';
import type { Effects } from './effects.ts';
import { takeReview } from './reviews.ts';
import { calmStorm } from './storms.ts';
import type { TenantState } from './tenant-state.ts';

/** Orders of people about breakers. */
export type BreakerOrderType =
  | 'trip'
  | 'reset'
  | 'release'
  | 'exempt'
  | 'break_glass'
  | 'approval_request'
  | 'approval_decide'
  | 'storm_end';
export type BreakerCommand = Extract<Command, { readonly type: BreakerOrderType }>;
type Of<Type extends BreakerOrderType> = Extract<Command, { readonly type: Type }>;

/** Where and when an order is folded. */
interface Place {
  readonly tenant: TenantState;
  readonly seq: number;
  readonly logTime: EpochMs;
  readonly term: number;
  readonly effects: Effects;
}

/**
 * Folds an order. One that the breaker has outrun, or that lacks its second person, changes
 * nothing: `control` has told the person why before it was logged, and tells again if it lost a
 * race.
 */
export function takeBreakerOrder(place: Place, command: BreakerCommand): void {
  const { tenant, logTime, effects } = place;
  forgetExpired(tenant.approvals, logTime);
  switch (command.type) {
    case 'trip':
      trip(place, command);
      return;
    case 'reset':
    case 'release': {
      const { actor } = command;
      carryOut(place, { ...command, order: command.type, forMs: 0 }, { actor });
      return;
    }
    case 'exempt': {
      const { epoch } = stateOf(tenant.board, command.key);
      carryOut(place, { ...command, order: 'exempt', epoch }, { actor: command.actor });
      return;
    }
    case 'break_glass':
      breakGlass(place, command);
      return;
    case 'approval_request':
      request(place, command);
      return;
    case 'approval_decide':
      decide(place, command);
      return;
    default:
      calmStorm(tenant, command.actor, logTime, effects);
  }
}

/**
 * What takes two persons to close is not let go by one who puts the tenant into shadow: it becomes
 * that person's hold, and goes on.
 */
export function keepThroughShadow(
  { tenant, logTime, term, effects }: Place,
  { actor, reason }: { readonly actor: string; readonly reason: string },
): void {
  const cause = { time: logTime, eventId: null, logTime };
  const title = `Kept by ${actor} through shadow: ${reason}`;
  for (const { key, state } of [...tenant.board.entries.values()]) {
    if (state.phase !== 'open' || !needsTwoPersons(state)) continue;
    const opening = {
      level: state.level,
      reason,
      class: 'operator',
      findingId: null,
      actor,
    } as const;
    const transition = openBreaker(tenant.board, key, opening, title, cause);
    if (transition) announce(tenant, transition, title, term, effects);
  }
}

/** Whether this order takes a second person in this state of the breaker. */
export function takesTwoPersons(
  state: BreakerState,
  { order, forMs }: Pick<Approval, 'order' | 'forMs'>,
): boolean {
  if (order !== 'exempt') return needsTwoPersons(state);
  return needsTwoPersons(state) || state.phase === 'exempt' || forMs > EXEMPTION_ALONE_MAX_MS;
}

function trip({ tenant, logTime, term, effects }: Place, command: Of<'trip'>): void {
  const { level, reason, actor, key } = command;
  const opening = { level, reason, class: 'operator', findingId: null, actor } as const;
  const cause = { time: logTime, eventId: null, logTime };
  const title = `Tripped by ${actor}: ${reason}`;
  const transition = openBreaker(tenant.board, key, opening, title, cause);
  if (transition) announce(tenant, transition, title, term, effects);
}

type Ordered = Pick<Approval, 'key' | 'epoch' | 'order' | 'forMs' | 'reason'>;

/** Carries out an order if the breaker is as it was seen, and everybody needed has agreed. */
function carryOut(
  { tenant, logTime, term, effects }: Place,
  ordered: Ordered,
  by: { readonly actor: string; readonly approvedBy?: string },
): void {
  const { board } = tenant;
  const { key, epoch, order, forMs, reason } = ordered;
  const state = stateOf(board, key);
  if (state.epoch !== epoch) return;
  const takesTwo = takesTwoPersons(state, ordered);
  const isAlone = takesTwo && by.approvedBy === undefined;
  if (isAlone && tenant.config.breakers?.singleOperator !== true) return;
  const mover: Mover = {
    ...{ class: 'operator', reason, ...by },
    ...(isAlone && { singleOperator: true }),
  };
  const cause = { time: logTime, eventId: null, logTime };
  const usual = usualPerMin(tenant, key, logTime);
  const comesBack = order === 'release' || takesTwo;
  const isHeld = state.phase === 'open' || state.phase === 'isolated';
  const transition =
    order === 'exempt'
      ? exemptBreaker(
          board,
          key,
          exemption(forMs, EXEMPTION_MAX_MS, ordered, by, logTime),
          mover,
          cause,
        )
      : state.phase === 'exempt'
        ? endExemption(board, key, cause, mover)
        : comesBack && isHeld
          ? probeBreaker(board, key, usual, mover, cause)
          : closeBreaker(board, key, mover, cause);
  if (transition) announce(tenant, transition, null, term, effects);
}

function exemption(
  forMs: number,
  most: number,
  { reason }: { readonly reason: string },
  { actor }: { readonly actor: string },
  logTime: EpochMs,
) {
  const until = logTime + Math.max(0, Math.min(forMs, most));
  return { reason, by: actor, until, ticket: null };
}

/** One person may not go on for ever by doing it again: see `BREAK_GLASS_REST_MS`. */
export function mayBreakGlass(board: BoardState, key: BreakerKey, logTime: EpochMs): boolean {
  const entry = board.entries.get(breakerKeyText(key));
  if (entry?.state.phase === 'exempt') return false;
  return entry?.glassUntil === undefined || logTime >= entry.glassUntil + BREAK_GLASS_REST_MS;
}

/** One person, at any level: loud, short, and looked at afterwards by somebody. */
function breakGlass(place: Place, command: Of<'break_glass'>): void {
  const { tenant, seq, logTime, term, effects } = place;
  const { key, actor, reason, ticket, forMs } = command;
  if (!mayBreakGlass(tenant.board, key, logTime)) return;
  const order = { ...exemption(forMs, BREAK_GLASS_MAX_MS, command, command, logTime), ticket };
  const cause = { time: logTime, eventId: null, logTime };
  const mover = { class: 'operator', reason, actor } as const;
  const transition = exemptBreaker(tenant.board, key, order, mover, cause);
  if (!transition) return;
  announce(tenant, transition, null, term, effects);
  const agent = key.kind === 'agent' ? key.id : (key.agent ?? '');
  effects.finding(tenant.tenant, {
    ...{ id: effects.nextId, time: logTime, eventId: '', tenant: tenant.tenant, agent },
    ...{ subject: { kind: 'breaker', id: breakerKeyText(key) }, chain: '' },
    ...{ detector: 'break_glass', detectorVersion: 1, family: 'deterministic', mode: 'alert' },
    ...{ level: 'critical', score: 90, actual: null, typical: null, probability: null },
    title: `${actor} broke the glass: ${key.kind} ${key.id} is exempt from its breaker`,
    explanation:
      'One person let it work in an emergency. What was suspended holds again when the time is ' +
      'up, until somebody releases it, and the order waits in the review queue.',
    evidence: {
      events: [],
      measures: { minutes: Math.round((order.until - logTime) / 60_000) },
      facts: { by: actor, ticket },
    },
    decision: { tripped: false, why: 'alert_only' },
  });
  const asked = {
    ...{ chain: `break-glass:${seq}`, agents: agent === '' ? [] : [agent] },
    ...{ rubric: 'break_glass', score: 0, failed: [], judge: null },
  };
  const body = { type: 'review_open', actor, reason, request: asked } as const;
  takeReview(tenant.reviews, { seq, loggedAt: logTime, body });
}

function request({ tenant, seq, logTime }: Place, command: Of<'approval_request'>): void {
  const { key, epoch, order, forMs, reason, actor, credential } = command;
  if (stateOf(tenant.board, key).epoch !== epoch) return;
  const { approvals } = tenant;
  const text = breakerKeyText(key);
  // Asked for again, the first question is void: nobody is to approve what nobody asks any more.
  for (const known of approvals.values()) {
    if (breakerKeyText(known.key) === text) approvals.delete(known.id);
  }
  const id = `a${seq}`;
  approvals.set(id, {
    ...{ id, key, epoch, order, forMs, reason, requestedBy: actor, credential },
    ...{ requestedAt: logTime, expiresAt: logTime + APPROVAL_EXPIRES_MS },
  });
  if (approvals.size <= LIMITS.approvalsPerTenant) return;
  const [oldest] = approvals.keys();
  if (oldest !== undefined) approvals.delete(oldest);
}

function decide(place: Place, command: Of<'approval_decide'>): void {
  const { approvals } = place.tenant;
  const approval = approvals.get(command.approval);
  if (!approval) return;
  if (command.verdict === 'deny') {
    approvals.delete(approval.id);
    return;
  }
  if (approval.credential === command.credential) return;
  approvals.delete(approval.id);
  carryOut(place, approval, { actor: approval.requestedBy, approvedBy: command.actor });
}

function forgetExpired(approvals: Map<string, Approval>, logTime: EpochMs): void {
  for (const { id, expiresAt } of approvals.values()) {
    if (expiresAt <= logTime) approvals.delete(id);
  }
}
