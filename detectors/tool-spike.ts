import * as z from 'zod';
import {
  ACCESS_KINDS,
  type AgentBaseline,
  DAY_MS,
  type DetectorVerdict,
  defineDetector,
  hashOf,
  MINUTE_MS,
  measureAmount,
  measureText,
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
  size_peak_multiple: z
    .number()
    .min(1)
    .default(6)
    .describe('The same of records and bytes, of which one call may move many.'),
  floor: z.int().min(1).default(20).describe('Calls in ten minutes below which nothing is told.'),
  floor_records: z.int().min(1).default(500).describe('The same of records.'),
  floor_bytes: z.int().min(1).default(5_242_880).describe('The same of bytes.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('Further calls of the tool within this time are the same finding.'),
});
type Config = z.output<typeof CONFIG>;

/** What is counted of each tool; a place in a row stands for each. */
const COUNTED = ['calls', 'records', 'bytes'] as const;
type Counted = (typeof COUNTED)[number];

/**
 * How much each of a few tools is used, in windows of ten minutes of event time. One list of
 * numbers for all of them: most events only look for their tool and add to three of them.
 */
interface State {
  /** Hashes of the tools, and of each a row of `ROW` numbers in the same order. */
  readonly tools: number[];
  readonly rows: number[];
  /** Of all tools: what their closed windows held, slowly forgotten, by measure. */
  readonly learned: number[];
  window: number;
}

/** The first window it was seen in and the open one; then three of each: open, learned, most. */
const SINCE = 0;
const WINDOW = 1;
const OPEN = 2;
const LEARNED = 5;
const MOST = 8;
const ROW = 11;

/** One tool used far more often, or for far more, than this agent uses it. */
export default defineDetector<Config, State>({
  id: 'tool_spike',
  version: 2,
  status: 'experimental',
  title: 'One tool far more than usual',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['volume', 'exfiltration', 'attack.t1530', 'owasp.asi02'],
  config: CONFIG,
  init: () => ({ tools: [], rows: [], learned: [0, 0, 0], window: -1 }),
  kinds: ACCESS_KINDS,
  // Every call has a tool.
  judges: () => null,
  observe(event, state, { config, counted, added, baseline }) {
    if (!counted || !(event.time >= 0)) return NO_VERDICTS;
    const window = Math.floor(event.time / WINDOW_MS);
    const row = rowOf(state, hashOf(event.action.name).low, window);
    turn(state, row, window);
    const { rows } = state;
    for (let measure = 0; measure < COUNTED.length; measure += 1) {
      const open = row + OPEN + measure;
      rows[open] = at(rows, open) + sizeOf(added[COUNTED[measure] ?? 'calls']);
    }
    for (let measure = 0; measure < COUNTED.length; measure += 1) {
      const spike = spikeOf(state, row, measure, config, baseline);
      if (spike !== null) return [verdictOn(event.action.name, spike, config)];
    }
    return NO_VERDICTS;
  },
});

const WINDOW_MS = 10 * MINUTE_MS;
const TOOLS = 12;
/** Kept per window: half of it is forgotten in a week. */
const KEEP = 0.5 ** (1 / 1_008);
/** The most of a window rises by so much at a time, or an incident would become what is usual. */
const GROWTH = 2;
const GROWTH_LEAST = [5, 125, 1_310_720] as const;

/** NaN and negative sizes are none. */
function sizeOf(size: number): number {
  return size > 0 ? Math.min(size, Number.MAX_SAFE_INTEGER) : 0;
}

/** Where the tool's row begins; of more than are kept, the one used longest ago makes room. */
function rowOf({ tools, rows }: State, tool: number, window: number): number {
  for (let row = 0; row < tools.length; row += 1) if (tools[row] === tool) return row * ROW;
  let row = tools.length;
  if (row >= TOOLS) {
    row = 0;
    for (let other = 1; other < TOOLS; other += 1) {
      if (at(rows, other * ROW + WINDOW) < at(rows, row * ROW + WINDOW)) row = other;
    }
  }
  tools[row] = tool;
  const begins = row * ROW;
  for (let part = 0; part < ROW; part += 1) rows[begins + part] = part < OPEN ? window : 0;
  return begins;
}

