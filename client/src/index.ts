import { type Acknowledger, createAcknowledger } from './acknowledge.ts';
import { BreakerMap, type Change, type CheckSubject } from './breaker-map.ts';
import { type ClientClock, MONOTONIC_CLOCK } from './clock.ts';
import type { StreamEvent } from './event-stream.ts';
import { type FeedProblem, follow } from './follow.ts';
import { isRead, ruleOnLevel } from './level-rule.ts';
import {
  type BreakerKey,
  type BreakerState,
  readHeartbeat,
  readSnapshot,
  readTransition,
} from './messages.ts';
import { createPersistedSnapshot, type PersistedSnapshot } from './persisted.ts';

export type { BreakerKey, BreakerState, CheckSubject, ClientClock, FeedProblem };

/**
 * `fresh`: heard from within 3 s. `stale`: within `maxStaleMs`. `lost`: longer ago, never yet, or
 * the daemon refuses the token.
 */
export type FeedState = 'fresh' | 'stale' | 'lost';

/** For actions nothing known holds back: go by that, or deny because it may be out of date. */
export type StalePosture = 'last_known' | 'deny';

/** What to do while the daemon is silent, by class of action. Enforced tenants only. */
export interface ClientPosture {
  readonly stale?: { readonly read?: StalePosture; readonly write?: StalePosture };
  readonly lost?: { readonly read?: StalePosture; readonly write?: StalePosture };
}

export interface BreakerClientOptions {
  /** Base URL of the daemon, such as `https://tripcoil.internal:8787`. */
  readonly url: string;
  /** A token of role `broker`. */
  readonly token: string;
  /** Needed when the token covers several tenants. */
  readonly tenant?: string;
  /** Default: only writes while lost are denied; reads go by what is known. */
  readonly posture?: ClientPosture;
  /** Milliseconds of silence after which the copy no longer counts. Default 10,000. */
  readonly maxStaleMs?: number;
  /** File that keeps trips over a restart of the broker. */
  readonly persist?: string;
  /**
   * Called for every breaker that opens or rises, and once after a start for each that is open.
   * Acknowledged when it returns or resolves; when it throws, it is not.
   */
  readonly onTrip?: (trip: BreakerState) => void | Promise<void>;
  readonly onReset?: (reset: BreakerState) => void;
  readonly onStale?: (state: 'stale' | 'lost') => void;
  readonly onFresh?: () => void;
  /** Faults that the client survives: a callback that threw, a file that cannot be written. */
  readonly onError?: (error: unknown) => void;
  readonly fetch?: typeof globalThis.fetch;
  /** For tests. */
  readonly clock?: ClientClock;
  /** 0 to 1, for jitter. */
  readonly random?: () => number;
}

export interface CheckQuestion extends CheckSubject {
  /** `read` and `list` are reads; everything else, also nothing, counts as a write. */
  readonly op?: string;
}

export interface CheckVerdict {
  readonly allow: boolean;
  readonly level: number;
  /** `closed`, the reason of the breaker, or `feed_stale` and `feed_lost`. */
  readonly reason: string;
  readonly state: FeedState;
  /** A person may approve this action (level 2). */
  readonly needsApproval: boolean;
  /** The agent is asked to slow down (level 1). */
  readonly throttle: boolean;
  /** The breaker that matched. */
  readonly key: BreakerKey | null;
}

export interface BreakerClientStatus {
  readonly state: FeedState;
  readonly tenant: string | null;
  /** Null until the daemon, or the persisted file, has told it. */
  readonly posture: 'shadow' | 'enforce' | null;
  readonly term: number;
  readonly seq: number;
  /** Breakers not closed. */
  readonly open: number;
  /** Milliseconds since the daemon last confirmed this copy; null before the first time. */
  readonly ageMs: number | null;
  readonly problem: FeedProblem | null;
  /** Messages refused as older than what is known. A rising number deserves a look. */
  readonly refused: number;
  readonly unacknowledged: number;
}

