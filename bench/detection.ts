import { medianSorted, quantileSorted } from 'simple-statistics';
import { type BaselineState, createBaselineState } from '../src/engine/baseline/baseline.ts';
import { priorOf } from '../src/engine/baseline/peer-prior.ts';
import { agentDynFigures, agentDynFile } from './agentdyn-arms.ts';
import { fleetFigures } from './fleet.ts';
import { poissonInterval, wilsonInterval } from './intervals.ts';
import { nabFigures } from './nab.ts';
import { rounded } from './rounded.ts';
import { isAlarm, SimulatedAgent } from './volume-agent.ts';
import { STATIONARY_NOTES, stationaryFigures } from './volume-stationary.ts';
import { STREAM_KINDS, type StreamKind, VolumeStream } from './volume-streams.ts';

/** Size of a simulation; the seed fixes every figure. */
export interface Plan {
  readonly agentsPerKind: number;
  readonly warmUpDays: number;
  readonly scoredDays: number;
  readonly attacksPerAgent: number;
  readonly rampAgents: number;
  readonly coldAgents: number;
  readonly seed: number;
}

const QUICK: Plan = {
  agentsPerKind: 10,
  warmUpDays: 7,
  scoredDays: 10,
  attacksPerAgent: 6,
  rampAgents: 5,
  coldAgents: 25,
  seed: 41,
};
const FULL: Plan = {
  agentsPerKind: 60,
  warmUpDays: 14,
  scoredDays: 36,
  attacksPerAgent: 12,
  rampAgents: 30,
  coldAgents: 150,
  seed: 77_321,
};

const DAY_MINUTES = 1_440;
const ATTACK_MINUTES = 30;
const RATES = [0.7, 3, 6, 12, 40] as const;

/** Seeded fleet figures of the volume detectors; prints nothing. */
export async function detectionBench(options: { quick: boolean }): Promise<{
  figures: Record<string, number | object>;
  notes: string[];
}> {
  const plan = options.quick ? QUICK : FULL;
  const results = STREAM_KINDS.map((kind) => simulateKind(kind, plan));
  const byKind = <Value>(value: (result: KindResult) => Value) =>
    Object.fromEntries(results.map((result) => [result.kind, value(result)]));
  const steady = results.find(({ kind }) => kind === 'over_dispersed')?.attacks ?? [];
  const at10 = steady.filter(({ times, rate }) => times === 5 && rate >= 10);
  const recordings = agentDynFile();
  const recorded = recordings === null ? {} : await agentDynFigures(recordings, options);
  const nab = nabFigures(options);
  const fleet = await fleetFigures(options.quick ? 'quick' : 'bench');
  const agentDays = STREAM_KINDS.length * plan.agentsPerKind * plan.scoredDays;
  return {
    figures: {
      ...recorded,
      volume_false_alarms_per_agent_year: byKind(({ alarmsPerYear }) => alarmsPerYear),
      volume_false_alarms_per_agent_year_ci95: byKind(({ alarms, years }) =>
        poissonInterval(alarms).map((bound) => rounded(bound / years, 3)),
      ),
      volume_false_suspensions: byKind(({ suspensions }) => suspensions),
      volume_5x_recall: recall(at10),
      volume_5x_recall_ci95: recallInterval(at10),
      volume_5x_delay_min: delay(at10, 0.5),
      volume_by_kind: byKind(({ attacks }) => ({
        '5x_at_2_to_10': summary(attacks, 5, 2, 10),
        '5x_at_10_or_more': summary(attacks, 5, 10, Infinity),
        '10x_at_2_or_more': summary(attacks, 10, 2, Infinity),
      })),
      volume_ramp: Object.fromEntries(
        RAMP_SLOPES.map((slope) => [`${slope * 100}_percent_a_day`, simulateRamps(slope, plan)]),
      ),
      volume_cold_start: simulateColdStart(plan),
      ...stationaryFigures(options.quick ? 'quick' : 'bench'),
      ...fleet.figures,
      ...nab.figures,
    },
    notes: [
      `${plan.agentsPerKind} agents per kind, ${plan.warmUpDays} days of history, ` +
        `${plan.scoredDays} scored; ${agentDays} agent-days in all; seed ${plan.seed}.`,
      'An alarm is a finding of level high or above; alarms within an hour of an agent are one.',
      'A spike lasts 30 minutes; recall and delay of volume_5x are over-dispersed, 10 a minute up.',
      recordings === null
        ? 'agentdyn: SKIPPED, the recordings are not there (TRIPCOIL_DATA).'
        : 'agentdyn: development split, undefended pipeline; intervals are Wilson, 95 %.',
      'Of bursty streams the genuine jobs of three to eight times count as false alarms.',
      'ci95: exact Poisson (Byar) for rates, Wilson for shares.',
      'A ramp compounds by its slope a day; its multiple is the one reached when first told.',
      'Cold start: fivefold for 30 minutes of the first day, rates lent by 8 peers of like rate.',
      ...STATIONARY_NOTES,
      ...fleet.notes,
      ...nab.notes,
    ],
  };
}

