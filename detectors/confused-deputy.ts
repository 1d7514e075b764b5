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
  onlyReads,
  type RecentTable,
  type Redacted,
  recallRecent,
  shownName,
  wentThrough,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  sensitive_operations: z
    .array(z.enum(['read', 'list', 'write', 'delete', 'execute', 'admin', 'unknown']))
    .default(['write', 'delete', 'execute', 'admin'])
    .describe('Operations whose effect counts as one of high privilege.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same effect of one chain within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

/** Who began a request, and what that one was allowed. */
interface Origin {
  readonly agent: number;
  /** Hashes of its granted scopes; more than `SCOPES` are not compared. */
  readonly scopes: readonly number[];
  /** Hashes of actions that were decided anew in the course of the request. */
  readonly decided: readonly number[];
}

interface State {
  readonly chains: RecentTable<Origin>;
}

const SCOPES = 8;
const DECIDED = 4;

/** An agent that does for another what that one was not allowed, without a decision of its own. */
export default defineDetector<Config, State>({
  id: 'confused_deputy',
  version: 1,
  status: 'experimental',
  title: 'Confused deputy',
  family: 'deterministic',
  scope: 'chain',
  defaultMode: 'shadow',
  tags: ['delegation', 'scope', 'attack.t1548', 'owasp.asi03', 'owasp.asi07'],
  config: CONFIG,
  kinds: ['tool_call', 'data_access', 'admin', 'authz_decision', 'approval'],
  init: () => ({ chains: createRecentTable() }),
  judges({ kind, scopes, decision }, { hearsDecisions }) {
    if (kind === 'authz_decision' || kind === 'approval') return null;
    if (scopes?.granted === undefined && scopes?.required === undefined) {
      return {
        field: 'scopes.granted',
        cure: 'Send scopes.granted and scopes.required with calls.',
      };
    }
    if (hearsDecisions || decision !== undefined) return null;
    return {
      field: 'decision',
      cure: 'Send decisions, so that a call that was authorised anew can be told.',
    };
  },
  observe(event, state, context) {
    const chain = context.chainId();
    const origin = recallRecent(state.chains, chain);
    if (isReauthorised(event)) {
      if (origin !== undefined && context.counted) noteDecision(state, chain, origin, event);
      return NO_VERDICTS;
    }
    if (event.kind === 'authz_decision' || event.kind === 'approval') return NO_VERDICTS;
    if (origin === undefined) {
      if (context.counted) begin(state, chain, event);
      return NO_VERDICTS;
    }
    return exceeds(event, origin, context) ? [verdictOn(event, chain, context)] : NO_VERDICTS;
  },
});

/** Told by somebody else than the agent: a decision that allows it, or a person's approval. */
function isReauthorised({ source, decision, approval }: Event): boolean {
  if (source.trust === 'agent') return false;
  return decision?.verdict === 'allow' || approval?.status === 'approved';
}

function begin({ chains }: State, chain: string, { agent, scopes }: Event): void {
  const granted = scopes?.granted;
  if (granted === undefined || granted.length > SCOPES) return;
  const origin = { agent: hashNumber(agent.id), scopes: granted.map(hashNumber), decided: [] };
  keepRecent(chains, chain, origin, 'tenant');
}

function noteDecision(state: State, chain: string, origin: Origin, { action }: Event): void {
  const decided = hashNumber(action.name);
  if (origin.decided.includes(decided)) return;
  const latest = [decided, ...origin.decided].slice(0, DECIDED);
  keepRecent(state.chains, chain, { ...origin, decided: latest }, 'tenant');
}

function exceeds(event: Event, origin: Origin, { config, actionFact }: Context): boolean {
  const { required = [] } = event.scopes ?? {};
  const op = actionFact?.op ?? event.action.op;
  if (event.phase !== 'executed' || !wentThrough(event) || required.length === 0) return false;
  if (!config.sensitive_operations.includes(op) || onlyReads(op)) return false;
  if (hashNumber(event.agent.id) === origin.agent) return false;
  if (origin.decided.includes(hashNumber(event.action.name))) return false;
  return required.some((scope) => !origin.scopes.includes(hashNumber(scope)));
}

function verdictOn(event: Event, chain: string, { config }: Context): DetectorVerdict {
  const tool = shownName(event.action.name);
  return {
    level: 'high',
    score: 70,
    actual: null,
    typical: null,
    probability: null,
    title: `${tool} was done for an agent that is not allowed to do it`,
    explanation:
      'The request was begun by an agent without the scope that this call requires. It handed ' +
      'over to another one, which has it, and no new decision or approval stands between. A ' +
      'person should approve what the session does next.',
    facts: { tool, agent: shownName(event.agent.id), operation: event.action.op },
    trip: { key: 'session', level: 2 },
    dedupKey: `${chain}\n${event.action.name}`,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}
