import { LIMITS } from '../../core/limits.ts';
import type { RuleCorrelation } from '../../core/rule.ts';
import type { EpochMs } from '../../core/time.ts';

/** What a rule remembers: figures by group, the group touched last at the end. Plain JSON. */
export interface RuleState {
  /** The rule the figures belong to: another version of it starts afresh. */
  of: string;
  /** Figures over all groups. */
  figures: number;
  readonly groups: Record<string, number[]>;
}

/** What an event adds: the selections it matches, and a hash of the value counted. */
export interface Sighting {
  readonly time: EpochMs;
  readonly matched: readonly number[];
  readonly value: number | null;
}

/** Parts of the timespan in which more than `ruleCountedExactly` events are counted. */
const PARTS = 16;

/**
 * Takes one sighting into its group; the count reached where the correlation holds now, else null.
 * The groups touched longest ago are forgotten beyond `figuresMax`.
 */
export function correlate(
  correlation: RuleCorrelation,
  state: RuleState,
  group: string,
  sighting: Sighting,
  figuresMax: number,
): number | null {
  const known = state.groups[group] ?? [];
  state.figures -= known.length;
  delete state.groups[group];
  const { marks, reached } = STEPS[correlation.type](correlation, known, sighting);
  state.figures += marks.length;
  if (marks.length > 0) state.groups[group] = marks;
  if (state.figures > figuresMax) makeRoom(state, group, figuresMax);
  return reached;
}

/** Forgets a quarter, so that the groups need not be gone through for every event. */
function makeRoom(state: RuleState, but: string, figuresMax: number): void {
  for (const oldest of Object.keys(state.groups)) {
    if (state.figures <= (figuresMax * 3) / 4 || oldest === but) return;
    state.figures -= state.groups[oldest]?.length ?? 0;
    delete state.groups[oldest];
  }
}

interface Step {
  readonly marks: number[];
  readonly reached: number | null;
}

type Take = (correlation: RuleCorrelation, marks: readonly number[], sighting: Sighting) => Step;

const STEPS: Readonly<Record<RuleCorrelation['type'], Take>> = {
  event_count: (correlation, marks, sighting) =>
    correlation.gte <= LIMITS.ruleCountedExactly
      ? countEvents(correlation, marks, sighting)
      : countInParts(correlation, marks, sighting),
  value_count: countValues,
  temporal: takeAny,
  temporal_ordered: takeInOrder,
};

/** Times of the latest events, as many as are needed. */
function countEvents({ gte, timespanMs }: RuleCorrelation, known: readonly number[], at: Sighting) {
  const marks = [...known, at.time].sort((a, b) => a - b).slice(-gte);
  const newest = marks[marks.length - 1] ?? at.time;
  const within = marks.filter((time) => newest - time <= timespanMs).length;
  return { marks, reached: within >= gte ? within : null };
}

/** Counts by part of the timespan: start, count, start, count. Never counts too much. */
function countInParts(
  { gte, timespanMs }: RuleCorrelation,
  known: readonly number[],
  at: Sighting,
) {
  const part = Math.max(1, Math.ceil(timespanMs / PARTS));
  const start = Math.floor(at.time / part) * part;
  const counts = new Map<number, number>();
  for (let index = 0; index < known.length; index += 2) {
    counts.set(known[index] ?? 0, known[index + 1] ?? 0);
  }
  counts.set(start, (counts.get(start) ?? 0) + 1);
  const newest = Math.max(at.time, ...counts.keys());
  const kept = [...counts].filter(([from]) => newest - from <= timespanMs);
  const total = kept.reduce((sum, [, count]) => sum + count, 0);
  return { marks: kept.flat(), reached: total >= gte ? total : null };
}

/** Distinct values with the time each was last seen: value, time, value, time. */
function countValues({ gte, timespanMs }: RuleCorrelation, known: readonly number[], at: Sighting) {
  const seen = new Map<number, number>();
  for (let index = 0; index < known.length; index += 2) {
    seen.set(known[index] ?? 0, known[index + 1] ?? 0);
  }
  const value = at.value ?? 0;
  const before = seen.get(value) ?? at.time;
  seen.set(value, Math.max(before, at.time));
  const newest = Math.max(...seen.values());
  const kept = [...seen]
    .filter(([, time]) => newest - time <= timespanMs)
    .sort((a, b) => a[1] - b[1] || a[0] - b[0])
    .slice(-gte);
  return { marks: kept.flat(), reached: kept.length >= gte ? kept.length : null };
}

/** When each selection was last seen; all of them within the timespan. */
function takeAny(
  { selections, timespanMs }: RuleCorrelation,
  known: readonly number[],
  at: Sighting,
) {
  const marks = selections.map((_name, index) =>
    at.matched.includes(index) ? Math.max(known[index] ?? NEVER, at.time) : (known[index] ?? NEVER),
  );
  const span = Math.max(...marks) - Math.min(...marks);
  if (marks.includes(NEVER) || span > timespanMs) return { marks, reached: null };
  return { marks: [], reached: selections.length };
}

/**
 * When the latest run that reached each selection began. An event is one step of a run, so later
 * selections are asked first.
 */
function takeInOrder(
  { selections, timespanMs }: RuleCorrelation,
  known: readonly number[],
  at: Sighting,
) {
  const marks = selections.map((_name, index) => known[index] ?? NEVER);
  for (let step = selections.length - 1; step >= 0; step -= 1) {
    if (!at.matched.includes(step)) continue;
    const began = step === 0 ? at.time : (marks[step - 1] ?? NEVER);
    if (began !== NEVER && at.time >= began && at.time - began <= timespanMs) marks[step] = began;
  }
  const isComplete = marks[selections.length - 1] !== NEVER;
  return isComplete ? { marks: [], reached: selections.length } : { marks, reached: null };
}

const NEVER = -1;
