import * as z from 'zod';
import {
  type AccessEvent,
  type AgentGrant,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  hasLabelOf,
  isAmongResources,
  MINUTE_MS,
  matchesAnyGlob,
  NO_STATE,
  NO_VERDICTS,
  type Operation,
  type Redacted,
  SENSITIVE_LABELS,
  shownName,
  wasDone,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  sensitive_operations: z
    .array(z.enum(['read', 'list', 'write', 'delete', 'execute', 'admin', 'unknown']))
    .default(['write', 'delete', 'execute', 'admin'])
    .describe('Operations that are sensitive whatever they touch.'),
  sensitive_labels: z
    .array(z.string().min(1))
    .default([...SENSITIVE_LABELS])
    .describe('Sensitivity labels of resources and actions that make a call sensitive.'),
  loose_sessions: z
    .int()
    .min(1)
    .default(3)
    .describe('Earlier sessions outside the scopes of their events from which these do not bind.'),
  lateness_minutes: z
    .number()
    .min(0)
    .default(15)
    .describe('How long after a grant expired a call made before may still be reported.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same breach of one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

/** A call outside the tools, resources or scopes that the agent was granted. */
export default defineDetector<Config, Record<string, never>>({
  id: 'out_of_scope_access',
  version: 1,
  status: 'stable',
  title: 'Access outside the granted scope',
  family: 'deterministic',
  scope: 'agent',
  defaultMode: 'enforce',
  tags: ['scope', 'attack.t1078', 'owasp.llm06', 'owasp.asi03'],
  config: CONFIG,
  init: () => NO_STATE,
  applies: ({ kind }) => JUDGED_KINDS.has(kind),
  judges(event, { grant }) {
    if (event.scopes?.granted || isTelling(grant)) return null;
    return {
      field: 'scopes.granted',
      cure:
        'Register the agent and what it may do with PUT /v1/grants, or send scopes.granted ' +
        'with its events.',
    };
  },
  observe(event, _state, context) {
    if (!JUDGED_KINDS.has(event.kind)) return NO_VERDICTS;
    const breach = breachOf(event, context);
    if (breach?.kind === 'scope' && isLoose(event, context)) return NO_VERDICTS;
    return breach ? [verdictOn(event, breach, context)] : NO_VERDICTS;
  },
});

/** Kinds of event that use a grant. A model call or a task boundary touches no resource. */
const JUDGED_KINDS: ReadonlySet<AccessEvent['kind']> = new Set([
  'tool_call',
  'data_access',
  'admin',
  'authz_decision',
]);

function isTelling(grant: AgentGrant | null): boolean {
  if (!grant) return false;
  return Boolean(grant.tools ?? grant.resources ?? grant.scopes ?? grant.validUntil);
}

interface Breach {
  readonly kind: 'expired_grant' | 'scope' | 'tool' | 'resource';
  readonly words: string;
}

/** The gravest way in which the event leaves the grant, or null where it stays inside. */
function breachOf(event: Event, context: Context): Breach | null {
  const { grant } = context;
  const expired = expiryOf(event, context);
  if (expired !== null) return { kind: 'expired_grant', words: expired };
  if (lacksScope(event, grant)) {
    return { kind: 'scope', words: 'a scope that the call requires was not granted' };
  }
  const usesTool = event.kind === 'tool_call' || event.kind === 'authz_decision';
  if (usesTool && grant?.tools && !matchesAnyGlob(grant.tools, event.action.name)) {
    return { kind: 'tool', words: 'this tool is not among the tools granted' };
  }
  if (grant?.resources && !isAmongResources(event, grant.resources)) {
    return { kind: 'resource', words: 'this resource is not among the resources granted' };
  }
  return null;
}

/**
 * A sender that dates its events back would escape by their time alone, so a call that is told
 * later than any honest source tells it was made under no grant, whatever it says of itself.
 */
function expiryOf(event: Event, { config, grant, logTime }: Context): string | null {
  const { validUntil } = grant ?? {};
  if (validUntil === undefined) return null;
  if (event.time >= validUntil) return 'the grant of this agent has expired';
  const latest = validUntil + config.lateness_minutes * MINUTE_MS;
  if (event.history || logTime <= latest) return null;
  return 'the grant of this agent expired too long ago for a late report';
}

/**
 * Scopes said on events that this agent has stepped over before, and was let, do not bind: what
 * they list is a plan. Its breaches are then for `task_scope_violation`.
 */
function isLoose(event: Event, { config, grant, practice }: Context): boolean {
  if (grant?.scopes || event.kind === 'authz_decision') return false;
  return practice.ungrantedSessions >= config.loose_sessions;
}

/** An agent's own word about its scopes counts only where nobody else's is known. */
function lacksScope(event: Event, grant: AgentGrant | null): boolean {
  const { required = [], granted } = event.scopes ?? {};
  const claimed = event.source.trust === 'agent' && grant?.scopes ? [] : granted;
  if (required.length === 0 || (!grant?.scopes && !claimed)) return false;
  return !required.every(
    (scope) => (claimed?.includes(scope) ?? false) || matchesAnyGlob(grant?.scopes ?? [], scope),
  );
}

function isSensitive(event: Event, breach: Breach, context: Context): boolean {
  const { config, actionFact } = context;
  const op: Operation = actionFact?.op ?? event.action.op;
  return (
    breach.kind === 'scope' ||
    config.sensitive_operations.includes(op) ||
    hasLabelOf(event, context, config.sensitive_labels)
  );
}

function verdictOn(event: Event, breach: Breach, context: Context): DetectorVerdict {
  const done = wasDone(event);
  const sensitive = isSensitive(event, breach, context);
  const tool = shownName(event.action.name);
  const common = {
    actual: null,
    typical: null,
    probability: null,
    facts: {
      breach: breach.kind,
      tool,
      operation: context.actionFact?.op ?? event.action.op,
      outcome: event.outcome.status,
    },
    dedupKey: [
      done ? 'done' : 'tried',
      breach.kind,
      event.session?.id ?? '',
      event.action.name,
    ].join('\n'),
    dedupMs: context.config.dedup_minutes * MINUTE_MS,
  };
  if (!done) {
    return {
      ...common,
      level: sensitive ? 'medium' : 'low',
      score: sensitive ? 30 : 15,
      title: `Tried ${tool} outside its grant: ${breach.words}`,
      explanation:
        'The call was not carried out, so nothing is stopped; the attempt counts towards the ' +
        "agent's risk. Repeated attempts mean a wrong grant or an agent that is probing.",
      trip: null,
      held: 'below_threshold',
    };
  }
  if (!sensitive) {
    return {
      ...common,
      level: 'high',
      score: 65,
      title: `Call ${tool} outside its grant succeeded: ${breach.words}`,
      explanation:
        'The call succeeded although it was not granted. Nothing says that it changed anything, ' +
        'so the session goes on, and its further calls need approval by a person.',
      trip: { key: 'session', level: 2 },
    };
  }
  return {
    ...common,
    level: 'critical',
    score: 95,
    title: `Sensitive call ${tool} outside its grant succeeded: ${breach.words}`,
    explanation:
      'A call that changes things or touches sensitive data went through although it was not ' +
      'granted: the enforcement in front of it failed or was passed by. The session is suspended.',
    trip: { key: 'session', level: 4 },
  };
}
