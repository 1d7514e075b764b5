import * as z from 'zod';
import {
  type AccessEvent,
  type AgentGrant,
  amount,
  DAY_MS,
  type DetectorVerdict,
  defineDetector,
  hashOf,
  hasVerbOf,
  matchesAnyGlob,
  NO_VERDICTS,
  onlyReads,
  QUIET_VERBS,
  type Redacted,
  rounded,
  wasDone,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  learn_days: z
    .number()
    .min(1)
    .default(14)
    .describe('Days of an agent in which whatever it uses is its beginning.'),
  recent_days: z.number().min(1).default(7).describe('Days in which new rights count together.'),
  minimum_new: z
    .int()
    .min(1)
    .default(3)
    .describe('New rights used in that time below which nothing is told.'),
  growth: z
    .number()
    .positive()
    .default(0.5)
    .describe('Share by which the rights it uses must grow.'),
});
type Config = z.output<typeof CONFIG>;
type Event = Redacted<AccessEvent>;

/** Rights used so far, as pairs of a hash and the day of their first use, in that order. */
interface State {
  readonly rights: number[];
  firstDay: number;
  /** Rights beyond the limit, since the day they were first met. */
  overflow: number;
  toldDay: number;
}

/** An agent that uses ever more: tools that change things, and scopes. */
export default defineDetector<Config, State>({
  id: 'privilege_growth',
  version: 1,
  status: 'test',
  title: 'Growing privileges',
  family: 'novelty',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['scope', 'privilege', 'attack.t1098', 'owasp.llm06', 'owasp.asi03'],
  config: CONFIG,
  init: () => ({ rights: [], firstDay: -1, overflow: 0, toldDay: -1 }),
  kinds: ['tool_call', 'data_access', 'admin', 'token_issue'],
  // The name of a tool is on every call; scopes only add to it.
  judges: () => null,
  observe(event, state, { config, grant, counted, actionFact }) {
    if (!counted || !wasDone(event)) return NO_VERDICTS;
    const day = Math.floor(event.time / DAY_MS);
    if (state.firstDay < 0 || day < state.firstDay) state.firstDay = day;
    const op = actionFact?.op ?? event.action.op;
    let isNews = false;
    if (!onlyReads(op)) {
      const right = hashOf(event.action.name).low;
      // What is in use is known to be none of the quiet verbs.
      const isUsed = isInUse(state, right);
      if (!isUsed && !hasVerbOf(event.action.name, QUIET_VERBS)) isNews = use(state, right, day);
    }
    for (const scope of event.scopes?.required ?? []) {
      isNews = use(state, hashOf(scope, SCOPE).low, day) || isNews;
    }
    return isNews ? judged(event, state, day, grant, config) : [];
  },
});

const SCOPE = hashOf('scope');
const RIGHTS = 48;

function isInUse({ rights }: State, right: number): boolean {
  for (let at = 0; at < rights.length; at += 2) if (rights[at] === right) return true;
  return false;
}

/** Notes a right in use; true where it is new. Beyond the limit new ones are only counted. */
function use(state: State, right: number, day: number): boolean {
  const { rights } = state;
  if (isInUse(state, right)) return false;
  if (rights.length < 2 * RIGHTS) rights.push(right, day);
  else state.overflow += 1;
  return true;
}

function judged(
  event: Event,
  state: State,
  day: number,
  grant: AgentGrant | null,
  config: Config,
): readonly DetectorVerdict[] {
  if (day - state.firstDay < config.learn_days || state.toldDay > day - config.recent_days) {
    return NO_VERDICTS;
  }
  const since = day - config.recent_days;
  let fresh = 0;
  let known = 0;
  for (let at = 1; at < state.rights.length; at += 2) {
    if ((state.rights[at] ?? 0) > since) fresh += 1;
    else known += 1;
  }
  const isFlood = state.overflow > 0;
  if (!isFlood && (fresh < config.minimum_new || fresh < config.growth * known)) return NO_VERDICTS;
  state.toldDay = day;
  state.overflow = 0;
  return [verdictOn(fresh, known, isFlood, isOutside(event, grant), config)];
}

/** Whether the right that was the last straw is one that the grant does not name. */
function isOutside({ action, scopes, kind }: Event, grant: AgentGrant | null): boolean {
  if (kind === 'tool_call' && grant?.tools && !matchesAnyGlob(grant.tools, action.name))
    return true;
  const granted = grant?.scopes;
  if (!granted) return false;
  return (scopes?.required ?? []).some((scope) => !matchesAnyGlob(granted, scope));
}

function verdictOn(
  fresh: number,
  known: number,
  isFlood: boolean,
  outside: boolean,
  { recent_days }: Config,
): DetectorVerdict {
  const many = isFlood ? `more than ${RIGHTS}` : amount(fresh);
  const beyond = outside ? ', and its grant does not name the last of them' : '';
  return {
    level: outside ? 'high' : 'medium',
    score: outside ? 60 : 40,
    actual: fresh + known,
    typical: known,
    probability: null,
    title: `Uses ${many} new rights within ${amount(recent_days)} days, ${amount(known)} before`,
    explanation:
      `Before, this agent used ${amount(known)} tools that change something and scopes; of late ` +
      `${many} came on top${beyond}. Rights that grow bit by bit are nobody's decision: somebody ` +
      'who knows the agent should confirm what it needs.',
    measures: { new: fresh, known, growth: rounded(fresh / Math.max(1, known)) },
    facts: { outside_grant: outside ? 'yes' : 'no', flood: isFlood ? 'yes' : 'no' },
    trip: { key: 'agent', level: 2 },
    dedupKey: 'growth',
    dedupMs: recent_days * DAY_MS,
  };
}
