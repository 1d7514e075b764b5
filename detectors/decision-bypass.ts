import * as z from 'zod';
import {
  type AccessEvent,
  createRecentTable,
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
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  decided_actions: z
    .array(z.string().min(1))
    .default([])
    .describe('Actions that are always decided, from the first day; globs.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same bypass of one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Event = Redacted<AccessEvent>;

interface State {
  /** Actions on which a source of decisions has told of a decision. */
  readonly decided: RecentTable<1>;
}

/** A call that was carried out without a decision that allows it, or after one that denied it. */
export default defineDetector<Config, State>({
  id: 'decision_bypass',
  version: 1,
  status: 'test',
  title: 'Call without a decision',
  family: 'deterministic',
  scope: 'tenant',
  defaultMode: 'shadow',
  tags: ['decision', 'attack.t1548', 'owasp.asi03'],
  config: CONFIG,
  kinds: ['authz_decision', 'tool_call', 'data_access'],
  init: () => ({ decided: createRecentTable() }),
  judges(event, { hearsDecisions }) {
    if (hearsDecisions || event.decision !== undefined) return null;
    return {
      field: 'decision',
      cure:
        'Send the records of your policy decision point, or decision.verdict with each call, so ' +
        'that a call without one can be told.',
    };
  },
  observe(event, state, { config }) {
    if (event.kind === 'authz_decision') {
      if (event.source.trust !== 'agent') keepRecent(state.decided, event.action.name, 1, 'tenant');
      return NO_VERDICTS;
    }
    const denied = event.decision?.verdict === 'deny' && event.outcome.status === 'success';
    if (!denied || event.phase === 'proposed') return NO_VERDICTS;
    return [afterDeny(event.action.name, sessionOf(event), config)];
  },
  undecided(found, { decided }, { config }) {
    const { reason, action, session, succeeded } = found;
    if (reason === 'execution_after_deny') return [afterDeny(action, session ?? '', config)];
    const isExpected =
      matchesAnyGlob(config.decided_actions, action) || recallRecent(decided, action) !== undefined;
    return isExpected ? [withoutDecision(action, session ?? '', succeeded, config)] : NO_VERDICTS;
  },
});

function sessionOf({ session }: Event): string {
  return session?.id ?? '';
}

function afterDeny(action: string, session: string, config: Config): DetectorVerdict {
  const tool = shownName(action);
  return {
    level: 'critical',
    score: 97,
    actual: null,
    typical: null,
    probability: null,
    title: `${tool} was carried out although it was denied`,
    explanation:
      'The policy decision was to deny this call, and it succeeded all the same: whatever should ' +
      'enforce decisions did not. The session is suspended until a person has looked at it.',
    facts: { tool, breach: 'execution_after_deny' },
    trip: { key: 'session', level: 4 },
    dedupKey: `deny\n${session}\n${action}`,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}

function withoutDecision(
  action: string,
  session: string,
  succeeded: boolean,
  config: Config,
): DetectorVerdict {
  const tool = shownName(action);
  const common = {
    actual: null,
    typical: null,
    probability: null,
    facts: { tool, breach: 'execution_without_decision' },
    dedupKey: `none\n${succeeded ? 'done' : 'tried'}\n${session}\n${action}`,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  if (!succeeded) {
    return {
      ...common,
      level: 'medium',
      score: 30,
      title: `${tool} was called without a decision`,
      explanation:
        'Calls of this tool are decided by policy, and no decision came for this one. Nothing ' +
        'says that it succeeded, so it counts towards the risk of the agent and stops nothing.',
      trip: null,
      held: 'below_threshold',
    };
  }
  return {
    ...common,
    level: 'critical',
    score: 90,
    title: `${tool} was carried out without a decision`,
    explanation:
      'Calls of this tool are decided by policy. Every source of decisions has told of later ' +
      'times and none of this call: it went past the policy. The session is suspended until a ' +
      'person has looked at it.',
    trip: { key: 'session', level: 4 },
  };
}
