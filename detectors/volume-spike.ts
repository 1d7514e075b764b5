import * as z from 'zod';
import {
  type AgentBaseline,
  type BreakerLevel,
  type BurstMemory,
  type Comparison,
  createBurstMemory,
  createLeakyBucket,
  DAY_MS,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  endBurst,
  HOUR_MS,
  type LeakyBucket,
  MEASURES,
  type Measure,
  MINUTE_MS,
  measureAmount,
  measureNoun,
  measureText,
  minutesText,
  NO_VERDICTS,
  oneDecimal,
  pour,
  rounded,
  sightBurst,
  sizeOfSome,
  sizePerMeasure,
  windowInWords,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  hard_multiple: z
    .number()
    .min(1.5)
    .default(5)
    .describe('How many times the typical volume acts at once, inside the window.'),
  hard_probability: z
    .number()
    .positive()
    .max(0.01)
    .default(1e-9)
    .describe("Acts at once only where the agent's own history makes it rarer than this."),
  sudden_multiple: z
    .number()
    .min(1.5)
    .default(4)
    .describe('How many times the typical volume throttles at once.'),
  sudden_probability: z
    .number()
    .positive()
    .max(0.01)
    .default(1e-7)
    .describe("And only where the agent's own history makes it rarer than this."),
  soft_multiple: z
    .number()
    .min(1.1)
    .default(2.5)
    .describe('How many times the typical volume throttles once evidence has accumulated.'),
  false_alarms_per_agent_year: z
    .number()
    .positive()
    .max(365)
    .default(2)
    .describe('Error budget of the accumulated evidence, by theory; measured well below it.'),
  escalate_after_minutes: z
    .number()
    .positive()
    .default(30)
    .describe('A rise that lasts this long is raised from throttle to step-up approval.'),
  minimum_age_hours: z
    .number()
    .min(0)
    .default(24)
    .describe('Learned history below which statistics do not act.'),
  minimum_active_windows: z
    .int()
    .min(0)
    .default(20)
    .describe('Minutes with activity below which statistics do not act.'),
  floors: sizePerMeasure('Volume per window below which nothing is a spike.', {
    calls: 20,
    records: 20,
    bytes: 1_048_576,
    tokens: 20_000,
    cost: 1_000_000,
    sessions: 20,
    targets: 100,
  }),
  caps: sizeOfSome('Absolute volume per minute that acts at any age. Default: none.'),
  cold_start_cap: z
    .strictObject({
      calls_burst: z.number().positive().default(40),
      calls_per_minute: z.number().positive().default(240),
      records_burst: z.number().positive().default(50_000),
      records_per_minute: z.number().positive().default(10_000),
    })
    .nullable()
    .prefault({})
    .describe('A burst, and the pace that drains it, for agents without history. Null: none.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('Repeats of one spike within this time are one finding, unless it escalates.'),
});
type Config = z.output<typeof CONFIG>;

interface State {
  readonly calls: LeakyBucket;
  readonly records: LeakyBucket;
  readonly bursts: BurstMemory;
}

type Context = DetectorContext<Config>;

/** Volume far above the agent's own history: calls, records, bytes, tokens, cost and more. */
export default defineDetector<Config, State>({
  id: 'volume_spike',
  version: 1,
  status: 'stable',
  title: 'Volume spike',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'enforce',
  tags: ['volume', 'exfiltration', 'attack.t1530', 'attack.t1567', 'owasp.llm10'],
  config: CONFIG,
  init: () => ({
    calls: createLeakyBucket(),
    records: createLeakyBucket(),
    bursts: createBurstMemory(),
  }),
  // Calls can always be counted; a measure that nobody reports stays at zero.
  judges: () => null,
  observe(_event, state, context) {
    if (!context.counted) return NO_VERDICTS;
    const capped = overCap(context);
    if (capped) return [capped];
    const { baseline, config } = context;
    endBurst(state.bursts, baseline.time, baseline.ageMs, config.dedup_minutes * MINUTE_MS);
    if (isCold(context)) {
      const burst = coldBurst(state, context);
      if (burst) return [burst];
      if (context.baseline.isBorrowed) {
        const early = strongest(context, spikeOrRise);
        return early ? [told(stepUpAtMost(early), state, context)] : NO_VERDICTS;
      }
      if (context.baseline.ageMs < HOUR_MS) return NO_VERDICTS;
      const noted = strongest(
        context,
        (one, ten) => coldSpike(one, context) ?? coldSpike(ten, context),
      );
      return noted ? [noted] : NO_VERDICTS;
    }
    const seen = strongest(context, spikeOrRise);
    if (!seen) return NO_VERDICTS;
    return [told(baseline.isRenewed ? stepUpAtMost(seen, NEW_VERSION) : seen, state, context)];
  },
});

