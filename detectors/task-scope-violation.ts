import * as z from 'zod';
import {
  ACCESS_KINDS,
  type AccessEvent,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  HOUR_MS,
  hasVerbOf,
  NO_STATE,
  NO_VERDICTS,
  onlyReads,
  QUIET_VERBS,
  type Redacted,
  shownName,
  wentThrough,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  quiet_verbs: z
    .array(z.string().min(1))
    .default([...QUIET_VERBS])
    .describe('Words of a tool whose calls are not sensitive by themselves.'),
  loose_sessions: z
    .int()
    .min(1)
    .default(3)
    .describe('Sessions outside the grant, and let, from which grants are taken not to bind.'),
  dedup_hours: z
    .number()
    .positive()
    .default(24)
    .describe('The same tool of one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

/** A sensitive call that neither the task's grant nor the practice for that task covers. */
export default defineDetector<Config, Record<string, never>>({
  id: 'task_scope_violation',
  version: 1,
  status: 'stable',
  title: 'Outside the scope of the task',
  family: 'novelty',
  scope: 'agent',
  defaultMode: 'enforce',
  tags: ['scope', 'injection', 'attack.t1078', 'owasp.llm06', 'owasp.asi02'],
  config: CONFIG,
  init: () => NO_STATE,
  kinds: ACCESS_KINDS,
  judges(event) {
    if (event.scopes?.granted) return null;
    return {
      field: 'scopes.granted',
      cure: 'Send with each call, or at the start of the task, what was granted for the task.',
    };
  },
  observe(event, _state, context) {
    const { practice, config } = context;
    if (practice.covered !== false || practice.usesToolForTask) return NO_VERDICTS;
    // Where grants bind, a missing required scope is for out_of_scope_access.
    const hasRequired = (event.scopes?.required?.length ?? 0) > 0;
    if (hasRequired && practice.ungrantedSessions < config.loose_sessions) return NO_VERDICTS;
    if (!wentThrough(event) || !isSensitive(event, context)) return NO_VERDICTS;
    return [verdictOn(event, context)];
  },
});

function isSensitive(event: Event, { config, actionFact }: Context): boolean {
  if (actionFact?.sensitivity !== undefined) return actionFact.sensitivity !== 'low';
  const op = actionFact?.op ?? event.action.op;
  return !onlyReads(op) && !hasVerbOf(event.action.name, config.quiet_verbs);
}

function verdictOn(event: Event, { config, practice }: Context): DetectorVerdict {
  const tool = shownName(event.action.name);
  const task =
    practice.task === 'known'
      ? 'no earlier session with this task used it'
      : 'neither the agent nor its peers are known to use it';
  return {
    level: 'high',
    score: 60,
    actual: null,
    typical: null,
    probability: null,
    title: `${tool} is outside the scope of its task`,
    explanation:
      `The task was not granted this tool, and ${task}. Agents led astray by what they read do ` +
      'just this. A person should approve what the session does next.',
    measures: { sessions: practice.sessions, peer_sessions: practice.peerSessions },
    facts: { tool, operation: event.action.op, task: practice.task },
    trip: { key: 'session', level: 2 },
    dedupKey: `${event.session?.id ?? ''}\n${event.action.name}`,
    dedupMs: config.dedup_hours * HOUR_MS,
  };
}