/** One multiplied stretch of traffic, and when it was noticed. */
export interface Attack {
  readonly times: number;
  readonly rate: number;
  /** Minutes from its start to the first alarm; infinite when it went unseen. */
  readonly delay: number;
}

/** What became of the agents of one kind of traffic. */
export interface KindResult {
  readonly kind: StreamKind;
  readonly alarmsPerYear: number;
  readonly alarms: number;
  readonly years: number;
  readonly suspensions: number;
  readonly attacks: readonly Attack[];
}

/** Runs the agents of one kind; attacks run on copies, so that they disturb no false alarms. */
export function simulateKind(kind: StreamKind, plan: Plan): KindResult {
  let alarms = 0;
  let suspensions = 0;
  const attacks: Attack[] = [];
  for (let index = 0; index < plan.agentsPerKind; index += 1) {
    const rate = RATES[index % RATES.length] ?? 1;
    const seed = plan.seed + index * 7_919 + STREAM_KINDS.indexOf(kind) * 104_729;
    const stream = new VolumeStream(kind, rate, seed);
    const agent = new SimulatedAgent();
    const warm = plan.warmUpDays * DAY_MINUTES;
    const end = warm + plan.scoredDays * DAY_MINUTES;
    const every = Math.floor((end - warm) / (plan.attacksPerAgent + 1));
    for (let minute = 0; minute < end; minute += 1) {
      const verdict = agent.minute(minute, stream.next(minute));
      if (minute < warm) continue;
      if (isAlarm(verdict) && agent.isNewAlarm(minute)) {
        alarms += 1;
        if ((verdict?.trip?.level ?? 0) >= 4) suspensions += 1;
      }
      if ((minute - warm) % every !== every - 1) continue;
      for (const times of [5, 10]) {
        attacks.push({ times, rate, delay: attack(agent, kind, rate, minute + 1, times, seed) });
      }
    }
  }
  const years = (plan.agentsPerKind * plan.scoredDays) / 365;
  const alarmsPerYear = rounded(alarms / years, 3);
  return { kind, alarmsPerYear, alarms, years, suspensions, attacks };
}

/** What would have happened from here had the traffic been multiplied; the agent is not touched. */
function attack(
  agent: SimulatedAgent,
  kind: StreamKind,
  rate: number,
  from: number,
  times: number,
  seed: number,
): number {
  const twin = new VolumeStream(kind === 'bursty' ? 'over_dispersed' : kind, rate, seed);
  return attackBy(twin, agent, from, times);
}

function attackBy(twin: VolumeStream, agent: SimulatedAgent, from: number, times: number): number {
  const fork = agent.fork();
  for (let minute = from; minute < from + ATTACK_MINUTES; minute += 1) {
    if (isAlarm(fork.minute(minute, twin.next(minute, times)))) return minute - from + 1;
  }
  return Number.POSITIVE_INFINITY;
}

const RAMP_SLOPES = [0.02, 0.05, 0.1] as const;
const RAMP_DAYS_MAX = 70;

