import * as z from 'zod';
import {
  amount,
  DAY_MS,
  type DetectorVerdict,
  defineDetector,
  MINUTE_MS,
  minutesText,
  NO_VERDICTS,
  type QuietContext,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  learn_days: z
    .number()
    .min(1)
    .default(14)
    .describe('Days of history before a silence means anything.'),
  floor_minutes: z.number().min(10).default(120).describe('Shortest silence told.'),
  minimum_calls: z
    .number()
    .min(1)
    .default(50)
    .describe('Calls expected in the silence, below which nothing is told.'),
  multiple: z
    .number()
    .min(1)
    .default(3)
    .describe('Times the most calls that it was ever missed for before.'),
});
type Config = z.output<typeof CONFIG>;

interface State {
  /** Its latest event, by its own time. */
  latest: number;
  lastEvent: string;
  /** Most calls that were expected in a pause of the past; fades by half in some four weeks. */
  missed: number;
  told: boolean;
}

/** An agent that used to work without long pauses, and has stopped. */
export default defineDetector<Config, State>({
  id: 'silence',
  version: 1,
  status: 'test',
  title: 'Agent gone silent',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['volume', 'availability', 'attack.t1562'],
  config: CONFIG,
  init: () => ({ latest: 0, lastEvent: '', missed: 0, told: false }),
  kinds: ['tool_call', 'data_access', 'model_call'],
  // Every event has a time, and nothing else is needed.
  judges: () => null,
  observe(event, state, { counted, added, baseline }) {
    if (!counted || added.calls === 0) return NO_VERDICTS;
    const pauseMs = event.time - state.latest;
    if (state.latest > 0 && pauseMs >= PAUSE_MS) {
      const missed = baseline.expectedCalls(state.latest, event.time);
      // One long outage must not hide the next: a pause that was told teaches half.
      const taken = state.told ? missed / 2 : missed;
      state.missed = Math.max(state.missed * 0.5 ** (pauseMs / FADE_MS), taken);
    }
    // A clock that was ahead is followed back.
    if (pauseMs > 0 || pauseMs < -PAUSE_MS) state.latest = event.time;
    state.lastEvent = event.id;
    state.told = false;
    return NO_VERDICTS;
  },
  quiet(state, context) {
    const { config, baseline, logTime } = context;
    if (state.told || state.latest === 0 || baseline.ageMs < config.learn_days * DAY_MS)
      return null;
    const silentMs = logTime - state.latest;
    if (silentMs < config.floor_minutes * MINUTE_MS) return null;
    const missed = baseline.expectedCalls(state.latest, logTime);
    if (missed < config.minimum_calls || missed < config.multiple * state.missed) return null;
    state.told = true;
    return verdictOn(state, missed, context);
  },
});

const PAUSE_MS = 10 * MINUTE_MS;
/** Weeks of pauses add up to this: half of the largest is then forgotten. */
const FADE_MS = 14 * DAY_MS;

function verdictOn(
  { latest, lastEvent, missed: before }: State,
  missed: number,
  { logTime }: QuietContext<Config>,
): DetectorVerdict {
  const minutes = Math.round((logTime - latest) / MINUTE_MS);
  return {
    level: 'low',
    score: 15,
    actual: 0,
    typical: missed,
    probability: null,
    title: `Silent for ${minutesText(minutes)}, when about ${amount(missed)} calls were due`,
    explanation:
      `At these hours this agent usually makes about ${amount(missed)} calls, and its longest ` +
      `pause before was worth ${amount(before)}. It was stopped, it is broken, or its reports ` +
      'are withheld.',
    measures: { minutes, expected: Math.round(missed), longest_before: Math.round(before) },
    facts: { last_event: lastEvent },
    trip: null,
    held: 'below_threshold',
    dedupKey: 'silence',
    dedupMs: DAY_MS,
  };
}
