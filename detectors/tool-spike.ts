import * as z from 'zod';
import {
  ACCESS_KINDS,
  amount,
  DAY_MS,
  type DetectorVerdict,
  defineDetector,
  hashOf,
  MINUTE_MS,
  moveLast,
  NO_VERDICTS,
  oneDecimal,
  rounded,
  shownName,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  multiple: z
    .number()
    .min(2)
    .default(10)
    .describe('How many times what is expected of the tool in ten minutes is told.'),
  peak_multiple: z
    .number()
    .min(1)
    .default(3)
    .describe('And how many times the most it was ever used in ten minutes.'),
  floor: z.int().min(1).default(20).describe('Calls in ten minutes below which nothing is told.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('Further calls of the tool within this time are the same finding.'),
});
type Config = z.output<typeof CONFIG>;

/** How much one tool is used, in windows of ten minutes of event time. */
interface ToolUse {
  readonly tool: number;
  readonly since: number;
  window: number;
  calls: number;
  /** Calls of closed windows, slowly forgotten, and the most of any one of them. */
  learned: number;
  most: number;
}

interface State {
  /** Latest used last. */
  readonly tools: ToolUse[];
  /** Calls of all tools, as `learned` of each. */
  learned: number;
  window: number;
}

/** One tool used far more often than this agent uses it, however little that adds to its calls. */
export default defineDetector<Config, State>({
  id: 'tool_spike',
  version: 1,
  status: 'experimental',
  title: 'One tool far more than usual',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['volume', 'exfiltration', 'attack.t1530', 'owasp.asi02'],
  config: CONFIG,
  init: () => ({ tools: [], learned: 0, window: -1 }),
  kinds: ACCESS_KINDS,
  // Every call has a tool.
  judges: () => null,
  observe(event, state, { config, counted, added, baseline }) {
    if (!counted || added.calls === 0 || !(event.time >= 0)) return NO_VERDICTS;
    const window = Math.floor(event.time / WINDOW_MS);
    const use = useOf(state, hashOf(event.action.name).low, window);
    turn(state, use, window);
    use.calls += 1;
    const { calls, most, learned } = use;
    if (calls < config.floor || calls < config.peak_multiple * most) return NO_VERDICTS;
    if (window - use.since < DAY_MS / WINDOW_MS || baseline.ageMs < DAY_MS) return NO_VERDICTS;
    const all = baseline.compare('calls', WINDOW_MS).typical;
    const expected = (all * learned) / Math.max(1, state.learned);
    if (calls < config.multiple * expected) return NO_VERDICTS;
    return [verdictOn(event.action.name, use, expected, config)];
  },
});

const WINDOW_MS = 10 * MINUTE_MS;
const TOOLS = 12;
/** Kept per window: half of it is forgotten in a week. */
const KEEP = 0.5 ** (1 / 1_008);
/** The most of a window rises by so much at a time, or an incident would become what is usual. */
const GROWTH = 2;
const GROWTH_LEAST = 5;

function useOf({ tools }: State, tool: number, window: number): ToolUse {
  const last = tools.at(-1);
  if (last?.tool === tool) return last;
  for (let at = 0; at < tools.length; at += 1) {
    const known = tools[at];
    if (known?.tool !== tool) continue;
    moveLast(tools, at);
    return known;
  }
  if (tools.length >= TOOLS) tools.shift();
  const latest = { ...{ tool, since: window, window, calls: 0 }, learned: 0, most: 0 };
  tools.push(latest);
  return latest;
}

/** Closes the tool's window. One from before a window that is open counts in that; clocks err. */
function turn(state: State, use: ToolUse, window: number): void {
  if (window > state.window) {
    state.learned *= KEEP ** Math.min(FORGOTTEN, window - Math.max(0, state.window));
    state.window = window;
  }
  if (window <= use.window && window >= use.window - 2) return;
  const taken = Math.min(use.calls, GROWTH_LEAST + GROWTH * use.most);
  const keep = KEEP ** Math.min(FORGOTTEN, Math.abs(window - use.window));
  use.learned = (use.learned + taken) * keep;
  use.most = Math.max(use.most, taken) * keep;
  state.learned += taken * keep;
  use.window = window;
  use.calls = 0;
}

const FORGOTTEN = 100_000;

function verdictOn(
  name: string,
  { calls, most }: ToolUse,
  expected: number,
  { dedup_minutes }: Config,
): DetectorVerdict {
  const tool = shownName(name);
  const times = oneDecimal(calls / Math.max(1, most));
  return {
    level: 'medium',
    score: 40,
    actual: calls,
    typical: expected,
    probability: null,
    title: `${tool} called ${amount(calls)} times in ten minutes, ${times} times the most before`,
    explanation:
      `Of what this agent does at this hour, ${tool} is usually called ${oneDecimal(expected)} ` +
      `times in ten minutes, and hardly ever more than ${amount(most)}. The sum of its calls may ` +
      'look ordinary: one tool took the place of others.',
    measures: { calls, expected: rounded(expected), most: rounded(most), window_s: 600 },
    facts: { tool },
    trip: { key: 'agent', level: 1 },
    dedupKey: name,
    dedupMs: dedup_minutes * MINUTE_MS,
  };
}
