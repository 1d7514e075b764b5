import { assert, TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type EpochMs, MINUTE_MS } from '../../core/time.ts';
import {
  type Added,
  type AgentBaseline,
  type Comparison,
  MEASURES,
  type Measure,
  SIZES,
} from './agent-baseline.ts';
import type { PeerPriors } from './borrowed-rate.ts';
import { coarsen, coarsenMinute } from './coarse-history.ts';
import { emptyComparison, HistoryComparison } from './comparison.ts';
import { closeHours, compareDay, copyOfAnchor, type DayComparison } from './day-anchor.ts';
import { createEditions, type Editions, isNewEdition, isRenewed, weighLess } from './editions.ts';
import {
  addSize,
  COLD_MINUTES,
  closeMinute,
  closeQuiet,
  createMeasureHistory,
  endRun,
  expectedAt,
  fadePeaks,
  type MeasureHistory,
  openMinute,
  slotOf,
  sumRecent,
} from './measure-history.ts';
import { createRecentDistinct, meet, meetAfresh, type RecentDistinct } from './recent-distinct.ts';
import { hourOf } from './seasonal-rate.ts';
import { doubles } from './zeroes.ts';

/** Rises when the meaning of a stored baseline changes; another version is not restored. */
export const BASELINE_VERSION = 5;

/**
 * One agent's own history, per measure: bounded, plain numbers, a function of the events given to
 * `observeBaseline` alone. About 19 KiB with all seven measures, 4 KiB with calls only.
 */
export interface BaselineState {
  readonly version: number;
  /** The open minute of event time, or -1 before the first event. */
  minute: number;
  /** Minutes learned from, and those of them that had activity. */
  learnedMinutes: number;
  activeMinutes: number;
  /** Weight of the open minute: 1, or next to nothing once an event of it must not be learned. */
  weight: number;
  /** Events in a row from before the ring. */
  behind: number;
  /** Largest ratio of any measure's last 24 hours to its anchor, as of the last full hour. */
  mostGrown: number;
  /** What peers lent; forgotten once the agent has a day of its own. */
  peers: PeerPriors | null;
  readonly editions: Editions;
  /** Sessions and targets met lately, from the first of them on. */
  readonly recent: { sessions?: RecentDistinct; targets?: RecentDistinct };
  readonly measures: { [measure in Measure]?: MeasureHistory };
}

/** What an incident teaches: not nothing, so that a change that stays does not alarm forever. */
const TRIPPED_WEIGHT = 0.02;
const HOUR_MINUTES = 60;

export function createBaselineState(peers: PeerPriors | null = null): BaselineState {
  return {
    version: BASELINE_VERSION,
    minute: -1,
    learnedMinutes: 0,
    activeMinutes: 0,
    weight: 1,
    behind: 0,
    mostGrown: 0,
    peers,
    editions: createEditions(),
    recent: {},
    measures: {},
  };
}

/** Names of one action that are counted once each; hashes of 32 bits. */
export interface Names {
  readonly session: number | null;
  readonly targets: readonly number[];
}

/** Measures whose rhythm is of the day alone, so that seven cost little more than four. */
const DAILY: ReadonlySet<Measure> = new Set<Measure>(['cost', 'sessions', 'targets']);
/** One action each, or one name, however large; the others are sums of sizes. */
const COUNTS: ReadonlySet<Measure> = new Set<Measure>(['calls', 'sessions', 'targets']);

interface Observed {
  readonly learn: boolean;
  readonly version?: number | null;
  readonly names?: Names | null;
}

/**
 * Counts one action. Minutes close by event time; events up to 15 minutes late land in their own
 * minute, older ones move nothing, unless so many come in a row that the clock was wrong: then it
 * goes back to them. A silence of any length costs at most a week of hours. `version` is the hash
 * of the agent's version where somebody vouches for it: a new one makes the past weigh less.
 */
export function observeBaseline(
  state: BaselineState,
  sizes: Readonly<Partial<Added>>,
  time: EpochMs,
  { learn, version = null, names = null }: Observed,
): void {
  if (!(time >= 0) || !Number.isFinite(time)) return;
  const minute = Math.floor(time / MINUTE_MS);
  if (state.minute < 0) state.minute = minute;
  else if (minute > state.minute) advance(state, minute);
  else if (minute <= state.minute - LIMITS.baselineRingMinutes) {
    state.behind += 1;
    if (state.behind < LIMITS.baselineBehindEvents) return;
    goBack(state, minute);
  }
  state.behind = 0;
  if (version !== null && isNewEdition(state.editions, version, state.minute)) renew(state);
  if (!learn) state.weight = TRIPPED_WEIGHT;
  for (const measure of SIZED) addTo(state, measure, sizes[measure] ?? 0, minute);
  if (names === null) return;
  const { session, targets } = names;
  if (session !== null) {
    state.recent.sessions ??= createRecentDistinct(minute);
    addTo(state, 'sessions', meet(state.recent.sessions, session, minute), minute);
  }
  if (targets.length === 0) return;
  state.recent.targets ??= createRecentDistinct(minute);
  let met = 0;
  for (const target of targets) met += meet(state.recent.targets, target, minute);
  addTo(state, 'targets', met, minute);
}

