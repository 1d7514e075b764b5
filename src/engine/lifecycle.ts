import type { AccessEvent } from '../core/access-event.ts';
import type { BreakerKey } from '../core/breaker.ts';
import type { AgentGrant, GrantSet } from '../core/grant.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { hasRoomFor } from './breaker/board.ts';
import { openBreaker } from './breaker/moves.ts';
import { announce } from './breaker-timers.ts';
import type { Effects } from './effects.ts';
import { grantOf } from './grants.ts';
import { stillLive } from './live-names.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/** Why what was given for a task is taken back, without any suspicion. */
type Ending = 'task_ended' | 'scope_changed' | 'policy_retired' | 'owner_removed' | 'grant_expired';

/** When and in which fold something is taken back. */
interface Place {
  readonly logTime: EpochMs;
  readonly term: number;
  readonly effects: Effects;
}

/**
 * A task that ended needs neither its session nor its token any more. Not on the agent's own word:
 * nobody may end another one's session through it.
 */
export function endTask(tenant: TenantState, event: AccessEvent, place: Place): void {
  if (event.kind !== 'task_end' || event.source.trust === 'agent') return;
  const { session, token } = event;
  if (session?.id !== undefined) takeBack(tenant, 'session', session.id, 'task_ended', place);
  if (token?.jti !== undefined) takeBack(tenant, 'token', token.jti, 'task_ended', place);
}

/** Takes back what agents hold whose grant says less than it did. */
export function withdrawGrants(tenant: TenantState, before: GrantSet, place: Place): void {
  if (before === tenant.grants) return;
  for (const [id, agent] of tenant.agents) {
    if (agent.live.length === 0) continue;
    const why = withdrawn(grantOf(before, id), grantOf(tenant.grants, id), place.logTime);
    if (why !== null) takeAllBack(tenant, agent, why, place);
  }
}

/** Takes back what agents hold whose grant ended since the last look. */
export function expireGrants(tenant: TenantState, place: Place): void {
  const next = nextExpiryAt(tenant);
  if (next === null || next > place.logTime) return;
  const from = tenant.grantsSeenAt;
  tenant.grantsSeenAt = place.logTime;
  for (const [id, agent] of tenant.agents) {
    if (agent.live.length === 0) continue;
    const until = grantOf(tenant.grants, id)?.validUntil;
    if (until === undefined || until <= from || until > place.logTime) continue;
    takeAllBack(tenant, agent, 'grant_expired', place);
  }
}

/** Log time at which the next grant ends; null where none will. */
export function nextExpiryAt({ grants, grantsSeenAt }: TenantState): EpochMs | null {
  return expiriesOf(grants).find((at) => at > grantsSeenAt) ?? null;
}

const expiriesByGrants = new WeakMap<GrantSet, readonly EpochMs[]>();

/** Made once per grants document. */
function expiriesOf(grants: GrantSet): readonly EpochMs[] {
  const known = expiriesByGrants.get(grants);
  if (known) return known;
  const ends = grants.agents.flatMap(({ validUntil }) => validUntil ?? []);
  const made = [...new Set(ends)].sort((a, b) => a - b);
  expiriesByGrants.set(grants, made);
  return made;
}

function withdrawn(
  old: AgentGrant | null,
  now: AgentGrant | null,
  logTime: EpochMs,
): Ending | null {
  if (old === null || old === now) return null;
  if (now === null) return 'policy_retired';
  const ends = (grant: AgentGrant): EpochMs => grant.validUntil ?? Number.POSITIVE_INFINITY;
  if (ends(now) <= logTime && ends(old) > logTime) return 'grant_expired';
  const lists = ['scopes', 'tools', 'resources'] as const;
  if (lists.some((list) => saysLess(old[list], now[list]))) return 'scope_changed';
  if (lostTenant(old, now)) return 'scope_changed';
  return lostOwner(old, now) ? 'owner_removed' : null;
}

/** An absent list restricts nothing. */
function saysLess(old: readonly string[] | undefined, now: readonly string[] | undefined): boolean {
  if (now === undefined) return false;
  return old === undefined || old.some((each) => !now.includes(each));
}

/** Here an absent list allows none but the agent's own. */
function lostTenant({ tenant, tenants: old = [] }: AgentGrant, { tenants = [] }: AgentGrant) {
  return old.some((each) => each !== tenant && !tenants.includes(each));
}

function lostOwner({ owners: old = {} }: AgentGrant, { owners: now = {} }: AgentGrant): boolean {
  const isGone = (was?: string, is?: string): boolean => was !== undefined && is === undefined;
  return isGone(old.business, now.business) || isGone(old.technical, now.technical);
}

function takeAllBack(tenant: TenantState, agent: AgentState, why: Ending, place: Place): void {
  for (const { kind, id } of stillLive(agent.live, place.logTime)) {
    takeBack(tenant, kind, id, why, place);
  }
}

function takeBack(
  tenant: TenantState,
  kind: 'session' | 'token',
  id: string,
  why: Ending,
  { logTime, term, effects }: Place,
): void {
  // Without its agent: what the agent does without naming a session goes on.
  const key: BreakerKey = { tenant: tenant.tenant, kind, id };
  if (tenant.posture !== 'enforce' || !hasRoomFor(tenant.board, key)) return;
  const { entries, closed } = tenant.board;
  const isCrowded = entries.size - closed.size >= LIMITS.lifecycleCrowded;
  const opening = {
    ...({ level: 4, reason: why, class: 'lifecycle', findingId: null, actor: null } as const),
    holdMs: isCrowded ? LIMITS.lifecycleCrowdedHoldMs : LIMITS.lifecycleHoldMs,
  };
  const title = TITLES[why];
  const cause = { time: logTime, eventId: null, logTime };
  const transition = openBreaker(tenant.board, key, opening, title, cause);
  if (transition) announce(tenant, transition, title, term, effects);
}

const TITLES: Readonly<Record<Ending, string>> = {
  task_ended: 'Its task has ended',
  scope_changed: 'What its agent may do has become less',
  policy_retired: 'The grant of its agent was withdrawn',
  owner_removed: 'Its agent has lost an owner',
  grant_expired: 'The grant of its agent has ended',
};