export interface BreakerClient {
  /** Synchronous, constant time, no I/O. Ask before every action. */
  check(question: CheckQuestion): CheckVerdict;
  /** Resolves to whether the copy is fresh, at the latest after `timeoutMs`. Never rejects. */
  ready(options?: { readonly timeoutMs?: number }): Promise<boolean>;
  status(): BreakerClientStatus;
  /** Stops following; what is known stays askable and soon counts as lost. */
  close(): Promise<void>;
}

const STALE_AFTER_MS = 3_000;
const MAX_STALE_MS = 10_000;
const READY_TIMEOUT_MS = 5_000;

/** Follows the breaker feed of one tenant and answers from memory. Starts at once. */
export function createBreakerClient(options: BreakerClientOptions): BreakerClient {
  return new FollowingClient(options);
}

class FollowingClient implements BreakerClient {
  readonly #options: BreakerClientOptions;
  readonly #clock: ClientClock;
  readonly #maxStaleMs: number;
  readonly #staleAfterMs: number;
  readonly #stopped = new AbortController();
  readonly #map = new BreakerMap(() => this.#subscriber);
  readonly #acknowledger: Acknowledger;
  readonly #disk: PersistedSnapshot | null;
  readonly #waiting = new Set<() => void>();
  readonly #running: Promise<unknown>;
  #subscriber: string | null = null;
  #confirmedAtMs: number | null = null;
  #problem: FeedProblem | null = null;
  #resynchronise = false;
  #reported: FeedState = 'lost';