function spikeOrRise(
  minute: Comparison,
  ten: Comparison,
  context: Context,
): DetectorVerdict | null {
  const atOnce = suddenSpike(minute, context);
  if (atOnce?.trip?.level === 4) return atOnce;
  const inTen = suddenSpike(ten, context);
  if (inTen?.trip?.level === 4) return inTen;
  return softRise(minute, context) ?? atOnce ?? inTen;
}

function isCold({ config, baseline }: Context): boolean {
  return (
    baseline.ageMs < config.minimum_age_hours * HOUR_MS ||
    baseline.activeWindows < config.minimum_active_windows
  );
}

/** The verdict that would act most strongly: one spike moves several measures at once. */
function strongest(context: Context, judge: typeof spikeOrRise): DetectorVerdict | null {
  const { baseline } = context;
  let best: DetectorVerdict | null = null;
  for (const measure of MEASURES) {
    const minute = baseline.compare(measure, MINUTE_MS);
    if (minute.actual === 0) continue;
    const seen = judge(minute, baseline.compare(measure, 10 * MINUTE_MS), context);
    const verdict = seen && ASKED_ONLY.has(measure) ? stepUpAtMost(seen) : seen;
    if (verdict && (!best || strength(verdict) > strength(best))) best = verdict;
  }
  return best;
}

/** Cost tells of money and not of data, and both others have no measured false alarms yet. */
const ASKED_ONLY: ReadonlySet<Measure> = new Set<Measure>(['cost', 'sessions', 'targets']);

const strength = ({ trip, score }: DetectorVerdict) => (trip?.level ?? 0) * 1_000 + score;

