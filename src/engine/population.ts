import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { type EpochMs, MINUTE_MS } from '../core/time.ts';
import type { BaselineState } from './baseline/baseline.ts';
import type { PeerPriors } from './baseline/borrowed-rate.ts';
import { COLD_MINUTES } from './baseline/measure-history.ts';
import { priorOf } from './baseline/peer-prior.ts';
import { isHeld } from './breaker/board.ts';
import type { NotJudged } from './detect/detector.ts';
import { windowTimeOf } from './event-time.ts';
import { grantOf } from './grants.ts';
import { resolvedGrant } from './judge.ts';
import { riskScore } from './risk.ts';
import { type AgentState, createAgent, type TenantState } from './tenant-state.ts';

/** Stands for every agent beyond the limit, so that they are shown as not judged. */
export const OTHER_AGENTS = '(other agents)';

/** What coverage says of agents beyond the limit. */
export const FLOOD_BLIND: NotJudged = {
  field: 'agent.id',
  cure: 'Send fewer distinct agents: the tenant has more than are kept.',
};

/** Risk from which an agent is not forgotten for another. */
const HIGH_RISK = 50;
/** An agent moves to the end of the line this often, not with every event. */
const TOUCH_MS = 1 * MINUTE_MS;

/**
 * The agent of an event, made when new; null where no room can be made for it. Agents stand in the
 * order in which they were last heard of, by log time, to the minute.
 */
export function agentOf(
  tenant: TenantState,
  event: AccessEvent,
  logTime: EpochMs,
): AgentState | null {
  const { id } = event.agent;
  const time = windowTimeOf(event, logTime);
  const known = tenant.agents.get(id);
  const vouched = event.source.trust !== 'agent';
  if (known) {
    tenant.cut?.keep(known);
    known.lastSeen = Math.max(known.lastSeen, time);
    known.vouched ||= vouched;
    if (logTime - known.touchedAt >= TOUCH_MS) touch(tenant, id, known, logTime);
    return known;
  }
  const full = isFull(tenant);
  const newcomer = { vouched, registered: full && grantOf(tenant.grants, id) !== null };
  if (full && !makeRoom(tenant, newcomer, logTime)) return null;
  const agent = createAgent(time, logTime, vouched, ratesOfPeers(tenant, id), tenant.places);
  tenant.agents.set(id, agent);
  return agent;
}

/** Whether a new agent takes the place of another, if any. */
export function isFull({ agents }: TenantState): boolean {
  return agents.size >= LIMITS.agentsPerTenant;
}

/** What agents of its role, or like it without one, lend a newcomer for its first day. */
export function ratesOfPeers(tenant: TenantState, id: string): PeerPriors | null {
  if (!tenant.hasGrown || tenant.agents.size < LIMITS.peersForPrior) return null;
  const role = grantOf(tenant.grants, id)?.role;
  const peers: BaselineState[] = [];
  let looked = 0;
  for (const [other, agent] of tenant.agents) {
    if (peers.length >= LIMITS.peersAsked || looked >= LIMITS.peersLookedAt) break;
    looked += 1;
    if (agent.baseline.learnedMinutes < COLD_MINUTES) continue;
    if (resolvedGrant(tenant, agent, other)?.role === role) peers.push(agent.baseline);
  }
  return priorOf(peers);
}

/** Counts an event that no room could be made for, on the agent that stands for all such. */
export function countOther(tenant: TenantState, logTime: EpochMs): AgentState {
  const known = tenant.agents.get(OTHER_AGENTS);
  const others = known ?? createAgent(logTime, logTime, false, null, tenant.places);
  tenant.cut?.keep(others);
  others.lastSeen = logTime;
  others.calls += 1;
  touch(tenant, OTHER_AGENTS, others, logTime);
  return others;
}

function touch(tenant: TenantState, id: string, agent: AgentState, logTime: EpochMs): void {
  agent.touchedAt = logTime;
  tenant.agents.delete(id);
  tenant.agents.set(id, agent);
}

interface Standing {
  /** Somebody but the agent itself has reported it. */
  readonly vouched: boolean;
  readonly registered: boolean;
}

/**
 * Forgets the agent heard of least lately that may be forgotten: idle, calm, no breaker open on it
 * or its sessions, and of no better standing than the newcomer. Looks at a bounded number; those
 * that must stay go to the back.
 */
function makeRoom(tenant: TenantState, newcomer: Standing, logTime: EpochMs): boolean {
  for (let looked = 0; looked < LIMITS.agentsLookedAt; looked += 1) {
    const [first] = tenant.agents;
    if (!first) return false;
    const [id, agent] = first;
    if (logTime - agent.touchedAt < LIMITS.agentIdleMs) return false;
    const registered = resolvedGrant(tenant, agent, id) !== null;
    const yields = (newcomer.vouched || !agent.vouched) && (newcomer.registered || !registered);
    if (yields && isCalm(tenant, id, agent, logTime)) {
      tenant.agents.delete(id);
      return true;
    }
    tenant.cut?.keep(agent);
    touch(tenant, id, agent, logTime);
  }
  return false;
}

function isCalm(tenant: TenantState, id: string, agent: AgentState, logTime: EpochMs): boolean {
  return (
    !isHeld(tenant.board, id) &&
    agent.quarantinedUntil <= logTime &&
    riskScore(agent.risk, logTime) < HIGH_RISK
  );
}
