import type { Effect, FoldedEntry } from '../core/entry.ts';
import { REVOKING_LEVEL } from '../core/revocation.ts';
import type { EpochMs } from '../core/time.ts';
import { SECOND_MS } from '../core/time.ts';
import { riskScore } from '../engine/risk.ts';
import { watchOf } from '../engine/source/settings.ts';
import { sourcesOf } from '../engine/source/sources.ts';
import { UNJUDGED, type Unjudged } from '../engine/tenant-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { Metrics } from '../ports/metrics.ts';
import { stateOfSource } from './ingest-status.ts';
import type { Partition } from './partition.ts';

const COUNT_EVERY_MS = 5 * SECOND_MS;
/** Counting looks at every breaker, which a trip need not wait for. */
const COUNT_AFTER_MS = 100;

/** Counts what the engine decides. Labels are detector ids and closed sets, never an agent. */
export function meterDecisions(
  partition: Partition,
  clock: Clock,
  metrics: Metrics,
  signal?: AbortSignal,
): void {
  let countedAtMs = Number.NEGATIVE_INFINITY;
  // What the log told before this start was counted by those before.
  const unjudged = unjudgedOf(partition);
  let isCounting = false;
  const count = async (): Promise<void> => {
    if (isCounting) return;
    isCounting = true;
    await clock.sleep(COUNT_AFTER_MS, signal);
    isCounting = false;
    meterPopulation(partition, clock.now(), metrics);
    meterUnjudged(unjudged, partition, metrics);
  };
  partition.onCommitted(({ effects, folded }) => {
    const now = clock.now();
    for (const effect of effects) meterEffect(effect, metrics, now);
    for (const entry of folded) meterAcknowledgement(entry, partition, metrics);
    const isDue = clock.monotonicMs() - countedAtMs >= COUNT_EVERY_MS;
    if (isDue) {
      countedAtMs = clock.monotonicMs();
      meterRisk(partition, metrics);
    } else if (effects.length === 0) return;
    void count();
  });
}

function unjudgedOf({ shard }: Partition): Record<Unjudged, number> {
  const sums = { late: 0, ahead: 0, agents: 0, tenants: 0, detector: 0, entry: 0 };
  for (const { unjudged } of shard.tenants.values()) {
    for (const reason of UNJUDGED) sums[reason] += unjudged[reason];
  }
  return sums;
}

function meterUnjudged(
  counted: Record<Unjudged, number>,
  partition: Partition,
  metrics: Metrics,
): void {
  const sums = unjudgedOf(partition);
  for (const reason of UNJUDGED) {
    const more = sums[reason] - counted[reason];
    if (more > 0) metrics.count('tripcoil_events_not_judged_total', { reason }, more);
    counted[reason] = sums[reason];
  }
}

function meterEffect(effect: Effect, metrics: Metrics, now: EpochMs): void {
  if (effect.kind === 'finding') {
    const { detector, level, mode, decision } = effect.decision;
    metrics.count('tripcoil_findings_total', { detector, level, mode });
    const reason = decision.tripped ? decision.cappedBy : decision.why;
    if (reason) metrics.count('tripcoil_trips_suppressed_total', { reason });
    return;
  }
  if (effect.kind !== 'transition') return;
  const { to, reason, level, time, eventId } = effect.decision;
  const by = effect.decision.class;
  if (to === 'closed') {
    metrics.count('tripcoil_resets_total', { class: by });
    return;
  }
  if (to !== 'open' && to !== 'isolated') return;
  // An operator's reason is free text.
  const detector = by === 'operator' ? 'operator' : reason;
  metrics.count('tripcoil_trips_total', { detector, class: by, level: String(level) });
  if (eventId === null) return;
  const seconds = Math.max(0, now - time) / SECOND_MS;
  metrics.observe('tripcoil_time_to_trip_seconds', seconds, { detector });
}

function meterAcknowledgement(entry: FoldedEntry, partition: Partition, metrics: Metrics): void {
  if (entry.kind !== 'ack') return;
  const { receiver, others = [], key, epoch } = entry.body;
  const openedAt = partition.shard.openedAt(key, epoch);
  if (openedAt === null) return;
  const seconds = Math.max(0, entry.loggedAt - openedAt) / SECOND_MS;
  for (const broker of [receiver, ...others]) {
    metrics.observe('tripcoil_time_to_revoke_seconds', seconds, { broker });
  }
}

/** States and gaps over all tenants; names of sources are never labels. */
function meterSources({ shard }: Partition, now: EpochMs, metrics: Metrics): void {
  const states = { sending: 0, quiet: 0, silent: 0 };
  let missing = 0;
  for (const { sources, config } of shard.tenants.values()) {
    const watch = watchOf(config);
    for (const source of sourcesOf(sources)) {
      states[stateOfSource(source, watch, now)] += 1;
      for (const { count } of source.sequence.missing) missing += count;
    }
  }
  for (const [state, count] of Object.entries(states)) {
    metrics.gauge('tripcoil_sources', count, { state });
  }
  metrics.gauge('tripcoil_sources_missing_events', missing);
}

function meterPopulation(partition: Partition, now: EpochMs, metrics: Metrics): void {
  const phases = { open: 0, probation: 0, isolated: 0, exempt: 0 };
  const tripped = new Set<string>();
  let agents = 0;
  for (const { tenant, agents: known, board } of partition.shard.tenants.values()) {
    agents += known.size;
    for (const { key, state } of board.entries.values()) {
      if (state.phase === 'closed') continue;
      phases[state.phase] += 1;
      if (state.level >= REVOKING_LEVEL) tripped.add(`${tenant}\n${key.agent ?? key.id}`);
    }
  }
  meterSources(partition, now, metrics);
  for (const [phase, count] of Object.entries(phases)) {
    metrics.gauge('tripcoil_breakers', count, { phase });
  }
  metrics.gauge('tripcoil_agents', tripped.size, { state: 'tripped' });
  metrics.gauge('tripcoil_agents', Math.max(0, agents - tripped.size), { state: 'working' });
}

/** Of every agent, so not at every finding. */
function meterRisk({ shard }: Partition, metrics: Metrics): void {
  const bands = { none: 0, low: 0, medium: 0, high: 0, critical: 0 };
  for (const { agents } of shard.tenants.values()) {
    for (const agent of agents.values()) bands[bandOf(riskScore(agent.risk, shard.logTime))] += 1;
  }
  for (const [risk, count] of Object.entries(bands)) {
    metrics.gauge('tripcoil_agents_by_risk', count, { risk });
  }
}

/** Quarters of the scale, and none at all: as many series however many agents there are. */
function bandOf(risk: number): 'none' | 'low' | 'medium' | 'high' | 'critical' {
  if (risk === 0) return 'none';
  if (risk < 25) return 'low';
  if (risk < 50) return 'medium';
  return risk < 75 ? 'high' : 'critical';
}