  constructor(options: BreakerClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? MONOTONIC_CLOCK;
    this.#maxStaleMs = options.maxStaleMs ?? MAX_STALE_MS;
    this.#staleAfterMs = Math.min(STALE_AFTER_MS, this.#maxStaleMs);
    this.#disk =
      options.persist === undefined
        ? null
        : createPersistedSnapshot(options.persist, (error) => this.#fail(error));
    this.#acknowledger = createAcknowledger({
      ...this.#transport(),
      url: new URL('v1/breakers/ack', baseOf(options.url)),
      onRefused: (status) => this.#fail(new Error(`acknowledgement refused: status ${status}`)),
    });
    this.#running = Promise.all([this.#run().catch((error) => this.#fail(error)), this.#watch()]);
  }

  check(question: CheckQuestion): CheckVerdict {
    const state = this.#state();
    const held = this.#map.highest(question);
    // Before the first word the tenant counts as enforced: fail closed.
    const posture = this.#map.posture ?? 'enforce';
    const level = held?.level ?? 0;
    const ruling = ruleOnLevel({ level, op: question.op, posture, class: held?.class ?? null });
    const distrusted =
      ruling.allow &&
      state !== 'fresh' &&
      posture === 'enforce' &&
      postureFor(this.#options.posture, state, isRead(question.op)) === 'deny';
    // Written out: spreading the ruling made this method five times slower.
    return {
      allow: ruling.allow && !distrusted,
      level,
      reason: distrusted ? `feed_${state}` : (held?.reason ?? 'closed'),
      state,
      needsApproval: ruling.needsApproval && !distrusted,
      throttle: ruling.throttle && !distrusted,
      key: held?.key ?? null,
    };
  }

  async ready({ timeoutMs = READY_TIMEOUT_MS } = {}): Promise<boolean> {
    const done = new AbortController();
    const wake = (): void => done.abort();
    this.#waiting.add(wake);
    if (this.#state() === 'fresh' || this.#stopped.signal.aborted) wake();
    await this.#clock.sleep(timeoutMs, done.signal);
    this.#waiting.delete(wake);
    return this.#state() === 'fresh';
  }

  status(): BreakerClientStatus {
    const { tenant, posture, term, seq, open, refused } = this.#map;
    const confirmedAtMs = this.#confirmedAtMs;
    return {
      state: this.#state(),
      tenant,
      posture,
      term,
      seq,
      open,
      ageMs: confirmedAtMs === null ? null : this.#clock.monotonicMs() - confirmedAtMs,
      problem: this.#problem,
      refused,
      unacknowledged: this.#acknowledger.pending,
    };
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    for (const wake of this.#waiting) wake();
    await this.#running;
    await this.#disk?.settled();
  }

  async #run(): Promise<void> {
    const { tenant } = this.#options;
    const persisted = await this.#disk?.load();
    if (persisted && (tenant ?? persisted.tenant) === persisted.tenant) {
      this.#settle(this.#map.applySnapshot(persisted));
    }
    const url = new URL('v1/breakers/feed', baseOf(this.#options.url));
    if (tenant !== undefined) url.searchParams.set('tenant', tenant);
    await follow({
      ...this.#transport(),
      url,
      position: () => {
        const { tenant: known, term, seq } = this.#map;
        return known === null || this.#resynchronise ? null : `${term}:${seq}`;
      },
      onOpen: (name) => {
        this.#subscriber = name;
      },
      onEvent: (event) => this.#onEvent(event),
      onProblem: (problem) => {
        this.#problem = problem;
        this.#report();
      },
    });
  }

  #onEvent(event: StreamEvent): 'stay' | 'reconnect' {
    switch (event.event) {
      case 'resync':
        this.#resynchronise = true;
        return 'stay';
      case 'snapshot': {
        const refusedBefore = this.#map.refused;
        this.#settle(this.#map.applySnapshot(readSnapshot(event.data)));
        this.#resynchronise = false;
        // Something older than what is held confirms nothing; the copy goes stale instead.
        if (this.#map.refused === refusedBefore) this.#confirmed();
        this.#disk?.save(() => this.#map.snapshot());
        return 'stay';
      }
      case 'transition': {
        const change = this.#map.applyTransition(readTransition(event.data));
        this.#settle(change);
        this.#resynchronise ||= change.resync;
        return change.resync ? 'reconnect' : 'stay';
      }
      case 'heartbeat':
        return this.#onHeartbeat(event.data);
      default:
        return 'stay';
    }
  }

  #onHeartbeat(data: string): 'stay' | 'reconnect' {
    const verdict = this.#map.confirm(readHeartbeat(data));
    if (verdict === 'confirmed') this.#confirmed();
    if (verdict !== 'drifted') return 'stay';
    this.#resynchronise = true;
    return 'reconnect';
  }

  #settle(change: Change): void {
    for (const trip of change.tripped) void this.#announce(trip);
    for (const reset of change.reset) this.#guard(() => this.#options.onReset?.(reset));
    if (change.tripped.length + change.reset.length > 0) {
      this.#disk?.save(() => this.#map.snapshot());
    }
  }

  /** Tells the broker of a trip, then the daemon that the broker has acted. */
  async #announce(trip: BreakerState): Promise<void> {
    try {
      await this.#options.onTrip?.(trip);
      this.#acknowledger.acknowledge(trip);
    } catch (error) {
      this.#fail(error);
    }
  }

  #confirmed(): void {
    this.#confirmedAtMs = this.#clock.monotonicMs();
    this.#problem = null;
    this.#report();
  }

  #state(): FeedState {
    // A refused token is no outage: nothing known may be relied on.
    if (this.#confirmedAtMs === null || this.#problem === 'unauthorised') return 'lost';
    const ageMs = this.#clock.monotonicMs() - this.#confirmedAtMs;
    if (ageMs <= this.#staleAfterMs) return 'fresh';
    return ageMs <= this.#maxStaleMs ? 'stale' : 'lost';
  }

  #report(): void {
    const state = this.#state();
    if (state === this.#reported) return;
    this.#reported = state;
    if (state === 'fresh') {
      this.#guard(() => this.#options.onFresh?.());
      for (const wake of this.#waiting) wake();
    } else {
      this.#guard(() => this.#options.onStale?.(state));
    }
  }

  async #watch(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#clock.sleep(this.#staleAfterMs / 4, this.#stopped.signal);
      if (!this.#stopped.signal.aborted) this.#report();
    }
  }

  #transport() {
    const { token, fetch = globalThis.fetch, random = Math.random } = this.#options;
    return { token, fetch, random, clock: this.#clock, signal: this.#stopped.signal };
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch {
      // A reporter that throws has nobody left to report to.
    }
  }
}

function postureFor(
  posture: ClientPosture | undefined,
  state: 'stale' | 'lost',
  read: boolean,
): StalePosture {
  const asked = posture?.[state]?.[read ? 'read' : 'write'];
  return asked ?? (state === 'lost' && !read ? 'deny' : 'last_known');
}

function baseOf(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
