import * as z from 'zod';
import {
  ACCESS_KINDS,
  type AccessEvent,
  createRecentTable,
  type Destination,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  HOUR_MS,
  hasLabelOf,
  keepRecent,
  MINUTE_MS,
  minutesText,
  NO_FIGURES,
  NO_VERDICTS,
  type NotJudged,
  onlyReads,
  type RecentTable,
  type Redacted,
  recallRecent,
  SENSITIVE_LABELS,
  shownName,
  wasDone,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  sensitive_labels: z
    .array(z.string().min(1))
    .default([...SENSITIVE_LABELS])
    .describe('Sensitivity labels of what must not leave after it was read.'),
  untrusted_types: z
    .array(z.string().min(1))
    .default(['host', 'ip', 'url'])
    .describe('Types of destination whose content, when read, may carry instructions.'),
  untrusted_sources: z
    .array(z.string().min(1))
    .default(['web', 'url', 'email', 'search'])
    .describe('Types of `sources` whose content may carry instructions.'),
  outward_types: z
    .array(z.string().min(1))
    .default(['email', 'recipient', 'host', 'ip', 'iban', 'account', 'phone', 'channel', 'bucket'])
    .describe('Types of destination that lie outside, unless `actions:` says otherwise.'),
  own_groups: z
    .array(z.string().min(1))
    .default([])
    .describe('Domains and groups of destinations that are your own, as `example.com`.'),
  within_hours: z
    .number()
    .positive()
    .default(12)
    .describe('How long after the read a write still belongs to it.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same sequence in one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

/** What a session, trace or transaction has read: event times, 0 for never. */
interface Reads {
  readonly sensitive: number;
  readonly untrusted: number;
}

const NO_ARGUMENTS: NotJudged = {
  field: 'action.arguments',
  cure: 'Send the arguments of tool calls, or name destinations, so that ways out are seen.',
};

/** Something sensitive or untrusted is read, and then something is sent out, in one request. */
export default defineDetector<Config, RecentTable<Reads>>({
  id: 'sensitive_sequence',
  version: 1,
  status: 'test',
  title: 'Sensitive read, then outward write',
  family: 'novelty',
  scope: 'chain',
  defaultMode: 'shadow',
  tags: ['scope', 'exfiltration', 'injection', 'attack.t1567', 'owasp.llm01', 'owasp.asi01'],
  config: CONFIG,
  init: createRecentTable<Reads>,
  kinds: ACCESS_KINDS,
  judges: ({ destinations, action, resource }) =>
    destinations || action.arguments !== undefined || resource?.id !== undefined
      ? null
      : NO_ARGUMENTS,
  observe(event, state, context) {
    if (!wasDone(event)) return NO_VERDICTS;
    const op = context.actionFact?.op ?? event.action.op;
    const out = onlyReads(op) ? null : wayOut(event, context);
    const found = out ? sequenceOf(event, out, state, context) : null;
    if (context.counted) noteReads(event, op, state, context);
    return found ? [found] : NO_VERDICTS;
  },
});

/** A request is known by its session, its trace and its transaction; any of them will do. */
function keysOf({ session, trace, token, agent }: Event): readonly string[] {
  const keys: string[] = [];
  if (session?.id !== undefined) keys.push(`session\n${agent.id}\n${session.id}`);
  if (trace?.traceId !== undefined) keys.push(`trace\n${trace.traceId}`);
  if (token?.txn !== undefined) keys.push(`txn\n${token.txn}`);
  return keys;
}

function noteReads(event: Event, op: string, state: RecentTable<Reads>, context: Context): void {
  const isSensitive =
    op !== 'delete' && hasLabelOf(event, context, context.config.sensitive_labels);
  const isUntrusted = readsUntrusted(event, op, context.config);
  if (!isSensitive && !isUntrusted) return;
  for (const key of keysOf(event)) {
    const before = recallRecent(state, key);
    const reads = {
      sensitive: isSensitive ? event.time : (before?.sensitive ?? 0),
      untrusted: isUntrusted ? event.time : (before?.untrusted ?? 0),
    };
    keepRecent(state, key, reads, 'tenant');
  }
}

function readsUntrusted(event: Event, op: string, config: Config): boolean {
  const { retrieved, destinations, injectionMarkers } = event;
  if (injectionMarkers !== undefined) return true;
  if (retrieved?.some(({ type }) => type !== undefined && config.untrusted_sources.includes(type)))
    return true;
  if (!onlyReads(op) || !destinations) return false;
  return destinations.some(
    (one) => config.untrusted_types.includes(one.type) && !isOwn(one, config),
  );
}

function isOwn({ group, value }: Destination, { own_groups }: Config): boolean {
  return own_groups.includes(group ?? value);
}

interface WayOut {
  readonly type: string;
  /** Never used before with this tool, by the agent or its peers, and not named by the task. */
  readonly isNew: boolean;
}

function wayOut(event: Event, { config, actionFact, practice }: Context): WayOut | null {
  if (actionFact?.outward === false) return null;
  const outside = (one: Destination) =>
    config.outward_types.includes(one.type) && !isOwn(one, config);
  const first = event.destinations?.find(outside);
  if (!first) return actionFact?.outward === true ? { type: 'outward', isNew: false } : null;
  const fresh = practice.firstSeen.find(outside);
  return { type: (fresh ?? first).type, isNew: fresh !== undefined };
}

function sequenceOf(
  event: Event,
  out: WayOut,
  state: RecentTable<Reads>,
  context: Context,
): DetectorVerdict | null {
  const oldest = event.time - context.config.within_hours * HOUR_MS;
  let sensitive = 0;
  let untrusted = 0;
  for (const key of keysOf(event)) {
    const reads = recallRecent(state, key);
    if (!reads) continue;
    sensitive = Math.max(sensitive, isWithin(reads.sensitive, oldest, event.time));
    untrusted = Math.max(untrusted, isWithin(reads.untrusted, oldest, event.time));
  }
  // Known ways out after untrusted content are everyday work.
  if (sensitive === 0 && (untrusted === 0 || !out.isNew)) return null;
  return verdictOn(event, out, { sensitive, untrusted }, context);
}

/** The time of a read that belongs to this write, else 0. */
function isWithin(time: number, oldest: number, now: number): number {
  return time >= oldest && time <= now ? time : 0;
}

function verdictOn(event: Event, out: WayOut, reads: Reads, { config }: Context): DetectorVerdict {
  const tool = shownName(event.action.name);
  const isSensitive = reads.sensitive > 0;
  const read = isSensitive ? 'sensitive data' : 'content from outside';
  const sinceMs = event.time - Math.max(reads.sensitive, reads.untrusted);
  const minutes = minutesText(Math.max(1, Math.round(sinceMs / MINUTE_MS)));
  const score = !out.isNew ? 35 : isSensitive && reads.untrusted > 0 ? 75 : 60;
  const common = {
    ...NO_FIGURES,
    score,
    title: `${tool} sends out ${minutes} after ${read} was read`,
    explanation:
      `The same request read ${read} and then sent something out` +
      `${out.isNew ? ' to where this agent never sent anything before' : ''}. That is how data ` +
      'leaves, and what agents do when what they read tells them to.',
    measures: { minutes: Math.round(sinceMs / MINUTE_MS) },
    facts: {
      ...{ tool, destination_type: shownName(out.type), new_destination: out.isNew ? 'yes' : 'no' },
      read: isSensitive ? (reads.untrusted > 0 ? 'both' : 'sensitive') : 'untrusted',
    },
    dedupKey: `${event.session?.id ?? ''}\n${event.action.name}\n${out.isNew ? 'new' : 'known'}`,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  return out.isNew
    ? { ...common, level: 'high', trip: { key: 'session', level: 2 } }
    : { ...common, level: 'medium', trip: null, held: 'below_threshold' };
}
