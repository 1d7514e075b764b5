import type { AccessEvent } from './access-event.ts';
import { hashOf } from './hash.ts';
import { LIMITS } from './limits.ts';
import { sourceIdOf } from './source-id.ts';
import type { EpochMs } from './time.ts';

/**
 * What two records may have in common that makes them parts of one request. `call`, `request` and
 * `task` count only where the id is distinctive: see `isDistinctive`.
 */
export const JOIN_KINDS = [
  'txn',
  'trace',
  'jti',
  'decision',
  'approval',
  'call',
  'request',
  'task',
  'session',
] as const;
export type JoinKind = (typeof JOIN_KINDS)[number];

/**
 * What the engine found out about chains, in the order of the log. `joined`: the events known by
 * the local id `alias` belong to the chain `chain`, the older of the two by order of the log; the
 * alias keeps resolving. `shared`: the key whose local id is `alias` occurs in too many chains to
 * join any more.
 */
export interface ChainLink {
  /** Event time and id of the record that showed it. */
  readonly time: EpochMs;
  readonly eventId: string;
  readonly type: 'joined' | 'shared';
  readonly chain: string;
  readonly alias: string;
  /** Which key showed it. */
  readonly by: JoinKind;
  /** The value of that key. */
  readonly key: string;
}

/** Attribute under which A2A emitters name the task that both agents work on. */
const TASK_ATTRIBUTE = 'a2a.task.id';

export interface JoinKey {
  readonly kind: JoinKind;
  readonly id: string;
}

/**
 * Every join key of an event, the one that gives its local chain id first. A session joins only
 * records that have nothing better, not even a counted call id: a conversation has many requests.
 */
export function joinKeysOf(event: AccessEvent): readonly JoinKey[] {
  const { token, trace, decision, approval, action, session, attrs } = event;
  const keys: JoinKey[] = [];
  if (token?.txn) keys.push({ kind: 'txn', id: token.txn });
  if (trace?.traceId) keys.push({ kind: 'trace', id: trace.traceId });
  if (token?.jti) keys.push({ kind: 'jti', id: token.jti });
  if (decision?.id) keys.push({ kind: 'decision', id: decision.id });
  if (approval?.id) keys.push({ kind: 'approval', id: approval.id });
  const { toolCallId } = action;
  if (isDistinctive(toolCallId)) keys.push({ kind: 'call', id: toolCallId });
  const requestId = trace?.requestId;
  if (isDistinctive(requestId)) keys.push({ kind: 'request', id: requestId });
  if (Object.hasOwn(attrs, TASK_ATTRIBUTE)) {
    const task = attrs[TASK_ATTRIBUTE];
    if (typeof task === 'string' && isDistinctive(task)) keys.push({ kind: 'task', id: task });
  }
  if (keys.length === 0 && session?.id && countedCallOf(event) === null) {
    keys.push({ kind: 'session', id: session.id });
  }
  return keys;
}

/**
 * What reports of one call with a counted id (`call_1`) have in common: agent, session and id; null
 * for events without. It may come again within the session, so it joins only what is near in time.
 */
export function countedCallOf({ kind, action, agent, session }: AccessEvent): string | null {
  const { toolCallId } = action;
  if (!toolCallId || !session?.id || kind === 'model_call') return null;
  return isDistinctive(toolCallId) ? null : `${agent.id}\n${session.id}\n${toolCallId}`;
}

/**
 * The session that an event falls to unless a trace claims its call: it has a counted call id and
 * nothing better. Null for all others.
 */
export function sessionInWaiting(event: AccessEvent): string | null {
  const waits = countedCallOf(event) !== null && joinKeysOf(event).length === 0;
  return waits ? (event.session?.id ?? null) : null;
}

/**
 * Keys of other requests that this event declares its own to come from: the traces its span links
 * to, from whoever told of it, as with traces themselves; a parent only where more than an agent
 * vouches for it, since it may reach into what another agent did. A span that links to more traces
 * than `chainLinksPerEvent` is a batch of many requests and the part of none.
 */
export function declaredKeysOf(event: AccessEvent): readonly JoinKey[] {
  const { trace, parent, source } = event;
  if (trace?.links === undefined && parent === undefined) return NO_KEYS;
  const keys: JoinKey[] = [];
  const traces = new Set(trace?.links?.map(({ traceId }) => traceId));
  if (trace?.traceId !== undefined) traces.delete(trace.traceId);
  if (traces.size <= LIMITS.chainLinksPerEvent) {
    for (const id of traces) keys.push({ kind: 'trace', id });
  }
  if (parent === undefined || source.trust === 'agent') return keys;
  if (parent.txn) keys.push({ kind: 'txn', id: parent.txn });
  if (parent.jti) keys.push({ kind: 'jti', id: parent.jti });
  if (parent.traceId) keys.push({ kind: 'trace', id: parent.traceId });
  if (isDistinctive(parent.taskId)) keys.push({ kind: 'task', id: parent.taskId });
  return keys;
}

