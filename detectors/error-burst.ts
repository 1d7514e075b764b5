import * as z from 'zod';
import {
  ACCESS_KINDS,
  countShare,
  createShareWatch,
  type DetectorVerdict,
  defineDetector,
  isBeyond,
  MINUTE_MS,
  NO_VERDICTS,
  type NotJudged,
  readShare,
  type ShareReading,
  type ShareWatch,
  shareInWords,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  alarms_per_year: z
    .number()
    .positive()
    .default(0.1)
    .describe('False alarms per agent and year: the budget that sets how much evidence it takes.'),
  minimum_hits: z.int().min(1).default(10).describe('Failed calls below which nothing is told.'),
  minimum_multiple: z
    .number()
    .min(1)
    .default(3)
    .describe("Times the agent's own share of failures below which nothing is told."),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('Further failures within this time are the same finding.'),
});
type Config = z.output<typeof CONFIG>;

const NO_OUTCOME_STATUS: NotJudged = {
  field: 'outcome.status',
  cure: 'Send how calls ended: success, failure, denied.',
};

/** An agent whose calls fail far more often than they used to. */
export default defineDetector<Config, ShareWatch>({
  id: 'error_burst',
  version: 1,
  status: 'stable',
  title: 'Burst of errors',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'alert',
  tags: ['volume', 'reliability', 'attack.t1595', 'owasp.llm10'],
  config: CONFIG,
  init: createShareWatch,
  kinds: ACCESS_KINDS,
  judges({ outcome, phase }) {
    if (phase === 'proposed' || outcome.status !== 'unknown') return null;
    return NO_OUTCOME_STATUS;
  },
  observe(event, state, { config, counted, added }) {
    if (!counted || added.calls === 0) return NO_VERDICTS;
    const { status } = event.outcome;
    const isError = status === 'failure' || status === 'timeout';
    countShare(state, event.time, isError);
    if (!isError) return NO_VERDICTS;
    const reading = readShare(state);
    if (reading === null || !isBeyond(reading, config)) return NO_VERDICTS;
    return [verdictOn(reading, event.time, config)];
  },
});

function verdictOn(reading: ShareReading, now: number, config: Config): DetectorVerdict {
  const { span, hits, calls, usually, measures } = shareInWords(reading, now);
  return {
    level: 'medium',
    score: 40,
    actual: reading.hits,
    typical: reading.usual * reading.calls,
    probability: null,
    title: `${hits} of ${calls} calls failed in ${span}, usually ${usually}`,
    explanation:
      `Of this agent's calls ${usually} usually fail; now it was ${hits} of ${calls}. Something ` +
      'it needs is broken, or it is trying what does not work. More of the same helps nobody.',
    measures,
    trip: { key: 'agent', level: 1 },
    dedupKey: 'errors',
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}
