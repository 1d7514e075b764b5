import * as z from 'zod';
import {
  DAY_MS,
  type DayComparison,
  type DetectorVerdict,
  defineDetector,
  MEASURES,
  type Measure,
  measureAmount,
  measureNoun,
  measureText,
  NO_VERDICTS,
  oneDecimal,
  rounded,
  sizePerMeasure,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  growth_multiple: z
    .number()
    .min(1.2)
    .default(2.1)
    .describe('How many times its earlier days a day may slowly grow to before a person is told.'),
  floors: sizePerMeasure('Volume per day below which growth is none.', {
    calls: 100,
    records: 500,
    bytes: 5_242_880,
    tokens: 100_000,
    cost: 10_000_000,
    sessions: 100,
    targets: 500,
  }),
  again_days: z
    .number()
    .positive()
    .default(30)
    .describe('Days after which growth is told again; earlier only at half as much again.'),
});

/** The growth told last: its ratio and when. */
interface State {
  told: { readonly ratio: number; readonly at: number } | null;
}

/** Volume that grows by a few per cent a day, which an adaptive baseline would follow. */
export default defineDetector<z.output<typeof CONFIG>, State>({
  id: 'slow_drip',
  version: 1,
  status: 'stable',
  title: 'Slow growth',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'alert',
  tags: ['volume', 'exfiltration', 'attack.t1030', 'owasp.llm04'],
  config: CONFIG,
  init: () => ({ told: null }),
  // Calls can always be counted; a measure that nobody reports does not grow.
  judges: () => null,
  observe(_event, state, { baseline, config, counted }) {
    if (!counted || baseline.mostGrown < config.growth_multiple) return NO_VERDICTS;
    for (const measure of MEASURES) {
      const day = baseline.day(measure);
      if (!day || day.ratio < config.growth_multiple || !isSteady(day)) continue;
      if (day.actual < config.floors[measure]) continue;
      const { told } = state;
      const isTold = told !== null && baseline.time - told.at < config.again_days * DAY_MS;
      if (isTold && day.ratio < AGAIN * told.ratio) continue;
      state.told = { ratio: day.ratio, at: baseline.time };
      return [grown(measure, day)];
    }
    return NO_VERDICTS;
  },
});

const AGAIN = 1.5;
/**
 * The last full day before these 24 hours had come this far already, and such days do not usually
 * differ that much.
 */
const GROWN_BEFORE = 0.7;
const WOBBLES = 3;

function isSteady({ ratio, dayBefore, wobble }: DayComparison): boolean {
  return dayBefore >= GROWN_BEFORE * ratio && Math.log(ratio) >= WOBBLES * wobble;
}

/** No consequence asked for: healthy growth looks the same. */
function grown(measure: Measure, { actual, typical, ratio }: DayComparison): DetectorVerdict {
  const times = oneDecimal(ratio);
  return {
    level: 'high',
    score: 55,
    actual,
    typical,
    probability: null,
    title:
      `${measureText(measure, actual)} in 24 hours, grown to ${times} times ` +
      measureAmount(measure, typical),
    explanation:
      `Day by day this agent moves more ${measureNoun(measure)}: now ${times} times ` +
      'what such a day used to be. No single day stood out. It may be healthy growth; ' +
      'somebody who knows the agent should say so. Nothing is stopped.',
    measures: { actual, typical, ratio: rounded(ratio), window_s: DAY_MS / 1_000 },
    facts: { measure },
    trip: null,
    held: 'below_threshold',
    dedupKey: 'growth',
    dedupMs: DAY_MS,
  };
}
