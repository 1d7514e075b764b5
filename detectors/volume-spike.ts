import * as z from 'zod';
import {
  type AgentBaseline,
  type BreakerLevel,
  type Comparison,
  DAY_MS,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  HOUR_MS,
  MEASURES,
  type Measure,
  MINUTE_MS,
} from '../src/sdk.ts';

const perMeasure = (what: string, defaults: Record<Measure, number>) =>
  z
    .strictObject({
      calls: z.number().positive().default(defaults.calls),
      records: z.number().positive().default(defaults.records),
      bytes: z.number().positive().default(defaults.bytes),
      tokens: z.number().positive().default(defaults.tokens),
    })
    .prefault({})
    .describe(what);

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
  soft_multiple: z
    .number()
    .min(1.1)
    .default(2.5)
    .describe('How many times the typical volume throttles once evidence has accumulated.'),
  false_alarms_per_agent_year: z
    .number()
    .positive()
    .max(365)
    .default(0.5)
    .describe('Error budget of the accumulated evidence, over all measures together.'),
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
  floors: perMeasure('Volume per window below which nothing is a spike.', {
    calls: 20,
    records: 100,
    bytes: 1_048_576,
    tokens: 20_000,
  }),
  caps: z
    .strictObject({
      calls: z.number().positive().optional(),
      records: z.number().positive().optional(),
      bytes: z.number().positive().optional(),
      tokens: z.number().positive().optional(),
    })
    .prefault({})
    .describe('Absolute volume per minute that acts at any age. Default: none.'),
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

/** What of a cold-start burst has not drained yet. */
interface Burst {
  fill: number;
  at: number;
}

interface State {
  readonly calls: Burst;
  readonly records: Burst;
}

type Context = DetectorContext<Config>;

/** Volume far above the agent's own history: calls, records, bytes, tokens. */
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
  init: () => ({ calls: { fill: 0, at: 0 }, records: { fill: 0, at: 0 } }),
  // Calls can always be counted; a measure that nobody reports stays at zero.
  judges: () => null,
  observe(_event, state, context) {
    if (!context.counted) return [];
    const capped = overCap(context);
    if (capped) return [capped];
    if (isCold(context)) {
      const burst = coldBurst(state, context);
      if (burst) return [burst];
      if (context.baseline.ageMs < HOUR_MS) return [];
      return strongest(
        context,
        (minute, ten) => coldSpike(minute, context) ?? coldSpike(ten, context),
      );
    }
    return strongest(
      context,
      (minute, ten) =>
        hardSpike(minute, context) ?? hardSpike(ten, context) ?? softRise(minute, context),
    );
  },
});

function isCold({ config, baseline }: Context): boolean {
  return (
    baseline.ageMs < config.minimum_age_hours * HOUR_MS ||
    baseline.activeWindows < config.minimum_active_windows
  );
}

/** The verdict that would act most strongly: one spike moves several measures at once. */
function strongest(
  { baseline }: Context,
  judge: (minute: Comparison, ten: Comparison) => DetectorVerdict | null,
): readonly DetectorVerdict[] {
  let best: DetectorVerdict | null = null;
  for (const measure of MEASURES) {
    const minute = baseline.compare(measure, MINUTE_MS);
    if (minute.actual === 0) continue;
    const verdict = judge(minute, baseline.compare(measure, 10 * MINUTE_MS));
    if (verdict && (!best || strength(verdict) > strength(best))) best = verdict;
  }
  return best ? [best] : [];
}

function strength({ trip, score }: DetectorVerdict): number {
  return (trip?.level ?? 0) * 1_000 + score;
}