function at(numbers: readonly number[], place: number): number {
  return numbers[place] ?? 0;
}

/** Closes the tool's window. One from before a window that is open counts in that; clocks err. */
function turn(state: State, row: number, window: number): void {
  const { rows, learned } = state;
  if (window > state.window) {
    const keep = KEEP ** Math.min(FORGOTTEN, window - Math.max(0, state.window));
    for (let measure = 0; measure < COUNTED.length; measure += 1) {
      learned[measure] = at(learned, measure) * keep;
    }
    state.window = window;
  }
  const before = at(rows, row + WINDOW);
  if (window <= before && window >= before - 2) return;
  const keep = KEEP ** Math.min(FORGOTTEN, Math.abs(window - before));
  for (let measure = 0; measure < COUNTED.length; measure += 1) {
    const most = at(rows, row + MOST + measure);
    const least = GROWTH_LEAST[measure] ?? 0;
    const taken = Math.min(at(rows, row + OPEN + measure), least + GROWTH * most);
    rows[row + LEARNED + measure] = (at(rows, row + LEARNED + measure) + taken) * keep;
    rows[row + MOST + measure] = Math.max(most, taken) * keep;
    rows[row + OPEN + measure] = 0;
    learned[measure] = at(learned, measure) + taken * keep;
  }
  rows[row + WINDOW] = window;
}

const FORGOTTEN = 100_000;

interface Spike {
  readonly measure: Counted;
  readonly actual: number;
  readonly expected: number;
  readonly most: number;
}

/** Cheapest first: nearly always the floor is not reached. */
function spikeOf(
  { rows, learned }: State,
  row: number,
  place: number,
  config: Config,
  baseline: AgentBaseline,
): Spike | null {
  const measure = COUNTED[place] ?? 'calls';
  const actual = at(rows, row + OPEN + place);
  const most = at(rows, row + MOST + place);
  const isSize = measure !== 'calls';
  const floor = isSize ? config[`floor_${measure}`] : config.floor;
  const times = isSize ? config.size_peak_multiple : config.peak_multiple;
  if (actual < floor || actual < times * most) return null;
  const knownMs = WINDOW_MS * (at(rows, row + WINDOW) - at(rows, row + SINCE));
  if (knownMs < DAY_MS || baseline.ageMs < DAY_MS) return null;
  const all = baseline.compare(measure, WINDOW_MS).typical;
  const expected = (all * at(rows, row + LEARNED + place)) / Math.max(1, at(learned, place));
  if (actual < config.multiple * expected) return null;
  return { measure, actual, expected, most };
}

function verdictOn(
  name: string,
  { measure, actual, expected, most }: Spike,
  { dedup_minutes }: Config,
): DetectorVerdict {
  const tool = shownName(name);
  const times = oneDecimal(actual / Math.max(1, most));
  const what = measureText(measure, actual);
  return {
    level: 'medium',
    score: 40,
    actual,
    typical: expected,
    probability: null,
    title: `${what} by ${tool} in ten minutes, ${times} times the most before`,
    explanation:
      `Of what this agent does at this hour, ${measureText(measure, expected)} are usually by ` +
      `${tool} in ten minutes, and hardly ever more than ${measureAmount(measure, most)}. The ` +
      'sum may look ordinary: one tool took the place of others.',
    measures: {
      [measure]: actual,
      expected: rounded(expected),
      most: rounded(most),
      window_s: 600,
    },
    facts: { tool, measure },
    trip: { key: 'agent', level: 1 },
    dedupKey: name,
    dedupMs: dedup_minutes * MINUTE_MS,
  };
}