function suddenSpike(window: Comparison, { config, baseline }: Context): DetectorVerdict | null {
  const { actual, typical, measure } = window;
  if (actual < config.floors[measure] || actual < config.sudden_multiple * typical) return null;
  const { probability } = window;
  if (probability > config.sudden_probability || actual <= window.usualUpTo) return null;
  const isHard =
    actual >= config.hard_multiple * typical &&
    probability <= config.hard_probability &&
    (!baseline.isSparse || actual >= SPARSE_FLOORS * config.floors[measure]);
  const times = actual / Math.max(typical, Number.MIN_VALUE) / config.hard_multiple;
  return {
    ...described(window, baseline),
    level: isHard && times >= 2 ? 'critical' : 'high',
    score: isHard ? 90 + Math.min(9, Math.floor(3 * Math.log2(times))) : 65,
    trip: { key: 'agent', level: isHard ? 4 : 1 },
    // Beyond the largest it ever had: see `usualUpTo` above.
    agreement: 'anchor',
    escalateAfterMs: config.escalate_after_minutes * MINUTE_MS,
    dedupKey: 'spike',
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}

/** A few sessions do not tell how long the next one of a sparse agent may be. */
const SPARSE_FLOORS = 5;

/**
 * A rise that the sequential test no longer takes for chance. Its alarm rate is at most one per
 * `exp(evidence)` minutes, so the threshold follows from the error budget, shared by the measures.
 */
function softRise(minute: Comparison, { config, baseline }: Context): DetectorVerdict | null {
  const { runActual, runTypical, measure } = minute;
  if (runActual < config.soft_multiple * runTypical) return null;
  if (runActual < config.floors[measure]) return null;
  const threshold = Math.log(
    (baseline.measuresInUse * MINUTES_PER_YEAR) / config.false_alarms_per_agent_year,
  );
  const { evidence, since } = minute;
  if (evidence < threshold) return null;
  const lasted = (baseline.time - since) / MINUTE_MS;
  const level: BreakerLevel = lasted >= config.escalate_after_minutes ? 2 : 1;
  const minutes = Math.max(1, Math.ceil(lasted));
  return {
    level: 'high',
    score: 60 + Math.min(19, Math.floor(evidence - threshold)),
    actual: runActual,
    typical: runTypical,
    probability: Math.exp(-evidence),
    title:
      `${measureText(measure, runActual)} in ${minutesText(minutes)}, ` +
      `${oneDecimal(runActual / runTypical)} times the typical ` +
      measureAmount(measure, runTypical),
    explanation:
      `For ${minutesText(minutes)} this agent has moved clearly more ${measureNoun(measure)} ` +
      'than it usually does at this hour and weekday, too steadily to be ' +
      'chance. It is slowed down, not stopped.',
    measures: {
      actual: runActual,
      typical: runTypical,
      usual_up_to: minute.usualUpTo,
      ratio: rounded(runActual / runTypical),
      probability: Math.exp(-evidence),
      evidence: rounded(evidence),
      threshold: rounded(threshold),
      window_s: minutes * 60,
      baseline_days: rounded(baseline.ageMs / DAY_MS),
    },
    facts: { measure },
    trip: { key: 'agent', level },
    escalateAfterMs: config.escalate_after_minutes * MINUTE_MS,
    dedupKey: 'spike',
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}

/**
 * One spike is one alarm. While it goes on its consequences are repeated but the alarm is not,
 * unless they grow. A burst such as this agent had before, told at the time and passed by itself,
 * is no alarm any more: volume alone cannot tell its jobs from misuse.
 */
function told(verdict: DetectorVerdict, { bursts }: State, { baseline }: Context): DetectorVerdict {
  const measure = MEASURES.find((each) => each === verdict.facts?.['measure']) ?? 'calls';
  const { actual, typical } = baseline.compare(measure, 10 * MINUTE_MS);
  const now = verdict.measures?.['ratio'] ?? 0;
  const ofTen = actual / Math.max(typical, Number.MIN_VALUE);
  const isRise = verdict.measures?.['evidence'] !== undefined;
  const times = isRise ? Math.max(ofTen, now) : ofTen;
  const level = verdict.trip?.level ?? 0;
  const sighting = sightBurst(bursts, { measure, time: baseline.time, times, now, level });
  if (sighting === 'alarm') return verdict;
  if (sighting === 'going_on') return { ...verdict, level: 'medium' };
  return asKnown(verdict, bursts.known[measure]?.times ?? 0);
}

/** Noted and slowed down, not stopped and not an alarm. */
function asKnown(verdict: DetectorVerdict, times: number): DetectorVerdict {
  return {
    ...verdict,
    level: 'medium',
    score: 40,
    explanation:
      `${verdict.explanation} It has had bursts of up to ${oneDecimal(times)} times before, ` +
      'which were told and passed, so this one is noted and slowed down only.',
    measures: { ...verdict.measures, known_times: rounded(times) },
    trip: verdict.trip ? { ...verdict.trip, level: 1 } : null,
    escalateAfterMs: null,
    dedupKey: 'known_burst',
  };
}

/** In the first day of an agent or of its version, statistics alone ask a person at most. */
function stepUpAtMost(verdict: DetectorVerdict, because = ''): DetectorVerdict {
  const { trip, explanation } = verdict;
  if (!trip || trip.level <= 2) return verdict;
  const level = { level: 'high', score: 69, trip: { ...trip, level: 2 } } as const;
  return { ...verdict, ...level, explanation: explanation + because };
}

const NEW_VERSION = ' A new version of it began within a day, which may be made to do more.';

const MINUTES_PER_YEAR = 525_600;
const COLD_PROBABILITY = 1e-4;

/** Remarkable, but this agent is too new to hold it against it. */
function coldSpike(window: Comparison, { config, baseline }: Context): DetectorVerdict | null {
  const { actual, typical, measure } = window;
  if (actual < config.floors[measure] || actual < config.hard_multiple * typical) return null;
  if (window.probability > COLD_PROBABILITY || actual <= window.usualUpTo) return null;
  const told = described(window, baseline);
  return {
    ...told,
    explanation:
      `${told.explanation} There is too little history of this agent to act on it; the volume ` +
      'is noted and learned from.',
    level: 'low',
    score: 20,
    trip: null,
    held: 'cold_start',
    dedupKey: 'cold_start',
    dedupMs: DAY_MS,
  };
}

/** An absolute cap that somebody set: no history is needed. */
function overCap({ config, baseline }: Context): DetectorVerdict | null {
  for (const measure of MEASURES) {
    const cap = config.caps[measure];
    if (cap === undefined) continue;
    const { actual, typical } = baseline.compare(measure, MINUTE_MS);
    const over = { ...{ measure, actual, typical, cap }, kind: 'cap', level: 4 } as const;
    if (actual > cap) return limitVerdict({ ...over, config, baseline });
  }
  return null;
}

/**
 * Leaky buckets for an agent without history. One that was around before and did next to nothing
 * is suspended; one in its first hour may just be busy, so a person is asked.
 */
function coldBurst(state: State, { config, baseline, added }: Context): DetectorVerdict | null {
  const limits = config.cold_start_cap;
  if (!limits) return null;
  const level: BreakerLevel = baseline.ageMs >= HOUR_MS ? 4 : 2;
  let found: DetectorVerdict | null = null;
  for (const measure of COLD_MEASURES) {
    const isCalls = measure === 'calls';
    const burst = isCalls ? limits.calls_burst : limits.records_burst;
    const perMinute = isCalls ? limits.calls_per_minute : limits.records_per_minute;
    const { time } = baseline;
    const fill = pour(state[measure], { time, size: added[measure], perMinute, room: 2 * burst });
    if (found || fill <= burst) continue;
    const { actual, typical } = baseline.compare(measure, MINUTE_MS);
    const reached = { measure, actual: Math.max(actual, fill), typical, cap: burst };
    found = limitVerdict({ ...reached, kind: 'cold_start_cap', level, config, baseline });
  }
  return found;
}

const COLD_MEASURES = ['calls', 'records'] as const;

function limitVerdict(limit: {
  readonly measure: Measure;
  readonly actual: number;
  readonly typical: number;
  readonly cap: number;
  readonly kind: 'cap' | 'cold_start_cap';
  readonly level: BreakerLevel;
  readonly config: Config;
  readonly baseline: AgentBaseline;
}): DetectorVerdict {
  const { measure, actual, typical, cap, kind, level, config, baseline } = limit;
  const whose =
    kind === 'cap'
      ? 'the limit set for it, whatever its history'
      : 'what an agent without a history of its own may do in one burst';
  return {
    level: level >= 4 ? 'critical' : 'high',
    score: level >= 4 ? 95 : 60,
    actual,
    typical,
    probability: null,
    title:
      `${measureText(measure, actual)} within a minute, ` +
      `over the limit of ${measureAmount(measure, cap)}`,
    explanation: `This agent moved more ${measureNoun(measure)} than ${whose}.`,
    measures: {
      actual,
      typical,
      cap,
      window_s: 60,
      baseline_days: rounded(baseline.ageMs / DAY_MS),
    },
    facts: { measure, limit: kind },
    trip: { key: 'agent', level },
    agreement: 'cap',
    dedupKey: kind,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}

/** The figures and sentences of a spike in one window. */
function described(window: Comparison, baseline: AgentBaseline) {
  const { measure, actual, typical, probability, usualUpTo } = window;
  const minutes = window.windowMs / MINUTE_MS;
  const ratio = actual / Math.max(typical, Number.MIN_VALUE);
  return {
    actual,
    typical,
    probability,
    ...windowInWords(window, baseline.ageMs),
    measures: {
      actual,
      typical,
      usual_up_to: usualUpTo,
      ratio: rounded(ratio),
      probability,
      window_s: minutes * 60,
      baseline_days: rounded(baseline.ageMs / DAY_MS),
    },
    facts: { measure },
  };
}
