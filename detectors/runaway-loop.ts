import * as z from 'zod';
import {
  type AccessEvent,
  amount,
  type DetectorVerdict,
  defineDetector,
  fingerprintOf,
  hashOf,
  MINUTE_MS,
  moveLast,
  NO_VERDICTS,
  type NotJudged,
  oneDecimal,
  type Redacted,
  SECOND_MS,
  shownName,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  repeats: z
    .int()
    .min(3)
    .default(25)
    .describe('Times in a row that one pattern of calls repeats before it is a loop.'),
  slowest_seconds: z
    .number()
    .positive()
    .default(20)
    .describe('Longest mean time of one repetition; slower ones are polling.'),
  tokens: z
    .number()
    .positive()
    .default(200_000)
    .describe('Tokens burnt in one loop from which approval is asked.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same loop within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Event = Redacted<AccessEvent>;

/** The latest calls of one session, and how often patterns of one to four calls repeated. */
interface Session {
  readonly id: number;
  /** Fingerprints of the last four calls, latest first. */
  readonly calls: number[];
  /** Calls in a row equal to the one this many calls before: patterns of 1, 2, 3 and 4 calls. */
  readonly runs: number[];
  /** When the longest of these runs began, and the tokens spent since. */
  since: number;
  tokens: number;
}

interface State {
  /** Latest used last. */
  readonly sessions: Session[];
  /** Most repetitions in a row of runs that ended by themselves. */
  known: number;
}

const NO_ACTION_ARGUMENTS: NotJudged = {
  field: 'action.arguments',
  cure: 'Send the arguments of calls, or their resource, so that equal calls can be told.',
};

/** A session that does the same again and again, and gets nowhere. */
export default defineDetector<Config, State>({
  id: 'runaway_loop',
  version: 1,
  status: 'test',
  title: 'Runaway loop',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['volume', 'cost', 'owasp.llm10', 'owasp.asi08'],
  config: CONFIG,
  init: () => ({ sessions: [], known: 0 }),
  kinds: ['tool_call', 'data_access', 'model_call'],
  judges({ kind, action, resource, destinations }) {
    if (kind === 'model_call' || action.arguments !== undefined) return null;
    if (resource?.id !== undefined || destinations) return null;
    return NO_ACTION_ARGUMENTS;
  },
  observe(event, state, { config, counted, added }) {
    if (!counted) return NO_VERDICTS;
    const session = sessionOf(state, event);
    session.tokens += added.tokens;
    const call = added.calls === 0 ? null : fingerprintOf(event);
    if (event.kind === 'model_call' || call === null) return NO_VERDICTS;
    const cycles = follow(state, session, call.low, event.time);
    if (cycles < config.repeats || cycles < 2 * state.known) return NO_VERDICTS;
    const eachMs = (event.time - session.since) / cycles;
    if (eachMs > config.slowest_seconds * SECOND_MS) return NO_VERDICTS;
    return [verdictOn(event, session, cycles, config)];
  },
});

const SESSIONS = 4;
const PATTERNS = 4;

function sessionOf({ sessions }: State, event: Event): Session {
  const id = hashOf(event.session?.id ?? event.trace?.traceId ?? '').low;
  const last = sessions.at(-1);
  if (last?.id === id) return last;
  for (let at = 0; at < sessions.length; at += 1) {
    const known = sessions[at];
    if (known?.id !== id) continue;
    moveLast(sessions, at);
    return known;
  }
  if (sessions.length >= SESSIONS) sessions.shift();
  const latest = { id, calls: [], runs: [0, 0, 0, 0], since: event.time, tokens: 0 };
  sessions.push(latest);
  return latest;
}

/** Adds a call; returns how often in a row the pattern that it belongs to has come by now. */
function follow(state: State, session: Session, call: number, time: number): number {
  const { calls, runs } = session;
  const before = longest(runs);
  for (let pattern = 1; pattern <= PATTERNS; pattern += 1) {
    const isSame = calls[pattern - 1] === call;
    runs[pattern - 1] = isSame ? (runs[pattern - 1] ?? 0) + 1 : 0;
  }
  if (calls.length < PATTERNS) calls.push(call);
  else calls[PATTERNS - 1] = call;
  // The latest first.
  for (let at = calls.length - 1; at > 0; at -= 1) calls[at] = calls[at - 1] ?? call;
  calls[0] = call;
  const cycles = longest(runs);
  if (cycles < before) state.known = Math.max(state.known, Math.floor(before));
  if (cycles < before || cycles === 0 || time < session.since) {
    session.since = time;
    session.tokens = 0;
  }
  return Math.floor(cycles) + 1;
}

function longest(runs: readonly number[]): number {
  let most = 0;
  for (let at = 0; at < PATTERNS; at += 1) most = Math.max(most, (runs[at] ?? 0) / (at + 1));
  return most;
}

function verdictOn(
  event: Event,
  { since, tokens, runs }: Session,
  cycles: number,
  config: Config,
): DetectorVerdict {
  const isBurning = tokens >= config.tokens;
  const length = runs.findIndex((run, at) => Math.floor(run / (at + 1)) + 1 === cycles) + 1;
  const what =
    length <= 1 ? `The same call of ${shownName(event.action.name)}` : `The same ${length} calls`;
  const eachS = (event.time - since) / cycles / SECOND_MS;
  const burnt = isBurning ? ` It has cost ${amount(tokens)} tokens so far.` : '';
  return {
    level: isBurning ? 'high' : 'medium',
    score: isBurning ? 60 : 45,
    actual: cycles,
    typical: null,
    probability: null,
    title: `${what} ${amount(cycles)} times in a row`,
    explanation:
      `${paceInWords(eachS)} this session asks for the same thing with the same ` +
      `arguments, and does nothing else in between.${burnt} It is going in circles; slow it ` +
      'down and look at what it waits for.',
    measures: { repeats: cycles, pattern_calls: Math.max(1, length), tokens },
    facts: { tool: shownName(event.action.name) },
    trip: { key: 'session', level: isBurning ? 2 : 1 },
    dedupKey: event.session?.id ?? '',
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}

function paceInWords(eachS: number): string {
  return eachS < 1 ? 'Several times a second' : `Every ${oneDecimal(eachS)} seconds`;
}
