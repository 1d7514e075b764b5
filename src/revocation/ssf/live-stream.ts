import { randomUUID } from 'node:crypto';
import { breakerKeyText } from '../../core/breaker.ts';
import { type BreakerOrder, relaxes, urgencyOf } from '../../core/breaker-order.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { SignalStream, StreamState, StreamStatus } from '../../core/signal-stream.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type {
  DeliveryOutcome,
  Drill,
  DrillAnswer,
  RevocationReceiver,
} from '../../ports/revocation-receiver.ts';
import { EnabledAccounts } from './enabled-accounts.ts';
import {
  EVENTS_SUPPORTED,
  eventTypesOf,
  SSF_STREAM_UPDATED,
  SSF_VERIFICATION,
} from './event-types.ts';
import { PollQueue } from './poll-queue.ts';
import { SET_TYPE, type SetAddress, type SetClaims, setsOf } from './security-event-token.ts';
import { SetDelivery } from './set-delivery.ts';
import type { SetPush } from './set-push.ts';
import { isAbout } from './subject.ts';

export interface LiveStreamOptions {
  readonly tenant: string;
  readonly state: StreamState;
  readonly issuer: (tenant: string) => string;
  /** Who issued the agents' identities; the transmitter itself unless given. */
  readonly subjectIssuer?: string;
  readonly narrowedScope: string;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  /** For a push stream; null where its address cannot be unsealed any more. */
  readonly pushOf: (stream: SignalStream) => SetPush | null;
}

