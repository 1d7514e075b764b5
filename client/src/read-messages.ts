import type {
  BreakerKey,
  BreakerState,
  Heartbeat,
  Snapshot,
  TransitionMessage,
} from './messages.ts';

/**
 * Readers of untrusted values: each throws on anything it does not fully understand, because a
 * message half understood must not lift a trip. Unknown members are ignored.
 */
export function snapshotOf(value: unknown): Snapshot {
  const body = record(value);
  return {
    tenant: text(body, 'tenant'),
    term: count(body, 'term'),
    seq: count(body, 'seq'),
    posture: posture(body),
    breakers: list(body, 'breakers').map((one) => breakerOf(record(one))),
    revokedBefore: optionalList(body, 'revoked_before').map((value) => {
      const one = record(value);
      return { agent: text(one, 'agent'), epoch: count(one, 'epoch') };
    }),
  };
}

export function transitionOf(value: unknown): TransitionMessage {
  const body = record(value);
  return { term: count(body, 'term'), seq: count(body, 'seq'), breaker: breakerOf(body) };
}

export function heartbeatOf(value: unknown): Heartbeat {
  const body = record(value);
  return {
    term: count(body, 'term'),
    seq: count(body, 'seq'),
    posture: posture(body),
    open: count(body, 'open'),
    hash: text(body, 'hash'),
  };
}

/** A snapshot as this client wrote it, with what only it knows. */
export function persistedOf(value: unknown): Snapshot {
  const body = record(value);
  return {
    ...snapshotOf(body),
    renamed: optionalList(body, 'renamed').map((value) => {
      const one = record(value);
      const became = list(one, 'became').map(String);
      return { state: breakerOf(record(one['state'])), became };
    }),
  };
}

/** What `persistedOf` reads: the wire's own names, and `renamed` beside them. */
export function persistedBody(snapshot: Snapshot): Readonly<Record<string, unknown>> {
  const { breakers, revokedBefore = [], renamed = [], ...rest } = snapshot;
  return {
    v: 2,
    ...rest,
    breakers: breakers.map(breakerBody),
    revoked_before: revokedBefore,
    renamed: renamed.map(({ state, became }) => ({ state: breakerBody(state), became })),
  };
}

function breakerBody(state: BreakerState): Readonly<Record<string, unknown>> {
  const { ratePerMinute, revokeBeforeEpoch, ...rest } = state;
  return { ...rest, rate_per_min: ratePerMinute, revoke_before_epoch: revokeBeforeEpoch };
}

type Body = Readonly<Record<string, unknown>>;

function breakerOf(body: Body): BreakerState {
  const phase = text(body, 'phase');
  const cause = body['class'];
  const reason = body['reason'];
  const rate = body['rate_per_min'];
  const before = body['revoke_before_epoch'];
  return {
    key: keyOf(record(body['key'])),
    phase,
    level: phase === 'closed' ? 0 : count(body, 'level'),
    term: count(body, 'term'),
    epoch: count(body, 'epoch'),
    reason: typeof reason === 'string' ? reason : '',
    class: typeof cause === 'string' ? cause : null,
    ...(typeof rate === 'number' && rate >= 0 && { ratePerMinute: rate }),
    ...(typeof before === 'number' && { revokeBeforeEpoch: before }),
    ...(body['unresolvable'] === true && { unresolvable: true as const }),
  };
}

function keyOf(key: Body): BreakerKey {
  const agent = key['agent'];
  return {
    tenant: text(key, 'tenant'),
    kind: text(key, 'kind'),
    id: text(key, 'id'),
    ...(typeof agent === 'string' ? { agent } : {}),
  };
}

export function record(value: unknown): Body {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('body');
  return value as Body;
}

export function list(body: Body, name: string): readonly unknown[] {
  const value = body[name];
  if (!Array.isArray(value)) throw malformed(name);
  return value;
}

function optionalList(body: Body, name: string): readonly unknown[] {
  return body[name] === undefined ? [] : list(body, name);
}

export function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw malformed(name);
  return value;
}

export function count(body: Body, name: string): number {
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
