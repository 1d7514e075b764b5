import { type Acknowledger, createAcknowledger } from './acknowledge.ts';
import type { BreakerClient, BreakerClientStatus } from './breaker-client.ts';
import { BreakerMap, type Change } from './breaker-map.ts';
import { type ClientClock, MONOTONIC_CLOCK } from './clock.ts';
import { FeedReader } from './feed-reader.ts';
import { follow } from './follow.ts';
import { Freshness } from './freshness.ts';
import { isRead, ruleOnLevel } from './level-rule.ts';
import type { BreakerState } from './messages.ts';
import type { BreakerClientOptions } from './options.ts';
import { createPace, type Pace } from './pace.ts';
import { createPersistedSnapshot, type PersistedSnapshot } from './persisted.ts';
import { classOf, type FeedState, postureFor } from './posture.ts';
import { BreakerOpenError, type Problem, problemOf, throttledProblem } from './problem.ts';
import { askDaemon, type ProposedEvent, questionOf } from './propose.ts';
import { createRunningWork, type RunningWork, runWatched, type Watched } from './running.ts';
import type { CheckQuestion, CheckVerdict, ProposalVerdict } from './verdict.ts';
import { createFeedVerifier } from './verify.ts';

const MAX_STALE_MS = 10_000;
const READY_TIMEOUT_MS = 5_000;
const PROPOSE_TIMEOUT_MS = 20;
const THROTTLE_PER_MINUTE = 30;

/** Joins what follows the feed with what answers from it. */
export class FollowingClient implements BreakerClient {
  readonly #options: BreakerClientOptions;
  readonly #clock: ClientClock;
  readonly #stopped = new AbortController();
  readonly #map = new BreakerMap(() => this.#subscriber);
  readonly #freshness: Freshness;
  readonly #acknowledger: Acknowledger;
  readonly #disk: PersistedSnapshot | null;
  readonly #pace: Pace;
  readonly #work: RunningWork;
  readonly #running: Promise<unknown>;
  #subscriber: string | null = null;

