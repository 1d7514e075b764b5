import * as z from 'zod';
import {
  addDistinct,
  amount,
  clearDistinct,
  createDistinctCount,
  type DetectorVerdict,
  type DistinctCount,
  defineDetector,
  distinctOf,
  hashOf,
  MINUTE_MS,
  NO_VERDICTS,
  type NotJudged,
  oneDecimal,
  rounded,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  minimum_sessions: z
    .int()
    .min(2)
    .default(20)
    .describe('Sessions at work within ten minutes below which nothing is told.'),
  minimum_delegates: z
    .int()
    .min(2)
    .default(8)
    .describe('Different hand-overs within ten minutes below which nothing is told.'),
  multiple: z
    .number()
    .min(1.5)
    .default(3)
    .describe('Times the most that was ever seen of this agent before.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(120)
    .describe('Further spreading within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;

/** Distinct things of the open ten minutes, and of those before. */
interface Spread {
  readonly now: DistinctCount;
  /** Mean and largest of earlier windows; the largest fades by half in some five weeks. */
  typical: number;
  peak: number;
}

interface State {
  readonly sessions: Spread;
  readonly delegates: Spread;
  /** The open window, and how many closed with any work. */
  window: number;
  windows: number;
}

const NO_SESSION_ID: NotJudged = {
  field: 'session.id',
  cure: 'Send the session of each call, so that they are told.',
};

/** An agent that works in many sessions at once, or hands work to many others. */
export default defineDetector<Config, State>({
  id: 'fan_out',
  version: 1,
  status: 'test',
  title: 'Fan-out',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['volume', 'delegation', 'owasp.asi08', 'owasp.llm10'],
  config: CONFIG,
  init: () => ({ sessions: createSpread(), delegates: createSpread(), window: -1, windows: 0 }),
  kinds: ['tool_call', 'data_access', 'model_call', 'delegation', 'agent_run'],
  judges({ kind, session }) {
    if (kind === 'delegation' || session?.id !== undefined) return null;
    return NO_SESSION_ID;
  },
  observe(event, state, { config, counted, added, baseline }) {
    if (!counted || added.calls === 0) return NO_VERDICTS;
    turnWindow(state, Math.floor(event.time / WINDOW_MS));
    let hasRisen = false;
    if (event.kind === 'delegation') {
      const to = event.destinations?.[0]?.value ?? event.resource?.id ?? event.action.name;
      hasRisen = addDistinct(state.delegates.now, hashOf(to).low);
    }
    const session = event.session?.id;
    if (session !== undefined) {
      const isNew = addDistinct(state.sessions.now, hashOf(session).low);
      hasRisen ||= isNew;
    }
    // What was counted already has been judged.
    if (!hasRisen) return NO_VERDICTS;
    if (state.windows < LEARNED_WINDOWS || baseline.ageMs < LEARNED_MS) return NO_VERDICTS;
    const which = event.kind === 'delegation' ? 'delegates' : 'sessions';
    const least = which === 'delegates' ? config.minimum_delegates : config.minimum_sessions;
    return judged(state[which], which, least, config);
  },
});

const WINDOW_MS = 10 * MINUTE_MS;
/** A day of ten-minute windows with work in at least a quarter of them, or several days. */
const LEARNED_WINDOWS = 36;
const LEARNED_MS = 1_440 * MINUTE_MS;
const MEAN_WEIGHT = 0.02;
const PEAK_KEEP = 0.5 ** (1 / 5_040);
const PEAK_GROWTH = 2;

function createSpread(): Spread {
  return { now: createDistinctCount(), typical: 0, peak: 0 };
}

function turnWindow(state: State, window: number): void {
  // A late event counts in the open window; after a clock far ahead it begins anew.
  if (window <= state.window && window >= state.window - 2) return;
  if (state.window >= 0) {
    close(state.sessions, state.windows);
    close(state.delegates, state.windows);
    state.windows += 1;
  }
  state.window = window;
}

/** The largest may at most double by one window, so that one incident does not become usual. */
function close(spread: Spread, windows: number): void {
  const count = distinctOf(spread.now);
  const isYoung = windows < LEARNED_WINDOWS;
  const weight = Math.max(MEAN_WEIGHT, 1 / (windows + 1));
  const limit = isYoung ? count : Math.max(2, PEAK_GROWTH * spread.peak);
  const taken = Math.min(count, limit);
  spread.typical += weight * (taken - spread.typical);
  spread.peak = Math.max(spread.peak * PEAK_KEEP, taken);
  clearDistinct(spread.now);
}

function judged(
  { now, typical, peak }: Spread,
  which: 'sessions' | 'delegates',
  least: number,
  config: Config,
): readonly DetectorVerdict[] {
  const count = distinctOf(now);
  if (count < least || count < config.multiple * Math.max(1, peak)) return NO_VERDICTS;
  const what =
    which === 'sessions' ? 'sessions at work at once' : 'agents or tasks that it hands work to';
  const verdict: DetectorVerdict = {
    level: 'high',
    score: 55,
    actual: count,
    typical,
    probability: null,
    title: `About ${amount(count)} ${which} within 10 minutes, never more than ${amount(peak)}`,
    explanation:
      `This agent has about ${amount(count)} ${what}; usually it is ${oneDecimal(typical)}, and ` +
      `it never was more than ${amount(peak)}. It is spreading faster than anybody follows; new ` +
      'work should wait.',
    measures: { [which]: count, typical: rounded(typical), most: rounded(peak), window_s: 600 },
    facts: { kind: which },
    trip: { key: 'agent', level: 1 },
    dedupKey: which,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  return [verdict];
}
