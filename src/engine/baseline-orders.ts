import type { Command } from '../core/entry.ts';
import type { Finding } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { createBaselineState, isGrown } from './baseline/baseline.ts';
import { mergeBaselines } from './baseline/merge-baselines.ts';
import { isHeld } from './breaker/board.ts';
import type { Effects } from './effects.ts';
import { packState, unpackState } from './packed-state.ts';
import { ratesOfPeers } from './population.ts';
import { mergePractices } from './practice/merge-practice.ts';
import { createPractice } from './practice/practice.ts';
import type { Registry } from './registry.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/** Orders of people about what is known of an agent. */
export type BaselineOrder = Extract<Command, { type: 'baseline_reset' | 'baseline_merge' }>;

interface Place {
  readonly registry: Registry;
  readonly tenant: TenantState;
  readonly logTime: EpochMs;
  readonly effects: Effects;
}

/** Why an order changes nothing: an agent is not known, is its own other, or is suspected. */
export type BaselineRefusal = 'unknown' | 'itself' | 'suspected';

/**
 * Why this order would change nothing at this time; null where it can be carried out. A history is
 * not merged while a breaker holds either agent or its baseline is frozen: an incident is not to be
 * taken over as what is usual.
 */
export function refusalOf(
  tenant: TenantState,
  order: BaselineOrder,
  logTime: EpochMs,
): BaselineRefusal | null {
  const names = order.type === 'baseline_merge' ? [order.agent, order.from] : [order.agent];
  for (const name of names) if (!tenant.agents.has(name)) return 'unknown';
  if (order.type === 'baseline_reset') return null;
  if (order.agent === order.from) return 'itself';
  const isSuspected = (name: string): boolean =>
    isHeld(tenant.board, name) || (tenant.agents.get(name)?.quarantinedUntil ?? 0) > logTime;
  return names.some(isSuspected) ? 'suspected' : null;
}

/** Folds an order, and tells of it as a finding about the agent that adds no risk. */
export function takeBaselineOrder(place: Place, order: BaselineOrder): void {
  const { tenant, logTime } = place;
  if (refusalOf(tenant, order, logTime) !== null) return;
  const agent = tenant.agents.get(order.agent);
  if (!agent) return;
  tenant.cut?.keep(agent);
  if (order.type === 'baseline_reset') {
    forget(place, agent, order.agent);
    announce(place, order, {
      title: `${order.actor} reset the history of ${order.agent}`,
      explanation:
        'What was usual for it is forgotten, and it learns anew, from its peers at first. ' +
        'Statistics say little of it for a day; breakers and rules hold as before.',
      facts: { by: order.actor, reason: order.reason },
    });
    return;
  }
  const from = tenant.agents.get(order.from);
  if (!from) return;
  merge(place, agent, from, order.joining);
  announce(place, order, {
    title: `${order.actor} merged the history of ${order.from} into that of ${order.agent}`,
    explanation:
      `What was usual for ${order.from} is usual for ${order.agent}, too, ` +
      (order.joining === 'in_turn'
        ? 'as for one agent that changed its name.'
        : 'and the work of both adds up.'),
    facts: { by: order.actor, reason: order.reason, from: order.from, joining: order.joining },
  });
}

/** What detectors remember as facts (tokens seen, calls denied) is no history, and stays. */
function forget({ registry, tenant }: Place, agent: AgentState, id: string): void {
  // Before it asks its peers: its own history must not be among theirs.
  agent.baseline = createBaselineState();
  agent.baseline = createBaselineState(ratesOfPeers(tenant, id));
  agent.practice = createPractice(LIMITS.practiceSlotsPerAgent);
  for (const place of placesOfHistory(registry, tenant)) agent.memory.setState(place, undefined);
  agent.persisting.clear();
}

/** Watches of detectors cannot be joined: those that belong to the longer history are kept. */
function merge(
  { registry, tenant }: Place,
  agent: AgentState,
  from: AgentState,
  joining: Extract<BaselineOrder, { type: 'baseline_merge' }>['joining'],
): void {
  const isLonger = from.baseline.learnedMinutes > agent.baseline.learnedMinutes;
  agent.baseline = mergeBaselines(agent.baseline, from.baseline, joining);
  agent.practice = mergePractices(agent.practice, from.practice);
  tenant.hasGrown ||= isGrown(agent.baseline);
  for (const place of placesOfHistory(registry, tenant)) {
    const own = agent.memory.stateAt(place);
    const others = from.memory.stateAt(place);
    if (others === undefined || (own !== undefined && !isLonger)) continue;
    agent.memory.setState(place, unpackState(packState(others)));
  }
}

function placesOfHistory({ detectors }: Registry, tenant: TenantState): readonly number[] {
  return detectors
    .filter(({ scope, family }) => scope === 'agent' && family !== 'deterministic')
    .map(({ id }) => tenant.places.find(id))
    .filter((place) => place !== null);
}

type Told = Pick<Finding, 'title' | 'explanation'> & Pick<Finding['evidence'], 'facts'>;

function announce({ tenant, logTime, effects }: Place, order: BaselineOrder, told: Told): void {
  const { title, explanation, facts } = told;
  effects.finding(tenant.tenant, {
    ...{ id: effects.nextId, time: logTime, eventId: '', tenant: tenant.tenant },
    ...{ agent: order.agent, chain: '', detector: order.type, detectorVersion: 1 },
    ...{ family: 'deterministic', mode: 'alert', level: 'informational', score: 0 },
    ...{ actual: null, typical: null, probability: null, title, explanation },
    evidence: { events: [], measures: {}, facts },
    decision: { tripped: false, why: 'alert_only' },
  });
}
