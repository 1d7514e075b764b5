import { medianSorted } from 'simple-statistics';
import { INCIDENT_KINDS } from './fleet-incidents.ts';
import { type FleetPlan, type IncidentOutcome, simulateFleet } from './fleet-simulation.ts';
import { HONEST_NEWS_PER_DAY } from './fleet-world.ts';
import { poissonInterval } from './intervals.ts';
import { rounded } from './rounded.ts';
import { STATIONARY_NOTES, stationaryFigures } from './volume-stationary.ts';

/** `long` is the fleet of a thousand agents for a month; the others leave slow ramps out. */
const PLANS = {
  quick: { agents: 60, days: 8, warmUpDays: 4, incidentsPerKind: 2, seed: 41 },
  bench: { agents: 100, days: 12, warmUpDays: 4, incidentsPerKind: 3, seed: 77_321 },
  long: { agents: 1_000, days: 30, warmUpDays: 7, incidentsPerKind: 25, seed: 77_321 },
} as const satisfies Record<string, FleetPlan>;

interface FleetResult {
  readonly figures: Record<string, number | object>;
  readonly notes: readonly string[];
}

/** The fleet at full size, a quarter of an hour and more; in part `detection` runs it, too. */
export async function fleetBench({ quick }: { quick: boolean }): Promise<FleetResult> {
  const size = quick ? 'quick' : 'long';
  const { figures, notes } = fleetFigures(size);
  return {
    figures: { ...figures, ...stationaryFigures(size) },
    notes: [...notes, ...STATIONARY_NOTES],
  };
}

/** A seeded fleet with incidents, every call an event through the fold with all detectors. */
export function fleetFigures(size: keyof typeof PLANS): FleetResult {
  const plan = PLANS[size];
  const fleet = simulateFleet(plan);
  const { honestAgentDays: days } = fleet;
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
      fleet_shadow_findings_per_agent_year: perYear(fleet.shadow),
      fleet_incidents: byKind((outcomes) => outcomes.length),
      fleet_recall_by_incident: byKind((outcomes) => recallOf(outcomes, 'delayS')),
      fleet_recall_with_shadow_by_incident: byKind((outcomes) =>
        recallOf(outcomes, 'shadowDelayS'),
      ),
      fleet_delay_s_by_incident: byKind((outcomes) => delayOf(outcomes)),
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
        'The recall with shadow counts what detectors in shadow say, of any level.',
      ...(size === 'long' ? [] : ['fleet: in full by `npm run bench -- fleet`, outside CI.']),
    ],
  };
}

type Delay = 'delayS' | 'shadowDelayS';

function recallOf(outcomes: readonly IncidentOutcome[], delay: Delay): number {
  return rounded(
    outcomes.filter((each) => Number.isFinite(each[delay])).length / outcomes.length,
    4,
  );
}

function delayOf(outcomes: readonly IncidentOutcome[]): number | null {
  const seen = outcomes.map(({ delayS }) => delayS).filter(Number.isFinite);
  return seen.length === 0 ? null : rounded(medianSorted(seen.sort((a, b) => a - b)));
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