  constructor(options: BreakerClientOptions) {
    if (options.verify !== undefined && options.tenant === undefined) {
      // One key signs the feeds of all tenants: without a name any of them would pass.
      throw new TypeError('`verify` needs `tenant`: signatures say whose feed it is');
    }
    this.#options = options;
    this.#clock = options.clock ?? MONOTONIC_CLOCK;
    const maxStaleMs = options.maxStaleMs ?? MAX_STALE_MS;
    this.#freshness = new Freshness(this.#clock, maxStaleMs, (state) => this.#tell(state));
    this.#disk =
      options.persist === undefined
        ? null
        : createPersistedSnapshot(options.persist, options.token, (error) => this.#fail(error));
    this.#acknowledger = createAcknowledger({
      ...this.#transport(),
      url: this.#address('v1/breakers/ack'),
      onRefused: (status) => this.#fail(new Error(`acknowledgement refused: status ${status}`)),
    });
    this.#pace = createPace(this.#clock);
    this.#work = createRunningWork((question) => this.check(question));
    this.#running = Promise.all([
      this.#run().catch((error) => this.#fail(error)),
      this.#freshness.watch(this.#stopped.signal),
    ]);
  }

  check(question: CheckQuestion): CheckVerdict {
    const { state } = this.#freshness;
    const held = this.#map.highest(question);
    // Before the first word the tenant counts as enforced: fail closed.
    const posture = this.#map.posture ?? 'enforce';
    const level = held?.level ?? 0;
    const ruling = ruleOnLevel({ level, op: question.op, posture, class: held?.class ?? null });
    if (ruling.allow && posture === 'enforce') {
      const { brk, agent } = question;
      if (brk !== undefined && agent !== undefined && this.#map.isRevoked(agent, brk)) {
        return { ...refusal(state, 'token_revoked'), level: Math.max(level, 5) };
      }
      if (state !== 'fresh') {
        const action = classOf(question.op, question.class);
        if (postureFor(this.#options.posture, state, action) === 'deny') {
          return { ...refusal(state, `feed_${state}`), level, key: held?.key ?? null };
        }
      }
    }
    // Written out: spreading the ruling made this method five times slower.
    return {
      allow: ruling.allow,
      level,
      reason: held?.reason ?? 'closed',
      state,
      needsApproval: ruling.needsApproval,
      throttle: ruling.throttle,
      key: held?.key ?? null,
    };
  }

  admit(question: CheckQuestion, approvalUrl: string | null = null): Problem | null {
    const verdict = this.check(question);
    if (!verdict.allow) return problemOf(verdict, approvalUrl);
    if (verdict.key === null) return null;
    const state = this.#map.highest(question);
    const isHeld = this.#map.posture === 'enforce' || state?.class === 'operator';
    const { throttlePerMinute = THROTTLE_PER_MINUTE } = this.#options;
    const rate = state?.ratePerMinute ?? (verdict.throttle ? throttlePerMinute : null);
    if (!isHeld || rate === null) return null;
    const { kind, id, agent } = verdict.key;
    const waitS = this.#pace.take(`${kind} ${agent ?? ''} ${id}`, rate);
    return waitS === 0 ? null : throttledProblem(verdict, waitS);
  }

  watch(question: CheckQuestion): Watched {
    return this.#work.watch(question);
  }

  async guard<Result>(
    question: CheckQuestion,
    work: (signal: AbortSignal) => Promise<Result> | Result,
  ): Promise<Result> {
    const problem = this.admit(question);
    if (problem !== null) throw new BreakerOpenError(problem);
    return runWatched(this.watch(question), work);
  }

  async propose(event: ProposedEvent): Promise<ProposalVerdict> {
    const { proposeTimeoutMs = PROPOSE_TIMEOUT_MS, wallMs = Date.now } = this.#options;
    const answer = await askDaemon(event, {
      ...this.#transport(),
      url: this.#address('v1/check'),
      wallMs,
      timeoutMs: proposeTimeoutMs,
      onRefused: (status) => this.#fail(new Error(`proposal refused: status ${status}`)),
    });
    const known = this.check(questionOf(event));
    const judged = answer?.judged ?? false;
    const { approvalUrl = null, retryAfter = null } = answer ?? {};
    if (!known.allow) return { ...known, judged, approvalUrl, retryAfter };
    if (answer !== null) {
      const { allow, level, reason } = answer;
      const needsApproval = !allow && level === 2;
      const throttle = allow && retryAfter !== null;
      const said = { allow, level, reason, needsApproval, throttle };
      return { ...known, ...said, judged, approvalUrl, retryAfter };
    }
    const unjudged = { ...known, judged, approvalUrl, retryAfter };
    const action = classOf(event.action.op, undefined);
    const enforced = this.#map.posture !== 'shadow';
    const denies = postureFor(this.#options.posture, 'lost', action) === 'deny';
    if (!enforced || !denies || isRead(event.action.op)) return unjudged;
    return { ...unjudged, allow: false, reason: 'not_judged', throttle: false };
  }

  ready({ timeoutMs = READY_TIMEOUT_MS } = {}): Promise<boolean> {
    return this.#freshness.wait(timeoutMs, this.#stopped.signal);
  }

  status(): BreakerClientStatus {
    const { tenant, posture, term, seq, open, refused } = this.#map;
    const { state, ageMs, problem } = this.#freshness;
    const unacknowledged = this.#acknowledger.pending;
    return { state, tenant, posture, term, seq, open, ageMs, problem, refused, unacknowledged };
  }

  async close(): Promise<void> {
    // What was applied just now is still acknowledged.
    await new Promise((resolve) => setImmediate(resolve));
    this.#stopped.abort();
    await this.#running;
    await this.#disk?.settled();
  }

  async #run(): Promise<void> {
    const { tenant, verify, transport = 'auto', wallMs = Date.now } = this.#options;
    const persisted = await this.#disk?.load();
    if (persisted && (tenant ?? persisted.snapshot.tenant) === persisted.snapshot.tenant) {
      const { snapshot, isGenuine } = persisted;
      this.#settle(isGenuine ? this.#map.resume(snapshot) : this.#map.hold(snapshot));
    }
    const shared = this.#transport();
    const reader = new FeedReader({
      map: this.#map,
      verifier: verify === undefined ? null : createFeedVerifier({ ...shared, verify, wallMs }),
      tenant: tenant ?? null,
      onChange: (change) => this.#settle(change),
      onConfirmed: () => this.#freshness.confirm(),
      onDrill: (tenant, drill) => this.#acknowledger.answer(tenant, drill),
      onSnapshot: () => this.#disk?.save(() => this.#map.snapshot()),
    });
    const query = new URLSearchParams();
    if (tenant !== undefined) query.set('tenant', tenant);
    if (verify !== undefined) query.set('signed', '1');
    await follow({
      ...shared,
      transport,
      stream: this.#address('v1/breakers/feed', query),
      changes: this.#address('v1/breakers/changes', query),
      position: () => reader.position,
      onOpen: (name) => {
        this.#subscriber = name;
      },
      onEvent: (event) => reader.take(event),
      onProblem: (problem) => this.#freshness.fail(problem),
    });
  }

  #settle(change: Change): void {
    const { tripped, eased, reset } = change;
    if (tripped.length + eased.length + reset.length === 0) return;
    if (tripped.length > 0) this.#work.review();
    for (const trip of tripped) void this.#announce(trip);
    for (const one of eased) {
      this.#guarded(() => this.#options.onEase?.(one));
      this.#acknowledger.acknowledge(one);
    }
    for (const one of reset) this.#guarded(() => this.#options.onReset?.(one));
    this.#disk?.save(() => this.#map.snapshot());
  }

  /** Tells the broker of a trip, then the daemon that the broker has acted. */
  async #announce(trip: BreakerState): Promise<void> {
    try {
      await this.#options.onTrip?.(trip);
      // What an unauthenticated file says has no epoch to acknowledge.
      if (trip.term > 0) this.#acknowledger.acknowledge(trip);
    } catch (error) {
      this.#fail(error);
    }
  }

  #tell(state: FeedState): void {
    this.#guarded(() => {
      if (state === 'fresh') this.#options.onFresh?.();
      else this.#options.onStale?.(state);
    });
  }

  #address(path: string, query = new URLSearchParams()): URL {
    const { url } = this.#options;
    const address = new URL(path, url.endsWith('/') ? url : `${url}/`);
    address.search = query.toString();
    return address;
  }

  #transport() {
    const { token, fetch = globalThis.fetch, random = Math.random } = this.#options;
    return { token, fetch, random, clock: this.#clock, signal: this.#stopped.signal };
  }

  #guarded(call: () => void): void {
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

function refusal(state: FeedState, reason: string): CheckVerdict {
  return {
    allow: false,
    level: 0,
    reason,
    state,
    needsApproval: false,
    throttle: false,
    key: null,
  };
}
