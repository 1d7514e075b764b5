import {
  type BreakerKey,
  type BreakerLevel,
  type BreakerState,
  breakerKeyText,
  type Transition,
  type TransitionClass,
} from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { BreakerRecord, BreakerView, CheckAnswer, FeedDelta } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Principal } from '../../ports/ingest.ts';

/** A clock that moves only by `advance`; sleepers wake in order of their time. */
export interface FakeClock extends Clock {
  advance(ms: number): void;
  /** How many sleep now. */
  readonly sleepers: number;
}

export function createFakeClock(startMs = 1_795_252_021_400): FakeClock {
  let elapsedMs = 0;
  let sleeping: { readonly atMs: number; readonly wake: () => void }[] = [];
  return {
    now: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = { atMs: elapsedMs + ms, wake: resolve };
        sleeping.push(sleeper);
        signal?.addEventListener('abort', () => {
          sleeping = sleeping.filter((one) => one !== sleeper);
          resolve();
        });
      }),
    advance: (ms) => {
      elapsedMs += ms;
      const due = sleeping.filter((one) => one.atMs <= elapsedMs);
      sleeping = sleeping.filter((one) => one.atMs > elapsedMs);
      for (const one of due.sort((left, right) => left.atMs - right.atMs)) one.wake();
    },
    get sleepers() {
      return sleeping.length;
    },
  };
}

/** Breakers of any tenant, kept in memory; what the engine would serve. */
export interface FakeView extends BreakerView {
  posture: 'shadow' | 'enforce';
  /** Listeners now attached. */
  readonly listeners: number;
  trip(key: BreakerKey, level: BreakerLevel, how?: FakeTrip): Transition;
  reset(key: BreakerKey): Transition;
  /** Sends a delta as it is, to play a broken or forging server. */
  emit(delta: FeedDelta): void;
}

export interface FakeTrip {
  readonly reason?: string;
  readonly class?: TransitionClass;
  /** Does not tell listeners. */
  readonly silent?: boolean;
}

interface FakeTenant {
  readonly records: Map<string, BreakerRecord>;
  readonly ring: FeedDelta[];
  seq: number;
}

export function createFakeView(term = 1, earlier?: FakeView): FakeView {
  const tenants = new Map<string, FakeTenant>();
  const listeners = new Set<(delta: FeedDelta) => void>();
  const tenantOf = (tenant: string): FakeTenant => {
    const known = tenants.get(tenant) ?? copied(earlier, tenant);
    tenants.set(tenant, known);
    return known;
  };
  const step = (key: BreakerKey, state: BreakerState, how: FakeTrip): Transition => {
    const tenant = tenantOf(key.tenant);
    const text = breakerKeyText(key);
    tenant.seq += 1;
    const transition: Transition = {
      time: 1_795_252_020_000 + tenant.seq,
      eventId: `evt-${tenant.seq}`,
      key,
      from: tenant.records.get(text)?.state.phase ?? 'closed',
      to: state.phase,
      level: state.phase === 'closed' ? 0 : state.level,
      epoch: state.epoch,
      reason: state.phase === 'closed' ? 'reset' : state.reason,
      class: how.class ?? 'statistical',
      findingId: null,
      actor: null,
      feedSeq: tenant.seq,
    };
    tenant.records.set(text, { key, state, term, title: null });
    tenant.ring.push({ term, transition });
    if (tenant.ring.length > LIMITS.feedRing) tenant.ring.shift();
    if (!how.silent) for (const listener of listeners) listener({ term, transition });
    return transition;
  };
  const epochOf = (key: BreakerKey): number =>
    tenantOf(key.tenant).records.get(breakerKeyText(key))?.state.epoch ?? 0;
  const view: FakeView = {
    term,
    posture: 'enforce',
    get listeners() {
      return listeners.size;
    },
    snapshot: (tenant) => {
      const { seq, records } = tenantOf(tenant);
      const breakers = [...records.values()].filter(({ state }) => state.phase !== 'closed');
      return { tenant, term, seq, posture: view.posture, breakers };
    },
    since: (tenant, seq) => {
      const { ring, seq: head } = tenantOf(tenant);
      const first = ring[0]?.transition.feedSeq ?? head + 1;
      if (seq > head || seq + 1 < first) return null;
      return ring.filter(({ transition }) => transition.feedSeq > seq);
    },
    check: (request) => answerOf([...tenantOf(request.tenant).records.values()], request, view),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    join: () => () => {},
    trip: (key, level, how = {}) => {
      const reason = how.reason ?? 'volume_spike';
      const shared = { epoch: epochOf(key) + 1, level, reason, openedAt: 1_795_252_020_000 };
      if (how.class === 'operator') {
        return step(key, { phase: 'isolated', by: 'kim', ...shared }, how);
      }
      const cause = how.class ?? 'statistical';
      const why = { latch: null, score: 90, source: null, cascadeOf: null };
      const open = { closesAt: null, findingId: null, class: cause, ...why, ...shared };
      return step(key, { phase: 'open', ...open }, how);
    },
    reset: (key) => step(key, { phase: 'closed', epoch: epochOf(key) + 1 }, { class: 'operator' }),
    emit: (delta) => {
      for (const listener of listeners) listener(delta);
    },
  };
  return view;
}

function copied(earlier: FakeView | undefined, tenant: string): FakeTenant {
  const before = earlier?.snapshot(tenant);
  const records = (before?.breakers ?? []).map(
    (record) => [breakerKeyText(record.key), record] as const,
  );
  return { records: new Map(records), ring: [], seq: before?.seq ?? 0 };
}

function answerOf(
  records: readonly BreakerRecord[],
  request: { readonly agent?: string; readonly session?: string },
  view: FakeView,
): CheckAnswer {
  let best: CheckAnswer = {
    allow: true,
    level: 0,
    reason: 'closed',
    key: null,
    epoch: 0,
    class: null,
    posture: view.posture,
  };
  for (const { key, state } of records) {
    const named = key.kind === 'agent' ? request.agent : request.session;
    if (state.phase === 'closed' || key.id !== named || state.level <= best.level) continue;
    best = {
      allow: false,
      level: state.level,
      reason: state.reason,
      key,
      epoch: state.epoch,
      class: state.phase === 'open' ? state.class : 'operator',
      posture: view.posture,
    };
  }
  return best;
}

export const BROKER: Principal = {
  name: 'broker-1',
  roles: ['broker'],
  tenants: ['acme'],
  trust: 'broker',
};

/** Knows `broker-token`, `wide-token` (two tenants), `viewer-token` and `operator-token`. */
export const AUTHENTICATOR: Authenticator = {
  authenticate: (token) => {
    if (token === 'broker-token') return BROKER;
    if (token === 'wide-token') return { ...BROKER, name: 'wide', tenants: ['acme', 'globex'] };
    if (token === 'viewer-token') return { ...BROKER, name: 'viewer', roles: ['viewer'] };
    if (token === 'operator-token') {
      return { name: 'local', roles: ['operator'], tenants: '*', trust: 'resource' };
    }
    return null;
  },
};
