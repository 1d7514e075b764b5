import * as z from 'zod';
import {
  type AccessEvent,
  createRecentTable,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  hashNumber,
  keepRecent,
  MINUTE_MS,
  NO_VERDICTS,
  type RecentTable,
  type Redacted,
  recallRecent,
  shownName,
  wentThrough,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  single_use_types: z
    .array(z.string().min(1))
    .default(['decision+jwt'])
    .describe('Types of token (`typ`) that are good for one call.'),
  passed_on_types: z
    .array(z.string().min(1))
    .default(['txntoken+jwt'])
    .describe('Types of token that are made to be passed on from workload to workload.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same replay of one token within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

/** What is remembered of one token; hashes only. */
interface Known {
  readonly agent: number;
  /** Of the whole token, where one was presented and not just its claims. */
  readonly ref?: number;
}

interface State {
  readonly tokens: RecentTable<Known>;
  /** Single-use tokens that were used, by token, source and kind. */
  readonly used: RecentTable<1>;
}

type Breach = 'used_twice' | 'other_holder' | 'other_agent' | 'other_token';

/** One token used again where it was good once, or by somebody it was not given to. */
export default defineDetector<Config, State>({
  id: 'token_replay',
  version: 1,
  status: 'test',
  title: 'Replayed token',
  family: 'deterministic',
  scope: 'tenant',
  defaultMode: 'shadow',
  tags: ['token', 'attack.t1550', 'owasp.asi03'],
  config: CONFIG,
  kinds: ['tool_call', 'data_access', 'admin', 'token_use'],
  init: () => ({ tokens: createRecentTable(), used: createRecentTable() }),
  judges(event) {
    if (event.token?.jti !== undefined) return null;
    return {
      field: 'token.jti',
      cure: 'Send the token of each call, or its jti, so that a second use can be told.',
    };
  },
  observe(event, state, context) {
    const { jti, failure } = event.token ?? {};
    // A text that its issuer did not sign proves nothing about the token it names.
    if (jti === undefined || failure !== undefined || event.phase === 'proposed')
      return NO_VERDICTS;
    const breach = breachOf(event, jti, state, context);
    return breach === null ? NO_VERDICTS : [verdictOn(event, jti, breach, context)];
  },
});

function breachOf(event: Event, jti: string, state: State, context: Context): Breach | null {
  const { config } = context;
  const token = `${event.token?.iss ?? ''}\n${jti}`;
  const known = recallRecent(state.tokens, token);
  const ref = event.token?.ref === undefined ? undefined : hashNumber(event.token.ref);
  const agent = hashNumber(event.agent.id);
  if (known === undefined) {
    if (context.counted) {
      keepRecent(state.tokens, token, { agent, ...(ref === undefined ? {} : { ref }) }, 'tenant');
    }
  } else {
    if (known.ref !== undefined && ref !== undefined && known.ref !== ref) return 'other_token';
    if (known.agent !== agent && !isHandedOn(event, known, config)) {
      return event.token?.senderConstraint === undefined ? 'other_agent' : 'other_holder';
    }
  }
  return isUsedTwice(event, token, state, context) ? 'used_twice' : null;
}

/** Whether the event itself says that the first holder stands behind this one. */
function isHandedOn({ delegation, token }: Event, known: Known, config: Config): boolean {
  if (token?.txn !== undefined || config.passed_on_types.includes(token?.type ?? '')) return true;
  return (delegation ?? []).some(({ sub }) => {
    return (
      hashNumber(sub) === known.agent || hashNumber(sub.replace(/^agent:/, '')) === known.agent
    );
  });
}

/** Several sources may tell of one use: each is held to one of each kind. */
function isUsedTwice(event: Event, token: string, { used }: State, context: Context): boolean {
  const { config, counted, added } = context;
  if (!config.single_use_types.includes(event.token?.type ?? '')) return false;
  if (!counted || added.calls === 0 || !wentThrough(event)) return false;
  const { deliveredBy, name = '' } = event.source;
  const key = [token, event.kind, deliveredBy, name].join('\n');
  const before = recallRecent(used, key) !== undefined;
  keepRecent(used, key, 1, 'tenant');
  return before;
}

const WORDS: Readonly<Record<Breach, { readonly title: string; readonly why: string }>> = {
  used_twice: {
    title: 'used a second time, though it is good for one call',
    why: 'A token of this type is good for one call, and this is another one.',
  },
  other_holder: {
    title: 'used by another agent, though it is bound to its holder',
    why: 'The token is bound to the key of the agent it was given to, and another one used it.',
  },
  other_agent: {
    title: 'used by another agent than before',
    why:
      'Another agent used this token before, and nothing says that it handed over to this one. ' +
      'Agents that share a token look like this too.',
  },
  other_token: {
    title: 'used under the id of another one',
    why: 'Two different tokens carry one id: one was not made by the issuer, or by mistake.',
  },
};

function verdictOn(event: Event, jti: string, breach: Breach, context: Context): DetectorVerdict {
  const tool = shownName(event.action.name);
  const done = wentThrough(event);
  const strong = breach === 'used_twice' || breach === 'other_holder';
  const { title, why } = WORDS[breach];
  const common = {
    actual: null,
    typical: null,
    probability: null,
    title: `A token was ${title}${done ? '' : ', and refused'}`,
    facts: { breach, tool, outcome: event.outcome.status },
    dedupKey: `${done ? 'done' : 'tried'}\n${breach}\n${jti}`,
    dedupMs: context.config.dedup_minutes * MINUTE_MS,
  };
  if (!done) {
    return {
      ...common,
      level: 'medium',
      score: 35,
      explanation: `${why} The call was not carried out; the attempt counts towards the risk.`,
      trip: null,
      held: 'below_threshold',
    };
  }
  return {
    ...common,
    level: strong ? 'critical' : 'high',
    score: strong ? 92 : 60,
    explanation: strong
      ? `${why} The session is suspended; revoke the token and find out who else holds it.`
      : `${why} A person should approve what the session does next.`,
    trip: { key: 'session', level: strong ? 4 : 2 },
  };
}