/** One stream at work: gives the orders of its tenant to its receiver, pushed or fetched. */
export class LiveStream implements RevocationReceiver {
  readonly tenant: string;
  readonly tenants: readonly string[];
  readonly queue = new PollQueue();
  /** When the receiver last asked for a verification, on the monotonic clock. */
  verifiedAtMs = Number.NEGATIVE_INFINITY;
  state: StreamState;
  readonly #options: LiveStreamOptions;
  readonly #delivery = new SetDelivery();
  readonly #accounts = new EnabledAccounts();
  readonly #gates = new Set<() => void>();
  readonly #closed = new AbortController();
  /** The order of each key that the receiver was given and has not answered, since when. */
  readonly #owedSince = new Map<string, { readonly jti: string; readonly atMs: number }>();
  /** Ends the verification that the receiver asked for last. */
  #asked: AbortController | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #push: SetPush | null | undefined;
  #beating = false;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
    this.tenant = options.tenant;
    this.tenants = [options.tenant];
    this.state = options.state;
  }

  get name(): string {
    return `ssf:${this.stream.id}`;
  }

  get stream(): SignalStream {
    return this.state.stream;
  }

  get afterFeeds(): boolean {
    return !this.fetches;
  }

  get fetches(): boolean {
    return this.stream.delivery === 'poll';
  }

  /** Event types that are asked for and caused. */
  get eventsDelivered(): readonly string[] {
    const asked = this.stream.eventsRequested;
    return EVENTS_SUPPORTED.filter((type) => asked === null || asked.includes(type));
  }

  /** Aborts when the stream is gone, or the process ends. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** How long the oldest order given to the receiver has waited for its answer. */
  get lagMs(): number {
    const [oldest] = this.#owedSince.values();
    return oldest === undefined ? 0 : this.#options.clock.monotonicMs() - oldest.atMs;
  }

  /** The stream as it is from now on; whoever waits looks again. */
  replace(state: StreamState): void {
    this.state = state;
    this.#push = undefined;
    this.wake();
  }

  wake(): void {
    for (const open of [...this.#gates]) open();
    this.queue.wake();
  }

  /** Ends what is under way of our own. */
  close(): void {
    this.#closed.abort();
    this.wake();
  }

  /** Nothing while it is disabled; what was decided then, or undone before it was made, never. */
  concerns(order: BreakerOrder): boolean {
    const { createdSeq, resumedSeq, stream } = this.state;
    const seq = order.seq ?? 0;
    if (stream.status === 'disabled' || seq < resumedSeq) return false;
    if (relaxes(order) && seq < createdSeq) return false;
    return eventTypesOf(order).some(this.#wantedOf(order)) && this.#includes(order);
  }

  /** Resolves when the stream is not paused. */
  async ready(signal: AbortSignal): Promise<void> {
    while (this.stream.status === 'paused' && !signal.aborted && !this.#closed.signal.aborted) {
      await new Promise<void>((resolve) => {
        const open = (): void => {
          this.#gates.delete(open);
          signal.removeEventListener('abort', open);
          resolve();
        };
        this.#gates.add(open);
        signal.addEventListener('abort', open);
      });
    }
  }

  async deliver(order: BreakerOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { clock, metrics, log } = this.#options;
    const sets = setsOf(order, this.#address(), clock.now(), this.#wantedOf(order));
    this.#accounts.given(order, sets);
    this.#owes(order);
    const outcome = await this.#delivery
      .deliver(
        order.jti,
        sets,
        (claims) => this.#send(claims, urgencyOf(order), signal),
        this.fetches,
      )
      .catch((): DeliveryOutcome => ({ status: 'retry', detail: 'signing_failed' }));
    if (outcome.status !== 'retry' || outcome.detail === 'aborted') this.withdrawn(order);
    if (outcome.status === 'acknowledged') this.#accounts.answered(order, sets);
    const result = RESULTS[outcome.status];
    const transport = this.stream.delivery;
    const broker = this.stream.receiver;
    metrics.count('tripcoil_revocations_total', { broker, transport, result });
    if (outcome.status !== 'acknowledged' && outcome.detail !== 'aborted') {
      log.warn('order not acknowledged', { receiver: this.name, detail: outcome.detail });
    }
    return outcome;
  }

  /** The receiver owes no answer to this order any more. */
  withdrawn({ key, jti }: BreakerOrder): void {
    const text = breakerKeyText(key);
    if (this.#owedSince.get(text)?.jti === jti) this.#owedSince.delete(text);
  }

  #wantedOf(order: BreakerOrder): (type: string) => boolean {
    const delivered = this.eventsDelivered;
    return (type) => delivered.includes(type) && this.#accounts.wants(order, type);
  }

  /** What takes the place of another has its own time. */
  #owes({ key, jti }: BreakerOrder): void {
    const text = breakerKeyText(key);
    if (this.#owedSince.get(text)?.jti === jti) return;
    this.#owedSince.delete(text);
    this.#owedSince.set(text, { jti, atMs: this.#options.clock.monotonicMs() });
  }

  /**
   * Changes of the stream follow each other: each starts from what the one before has made.
   * @throws TripcoilError `not_found` once the stream is gone.
   */
  inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(() => {
      if (this.#closed.signal.aborted) throw new TripcoilError('not_found', 'no such stream');
      return change();
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** As its receiver asks for it: takes the place of the one before, if that still waits. */
  async verifyAsked(state?: string): Promise<void> {
    this.#asked?.abort(SUPERSEDED);
    const asked = new AbortController();
    this.#asked = asked;
    await this.verify(state, AbortSignal.any([asked.signal, this.#closed.signal]));
    if (this.#asked === asked) this.#asked = null;
  }

  /**
   * Sends a verification event (SSF 1.0 section 8.1.4): with the state the receiver gave, or
   * without one as a sign of life. It waits while the stream is paused, and ends with the process.
   */
  async verify(
    state?: string,
    signal: AbortSignal = this.#closed.signal,
  ): Promise<DeliveryOutcome> {
    const event = state === undefined ? {} : { state };
    const jti = `tc-verification-${randomUUID()}`;
    return this.#tell(jti, { [SSF_VERIFICATION]: event }, signal);
  }

  /** A verification with the drill as its state. */
  async drill({ id }: Drill, signal: AbortSignal): Promise<DrillAnswer> {
    const { status } = this.stream;
    if (status !== 'enabled') return { status: 'skipped', detail: status };
    return this.verify(id, AbortSignal.any([signal, this.#closed.signal]));
  }

  /** A verification that nobody asked for; none while the last one is unanswered. */
  async beat(): Promise<void> {
    if (this.#beating || this.stream.status !== 'enabled') return;
    this.#beating = true;
    await this.verify();
    this.#beating = false;
  }

  /** Tells of a status that the transmitter sets (SSF 1.0 section 8.1.5). */
  async tellStatus(status: StreamStatus, reason: string | null): Promise<void> {
    const event = { status, ...(reason === null ? {} : { reason }) };
    await this.#tell(`${UPDATE_PREFIX}${randomUUID()}`, { [SSF_STREAM_UPDATED]: event });
  }

  /** An event about the stream itself; tried a few times. */
  async #tell(
    jti: string,
    events: SetClaims['events'],
    signal: AbortSignal = this.#closed.signal,
  ): Promise<DeliveryOutcome> {
    const { clock } = this.#options;
    let last: DeliveryOutcome = { status: 'retry', detail: 'aborted' };
    const sub_id = { format: 'opaque', id: this.stream.id };
    for (let attempt = 0; attempt < LIMITS.streamOwnAttempts; attempt += 1) {
      if (!isUpdate(jti)) await this.ready(signal);
      if (signal.aborted) return last;
      if (this.stream.status === 'disabled' && !isUpdate(jti)) return last;
      const { issuer, audience } = this.#address();
      const iat = Math.floor(clock.now() / 1_000);
      const claims = { iss: issuer, jti, iat, aud: audience, sub_id, events };
      last = await this.#send(claims, 0, signal);
      if (last.status !== 'retry') return last;
      await clock.sleep(LIMITS.deliveryBackoffFirstMs * 2 ** attempt, signal);
    }
    return last;
  }

  /** The tokens to offer to a poll now: nothing but its status while it is not enabled. */
  take(most: number): Promise<Readonly<Record<string, string>>> {
    const enabled = this.stream.status === 'enabled';
    return this.queue.take(most, (jti) => enabled || isUpdate(jti));
  }

  async #send(claims: SetClaims, rank: number, signal: AbortSignal): Promise<DeliveryOutcome> {
    const sign = () => this.#options.keys.signJwt(claims, SET_TYPE);
    if (this.fetches) return this.queue.offer(claims.jti, rank, sign, signal);
    this.#push ??= this.#options.pushOf(this.stream);
    if (!this.#push) return { status: 'rejected', detail: 'address_unreadable' };
    const token = await sign();
    // It may have been paused while the token was signed, or waited for its turn.
    if (this.stream.status !== 'enabled' && !isUpdate(claims.jti)) {
      return { status: 'retry', detail: 'aborted', afterMs: 0 };
    }
    return this.#push(token, signal);
  }

  #address(): SetAddress {
    const { issuer, subjectIssuer, narrowedScope } = this.#options;
    const { audience, subjectProfile } = this.stream;
    return {
      issuer: issuer(this.tenant),
      ...{ audience, subjectProfile, narrowedScope },
      ...(subjectIssuer === undefined ? {} : { subjectIssuer }),
    };
  }

  /** By names as recorded, in orders as in what was said of subjects. */
  #includes(order: BreakerOrder): boolean {
    const { subjects, subjectProfile } = this.stream;
    if (subjects.length === 0) return true;
    const { issuer, subjectIssuer = issuer } = this.#address();
    const said = subjects.findLast(({ subject }) =>
      isAbout(order, subjectIssuer, subjectProfile, subject),
    );
    return said?.included ?? true;
  }
}

const RESULTS = { acknowledged: 'acked', retry: 'failed', rejected: 'rejected' } as const;

/** A reason of one's own: the default one is an error with a stack. */
const SUPERSEDED = 'superseded';

const UPDATE_PREFIX = 'tc-update-';

function isUpdate(jti: string): boolean {
  return jti.startsWith(UPDATE_PREFIX);
}
