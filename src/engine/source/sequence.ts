import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';

/** Numbers of `source.seq` that did not come, both ends included. */
export interface MissingRange {
  from: number;
  to: number;
  /** How many of them are missing: all, unless holes were merged to save room. */
  count: number;
  /** Which run of the counter they belong to. */
  readonly run: number;
  /** Log time at which the hole was seen. */
  since: EpochMs;
  /** Event time of the last event before the hole. */
  readonly after: EpochMs;
  /** The event behind the hole, which showed it. */
  readonly eventId: string;
  /** The finding that told of it; null while it may still be reordering. */
  findingId: string | null;
}

/** What is known of one source's counter. Plain, so that it can be snapshotted as it is. */
export interface SequenceState {
  /** Highest number of the present run; null until a number came. */
  head: number | null;
  /** Event time of `head`. */
  headTime: EpochMs;
  /** Rises when the counter goes backwards, which is a sender that started again. */
  run: number;
  /** Event time from which the present run counts. */
  runSince: EpochMs;
  /** Oldest first, at most `LIMITS.sourceMissingRanges`. */
  missing: MissingRange[];
}

export function createSequence(): SequenceState {
  const beginning = Number.MIN_SAFE_INTEGER;
  return { head: null, headTime: 0, run: 0, runSince: beginning, missing: [] };
}

/** What a number meant: a hole that it closed whole, if a finding had told of that hole. */
export type Filled = MissingRange & { readonly findingId: string };

/**
 * Takes the number of one event that was not seen before. Lower numbers fill holes; one that fills
 * none and is younger than the highest is the first of a new run, since reordering never makes an
 * event younger. Events older than the present run belong to an earlier one.
 */
export function observeSequence(
  state: SequenceState,
  seen: { readonly seq: number; readonly time: EpochMs; readonly eventId: string },
  logTime: EpochMs,
): Filled | null {
  const { seq, time, eventId } = seen;
  if (!Number.isSafeInteger(seq) || seq < 0) return null;
  const { head } = state;
  if (head === null) {
    state.head = seq;
    state.headTime = time;
    return null;
  }
  if (time < state.runSince) return fill(state, seq, (run) => run < state.run);
  if (seq > head) {
    const range = { run: state.run, since: logTime, after: state.headTime, eventId };
    if (seq > head + 1) {
      const numbers = { from: head + 1, to: seq - 1, count: seq - head - 1 };
      state.missing.push({ ...numbers, ...range, findingId: null });
      bound(state);
    }
    state.head = seq;
    state.headTime = Math.max(state.headTime, time);
    return null;
  }
  const isMissing = state.missing.some(
    ({ from, to, run }) => run === state.run && seq >= from && seq <= to,
  );
  if (isMissing) return fill(state, seq, (run) => run === state.run);
  if (seq < head && time > state.headTime) {
    state.run += 1;
    state.runSince = time;
    state.head = seq;
    state.headTime = time;
  }
  return null;
}

/** Takes one number out of the holes; returns a hole that is now closed and was told of. */
function fill(state: SequenceState, seq: number, ofRun: (run: number) => boolean): Filled | null {
  const index = state.missing.findIndex(
    ({ from, to, run }) => ofRun(run) && seq >= from && seq <= to,
  );
  const range = state.missing[index];
  if (range === undefined) return null;
  range.count -= 1;
  if (range.count === 0) {
    state.missing.splice(index, 1);
    const { findingId } = range;
    // A hole told of may have been cut in two: it is closed with its last part.
    const open = state.missing.some((other) => other.findingId === findingId);
    return findingId === null || open ? null : { ...range, findingId };
  }
  if (range.count < range.to - range.from) return null;
  if (seq === range.from) range.from += 1;
  else if (seq === range.to) range.to -= 1;
  else {
    const count = range.to - seq;
    state.missing.splice(index + 1, 0, { ...range, from: seq + 1, count });
    range.to = seq - 1;
    range.count -= count;
    bound(state);
  }
  return null;
}

/** The oldest hole that was told of makes room; while none was, two neighbours become one. */
function bound(state: SequenceState): void {
  const { missing } = state;
  if (missing.length <= LIMITS.sourceMissingRanges) return;
  const told = missing.findIndex(({ findingId }) => findingId !== null);
  if (told !== -1) {
    missing.splice(told, 1);
    return;
  }
  // The youngest two, so that what is nearly due is not put off by what is still coming.
  const last = missing.pop();
  const before = missing.at(-1);
  if (last === undefined || before === undefined || last.run !== before.run) return;
  before.to = last.to;
  before.count += last.count;
  before.since = last.since;
}

/** Forgets holes that were told of long ago: what they lack is not coming any more. */
export function forgetTold(state: SequenceState, before: EpochMs): void {
  const { missing } = state;
  const isOld = ({ since, findingId }: MissingRange) => findingId !== null && since < before;
  if (missing.some(isOld)) state.missing = missing.filter((range) => !isOld(range));
}

/** Holes that stayed open for longer than `graceMs` and were not told of yet, oldest first. */
export function overdue(
  state: SequenceState,
  logTime: EpochMs,
  graceMs: number,
): readonly MissingRange[] {
  return state.missing.filter(
    ({ since, findingId }) => findingId === null && since + graceMs <= logTime,
  );
}

/** Log time at which the next hole is told of; null while nothing is missing. */
export function nextOverdueAt(state: SequenceState, graceMs: number): EpochMs | null {
  let next: EpochMs | null = null;
  for (const { since, findingId } of state.missing) {
    if (findingId === null && (next === null || since + graceMs < next)) next = since + graceMs;
  }
  return next;
}
