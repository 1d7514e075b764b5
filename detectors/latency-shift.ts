import * as z from 'zod';
import {
  ACCESS_KINDS,
  amount,
  countShare,
  createRunningQuantile,
  createShareWatch,
  type DetectorVerdict,
  defineDetector,
  followQuantile,
  hashOf,
  isBeyond,
  MINUTE_MS,
  moveLast,
  NO_VERDICTS,
  type NotJudged,
  oneDecimal,
  type RunningQuantile,
  readShare,
  rounded,
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
  minimum_hits: z.int().min(1).default(10).describe('Slow calls below which nothing is told.'),
  minimum_multiple: z
    .number()
    .min(1)
    .default(3)
    .describe('Times the usual share of slow calls below which nothing is told.'),
  slower_times: z
    .number()
    .min(1)
    .default(2)
    .describe('How many times slower the middle call must be than it used to be.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(120)
    .describe('Further slow calls within this time are the same finding.'),
});
type Config = z.output<typeof CONFIG>;

/** Usual latency of one tool, on the logarithm of milliseconds. */
interface ToolLatency {
  readonly middle: RunningQuantile;
  readonly slow: RunningQuantile;
}

interface State {
  readonly share: ShareWatch;
  /** Hashes of tools, the latest used last, and of each what is usual. */
  readonly tools: number[];
  readonly usual: ToolLatency[];
  /** Of late calls the middle ratio to what is usual of their tool, on the logarithm. */
  readonly recent: RunningQuantile;
}

const NO_LATENCY_MS: NotJudged = { field: 'latency_ms', cure: 'Send how long calls took.' };

/** Calls that take far longer than calls of the same tool used to. */
export default defineDetector<Config, State>({
  id: 'latency_shift',
  version: 1,
  status: 'test',
  title: 'Slower than usual',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['volume', 'reliability', 'owasp.llm10'],
  config: CONFIG,
  init: () => ({
    share: createShareWatch(),
    tools: [],
    usual: [],
    recent: createRunningQuantile(),
  }),
  kinds: ACCESS_KINDS,
  judges({ latencyMs, phase }) {
    if (phase === 'proposed' || (latencyMs !== undefined && latencyMs >= 0)) return null;
    return NO_LATENCY_MS;
  },
  observe(event, state, { config, counted, added }) {
    const { latencyMs } = event;
    if (!counted || added.calls === 0 || latencyMs === undefined) return NO_VERDICTS;
    if (!(latencyMs >= 0) || !Number.isFinite(latencyMs)) return NO_VERDICTS;
    const tool = toolOf(state, hashOf(event.action.name).low);
    const log = Math.log(latencyMs + 1);
    const isKnown = tool.middle.seen >= LEARNED_CALLS;
    const isSlow = isKnown && log > tool.slow.value;
    if (isKnown) {
      countShare(state.share, event.time, isSlow);
      followQuantile(state.recent, log - tool.middle.value, 0.5, RECENT_STEP);
      state.recent.seen = Math.min(state.recent.seen, RECENT_CALLS);
    }
    const reading = isSlow ? readShare(state.share) : null;
    // What is far off its usual share is learned no further until it has settled.
    if (reading === null || reading.evidence < SUSPICIOUS) learn(tool, log);
    else learn(tool, Math.min(log, tool.slow.value));
    const times = Math.exp(state.recent.value);
    if (reading === null || times < config.slower_times || !isBeyond(reading, config))
      return NO_VERDICTS;
    return [verdictOn(reading, times, Math.exp(tool.middle.value), event.time, config)];
  },
});

const LEARNED_CALLS = 50;
const SLOW_SHARE = 0.95;
const STEP = 0.5;
const RECENT_STEP = 0.5;
/** So few that the middle follows within some ten calls. */
const RECENT_CALLS = 10;
const TOOLS = 8;
const SUSPICIOUS = 3;

function learn({ middle, slow }: ToolLatency, log: number): void {
  followQuantile(middle, log, 0.5, STEP);
  followQuantile(slow, log, SLOW_SHARE, STEP);
}

/** Tools are looked for among numbers alone: most events are of the one used last. */
function toolOf({ tools, usual }: State, hash: number): ToolLatency {
  for (let at = tools.length - 1; at >= 0; at -= 1) {
    if (tools[at] !== hash) continue;
    const known = usual[at];
    if (known === undefined) break;
    if (at < tools.length - 1) {
      moveLast(tools, at);
      moveLast(usual, at);
    }
    return known;
  }
  if (tools.length >= TOOLS) {
    tools.shift();
    usual.shift();
  }
  const latest = { middle: createRunningQuantile(), slow: createRunningQuantile() };
  tools.push(hash);
  usual.push(latest);
  return latest;
}

function verdictOn(
  reading: ShareReading,
  times: number,
  middleMs: number,
  now: number,
  config: Config,
): DetectorVerdict {
  const { span, hits, calls, measures } = shareInWords(reading, now);
  const slower = oneDecimal(times);
  return {
    level: 'medium',
    score: 25,
    actual: times * middleMs,
    typical: middleMs,
    probability: null,
    title: `Calls take ${slower} times as long as they used to, for ${span}`,
    explanation:
      `${hits} of ${calls} calls took longer than 95 of 100 used to with the same tool; the ` +
      `tool in use usually answers in ${amount(middleMs)} ms. A service is in trouble, or calls ` +
      'carry more than they did. Nothing is stopped.',
    measures: { ...measures, times: rounded(times) },
    trip: null,
    held: 'below_threshold',
    dedupKey: 'slow',
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}