const SIZED = ['calls', ...SIZES] as const;

/** Less than one of anything is nothing; so are NaN and negative sizes. */
function addTo(state: BaselineState, measure: Measure, size: number, minute: number): void {
  if (!(size >= 1)) return;
  const bounded = Math.min(size, LIMITS.volumeMax);
  const isCount = COUNTS.has(measure);
  const history = historyOf(state, measure, isCount ? 1 : bounded);
  addSize(history, minute, state.minute, bounded, isCount, state.weight);
}

/** Whether the agent has a day of its own behind it, and may lend its rates to others. */
export function isGrown({ learnedMinutes }: BaselineState): boolean {
  return learnedMinutes >= COLD_MINUTES;
}

/** The readings a detector gets, as of one event's time. */
export function viewOf(state: BaselineState, time: EpochMs): AgentBaseline {
  return new BaselineView(state, time);
}

/** A copy that shares nothing with the live state; plain JSON, exact on the way back. */
export function snapshotBaseline(state: BaselineState): unknown {
  return copyOf(state);
}

/** @throws TripcoilError `conflict` when the value is of another version. */
export function restoreBaseline(value: unknown): BaselineState {
  const version =
    typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  if (version !== BASELINE_VERSION) {
    throw new TripcoilError('conflict', `baseline version ${String(version)} is not readable`);
  }
  return copyOf(value as BaselineState);
}

class BaselineView implements AgentBaseline {
  readonly time: EpochMs;
  readonly #state: BaselineState;
  readonly #minute: number;

  constructor(state: BaselineState, time: EpochMs) {
    this.time = time;
    this.#state = state;
    this.#minute = Math.floor(time / MINUTE_MS);
  }

