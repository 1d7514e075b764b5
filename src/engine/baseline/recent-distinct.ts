import {
  addDistinct,
  clearDistinct,
  createDistinctCount,
  type DistinctCount,
  freeShare,
} from '../detect/distinct-count.ts';

/**
 * Names met in the latest five to ten minutes of event time, as two sketches that take turns: one
 * that comes back within that time is no new one. Plain JSON of fixed size.
 */
export interface RecentDistinct {
  turn: number;
  readonly now: DistinctCount;
  readonly before: DistinctCount;
}

const TURN_MINUTES = 5;
/** Beyond some 700 names in one turn the count falls short of the truth, never beyond it. */
const MOST_PER_NAME = 16;

export function createRecentDistinct(minute: number): RecentDistinct {
  const turn = turnOf(minute);
  return { turn, now: createDistinctCount(), before: createDistinctCount() };
}

/**
 * How many distinct names this one stands for: 0 where it was met lately, else the inverse of the
 * chance that a new name is told from those met (Cohen, All-Distances Sketches, IEEE TKDE 27, 2015:
 * the historic inverse probability estimator, unbiased for any order).
 */
export function meet(recent: RecentDistinct, hash: number, minute: number): number {
  const turn = turnOf(minute);
  if (turn > recent.turn) takeTurn(recent, turn);
  const { now, before } = recent;
  const free = freeShare(now, before);
  if (!addDistinct(now, hash)) return 0;
  return freeShare(now, before) === free ? 0 : Math.min(MOST_PER_NAME, 1 / free);
}

/** Begins anew at a minute: the clock was wrong. */
export function meetAfresh(recent: RecentDistinct, minute: number): void {
  recent.turn = turnOf(minute);
  clearDistinct(recent.now);
  clearDistinct(recent.before);
}

/** The names that either met lately, as of a minute; the same whichever comes first. */
export function joinRecent(
  one: RecentDistinct,
  other: RecentDistinct,
  minute: number,
): RecentDistinct {
  const joined = createRecentDistinct(minute);
  for (const { turn, now, before } of [one, other]) {
    const passed = joined.turn - turn;
    if (passed <= 0) addAll(joined.now, now);
    if (passed === 1) addAll(joined.before, now);
    if (passed <= 0) addAll(joined.before, before);
  }
  return joined;
}

function addAll(words: DistinctCount, others: DistinctCount): void {
  for (const [at, word] of others.entries()) words[at] = ((words[at] ?? 0) | word) >>> 0;
}

function takeTurn(recent: RecentDistinct, turn: number): void {
  const isNext = turn === recent.turn + 1;
  for (const word of recent.now.keys()) {
    recent.before[word] = isNext ? (recent.now[word] ?? 0) : 0;
  }
  clearDistinct(recent.now);
  recent.turn = turn;
}

function turnOf(minute: number): number {
  return Math.floor(minute / TURN_MINUTES);
}
