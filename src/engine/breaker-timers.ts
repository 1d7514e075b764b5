import type { AccessEvent } from '../core/access-event.ts';
import {
  type BreakerKey,
  breakerKeyText,
  KEY_KINDS,
  type OpenState,
  type Transition,
} from '../core/breaker.ts';
import { REVOKING_LEVEL } from '../core/revocation.ts';
import { type EpochMs, HOUR_MS } from '../core/time.ts';
import { viewOf } from './baseline/baseline.ts';
import { attachRevocation, dueToMove, nextMoveAt, stateOf } from './breaker/board.ts';
import {
  advanceProbation,
  type Cause,
  closeBreaker,
  countCleanCall,
  endExemption,
  postponeClosing,
  probeBreaker,
} from './breaker/moves.ts';
import { cascade } from './cascade.ts';
import { type Effects, revocationOf } from './effects.ts';
import { riskScore } from './risk.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/**
 * Low water: what stopped work is not let back in while the agent's risk is at or above this,
 * however long it has waited. Findings of this score mark an agent as anomalous (high water).
 */
const LOW_WATER_RISK = 70;

const COOLED_DOWN = { class: 'timer', reason: 'cooled_down', actor: null } as const;

/** Moves on what moves by itself: dwells that are over, steps of probation, exemptions. */
export function tickBreakers(
  tenant: TenantState,
  logTime: EpochMs,
  term: number,
  effects: Effects,
): void {
  const next = nextMoveAt(tenant.board);
  if (next === null || next > logTime) return;
  const cause = { time: logTime, eventId: null, logTime };
  for (const key of dueToMove(tenant.board, logTime)) {
    const transition = moved(tenant, key, cause);
    if (transition) announce(tenant, transition, null, term, effects);
  }
}

function moved(tenant: TenantState, key: BreakerKey, cause: Cause): Transition | null {
  const { board } = tenant;
  const state = stateOf(board, key);
  switch (state.phase) {
    case 'exempt':
      return endExemption(board, key, cause);
    case 'probation':
      return advanceProbation(board, key, usualPerMin(tenant, key, cause.logTime), cause);
    case 'open':
      if (state.class === 'lifecycle' || state.cascadeOf !== null) {
        return closeBreaker(board, key, COOLED_DOWN, cause);
      }
      if (!isConspicuous(tenant, key, state, cause.logTime)) {
        return probeBreaker(
          board,
          key,
          usualPerMin(tenant, key, cause.logTime),
          COOLED_DOWN,
          cause,
        );
      }
      postponeClosing(board, key, cause.logTime);
      return null;
    default:
      return null;
  }
}

/** Counts a call that went by, and moves on the steps of probation that it completes. */
export function passProbation(
  tenant: TenantState,
  event: AccessEvent,
  logTime: EpochMs,
  term: number,
  effects: Effects,
): void {
  const { board } = tenant;
  if (board.probation.size === 0) return;
  const keys = keysOf(event).filter((key) => board.probation.has(breakerKeyText(key)));
  countCleanCall(board, keys.map(breakerKeyText));
  const cause = { time: event.time, eventId: event.id, logTime };
  for (const key of keys) {
    const transition = advanceProbation(board, key, usualPerMin(tenant, key, logTime), cause);
    if (transition) announce(tenant, transition, null, term, effects);
  }
}

/**
 * Tells a transition, what it revokes and what hangs on it; what was let back in may be told, and
 * trip, again.
 */
export function announce(
  tenant: TenantState,
  transition: Transition,
  title: string | null,
  term: number,
  effects: Effects,
): void {
  effects.transition(tenant.tenant, transition);
  const revocation = revocationOf(transition, title ?? transition.reason, term, effects.nextId);
  if (revocation) {
    attachRevocation(tenant.board, revocation);
    effects.revocation(tenant.tenant, revocation);
  }
  cascade(tenant, transition, effects.logTime, (next, why) => {
    announce(tenant, next, why, term, effects);
  });
  if (transition.to !== 'closed' && transition.to !== 'probation') return;
  const agent = agentUnder(tenant, transition.key);
  if (agent) forgetFindings(tenant, agent);
}

/** Lets what an agent was told of be told again. */
export function forgetFindings(tenant: TenantState, agent: AgentState): void {
  if (agent.openFindings.size === 0) return;
  tenant.cut?.keep(agent);
  agent.openFindings.clear();
}

/** What the agent of a key makes in a usual minute of this hour and weekday; null when unknown. */
export function usualPerMin(tenant: TenantState, key: BreakerKey, logTime: EpochMs): number | null {
  const agent = agentUnder(tenant, key);
  if (!agent) return null;
  const calls = viewOf(agent.baseline, logTime).expectedCalls(logTime, logTime + HOUR_MS);
  return calls === 0 ? null : Math.round((calls / 60) * 100) / 100;
}

/**
 * Whether its detectors found something just now, or its risk is above low water. Evidence that
 * goes on puts off the end of gentler breakers by itself.
 */
function isConspicuous(
  tenant: TenantState,
  key: BreakerKey,
  { level }: OpenState,
  logTime: EpochMs,
): boolean {
  const agent = level < REVOKING_LEVEL ? undefined : agentUnder(tenant, key);
  if (!agent) return false;
  return logTime < agent.quarantinedUntil || riskScore(agent.risk, logTime) >= LOW_WATER_RISK;
}

function agentUnder({ agents }: TenantState, { kind, id, agent }: BreakerKey) {
  return agents.get(agent ?? (kind === 'agent' ? id : ''));
}

/** Every key that an event's call is made under. */
function keysOf(event: AccessEvent): readonly BreakerKey[] {
  const tenant = event.tenant.id;
  const agent = event.agent.id;
  const ids: Readonly<Record<(typeof KEY_KINDS)[number], string | undefined>> = {
    token: event.token?.jti,
    session: event.session?.id,
    chain: event.token?.txn ?? event.trace?.traceId,
    tool: event.action.name,
    agent,
    broker: event.source.deliveredBy,
    tenant,
    global: undefined,
  };
  const keys = KEY_KINDS.flatMap((kind) => {
    const id = ids[kind];
    return id === undefined ? [] : [{ tenant, kind, id }];
  });
  return [...keys, { tenant, kind: 'tool', id: event.action.name, agent }];
}
