import { type BreakerKey, type BreakerLevel, needsTwoPersons } from '../core/breaker.ts';
import { LIMITS } from '../core/limits.ts';
import { DAY_MS } from '../core/time.ts';
import { stateOf } from '../engine/breaker/board.ts';
import { strictest } from '../engine/breaker/check.ts';
import { stillLive } from '../engine/live-names.ts';
import type { Shard } from '../engine/shard.ts';
import type { AgentState, TenantState } from '../engine/tenant-state.ts';
import type { BreakerPreview } from '../ports/engine-view.ts';

/** What an order on a breaker would touch, before anybody gives it; nothing is recorded. */
export function previewOf(
  shard: Shard,
  key: BreakerKey,
  level: BreakerLevel,
  enforcementPoints: readonly string[],
): BreakerPreview {
  const tenant = shard.tenants.get(key.tenant);
  const state = tenant ? stateOf(tenant.board, key) : ({ phase: 'closed', epoch: 0 } as const);
  const agents = tenant ? [...agentsUnder(shard, tenant, key)] : [];
  const sessions = agents.flatMap(([agent, { live }]) =>
    stillLive(live, shard.logTime).flatMap(({ kind, id }) =>
      kind === 'session' && (key.kind !== 'session' || id === key.id) ? [{ agent, id }] : [],
    ),
  );
  const restrained = agents.filter(([id]) => {
    const match = tenant && strictest(tenant.board, undefined, { tenant: key.tenant, agent: id });
    return match !== undefined && match !== null && match.state.level >= level;
  });
  return {
    key,
    level,
    presentLevel: state.phase === 'closed' ? 0 : state.level,
    epoch: state.epoch,
    needsTwoPersons: needsTwoPersons(state),
    agents: agents.slice(0, LIMITS.previewRows).map(([id]) => id),
    agentsInAll: agents.length,
    heldAlready: restrained.length,
    sessions: sessions.slice(0, LIMITS.previewRows),
    sessionsInAll: sessions.length,
    enforcementPoints,
  };
}

/** Agents heard of within a day whose calls fall under the key. */
function* agentsUnder(
  shard: Shard,
  tenant: TenantState,
  key: BreakerKey,
): Generator<readonly [string, AgentState]> {
  const named = key.kind === 'agent' ? key.id : key.agent;
  if (named !== undefined) {
    const agent = tenant.agents.get(named);
    if (agent) yield [named, agent];
    return;
  }
  for (const [id, agent] of tenant.agents) {
    if (agent.touchedAt <= shard.logTime - DAY_MS) continue;
    if (key.kind !== 'session' && key.kind !== 'token') yield [id, agent];
    else if (agent.live.some((used) => used.kind === key.kind && used.id === key.id)) {
      yield [id, agent];
    }
  }
}
