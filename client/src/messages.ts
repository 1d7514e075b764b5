/** What a breaker guards. */
export interface BreakerKey {
  readonly tenant: string;
  /** `token`, `session`, `chain`, `tool`, `agent`, `broker`, `tenant`, `global`, or a later one. */
  readonly kind: string;
  readonly id: string;
  readonly agent?: string;
}

/** One breaker as the feed tells it. */
export interface BreakerState {
  readonly key: BreakerKey;
  readonly phase: 'closed' | 'open' | 'isolated';
  readonly level: number;
  readonly term: number;
  readonly epoch: number;
  readonly reason: string;
  /** `operator` for what a named person tripped. */
  readonly class: string | null;
}

export interface Snapshot {
  readonly tenant: string;
  readonly term: number;
  readonly seq: number;
  readonly posture: 'shadow' | 'enforce';
  readonly breakers: readonly BreakerState[];
}

export interface Heartbeat {
  readonly term: number;
  readonly seq: number;
  readonly posture: 'shadow' | 'enforce';
  readonly open: number;
  readonly hash: string;
}

export interface TransitionMessage {
  readonly term: number;
  readonly seq: number;
  readonly breaker: BreakerState;
}

/**
 * Readers of untrusted JSON: each throws on anything it does not fully understand, because a
 * message half understood must not lift a trip. Unknown members are ignored.
 */
export function readSnapshot(text: string): Snapshot {
  return snapshotOf(JSON.parse(text));
}

/** The same for a value that is parsed already, such as a persisted file. */
export function snapshotOf(value: unknown): Snapshot {
  const body = record(value);
  const breakers = body['breakers'];
  if (!Array.isArray(breakers)) throw malformed('breakers');
  return {
    tenant: text(body, 'tenant'),
    term: count(body, 'term'),
    seq: count(body, 'seq'),
    posture: posture(body),
    breakers: breakers.map((one) => breakerOf(record(one))),
  };
}

export function readTransition(message: string): TransitionMessage {
  const body = record(JSON.parse(message));
  return { term: count(body, 'term'), seq: count(body, 'seq'), breaker: breakerOf(body) };
}

export function readHeartbeat(message: string): Heartbeat {
  const body = record(JSON.parse(message));
  return {
    term: count(body, 'term'),
    seq: count(body, 'seq'),
    posture: posture(body),
    open: count(body, 'open'),
    hash: text(body, 'hash'),
  };
}

type Body = Readonly<Record<string, unknown>>;

function breakerOf(body: Body): BreakerState {
  const key = record(body['key']);
  const phase = body['phase'];
  if (phase !== 'closed' && phase !== 'open' && phase !== 'isolated') throw malformed('phase');
  const agent = key['agent'];
  const cause = body['class'];
  const reason = body['reason'];
  return {
    key: {
      tenant: text(key, 'tenant'),
      kind: text(key, 'kind'),
      id: text(key, 'id'),
      ...(typeof agent === 'string' ? { agent } : {}),
    },
    phase,
    level: phase === 'closed' ? 0 : count(body, 'level'),
    term: count(body, 'term'),
    epoch: count(body, 'epoch'),
    reason: typeof reason === 'string' ? reason : '',
    class: typeof cause === 'string' ? cause : null,
  };
}

function record(value: unknown): Body {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('body');
  return value as Body;
}

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw malformed(name);
  return value;
}

function count(body: Body, name: string): number {
  const value = body[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw malformed(name);
  return value;
}

function posture(body: Body): 'shadow' | 'enforce' {
  const value = body['posture'];
  if (value !== 'shadow' && value !== 'enforce') throw malformed('posture');
  return value;
}

function malformed(name: string): Error {
  return new Error(`malformed ${name}`);
}
