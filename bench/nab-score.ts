/** Rows of one file of the benchmark, and its labelled windows as row numbers, both inclusive. */
export interface LabelledRows {
  readonly rows: number;
  readonly windows: readonly (readonly [number, number])[];
}

/** What a right, a false and a missing alarm weigh; the benchmark calls it a profile. */
export interface Profile {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
}

export const STANDARD: Profile = { truePositive: 1, falsePositive: 0.11, falseNegative: 1 };
export const REWARD_LOW_FP_RATE: Profile = { ...STANDARD, falsePositive: 0.22 };
export const REWARD_LOW_FN_RATE: Profile = { ...STANDARD, falseNegative: 2 };

/**
 * The raw score of one file at a threshold, as the Numenta Anomaly Benchmark defines it (Lavin and
 * Ahmad, ICMLA 2015): each window counts once, by its earliest alarm; each alarm outside counts
 * against, less so shortly after a window; the first 15 % of the rows, at most 750, do not count.
 */
export function fileScore(
  file: LabelledRows,
  scores: ArrayLike<number>,
  threshold: number,
  profile: Profile,
): number {
  const alarms: number[] = [];
  for (let row = 0; row < file.rows; row += 1) {
    if ((scores[row] ?? 0) >= threshold) alarms.push(row);
  }
  return alarmScore(file, alarms, profile);
}

/** The same of rows that alarm, in rising order. */
export function alarmScore(
  { rows, windows }: LabelledRows,
  alarms: readonly number[],
  profile: Profile,
): number {
  const from = probationRows(rows);
  const counted = alarms.filter((row) => row >= from);
  let score = 0;
  for (const [first, last] of windows) {
    if (last < from) continue;
    const alarm = counted.find((row) => row >= first && row <= last);
    if (alarm === undefined) score -= profile.falseNegative;
    else {
      const position = -(last - alarm + 1) / (last - first + 1);
      score += (profile.truePositive * scaledSigmoid(position)) / scaledSigmoid(-1);
    }
  }
  for (const row of counted) score += profile.falsePositive * outsideScore(windows, row);
  return score;
}

/** Puts a corpus's raw score between that of no alarm at all, 0, and of the perfect ones, 100. */
export function normalised(raw: number, windows: number, profile: Profile): number {
  const none = -profile.falseNegative * windows;
  return (100 * (raw - none)) / (profile.truePositive * windows - none);
}

/** Rows at the beginning of a file that are there to learn from. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(0.15 * rows), 0.15 * 5_000);
}

/** What an alarm outside every window is worth, from 0 right behind one to -1; 0 within one. */
function outsideScore(windows: LabelledRows['windows'], row: number): number {
  let before: readonly [number, number] | undefined;
  for (const window of windows) {
    if (row < window[0]) break;
    if (row <= window[1]) return 0;
    before = window;
  }
  if (before === undefined) return -1;
  return scaledSigmoid((row - before[1]) / (before[1] - before[0]));
}

function scaledSigmoid(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}