const NO_KEYS: readonly JoinKey[] = [];

/**
 * What the event itself names its request by, the strongest first; null where it names nothing, or
 * only what other records may join it by.
 */
export function namingKeyOf(event: AccessEvent): JoinKey | null {
  const { token, trace, decision } = event;
  if (token?.txn) return { kind: 'txn', id: token.txn };
  if (trace?.traceId) return { kind: 'trace', id: trace.traceId };
  if (token?.jti) return { kind: 'jti', id: token.jti };
  if (decision?.id) return { kind: 'decision', id: decision.id };
  const [first] = joinKeysOf(event);
  return first?.kind === 'session' ? first : null;
}

/**
 * A join key as a local chain id. Transactions and traces are made to be one in the world and stand
 * as they are, as breakers of chains name them; all others carry their kind (`session:s-1`), since
 * a session and a decision may have equal ids and mean nothing by it. So does a transaction or
 * trace that a sender gave the look of such an id (`txn:session:s-1`).
 */
export function localIdOf({ kind, id }: JoinKey): string {
  const plain = (kind === 'txn' || kind === 'trace') && !LOCAL.test(id);
  return plain ? id : `${kind}:${id}`;
}

/** Begins of ids that are ours to give; `ref` and `id` name tokens and events in a store. */
const LOCAL = new RegExp(`^(${[...JOIN_KINDS, 'event', 'ref', 'id'].join('|')}):`);

/** The kind that a local chain id carries; null for a transaction or trace that stands as it is. */
export function kindOfLocalId(id: string): string | null {
  return LOCAL.exec(id)?.[1] ?? null;
}

/**
 * The local chain id: that of the key by which the event names its request. Events of one local id
 * are one chain; the engine joins chains whose events share another key. An event that names
 * nothing is a chain of its own by its id, which is one only within its source: `event:`, a hash of
 * the source, and the id.
 */
export function chainIdOf(event: AccessEvent): string {
  const key = namingKeyOf(event);
  if (key !== null) return localIdOf(key);
  const { high, low } = hashOf(sourceIdOf(event));
  return `event:${word(high)}${word(low)}:${event.id}`;
}

function word(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0');
}

/** Keys by which a broker, a policy engine or a resource vouches for a request in two tenants. */
const VOUCHING: ReadonlySet<string> = new Set(['txn', 'jti', 'decision']);

/**
 * The records of other tenants that belong to a chain too, for a reader who may see them: those of
 * a tenant of which some record shares a transaction, token or decision with one of the chain's
 * own, both told by more than an agent. Equal traces alone prove nothing across tenants.
 */
export function vouchedTenants(events: readonly AccessEvent[], tenant: string): readonly string[] {
  const keysOf = (event: AccessEvent): readonly string[] =>
    event.source.trust === 'agent'
      ? []
      : joinKeysOf(event).flatMap(({ kind, id }) => (VOUCHING.has(kind) ? [`${kind} ${id}`] : []));
  const own = new Set(
    events.filter((event) => event.tenant.id === tenant).flatMap((event) => keysOf(event)),
  );
  const others = events.filter(
    (event) => event.tenant.id !== tenant && keysOf(event).some((key) => own.has(key)),
  );
  return [...new Set([tenant, ...others.map((event) => event.tenant.id)])];
}

const DISTINCTIVE_CHARS = 12;
const COUNT_DIGITS = 4;
/** Random letters are half capitals; a name in camel case has one in six. */
const CASE_RATIO = 3;

/**
 * Whether an id was drawn at random rather than counted. Providers give `toolu_01A09q90qw90lq9178`
 * or a UUID; frameworks also give `call_1`, which every run has, and JSON-RPC counts 1, 2, 3. Such
 * an id means something only within its trace or session, and those join its records already.
 */
export function isDistinctive(id: string | undefined): id is string {
  if (id === undefined || id.length < DISTINCTIVE_CHARS) return false;
  let digits = 0;
  let lower = 0;
  let upper = 0;
  for (let index = 0; index < id.length; index += 1) {
    const code = id.charCodeAt(index);
    if (code >= 48 && code <= 57) digits += 1;
    else if (code >= 97 && code <= 122) lower += 1;
    else if (code >= 65 && code <= 90) upper += 1;
  }
  // `search_customers_12` is a name and a count; its digits are few and all at the end.
  if (digits > COUNT_DIGITS || (digits > 0 && !endsInDigits(id, digits))) return true;
  const mixed = upper * CASE_RATIO >= lower && lower * CASE_RATIO >= upper;
  return mixed && lower + upper >= DISTINCTIVE_CHARS;
}

/** Whether the last `count` characters are all digits. */
function endsInDigits(id: string, count: number): boolean {
  for (let index = id.length - count; index < id.length; index += 1) {
    const code = id.charCodeAt(index);
    if (code < 48 || code > 57) return false;
  }
  return true;
}
