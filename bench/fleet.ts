import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { medianSorted, quantileSorted } from 'simple-statistics';
import { INCIDENT_KINDS } from './fleet-incidents.ts';
import {
  type FleetOutcome,
  type FleetPart,
  type FleetPlan,
  type IncidentOutcome,
  mergedOutcome,
} from './fleet-simulation.ts';
import { HONEST_NEWS_PER_DAY } from './fleet-world.ts';
import { poissonInterval, wilsonInterval } from './intervals.ts';
import { rounded } from './rounded.ts';
import { STATIONARY_NOTES, stationaryFigures } from './volume-stationary.ts';

/** `long` is the fleet of a thousand agents for a month; the others leave slow ramps out. */
const PLANS = {
  quick: { agents: 60, days: 8, warmUpDays: 4, incidentsPerKind: 2, seed: 41 },
  bench: { agents: 300, days: 9, warmUpDays: 4, incidentsPerKind: 8, seed: 77_321 },
  long: { agents: 1_000, days: 30, warmUpDays: 7, incidentsPerKind: 25, seed: 77_321 },
} as const satisfies Record<string, FleetPlan>;

interface FleetResult {
  readonly figures: Record<string, number | object>;
  readonly notes: readonly string[];
}

/** The fleet at full size, a quarter of an hour and more; in part `detection` runs it, too. */
export async function fleetBench({ quick }: { quick: boolean }): Promise<FleetResult> {
  const size = quick ? 'quick' : 'long';
  const { figures, notes } = await fleetFigures(size);
  return {
    figures: { ...figures, ...stationaryFigures(size) },
    notes: [...notes, ...STATIONARY_NOTES],
  };
}

/** A seeded fleet with incidents, every call an event through the fold with all detectors. */
export async function fleetFigures(size: keyof typeof PLANS): Promise<FleetResult> {
  const plan = PLANS[size];
  const fleet = await simulateInParts(plan);
  const days = Math.round(fleet.honestAgentDays);
  const alarms = sumOf(fleet.alarms);
  const trips = sumOf(fleet.tripsByLevel);
  const suspensions = (fleet.tripsByLevel['L4'] ?? 0) + (fleet.tripsByLevel['L5'] ?? 0);
  const perYear = (counts: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [name, rounded((count * 365) / days, 4)]),
    );
  const byKind = (value: (outcomes: readonly IncidentOutcome[]) => unknown) =>
    Object.fromEntries(
      INCIDENT_KINDS.flatMap((kind) => {
        const outcomes = fleet.incidents.filter((each) => each.kind === kind);
        return outcomes.length === 0 ? [] : [[kind, value(outcomes)]];
      }),
    );
  return {
    figures: {
      fleet_false_trips_per_agent_day: rounded(trips / days, 4),
      fleet_false_trips_per_agent_day_ci95: poissonInterval(trips).map((n) => rounded(n / days, 4)),
      fleet_false_suspensions_per_agent_day: rounded(suspensions / days, 4),
      fleet_false_trips_by_level: fleet.tripsByLevel,
      fleet_false_trips_by_detector: fleet.tripsByDetector,
      fleet_false_alarms_per_agent_year: perYear(fleet.alarms),
      fleet_false_alarms_per_agent_year_all: rounded((alarms * 365) / days, 3),
      fleet_false_alarms_per_agent_year_all_ci95: poissonInterval(alarms).map((n) =>
        rounded((n * 365) / days, 3),
      ),
      fleet_false_findings_per_agent_year: perYear(fleet.findings),
      fleet_shadow_findings_per_agent_year: perYear(fleet.shadow),
      fleet_incidents: byKind((outcomes) => outcomes.length),
      fleet_recall_by_incident: byKind((outcomes) => recallOf(outcomes, 'delayS')),
      fleet_recall_ci95_by_incident: byKind(recallInterval),
      fleet_recall_told_by_incident: byKind((outcomes) => recallOf(outcomes, 'toldDelayS')),
      fleet_recall_with_shadow_by_incident: byKind((outcomes) =>
        recallOf(outcomes, 'shadowDelayS'),
      ),
      fleet_delay_s_by_incident: byKind((outcomes) => delayOf(outcomes, 0.5)),
      fleet_delay_s_p90_by_incident: byKind((outcomes) => delayOf(outcomes, 0.9)),
      fleet_honest_agent_days: days,
      fleet_events: fleet.events,
    },
    notes: [
      `fleet: ${plan.agents} agents for ${plan.days} days, ${plan.warmUpDays} of them history, ` +
        `${fleet.events} events through the fold; seed ${plan.seed}.`,
      'fleet: 0.05 to 10 calls a minute, over-dispersed, with a day and a week; an honest agent ' +
        `meets a new address every ${Math.round(1 / HONEST_NEWS_PER_DAY)} days, which ` +
        'first_seen_access is made to ask about.',
      'fleet: a trip is a breaker opened at any level, a suspension one at level 4 or above; an ' +
        'alarm is a finding of level high or above, alarms of an agent within an hour are one.',
      'fleet: an incident is seen at a trip or an alarm; its delay is the median, of those seen. ' +
        'The recall told counts findings of any level, that with shadow those of detectors in ' +
        'shadow, too.',
      'fleet: ci95 is exact Poisson (Byar) for rates, Wilson for shares.',
      ...(size === 'long' ? [] : ['fleet: in full by `npm run bench -- fleet`, outside CI.']),
    ],
  };
}

/** A share of the tenants in a thread for each core; they are independent of each other. */
async function simulateInParts(plan: FleetPlan): Promise<FleetOutcome> {
  const of = Math.max(1, Math.min(availableParallelism(), PARTS_MAX));
  const parts = Array.from({ length: of }, (_, index) => simulatePart(plan, { index, of }));
  return mergedOutcome(await Promise.all(parts));
}

const PARTS_MAX = 8;

function simulatePart(plan: FleetPlan, part: FleetPart): Promise<FleetOutcome> {
  const worker = new Worker(new URL('./fleet-worker.ts', import.meta.url), {
    workerData: { plan, part },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

type Delay = 'delayS' | 'toldDelayS' | 'shadowDelayS';

function recallOf(outcomes: readonly IncidentOutcome[], delay: Delay): number {
  return rounded(
    outcomes.filter((each) => Number.isFinite(each[delay])).length / outcomes.length,
    4,
  );
}

function recallInterval(outcomes: readonly IncidentOutcome[]): readonly number[] {
  const seen = outcomes.filter(({ delayS }) => Number.isFinite(delayS)).length;
  return wilsonInterval(seen, outcomes.length).map((bound) => rounded(bound, 3));
}

function delayOf(outcomes: readonly IncidentOutcome[], share: number): number | null {
  const seen = outcomes.map(({ delayS }) => delayS).filter(Number.isFinite);
  if (seen.length === 0) return null;
  const sorted = seen.sort((a, b) => a - b);
  return rounded(share === 0.5 ? medianSorted(sorted) : quantileSorted(sorted, share));
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
