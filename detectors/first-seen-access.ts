import * as z from 'zod';
import {
  ACCESS_KINDS,
  type AccessEvent,
  type Destination,
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
  minimum_sessions: z
    .int()
    .min(0)
    .default(20)
    .describe('Sessions of the agent and its peers below which everything would be new.'),
  ignored_types: z
    .array(z.string().min(1))
    .default(['path'])
    .describe('Types of destination that are too various to tell anything.'),
  read_types: z
    .array(z.string().min(1))
    .default(['host', 'ip'])
    .describe('Types that count when data is only read: where an instruction may come from.'),
  new_task_types: z
    .array(z.string().min(1))
    .default(['host', 'ip'])
    .describe('Types that count in a task never seen before, when the tool was granted.'),
  quiet_verbs: z
    .array(z.string().min(1))
    .default([...QUIET_VERBS])
    .describe('Words of a tool whose calls stay inside: only `quiet_types` count for it.'),
  quiet_types: z
    .array(z.string().min(1))
    .default(['host', 'ip', 'object'])
    .describe('Types that count for a tool with a quiet verb.'),
  dedup_hours: z
    .number()
    .positive()
    .default(24)
    .describe('The same first sight within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

/** A tool used on a destination that neither the agent nor its peers ever used it on. */
export default defineDetector<Config, Record<string, never>>({
  id: 'first_seen_access',
  version: 1,
  status: 'stable',
  title: 'First-seen destination',
  family: 'novelty',
  scope: 'agent',
  defaultMode: 'enforce',
  tags: ['novelty', 'injection', 'attack.t1567', 'owasp.llm01', 'owasp.asi01'],
  config: CONFIG,
  init: () => NO_STATE,
  kinds: ACCESS_KINDS,
  judges(event, { config, practice }) {
    if (Math.max(practice.sessions, practice.peerSessions) < config.minimum_sessions) {
      return { field: 'history', cure: 'Wait for more sessions, or import earlier ones.' };
    }
    if (event.destinations !== undefined || event.action.arguments !== undefined) return null;
    return {
      field: 'action.arguments',
      cure: 'Send the arguments of tool calls, or name destinations, so that new ones are seen.',
    };
  },
  observe(event, _state, context) {
    if (!wentThrough(event)) return NO_VERDICTS;
    const found = context.practice.firstSeen.filter((one) => counts(one, event, context));
    const [first] = found;
    return first ? [verdictOn(event, first, found.length, context)] : NO_VERDICTS;
  },
});

function counts({ type }: Destination, event: Event, context: Context): boolean {
  const { config, practice, actionFact } = context;
  if (config.ignored_types.includes(type)) return false;
  const op = actionFact?.op ?? event.action.op;
  if (onlyReads(op) && !config.read_types.includes(type)) return false;
  if (practice.task === 'new' && practice.covered !== false) {
    if (!config.new_task_types.includes(type)) return false;
  }
  return !hasVerbOf(event.action.name, config.quiet_verbs) || config.quiet_types.includes(type);
}

function verdictOn(
  event: Event,
  first: Destination,
  found: number,
  { config, practice }: Context,
): DetectorVerdict {
  const tool = shownName(event.action.name);
  const sessions = Math.max(practice.sessions, practice.peerSessions);
  const kind = WORDS[first.type] ?? shownName(first.type);
  const task = practice.task === 'new' ? ', in a task never seen before' : '';
  return {
    level: 'high',
    score: 55,
    actual: found,
    typical: 0,
    probability: 1 / (sessions + 1),
    title: `${tool} used on ${kind} never seen before${task}`,
    explanation:
      `In ${sessions} earlier sessions neither this agent nor its peers used this tool on this ` +
      `${kind.replace(/^an? /, '')}, and the task does not name it. A person should approve ` +
      'what the session does next.',
    measures: { sessions, first_seen: found },
    facts: { tool, destination_type: first.type, operation: event.action.op },
    trip: { key: 'session', level: 2 },
    dedupKey: `${event.session?.id ?? ''}\n${event.action.name}\n${first.type}\n${first.value}`,
    dedupMs: config.dedup_hours * HOUR_MS,
  };
}

const WORDS: Readonly<Record<string, string>> = {
  account: 'an account',
  bucket: 'a bucket',
  channel: 'a channel',
  email: 'a recipient',
  host: 'a host',
  iban: 'a bank account',
  ip: 'an address',
  object: 'an object',
  phone: 'a phone number',
  recipient: 'a recipient',
  repository: 'a repository',
};