  get ageMs(): number {
    return Math.floor(this.#state.learnedMinutes) * MINUTE_MS;
  }

  get isSparse(): boolean {
    return this.activeWindows * MINUTE_MS * 20 < this.ageMs;
  }

  get activeWindows(): number {
    return this.#state.activeMinutes;
  }

  get measuresInUse(): number {
    let count = 0;
    for (const measure of MEASURES) if (this.#state.measures[measure]) count += 1;
    return count;
  }

  get isBorrowed(): boolean {
    return this.#state.peers !== null;
  }

  get isRenewed(): boolean {
    return isRenewed(this.#state.editions, this.#minute);
  }

  get mostGrown(): number {
    return this.#state.mostGrown;
  }

  peerPeak(measure: Measure): number {
    return this.#state.peers?.[measure]?.peakMinute ?? 0;
  }

  day(measure: Measure): DayComparison | null {
    const history = this.#state.measures[measure];
    return history ? compareDay(history.day) : null;
  }

  expectedCalls(from: EpochMs, until: EpochMs): number {
    const history = this.#state.measures.calls;
    if (!history || !(until > from)) return 0;
    const last = Math.floor(until / MINUTE_MS);
    const most = LIMITS.baselineQuietHours * HOUR_MINUTES;
    let expected = 0;
    for (let minute = Math.max(Math.floor(from / MINUTE_MS), last - most); minute < last; ) {
      const end = Math.min(last, (hourOf(minute) + 1) * HOUR_MINUTES);
      expected += (end - minute) * expectedAt(history, Math.floor((minute + end) / 2));
      minute = end;
    }
    return expected;
  }

  compare(measure: Measure, windowMs: number): Comparison {
    const minutes = windowMs / MINUTE_MS;
    assert(minutes >= 1 && minutes < LIMITS.baselineRingMinutes, 'a window of 1 to 15 minutes');
    const history = this.#state.measures[measure];
    const { minute: open } = this.#state;
    const isHeld = this.#minute <= open && this.#minute > open - LIMITS.baselineRingMinutes;
    if (!history || !isHeld) return emptyComparison(measure, windowMs, this.#minute * MINUTE_MS);
    return new HistoryComparison(measure, windowMs, history, this.#minute, open);
  }
}

function historyOf(state: BaselineState, measure: Measure, size: number): MeasureHistory {
  const known = state.measures[measure];
  if (known) return known;
  const { measures, peers } = state;
  const created = createMeasureHistory(
    state.minute,
    size,
    measures.calls,
    peers?.[measure],
    !DAILY.has(measure),
  );
  state.measures[measure] = created;
  return created;
}

function renew({ measures }: BaselineState): void {
  for (const measure of MEASURES) {
    const history = measures[measure];
    if (history) weighLess(history);
  }
}

/** Closes the open minute and the silence after it, and opens `minute`. */
export function advance(state: BaselineState, minute: number): void {
  const { minute: closing, weight } = state;
  const quietFrom = closing + 1;
  const most = LIMITS.baselineQuietHours * HOUR_MINUTES;
  const quiet = Math.min(minute - quietFrom, most);
  const hours = hourOf(minute) - hourOf(closing);
  for (const measure of MEASURES) {
    const history = state.measures[measure];
    if (!history) continue;
    closeMinute(history, closing, weight);
    if (hours > 0) {
      fadePeaks(history, Math.min(hours, LIMITS.baselineQuietHours));
      closeHours(
        history.day,
        hourOf(minute) - Math.min(hours, LIMITS.baselineQuietHours),
        hourOf(minute),
      );
    }
    if (quiet > 0) passQuiet(history, minute - quiet, minute, weight);
    openMinute(history, minute);
    sumRecent(history, minute);
    if (hours > 0 || quiet > 0) coarsen(history);
    else coarsenMinute(history, minute);
  }
  if (hours > 0) state.mostGrown = mostGrownOf(state);
  state.learnedMinutes += weight * (1 + quiet);
  if (weight === 1) state.activeMinutes += 1;
  if (state.learnedMinutes >= COLD_MINUTES) state.peers = null;
  state.minute = minute;
  state.weight = 1;
}

/** What `mostGrown` of a state is to be. */
export function mostGrownOf({ measures }: Pick<BaselineState, 'measures'>): number {
  let most = 0;
  for (const measure of MEASURES) most = Math.max(most, measures[measure]?.day.ratio ?? 0);
  return most;
}

/** Learns the silence from `from` to `until`, an hour at a time, and shows it in the ring. */
function passQuiet(history: MeasureHistory, from: number, until: number, weight: number): void {
  if (until - from >= HOUR_MINUTES) endRun(history, from);
  for (let at = from; at < until; ) {
    const end = Math.min(until, (hourOf(at) + 1) * HOUR_MINUTES);
    closeQuiet(history, at, end - at, weight);
    at = end;
  }
  for (let at = Math.max(from, until - LIMITS.baselineRingMinutes); at < until; at += 1) {
    history.totals[slotOf(at)] = 0;
    history.expected[slotOf(at)] = expectedAt(history, at);
  }
}

/** The clock had run ahead of the events: open their minute again with an empty ring. */
function goBack(state: BaselineState, minute: number): void {
  for (const measure of MEASURES) {
    const history = state.measures[measure];
    if (!history) continue;
    history.rate.hour = hourOf(minute);
    history.totals.fill(0);
    history.openLogSizes.fill(0);
    openMinute(history, minute);
    history.expected.fill(expectedAt(history, minute));
    sumRecent(history, minute);
    history.runSince = minute;
    history.runActual = 0;
    history.runExpected = 0;
    history.evidence.fill(0);
    history.cumulative = 0;
  }
  const { sessions, targets } = state.recent;
  for (const met of [sessions, targets]) if (met) meetAfresh(met, minute);
  state.minute = minute;
  state.weight = 1;
}

function copyOf(state: BaselineState): BaselineState {
  const measures: BaselineState['measures'] = {};
  for (const measure of MEASURES) {
    const history = state.measures[measure];
    if (history) measures[measure] = copyOfHistory(history);
  }
  const { known, renewedAt } = state.editions;
  const recent: BaselineState['recent'] = {};
  const { sessions, targets } = state.recent;
  if (sessions) recent.sessions = copyOfRecent(sessions);
  if (targets) recent.targets = copyOfRecent(targets);
  return { ...state, editions: { known: [...known], renewedAt }, recent, measures };
}

function copyOfRecent({ turn, now, before }: RecentDistinct): RecentDistinct {
  return { turn, now: [...now], before: [...before] };
}

function copyOfHistory(history: MeasureHistory): MeasureHistory {
  const { rate } = history;
  return {
    ...history,
    day: copyOfAnchor(history.day),
    rate: {
      ...rate,
      weekSum: doubles(rate.weekSum),
      weekMinutes: doubles(rate.weekMinutes),
      daySum: doubles(rate.daySum),
      dayMinutes: doubles(rate.dayMinutes),
    },
    totals: doubles(history.totals),
    expected: doubles(history.expected),
    logSizes: doubles(history.logSizes),
    openLogSizes: doubles(history.openLogSizes),
    dispersion: { ...history.dispersion },
    normal: doubles(history.normal),
    evidence: doubles(history.evidence),
  };
}
