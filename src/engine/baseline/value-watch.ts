import { LIMITS } from '../../core/limits.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import {
  createFeatureMemory,
  type FeatureMemory,
  followFeatures,
  VALUE_FEATURES,
  type ValueFeature,
} from './value-features.ts';

/**
 * A series of real values (latency, cost, sizes) against its own past. Each of several features
 * of it has the range it has kept to; a value beyond them is a record, and the further beyond and
 * in more of them, the more of one. A winsorised z-score of the level stands beside. After an alarm
 * the watch is quiet for a while, and harder to alarm again. Nothing is known of what is to come,
 * and one setting serves every series. Plain JSON of one size, under 3 KiB.
 */
export interface ValueWatch {
  readonly memory: FeatureMemory;
  /** Of each feature: values it had, and the least and largest of them. */
  readonly seen: number[];
  readonly low: number[];
  readonly high: number[];
  /** Of the level: its slow mean and variance, extremes cut off. */
  mean: number;
  variance: number;
  /** Values still to pass in quiet. */
  quiet: number;
  /** How often it alarmed of late; fades. */
  fatigue: number;
}

export interface ValueReading {
  /** From 0; an alarm from `ValueSettings.alarm` on. */
  readonly score: number;
  readonly isAlarm: boolean;
  /** The feature that is furthest beyond its range; null where none is. */
  readonly leading: ValueFeature | null;
}

/** What may be tried of the watch; `VALUE_SETTINGS` is what is used. */
export interface ValueSettings {
  readonly alarm: number;
  /** Share of a range beyond it that counts as one step. */
  readonly step: number;
  /** What a z-score beyond `Z_FROM` weighs beside the records, of values that come hourly. */
  readonly jump: number;
  /** What each late alarm takes off the next. */
  readonly fatigue: number;
}

export const VALUE_SETTINGS: ValueSettings = { alarm: 0.5, step: 0.02, jump: 0.6, fatigue: 1 };

export function createValueWatch(): ValueWatch {
  const none = () => VALUE_FEATURES.map(() => 0);
  return {
    ...{ memory: createFeatureMemory(), seen: none(), low: none(), high: none() },
    ...{ mean: 0, variance: 0, quiet: 0, fatigue: 0 },
  };
}

/** Judges a value by those before it, then learns it. What is no number says nothing. */
export function watchValue(
  watch: ValueWatch,
  given: number,
  time: EpochMs,
  settings: ValueSettings = VALUE_SETTINGS,
): ValueReading {
  if (!Number.isFinite(given) || !Number.isFinite(time)) return NOTHING;
  const value = Math.max(-LIMITS.volumeMax, Math.min(LIMITS.volumeMax, given));
  const passedMs = watch.memory.seen === 0 ? 0 : Math.max(0, time - watch.memory.time);
  const features = followFeatures(watch.memory, value, time);
  let sum = jumpOf(watch, value, settings);
  let furthest = 0;
  let leading: ValueFeature | null = null;
  for (const [at, name] of VALUE_FEATURES.entries()) {
    const steps = recordOf(watch, at, features[at] ?? Number.NaN, passedMs, settings.step);
    sum += steps;
    if (steps <= furthest) continue;
    furthest = steps;
    leading = name;
  }
  const score = watch.quiet > 0 ? 0 : sum / (1 + settings.fatigue * watch.fatigue);
  watch.quiet = Math.max(0, watch.quiet - 1);
  watch.fatigue *= FATIGUE_KEEP;
  const isAlarm = score >= settings.alarm;
  if (isAlarm) {
    watch.quiet = quietOf(watch.memory.gapMs);
    watch.fatigue += 1;
  }
  return { score, isAlarm, leading };
}

/** Values a feature must have had for its range to mean something. */
const RANGE_FROM = 100;
/** What differs by less, of values up to 1 or as a share of the largest, does not differ. */
const ROUNDING = 1e-12;
/** A range narrows to half in this time if nothing keeps it open. */
const RANGE_HALF_LIFE_MS = 1_000 * DAY_MS;
const Z_SPAN = 50;
const Z_FROM = 4;
const Z_CUT = 4;
const FATIGUE_KEEP = 1 - 1 / 2_000;
/** An incident is one alarm: quiet for as many values, or as much time, whichever is less. */
const QUIET_VALUES = 100;
const QUIET_MS = 500 * MINUTE_MS;
const QUIET_VALUES_MIN = 10;

const NOTHING: ValueReading = { score: 0, isAlarm: false, leading: null };

function quietOf(gapMs: number): number {
  const values = Math.round(QUIET_MS / Math.max(gapMs, 1));
  return Math.max(QUIET_VALUES_MIN, Math.min(QUIET_VALUES, values)) - 1;
}

/** How far a feature is beyond its range, in steps on a logarithm; its range then includes it. */
function recordOf(
  { memory, seen, low, high }: ValueWatch,
  at: number,
  value: number,
  passedMs: number,
  step: number,
): number {
  if (Number.isNaN(value)) return 0;
  const count = (seen[at] ?? 0) + 1;
  seen[at] = count;
  let least = low[at] ?? 0;
  let most = high[at] ?? 0;
  if (count === 1) {
    low[at] = value;
    high[at] = value;
    return 0;
  }
  const range = most - least;
  const beyond = Math.max(value - most, least - value, 0);
  const keep = 0.5 ** (passedMs / RANGE_HALF_LIFE_MS);
  const middle = (least + most) / 2;
  least = middle + keep * (least - middle);
  most = middle + keep * (most - middle);
  low[at] = Math.min(least, value);
  high[at] = Math.max(most, value);
  const isRange = range > ROUNDING * Math.max(1, memory.scale);
  return count > RANGE_FROM && isRange ? Math.log1p(beyond / (step * range)) : 0;
}

/**
 * What the z-score of the level adds: by how long its values stand for, so that a false alarm is
 * as rare by the calendar whether a series has a value a minute or an hour.
 */
function jumpOf(watch: ValueWatch, value: number, settings: ValueSettings): number {
  const { memory } = watch;
  const known = memory.seen;
  if (known === 1) watch.mean = value;
  const deviation = Math.sqrt(watch.variance);
  const off = value - watch.mean;
  const isKnown = known > RANGE_FROM;
  const cut = Z_CUT * deviation;
  const learned = isKnown && deviation > 0 ? Math.max(-cut, Math.min(cut, off)) : off;
  const gain = 1 / Math.min(known, Z_SPAN);
  watch.mean += gain * learned;
  watch.variance += gain * (learned * learned - watch.variance);
  if (!isKnown) return 0;
  const z = Math.abs(off) / (deviation + 1e-9 * memory.scale || 1);
  if (z <= Z_FROM) return 0;
  const hours = Math.min(memory.gapMs, DAY_MS) / HOUR_MS;
  return settings.jump * hours * Math.log1p(z - Z_FROM);
}
