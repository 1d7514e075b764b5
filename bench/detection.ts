import { medianSorted, quantileSorted } from 'simple-statistics';
import slowDrip from '../detectors/slow-drip.ts';
import volumeSpike from '../detectors/volume-spike.ts';
import type { AccessEvent } from '../src/core/access-event.ts';
import { LIMITS } from '../src/core/limits.ts';
import type { Redacted } from '../src/core/redacted.ts';
import { MINUTE_MS } from '../src/core/time.ts';
import { measuresOf } from '../src/engine/baseline/agent-baseline.ts';
import {
  type BaselineState,
  createBaselineState,
  observeBaseline,
  restoreBaseline,
  snapshotBaseline,
  viewOf,
} from '../src/engine/baseline/baseline.ts';
import { priorOf } from '../src/engine/baseline/peer-prior.ts';
import type { DetectorVerdict } from '../src/engine/detect/detector.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import { createPractice, PracticeReading } from '../src/engine/practice/practice.ts';
import { agentDynFigures, agentDynFile } from './agentdyn-arms.ts';
import { nabFigures } from './nab.ts';
import { type Minute, STREAM_KINDS, type StreamKind, VolumeStream } from './volume-streams.ts';

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
/** Alarms of one agent within an hour are one. */
const MERGE_MINUTES = 60;
/** Log time for which the engine learns nothing after a strong finding. */
const QUARANTINE_MINUTES = 10;
const START = Date.UTC(2026, 0, 5);
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
  const agentDays = STREAM_KINDS.length * plan.agentsPerKind * plan.scoredDays;
  return {
    figures: {
      ...recorded,
      volume_false_alarms_per_agent_year: byKind(({ alarmsPerYear }) => alarmsPerYear),
      volume_false_alarms_per_agent_year_ci95: byKind(({ alarms, years }) =>
        poissonInterval(alarms).map((bound) => rounded(bound / years)),
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
  const alarmsPerYear = rounded(alarms / years);
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
    caught: rounded(caught / multiples.length),
    median_multiple: rounded(quantileSorted(sorted, 0.5)),
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

const SPIKE_CONFIG = volumeSpike.config.parse({});
const DRIP_CONFIG = slowDrip.config.parse({});

const freshState = () => ({ spike: volumeSpike.init(), drip: slowDrip.init() });
type VolumeState = ReturnType<typeof freshState>;

/** An agent's baseline, and the detectors asked once a minute. */
class SimulatedAgent {
  readonly #baseline: BaselineState;
  readonly #state: VolumeState;
  #quarantinedUntil = -1;
  #alarmedAt = Number.NEGATIVE_INFINITY;

  constructor(baseline: BaselineState = createBaselineState(), state = freshState()) {
    this.#baseline = baseline;
    this.#state = state;
  }

  get baseline(): BaselineState {
    return this.#baseline;
  }

  fork(): SimulatedAgent {
    return new SimulatedAgent(
      restoreBaseline(snapshotBaseline(this.#baseline)),
      structuredClone(this.#state),
    );
  }

  minute(minute: number, volume: Minute): DetectorVerdict | null {
    if (volume.length === 0) return null;
    const time = START + minute * MINUTE_MS;
    const learn = minute >= this.#quarantinedUntil;
    for (const sizes of volume) observeBaseline(this.#baseline, sizes, time, { learn });
    const context = {
      logTime: time,
      grant: null,
      principalGrant: null,
      resourceFact: null,
      actionFact: null,
      baseline: viewOf(this.#baseline, time),
      added: measuresOf(EVENT),
      practice: NO_PRACTICE,
      hearsDecisions: false,
      openBreaker: () => null,
      chainId: () => '',
      counted: true,
    };
    const event = { ...EVENT, time };
    const { spike, drip } = this.#state;
    const verdicts = [
      ...volumeSpike.observe(event, spike, { ...context, config: SPIKE_CONFIG }),
      ...slowDrip.observe(event, drip, { ...context, config: DRIP_CONFIG }),
    ];
    const verdict = verdicts.find(isAlarm) ?? verdicts[0];
    if (verdict && verdict.score >= 70) this.#quarantinedUntil = minute + QUARANTINE_MINUTES;
    return verdict ?? null;
  }

  isNewAlarm(minute: number): boolean {
    const isNew = minute - this.#alarmedAt > MERGE_MINUTES;
    this.#alarmedAt = minute;
    return isNew;
  }
}

const EVENT: Redacted<AccessEvent> = scenario('acme').agent('simulated').at(0).reads(1);
/** The volume detector looks at how much is done, not at what. */
const NO_PRACTICE = new PracticeReading(createPractice(LIMITS.practiceSlotsPerAgent), null, EVENT);

function isAlarm(verdict: DetectorVerdict | null | undefined): boolean {
  return verdict?.level === 'high' || verdict?.level === 'critical';
}

/** Byar's approximation of the exact interval of a Poisson count. */
function poissonInterval(count: number): [number, number] {
  const low = count === 0 ? 0 : count * (1 - 1 / (9 * count) - Z95 / (3 * Math.sqrt(count))) ** 3;
  const next = count + 1;
  return [low, next * (1 - 1 / (9 * next) + Z95 / (3 * Math.sqrt(next))) ** 3];
}

const Z95 = 1.96;

/** Wilson's interval of a share. */
function recallInterval(attacks: readonly Attack[]): [number, number] {
  const n = attacks.length;
  if (n === 0) return [0, 1];
  const share = attacks.filter((each) => Number.isFinite(each.delay)).length / n;
  const z2 = Z95 ** 2 / n;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = (Z95 * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n))) / (1 + z2);
  return [rounded(Math.max(0, centre - half)), rounded(Math.min(1, centre + half))];
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
  return rounded(attacks.filter((each) => Number.isFinite(each.delay)).length / attacks.length);
}

/** Quantile of the delay over all attacks; a miss counts as longer than the attack. */
function delay(attacks: readonly Attack[], share: number): number {
  if (attacks.length === 0) return 0;
  const sorted = attacks
    .map((each) => Math.min(each.delay, ATTACK_MINUTES + 1))
    .sort((a, b) => a - b);
  return share === 0.5 ? medianSorted(sorted) : quantileSorted(sorted, share);
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
