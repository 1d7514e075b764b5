import { DAY_MS, MINUTE_MS } from '../src/core/time.ts';
import {
  createValueWatch,
  VALUE_SETTINGS,
  type ValueSettings,
  watchValue,
} from '../src/engine/baseline/value-watch.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import {
  type NabFile,
  nabFolder,
  publishedResult,
  publishedScores,
  readNabCorpus,
} from './nab-corpus.ts';
import {
  alarmScore,
  fileScore,
  normalised,
  type Profile,
  REWARD_LOW_FN_RATE,
  REWARD_LOW_FP_RATE,
  STANDARD,
} from './nab-score.ts';
import { rounded } from './rounded.ts';

const FOLDS = 8;
/** Leaderboard entries by which the scorer is checked in every run. */
const CHECKED_BY = ['numenta', 'windowedGaussian'] as const;
const TOLERANCE = 0.01;

const SKIPPED = 'nab: SKIPPED, the corpus is not there (TRIPCOIL_NAB=a checkout of numenta/NAB).';

interface NabResult {
  readonly figures: Record<string, number | object>;
  readonly notes: readonly string[];
}

/** The Numenta Anomaly Benchmark by itself; `detection` holds its two main figures, too. */
export async function nabBench(options: { quick: boolean }): Promise<NabResult> {
  return nabFigures(options);
}

/** Scores of the watch for real values on the corpus; nothing but a note without one. */
export function nabFigures({ quick }: { quick: boolean }): NabResult {
  const folder = nabFolder();
  if (folder === null) return { figures: {}, notes: [SKIPPED] };
  const corpus = readNabCorpus(folder);
  const alarms = alarmsOf(corpus, VALUE_SETTINGS);
  const scored = (profile: Profile) => rounded(scoreOf(corpus, alarms, profile));
  const windows = corpus.reduce((sum, file) => sum + file.windows.length, 0);
  return {
    figures: {
      nab_standard: scored(STANDARD),
      ...(quick ? {} : { nab_nested: rounded(nested(corpus)) }),
      nab_reward_low_fp_rate: scored(REWARD_LOW_FP_RATE),
      nab_reward_low_fn_rate: scored(REWARD_LOW_FN_RATE),
      value_noise_alarms_per_series_week: rounded(noiseAlarms()),
      nab_scorer_on_published: checkedScorer(folder, corpus),
    },
    notes: [
      `nab: ${corpus.length} files, ${windows} windows; streaming, one setting, and the ` +
        'threshold it is used with rather than the best one for the corpus.',
      `nab_nested: ${FOLDS} folds; setting and threshold of each are the best of ` +
        `${CANDIDATES.length} on the others. The features themselves were chosen on this corpus.`,
      'value_noise_alarms: ten series of a daily cycle and noise, a value every five minutes.',
      ...(quick ? ['nab_nested is left out of a quick run.'] : []),
    ],
  };
}

/** Rows at which the watch alarms, by file. */
function alarmsOf(corpus: readonly NabFile[], settings: ValueSettings): number[][] {
  return corpus.map(({ values, times }) => {
    const watch = createValueWatch();
    const alarms: number[] = [];
    for (const [row, value] of values.entries()) {
      if (watchValue(watch, value, times[row] ?? 0, settings).isAlarm) alarms.push(row);
    }
    return alarms;
  });
}

function scoreOf(
  corpus: readonly NabFile[],
  alarms: readonly (readonly number[])[],
  profile: Profile,
): number {
  let raw = 0;
  let windows = 0;
  for (const [at, file] of corpus.entries()) {
    raw += alarmScore(file, alarms[at] ?? [], profile);
    windows += file.windows.length;
  }
  return normalised(raw, windows, profile);
}

const NOISE_SERIES = 10;
const NOISE_WEEKS = 10;
const NOISE_EVERY_MS = 5 * MINUTE_MS;

/** Alarms a week, after two weeks, of series that are nothing but a daily cycle and noise. */
function noiseAlarms(): number {
  let alarms = 0;
  const from = 14 * DAY_MS;
  for (let seed = 0; seed < NOISE_SERIES; seed += 1) {
    const random = new SeededRandom(seed);
    const watch = createValueWatch();
    for (let time = 0; time < from + NOISE_WEEKS * 7 * DAY_MS; time += NOISE_EVERY_MS) {
      const cycle = 0.3 * Math.sin((time * 2 * Math.PI) / DAY_MS);
      const { isAlarm } = watchValue(watch, Math.exp(cycle + 0.1 * random.normal()), time);
      if (isAlarm && time >= from) alarms += 1;
    }
  }
  return alarms / NOISE_SERIES / NOISE_WEEKS;
}

/** Around what is used, and none of them otherwise favoured. */
const CANDIDATES: readonly ValueSettings[] = [0.01, 0.02, 0.04].flatMap((step) =>
  [0.35, 0.5, 0.7].flatMap((alarm) =>
    [0, 0.6, 1.8].map((jump) => ({ ...VALUE_SETTINGS, step, alarm, jump })),
  ),
);

/** What each fold scores with the candidate that does best on the other folds. */
function nested(corpus: readonly NabFile[]): number {
  const raws = CANDIDATES.map((settings) => {
    const alarms = alarmsOf(corpus, settings);
    return corpus.map((file, at) => alarmScore(file, alarms[at] ?? [], STANDARD));
  });
  let raw = 0;
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const sum = (of: readonly number[], isOwn: boolean) =>
      of.reduce((total, each, at) => (isOwn === (at % FOLDS === fold) ? total + each : total), 0);
    const best = raws.reduce((one, other) => (sum(other, false) > sum(one, false) ? other : one));
    raw += sum(best, true);
  }
  const windows = corpus.reduce((total, file) => total + file.windows.length, 0);
  return normalised(raw, windows, STANDARD);
}

/** Scores of published results by this scorer; another one than published is no benchmark. */
function checkedScorer(folder: string, corpus: readonly NabFile[]): Record<string, number> {
  const checked: Record<string, number> = {};
  for (const detector of CHECKED_BY) {
    const published = publishedResult(folder, detector);
    if (published === null) continue;
    let raw = 0;
    for (const file of corpus) {
      const scores = publishedScores(folder, detector, file.name);
      raw += fileScore(file, scores, published.threshold, STANDARD);
    }
    const windows = corpus.reduce((total, file) => total + file.windows.length, 0);
    const score = normalised(raw, windows, STANDARD);
    if (Math.abs(score - published.score) > TOLERANCE) {
      throw new Error(`${detector} scores ${score} here, ${published.score} as published`);
    }
    checked[detector] = rounded(score);
  }
  return checked;
}
