import * as z from 'zod';
import {
  type AccessEvent,
  amount,
  createRecentTable,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  keepRecent,
  MINUTE_MS,
  matchesAnyGlob,
  NO_VERDICTS,
  type RecentTable,
  type Redacted,
  recallRecent,
  shownName,
  wentThrough,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same missing approval of one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

type Answer = 'granted' | 'refused';

interface State {
  /** Answers of people, by what names the call they are about. */
  readonly answers: RecentTable<Answer>;
}

const GRANTED: ReadonlySet<string> = new Set(['approved', 'granted', 'allowed']);
const REFUSED: ReadonlySet<string> = new Set(['denied', 'rejected', 'refused', 'expired']);

/** A call that needs a person's approval by its grant, carried out without one. */
export default defineDetector<Config, State>({
  id: 'approval_missing',
  version: 1,
  status: 'test',
  title: 'Call without its approval',
  family: 'deterministic',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['approval', 'owasp.llm06', 'owasp.asi09'],
  config: CONFIG,
  kinds: ['approval', 'tool_call', 'data_access', 'admin'],
  init: () => ({ answers: createRecentTable() }),
  judges(event, { grant }) {
    if (event.kind === 'approval') return null;
    if (grant === null) {
      return {
        field: 'grant',
        cure: 'Register the agent and what needs approval with PUT /v1/grants.',
      };
    }
    const { maxAmount, requiredFor } = grant.approval ?? {};
    if (maxAmount === undefined || requiredFor !== undefined) return null;
    if (event.action.amount !== undefined) return null;
    return {
      field: 'action.amount',
      cure: 'Send action.amount, so that it can be compared with the amount that needs approval.',
    };
  },
  observe(event, state, context) {
    if (event.kind === 'approval') {
      if (context.counted && event.source.trust !== 'agent') learn(event, state);
      return NO_VERDICTS;
    }
    const why = needOf(event, context);
    if (why === null || event.phase === 'proposed' || !wentThrough(event)) return NO_VERDICTS;
    const answer = answerTo(event, state);
    return answer === 'granted' ? NO_VERDICTS : [verdictOn(event, why, answer, context)];
  },
});

function learn(event: Event, { answers }: State): void {
  const status = event.approval?.status ?? '';
  if (!GRANTED.has(status) && !REFUSED.has(status)) return;
  const answer = GRANTED.has(status) ? 'granted' : 'refused';
  for (const key of keysOf(event)) keepRecent(answers, key, answer, 'agent');
}

/** What an approval and the call it is about have in common, the surest first. */
function keysOf({ approval, action, session, trace, token, decision }: Event): readonly string[] {
  const keys: string[] = [];
  const scope = trace?.traceId ?? session?.id ?? '';
  if (approval?.id !== undefined) keys.push(`approval\n${approval.id}`);
  if (action.toolCallId !== undefined) keys.push(`call\n${scope}\n${action.toolCallId}`);
  if (decision?.id !== undefined) keys.push(`decision\n${decision.id}`);
  if (keys.length > 0) return keys;
  const request = token?.txn ?? trace?.traceId ?? session?.id;
  return request === undefined ? keys : [`request\n${request}\n${action.name}`];
}

/** The event's own word counts, unless it is the agent's, which nobody else bears out. */
function answerTo(event: Event, { answers }: State): Answer | null {
  const inSession = `request\n${event.session?.id ?? ''}\n${event.action.name}`;
  for (const key of [...keysOf(event), inSession]) {
    const answer = recallRecent(answers, key);
    if (answer !== undefined) return answer;
  }
  const status = event.approval?.status ?? '';
  if (REFUSED.has(status)) return 'refused';
  return GRANTED.has(status) && event.source.trust !== 'agent' ? 'granted' : null;
}

interface Need {
  readonly words: string;
  readonly value: number | null;
  readonly limit: number | null;
}

function needOf(event: Event, { grant }: Context): Need | null {
  const { requiredFor, maxAmount } = grant?.approval ?? {};
  const { name, amount: moved } = event.action;
  if (maxAmount !== undefined && moved !== undefined && Math.abs(moved.value) > maxAmount) {
    const moves = amount(Math.abs(moved.value));
    const words = `it moves ${moves}, and above ${amount(maxAmount)} a person must approve`;
    return { words, value: Math.abs(moved.value), limit: maxAmount };
  }
  if (requiredFor === undefined || !matchesAnyGlob(requiredFor, name)) return null;
  return { words: 'its grant asks for the approval of a person', value: null, limit: null };
}

function verdictOn(
  event: Event,
  need: Need,
  answer: Answer | null,
  { config }: Context,
): DetectorVerdict {
  const tool = shownName(event.action.name);
  const refused = answer === 'refused';
  return {
    level: refused ? 'critical' : 'high',
    score: refused ? 95 : 70,
    actual: need.value,
    typical: need.limit,
    probability: null,
    title: refused
      ? `${tool} was carried out although its approval was refused`
      : `${tool} was carried out without approval: ${need.words}`,
    explanation: refused
      ? 'A person was asked and said no, and the call succeeded all the same. The session is ' +
        'suspended until a person has looked at it.'
      : 'The call succeeded and no approval for it is on record. A person should look at what ' +
        'was done and approve what the session does next.',
    measures: need.limit === null ? {} : { amount: need.value ?? 0, limit: need.limit },
    facts: { tool, approval: answer ?? 'none' },
    trip: { key: 'session', level: refused ? 4 : 2 },
    dedupKey: `${answer ?? 'none'}\n${event.session?.id ?? ''}\n${event.action.name}`,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}
