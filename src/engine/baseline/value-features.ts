import { DAY_MS, type EpochMs } from '../../core/time.ts';

/** What a series of real values is looked at for; each has a range of its own. */
export const VALUE_FEATURES = [
  'level',
  'for_the_hour',
  'over_20',
  'over_100',
  'over_300',
  'floor_of_24',
  'spread',
  'ratio_for_the_hour',
] as const;
export type ValueFeature = (typeof VALUE_FEATURES)[number];

/** What the features need to know of the past: plain JSON, of one size. */
export interface FeatureMemory {
  seen: number;
  time: EpochMs;
  /** Usual time between values; few long gaps hardly move it. */
  gapMs: number;
  /** Largest size of late, for what is small beside it to count as nothing. */
  scale: number;
  readonly means: number[];
  /** The last values, as many as `FLOOR`. */
  readonly last: number[];
  spreadMean: number;
  spread: number;
  /** Usual value, and usual logarithm, of each hour of the day; values learned of each. */
  readonly hours: number[];
  readonly hourLogs: number[];
  readonly hourSeen: number[];
  ratio: number;
}

export function createFeatureMemory(): FeatureMemory {
  const hours = () => new Array<number>(HOURS).fill(0);
  return {
    ...{ seen: 0, time: 0, gapMs: 0, scale: 0, means: SPANS.map(() => 0), last: [] },
    ...{ spreadMean: 0, spread: 0, ratio: 0 },
    ...{ hours: hours(), hourLogs: hours(), hourSeen: hours() },
  };
}

/**
 * The features of one value against what came before it, in the order of `VALUE_FEATURES`; NaN
 * where too little is known. The value is then learned.
 */
export function followFeatures(memory: FeatureMemory, value: number, time: EpochMs): number[] {
  followTime(memory, time);
  memory.scale = Math.max(memory.scale * SCALE_KEEP, Math.abs(value));
  const { seen, means, scale } = memory;
  const log = Math.log(Math.abs(value) + 0.01 * scale + TINY);
  if (seen === 1) {
    means.fill(value);
    memory.spreadMean = value;
  }
  const hour = Math.floor((time % DAY_MS) / (DAY_MS / HOURS));
  const usual = (memory.hourSeen[hour] ?? 0) > 0 ? (memory.hours[hour] ?? 0) : Number.NaN;
  if (!Number.isNaN(usual)) {
    memory.ratio += (log - (memory.hourLogs[hour] ?? 0) - memory.ratio) / RATIO_SPAN;
  }
  const still = TINY + (1e-3 * scale) ** 2;
  const features = [
    value,
    value - usual,
    ...means.map((mean, at) => (seen > (MEAN_FROM[at] ?? 0) ? value - mean : Number.NaN)),
    floorOf(memory, value),
    seen > SPREAD_SPAN ? Math.log(memory.spread + still) / 2 : Number.NaN,
    seen > SPREAD_SPAN && !Number.isNaN(usual) ? memory.ratio : Number.NaN,
  ];
  learn(memory, value, log, hour);
  return features;
}

const HOURS = 24;
const SPANS = [20, 100, 300] as const;
const MEAN_FROM = [5, 20, 50] as const;
const FLOOR = 24;
const SPREAD_SPAN = 100;
const RATIO_SPAN = 12;
/** Share of the way from what an hour was to what it is today. */
const HOUR_GAIN = 0.1;
const GAP_GAIN = 0.05;
const SCALE_KEEP = 0.9999;
const TINY = 1e-12;

/** Clocks that go back, and the first value, tell nothing of how often values come. */
function followTime(memory: FeatureMemory, time: EpochMs): void {
  const passed = Math.max(0, time - memory.time);
  memory.seen += 1;
  memory.time = Math.max(memory.time, time);
  if (memory.seen === 2) memory.gapMs = passed;
  if (memory.seen < 3) return;
  memory.gapMs += GAP_GAIN * (Math.min(passed, 3 * memory.gapMs + 1) - memory.gapMs);
}

function floorOf({ last }: FeatureMemory, value: number): number {
  last.push(value);
  if (last.length > FLOOR) last.shift();
  return last.length < FLOOR ? Number.NaN : Math.min(...last);
}

function learn(memory: FeatureMemory, value: number, log: number, hour: number): void {
  const { seen, means } = memory;
  for (const [at, span] of SPANS.entries()) {
    const mean = means[at] ?? 0;
    means[at] = mean + (value - mean) / Math.min(seen, span);
  }
  const gain = 1 / Math.min(seen, SPREAD_SPAN);
  const off = value - memory.spreadMean;
  memory.spreadMean += gain * off;
  memory.spread += gain * (off * off * (1 - gain) - memory.spread);
  const known = memory.hourSeen[hour] ?? 0;
  memory.hourSeen[hour] = known + 1;
  const perHour = Math.max(1, DAY_MS / HOURS / Math.max(memory.gapMs, 1));
  const hourGain = known === 0 ? 1 : HOUR_GAIN / perHour;
  const usual = memory.hours[hour] ?? 0;
  const usualLog = memory.hourLogs[hour] ?? 0;
  memory.hours[hour] = usual + hourGain * (value - usual);
  memory.hourLogs[hour] = usualLog + hourGain * (log - usualLog);
}