function hardSpike(window: Comparison, { config, baseline }: Context): DetectorVerdict | null {
  const { actual, typical, measure } = window;
  if (actual < config.floors[measure] || actual < config.hard_multiple * typical) return null;
  if (window.probability > config.hard_probability || actual <= window.usualUpTo) return null;
  const times = actual / Math.max(typical, Number.MIN_VALUE) / config.hard_multiple;
  return {
    ...described(window, baseline),
    level: times >= 2 ? 'critical' : 'high',
    score: 90 + Math.min(9, Math.floor(3 * Math.log2(times))),
    trip: { key: 'agent', level: 4 },
    dedupKey: 'spike',
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}

/**
 * A rise that the sequential test no longer takes for chance. Its alarm rate is at most one per
 * `exp(evidence)` minutes, so the threshold follows from the error budget, shared by the measures.
 */
function softRise(minute: Comparison, { config, baseline }: Context): DetectorVerdict | null {
  const { runActual, runTypical, measure } = minute;
  if (runActual < config.soft_multiple * runTypical) return null;
  if (runActual < config.floors[measure]) return null;
  const threshold = Math.log(
    (MEASURES.length * MINUTES_PER_YEAR) / config.false_alarms_per_agent_year,
  );
  const { evidence, since } = minute;
  if (evidence < threshold) return null;
  const lasted = (baseline.time - since) / MINUTE_MS;
  const level: BreakerLevel = lasted >= config.escalate_after_minutes ? 2 : 1;
  const minutes = Math.max(1, Math.ceil(lasted));
  const ratio = runActual / runTypical;
  return {
    level: 'high',
    score: 60 + Math.min(19, Math.floor(evidence - threshold)),
    actual: runActual,
    typical: runTypical,
    probability: Math.exp(-evidence),
    title:
      `${measure} ${amount(runActual)} in ${minutesText(minutes)}, ` +
      `${oneDecimal(ratio)} times the typical ${amount(runTypical)}`,
    explanation:
      `For ${minutesText(minutes)} this agent has moved clearly more ${measure} than it usually ` +
      'does at this hour and weekday, too steadily to be chance. It is slowed down, not stopped.',
    measures: {
      actual: runActual,
      typical: runTypical,
      usual_up_to: minute.usualUpTo,
      ratio: rounded(ratio),
      probability: Math.exp(-evidence),
      evidence: rounded(evidence),
      threshold: rounded(threshold),
      window_s: minutes * 60,
      baseline_days: rounded(baseline.ageMs / DAY_MS),
    },
    facts: { measure },
    trip: { key: 'agent', level },
    dedupKey: 'spike',
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}

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
    if (actual <= cap) continue;
    return limitVerdict({ measure, actual, typical, cap, kind: 'cap', level: 4, config, baseline });
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
  const checks = [
    ['calls', limits.calls_burst, limits.calls_per_minute],
    ['records', limits.records_burst, limits.records_per_minute],
  ] as const;
  let found: DetectorVerdict | null = null;
  for (const [measure, burst, perMinute] of checks) {
    const bucket = state[measure];
    const drained = (Math.max(0, baseline.time - bucket.at) / MINUTE_MS) * perMinute;
    const size = Number.isFinite(added[measure]) ? Math.max(0, added[measure]) : 0;
    bucket.fill = Math.min(Math.max(0, bucket.fill - drained) + size, 2 * burst + size);
    bucket.at = Math.max(bucket.at, baseline.time);
    if (found || bucket.fill <= burst) continue;
    const { actual, typical } = baseline.compare(measure, MINUTE_MS);
    const reached = Math.max(actual, bucket.fill);
    found = limitVerdict({
      measure,
      actual: reached,
      typical,
      cap: burst,
      kind: 'cold_start_cap',
      level,
      config,
      baseline,
    });
  }
  return found;
}

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
    title: `${measure} ${amount(actual)} within a minute, over the limit of ${amount(cap)}`,
    explanation: `This agent moved more ${measure} than ${whose}.`,
    measures: {
      actual,
      typical,
      cap,
      window_s: 60,
      baseline_days: rounded(baseline.ageMs / DAY_MS),
    },
    facts: { measure, limit: kind },
    trip: { key: 'agent', level },
    dedupKey: kind,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}

/** The figures and sentences of a spike in one window. */
function described(window: Comparison, baseline: AgentBaseline) {
  const { measure, actual, typical, probability, usualUpTo } = window;
  const minutes = window.windowMs / MINUTE_MS;
  const ratio = actual / Math.max(typical, Number.MIN_VALUE);
  const days = baseline.ageMs / DAY_MS;
  return {
    actual,
    typical,
    probability,
    title:
      `${measure} ${amount(actual)} in ${minutesText(minutes)}, usually up to ` +
      `${amount(usualUpTo)} (${oneDecimal(ratio)} times the typical ${amount(typical)})`,
    explanation:
      `In ${minutesText(minutes)} this agent moved ${amount(actual)} ${measure}. At this hour ` +
      `and weekday it typically moves ${amount(typical)} and hardly ever more than ` +
      `${amount(usualUpTo)}, judged by ${oneDecimal(days)} days of its own history.`,
    measures: {
      actual,
      typical,
      usual_up_to: usualUpTo,
      ratio: rounded(ratio),
      probability,
      window_s: minutes * 60,
      baseline_days: rounded(days),
    },
    facts: { measure },
  };
}

function minutesText(minutes: number): string {
  return minutes === 1 ? '1 minute' : `${amount(minutes)} minutes`;
}

/** 1,234 or 12 or 0.4: no more digits than a person needs, the same on every machine. */
function amount(value: number): string {
  if (value < 10 && !Number.isInteger(value)) return oneDecimal(value);
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

function oneDecimal(value: number): string {
  return value >= 1_000 ? amount(Math.round(value)) : String(Math.round(value * 10) / 10);
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