/** Agents that grow by `slope` a day after their history, until it is told. */
function simulateRamps(slope: number, plan: Plan): object {
  const multiples: number[] = [];
  const warm = plan.warmUpDays * DAY_MINUTES;
  let revoked = 0;
  for (let index = 0; index < plan.rampAgents; index += 1) {
    const rate = RATES[index % RATES.length] ?? 1;
    const stream = new VolumeStream('over_dispersed', rate, plan.seed + 31 * index + 7);
    const agent = new SimulatedAgent();
    let multiple = Number.POSITIVE_INFINITY;
    for (let minute = 0; minute < warm + RAMP_DAYS_MAX * DAY_MINUTES; minute += 1) {
      const times = (1 + slope) ** (Math.max(0, minute - warm) / DAY_MINUTES);
      const verdict = agent.minute(minute, stream.next(minute, times));
      if (minute < warm || !isAlarm(verdict)) continue;
      if ((verdict?.trip?.level ?? 0) >= 5) revoked += 1;
      multiple = times;
      break;
    }
    multiples.push(multiple);
  }
  const caught = multiples.filter(Number.isFinite).length;
  const sorted = multiples.sort((a, b) => a - b);
  return {
    ramps: multiples.length,
    caught: rounded(caught / multiples.length, 3),
    median_multiple: rounded(quantileSorted(sorted, 0.5), 3),
    revoked,
  };
}

/** New agents with peers of like rate: spikes of their first day seen, and days without one. */
function simulateColdStart(plan: Plan): object {
  let alarms = 0;
  const attacks: Attack[] = [];
  for (let group = 0; group * NEWCOMERS < plan.coldAgents; group += 1) {
    const rate = RATES[group % RATES.length] ?? 1;
    const seed = plan.seed + 17 * group + 3;
    const prior = priorOf(Array.from({ length: PEERS }, (_, peer) => grownPeer(rate, seed, peer)));
    for (let index = 0; index < NEWCOMERS; index += 1) {
      const stream = new VolumeStream('over_dispersed', rate, seed * 1_000 + index, seed);
      const agent = new SimulatedAgent(createBaselineState(prior));
      const at = 120 + ((index * 397 + group * 131) % (DAY_MINUTES - 180));
      const start = PEER_DAYS * DAY_MINUTES;
      for (let minute = start; minute < start + DAY_MINUTES; minute += 1) {
        const isNoticed = isAlarm(agent.minute(minute, stream.next(minute)));
        if (isNoticed && agent.isNewAlarm(minute)) alarms += 1;
        if (minute !== start + at || rate < 2) continue;
        const twin = new VolumeStream('over_dispersed', rate, seed * 1_000 + index, seed);
        attacks.push({ times: 5, rate, delay: attackBy(twin, agent, minute + 1, 5) });
      }
    }
  }
  return { agents: plan.coldAgents, false_alarms: alarms, '5x': summary(attacks, 5, 2, Infinity) };
}

const NEWCOMERS = 5;
const PEERS = 8;
const PEER_DAYS = 3;

function grownPeer(rate: number, seed: number, peer: number): BaselineState {
  const agent = new SimulatedAgent();
  const stream = new VolumeStream('over_dispersed', rate, seed * 1_000 + 500 + peer, seed);
  for (let minute = 0; minute < PEER_DAYS * DAY_MINUTES; minute += 1) {
    agent.minute(minute, stream.next(minute));
  }
  return agent.baseline;
}

function recallInterval(attacks: readonly Attack[]): [number, number] {
  const seen = attacks.filter(({ delay }) => Number.isFinite(delay)).length;
  const [low, high] = wilsonInterval(seen, attacks.length);
  return [rounded(low, 3), rounded(high, 3)];
}

function summary(attacks: readonly Attack[], times: number, from: number, below: number): object {
  const some = attacks.filter(
    (each) => each.times === times && each.rate >= from && each.rate < below,
  );
  return {
    attacks: some.length,
    recall: recall(some),
    recall_ci95: recallInterval(some),
    median_min: delay(some, 0.5),
    p90_min: delay(some, 0.9),
  };
}

function recall(attacks: readonly Attack[]): number {
  if (attacks.length === 0) return 0;
  return rounded(attacks.filter((each) => Number.isFinite(each.delay)).length / attacks.length, 3);
}

/** Quantile of the delay over all attacks; a miss counts as longer than the attack. */
function delay(attacks: readonly Attack[], share: number): number {
  if (attacks.length === 0) return 0;
  const sorted = attacks
    .map((each) => Math.min(each.delay, ATTACK_MINUTES + 1))
    .sort((a, b) => a - b);
  return share === 0.5 ? medianSorted(sorted) : quantileSorted(sorted, share);
}
