import { medianSorted, quantileSorted } from 'simple-statistics';
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
import type { DetectorVerdict } from '../src/engine/detect/detector.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import { createPractice, PracticeReading } from '../src/engine/practice/practice.ts';
import { agentDynFigures, agentDynFile } from './agentdyn-arms.ts';
import { type Minute, STREAM_KINDS, type StreamKind, VolumeStream } from './volume-streams.ts';

/** Size of a simulation; the seed fixes every figure. */
export interface Plan {
  readonly agentsPerKind: number;
  readonly warmUpDays: number;
  readonly scoredDays: number;
  readonly attacksPerAgent: number;
  readonly seed: number;
}

const QUICK: Plan = {
  agentsPerKind: 10,
  warmUpDays: 7,
  scoredDays: 10,
  attacksPerAgent: 6,
  seed: 41,
};
const FULL: Plan = {
  agentsPerKind: 60,
  warmUpDays: 14,
  scoredDays: 36,
  attacksPerAgent: 12,
  seed: 1_041,
};

const DAY_MINUTES = 1_440;
const ATTACK_MINUTES = 30;
/** Alarms of one agent within an hour are one. */
const MERGE_MINUTES = 60;
/** Log time for which the engine learns nothing after a strong finding. */
const QUARANTINE_MINUTES = 10;
const START = Date.UTC(2026, 0, 5);
const RATES = [0.7, 3, 6, 12, 40] as const;

/** Seeded fleet figures of the volume detector; prints nothing. */
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
  const agentDays = STREAM_KINDS.length * plan.agentsPerKind * plan.scoredDays;
  return {
    figures: {
      ...recorded,
      volume_false_alarms_per_agent_year: byKind(({ alarmsPerYear }) => alarmsPerYear),
      volume_false_suspensions: byKind(({ suspensions }) => suspensions),
      volume_5x_recall: recall(at10),
      volume_5x_delay_min: delay(at10, 0.5),
      volume_by_kind: byKind(({ attacks }) => ({
        '5x_at_2_to_10': summary(attacks, 5, 2, 10),
        '5x_at_10_or_more': summary(attacks, 5, 10, Infinity),
        '10x_at_2_or_more': summary(attacks, 10, 2, Infinity),
      })),
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
  return { kind, alarmsPerYear: rounded(alarms / years), suspensions, attacks };
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
  const fork = agent.fork();
  const twin = new VolumeStream(kind === 'bursty' ? 'over_dispersed' : kind, rate, seed);
  for (let minute = from; minute < from + ATTACK_MINUTES; minute += 1) {
    if (isAlarm(fork.minute(minute, twin.next(minute, times)))) return minute - from + 1;
  }
  return Number.POSITIVE_INFINITY;
}

/** An agent's baseline, and the detector asked once a minute. */
class SimulatedAgent {
  readonly #baseline: BaselineState;
  readonly #state = volumeSpike.init();
  readonly #config = volumeSpike.config.parse({});
  #quarantinedUntil = -1;
  #alarmedAt = Number.NEGATIVE_INFINITY;

  constructor(baseline: BaselineState = createBaselineState()) {
    this.#baseline = baseline;
  }

  fork(): SimulatedAgent {
    return new SimulatedAgent(restoreBaseline(snapshotBaseline(this.#baseline)));
  }

  minute(minute: number, volume: Minute): DetectorVerdict | null {
    if (volume.length === 0) return null;
    const time = START + minute * MINUTE_MS;
    const learn = minute >= this.#quarantinedUntil;
    for (const sizes of volume) observeBaseline(this.#baseline, sizes, time, { learn });
    const [verdict] = volumeSpike.observe({ ...EVENT, time }, this.#state, {
      config: this.#config,
      logTime: time,
      grant: null,
      resourceFact: null,
      actionFact: null,
      baseline: viewOf(this.#baseline, time),
      added: measuresOf(EVENT),
      practice: NO_PRACTICE,
      counted: true,
    });
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

function isAlarm(verdict: DetectorVerdict | null): boolean {
  return verdict?.level === 'high' || verdict?.level === 'critical';
}

function summary(attacks: readonly Attack[], times: number, from: number, below: number): object {
  const some = attacks.filter(
    (each) => each.times === times && each.rate >= from && each.rate < below,
  );
  return {
    attacks: some.length,
    recall: recall(some),
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
