import { type BreakerKey, breakerKeyText } from '../core/breaker.ts';
import { type BreakerOrder, relaxes, URGENCIES, urgencyOf } from '../core/breaker-order.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { DeliveryOutcome, RevocationReceiver } from '../ports/revocation-receiver.ts';
import { backoffMs } from './backoff.ts';
import { Bursts } from './bursts.ts';
import { DeliveryRecord } from './delivery-record.ts';
import type { Unplaced } from './entries.ts';
import { OutboxRoom } from './outbox-room.ts';
import { Slots } from './slots.ts';

export interface OutboxOptions {
  readonly receivers: readonly RevocationReceiver[];
  /** Records an acknowledgement or a refusal in the ledger. */
  readonly append: (entries: readonly Unplaced[]) => Promise<void>;
  /** Sends these again what the engine owes them; asked for when they have room again. */
  readonly resume: (receivers: readonly RevocationReceiver[]) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Spreads retries, 0 to 1; injected so that tests are exact. */
  readonly jitter: () => number;
  /** How an order reads for receivers, at the moment of sending; as recorded unless given. */
  readonly asSent?: (order: BreakerOrder) => BreakerOrder;
  /** Whether anybody follows the feed of a tenant; nobody unless given. */
  readonly isFollowed?: (tenant: string) => boolean;
}

/** A reason of one's own: the default one is an error with a stack, made for each delivery. */
const OVER = 'over';

/** One receiver and key: deliveries of a lane follow each other, lanes run side by side. */
interface Lane {
  readonly receiver: RevocationReceiver;
  /** The newest order to send; null once it is acknowledged, rejected or superseded. */
  owed: BreakerOrder | null;
  /** What relaxes, until the receiver has answered what it may have heard before. */
  withheld: BreakerOrder | null;
  /** It was told to restrain, and has not answered. */
  restrained: boolean;
  /** Ends the attempt under way, and the wait for one. */
  attempt: AbortController | null;
  /** Ends the pause between two attempts. */
  pause: AbortController | null;
  done: Promise<void>;
}

/**
 * Delivers the newest order of each key to each receiver until it is acknowledged, rejected or
 * superseded by a later epoch: in order per key, keys in parallel, what revokes first. An order
 * that relaxes waits while an earlier one that restrains is sent and unanswered, so that nothing
 * on its way can arrive behind it. It holds no file of its own: what is owed after a crash is read
 * from the engine, which folds the acknowledgements too.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #receivers = new Map<string, RevocationReceiver>();
  readonly #lanes = new Map<string, Lane>();
  readonly #room = new OutboxRoom();
  readonly #slots = new Map<string, Slots>();
  readonly #record: DeliveryRecord;
  readonly #stop = new AbortController();
  readonly #bursts: Bursts;

  constructor(options: OutboxOptions) {
    this.#options = options;
    for (const receiver of options.receivers) this.#receivers.set(receiver.name, receiver);
    this.#record = new DeliveryRecord(options);
    this.#bursts = new Bursts(options.clock, this.#stop.signal);
  }

  get receivers(): readonly RevocationReceiver[] {
    return [...this.#receivers.values()];
  }

  get unacknowledged(): number {
    return this.#room.owed;
  }

  /** Names of the receivers that this order goes to. */
  receiversOf(order: BreakerOrder): readonly string[] {
    const receivers = [...this.#receivers.values()];
    return receivers.filter((receiver) => this.#wants(receiver, order)).map(({ name }) => name);
  }

  /** Names of the receivers that serve the tenant of a key, whatever they want to hear. */
  serving(key: BreakerKey): readonly string[] {
    const receivers = [...this.#receivers.values()];
    return receivers.filter((receiver) => covers(receiver, key)).map(({ name }) => name);
  }

  /** Those that serve a tenant. */
  receiversFor(tenant: string): readonly RevocationReceiver[] {
    const key: BreakerKey = { tenant, kind: 'tenant', id: tenant };
    return [...this.#receivers.values()].filter((receiver) => covers(receiver, key));
  }

  /** Takes another receiver on; what it is owed has to be sent again. Replaces one of its name. */
  add(receiver: RevocationReceiver): void {
    this.remove(receiver.name);
    this.#receivers.set(receiver.name, receiver);
  }

  /** Delivers nothing more to the receiver of this name. */
  remove(name: string): void {
    this.#receivers.delete(name);
    this.#slots.delete(name);
    for (const [text, lane] of this.#lanes) {
      if (lane.receiver.name !== name) continue;
      this.#withdraw(lane);
      lane.attempt?.abort();
      // It drains by itself; a receiver of the same name starts on lanes of its own.
      this.#lanes.delete(text);
    }
    this.#room.forget(name);
    this.#fetchMore();
  }

  /** Owes nothing more of an erased tenant, nor the word on what was delivered. */
  forget(tenant: string): void {
    for (const lane of this.#lanes.values()) {
      if (lane.owed?.key.tenant !== tenant) continue;
      this.#withdraw(lane);
      lane.attempt?.abort();
    }
    this.#record.forget(tenant);
    this.#fetchMore();
  }

  /** Owes an order to every receiver it concerns, or those of them that are named. */
  send(
    order: BreakerOrder,
    acknowledgedBy: readonly string[] = [],
    to: ReadonlySet<string> | null = null,
  ): void {
    if (this.#stop.signal.aborted) return;
    this.#bursts.note();
    for (const receiver of this.#receivers.values()) {
      if (to && !to.has(receiver.name)) continue;
      if (!covers(receiver, order.key) || acknowledgedBy.includes(receiver.name)) continue;
      const text = laneText(receiver, order.key);
      const lane = this.#lanes.get(text);
      if (!this.#wants(receiver, order)) {
        if (lane) this.#withdraw(lane);
      } else if (lane) this.#replace(lane, order);
      else if (this.#room.isThere(receiver.name, urgencyOf(order) === 0)) {
        this.#open(text, receiver, order);
      } else this.#overflow(receiver);
    }
    this.#fetchMore();
  }

  /** Stops delivering; what is owed stays owed in the ledger. Safe twice. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const { attempt, pause } of this.#lanes.values()) {
      attempt?.abort();
      pause?.abort();
    }
    const enough = new AbortController();
    const lanes = Promise.all([...this.#lanes.values()].map(({ done }) => done));
    // A receiver that ignores its signal must not keep the process from stopping.
    await Promise.race([lanes, this.#options.clock.sleep(LIMITS.deliveryTimeoutMs, enough.signal)]);
    enough.abort();
    await this.#record.close();
  }

  #wants(receiver: RevocationReceiver, order: BreakerOrder): boolean {
    if (!covers(receiver, order.key)) return false;
    return receiver.concerns?.(this.#options.asSent?.(order) ?? order) ?? true;
  }

  #open(text: string, receiver: RevocationReceiver, order: BreakerOrder): void {
    const lane: Lane = {
      ...{ receiver, owed: null, withheld: null, restrained: false, attempt: null, pause: null },
      done: Promise.resolve(),
    };
    this.#lanes.set(text, lane);
    this.#owe(lane, order);
    lane.done = this.#drain(text, lane);
  }

  #replace(lane: Lane, order: BreakerOrder): void {
    if (lane.owed?.jti === order.jti || lane.withheld?.jti === order.jti) return;
    if (relaxes(order) && lane.restrained && lane.owed) {
      lane.withheld = order;
      return;
    }
    lane.withheld = null;
    this.#owe(lane, order);
    lane.pause?.abort();
    if (lane.receiver.fetches) lane.attempt?.abort();
  }

  /** Nothing of the key is owed any more. */
  #withdraw(lane: Lane): void {
    if (lane.owed) lane.receiver.withdrawn?.(lane.owed);
    lane.withheld = null;
    this.#owe(lane, null);
    lane.pause?.abort();
    if (lane.receiver.fetches) lane.attempt?.abort();
  }

  async #drain(text: string, lane: Lane): Promise<void> {
    let attempt = 0;
    let previous: BreakerOrder | null = null;
    while (lane.owed && !this.#stop.signal.aborted) {
      const told = await this.#deliver(lane);
      if (!told) continue;
      const { order, outcome } = told;
      attempt = order === previous ? attempt + 1 : 0;
      previous = order;
      if (outcome.status !== 'retry') this.#settle(lane, order, outcome);
      else if (lane.owed === order) await this.#pause(lane, outcome, attempt);
    }
    if (this.#lanes.get(text) === lane) this.#lanes.delete(text);
  }

  /** Null when it was superseded, or the outbox closed, while it waited for its turn. */
  async #deliver(lane: Lane): Promise<Told | null> {
    const attempt = new AbortController();
    lane.attempt = attempt;
    const { receiver } = lane;
    const slots = receiver.fetches ? null : this.#slotsOf(receiver);
    await receiver.ready?.(attempt.signal);
    if (receiver.afterFeeds && this.#isFollowed(lane)) await this.#bursts.over();
    await slots?.acquire(lane.owed ? urgencyOf(lane.owed) : 0);
    try {
      const order = lane.owed;
      if (!order || this.#stop.signal.aborted) return null;
      if (receiver.ready && attempt.signal.aborted) return null;
      lane.restrained ||= !relaxes(order);
      return { order, outcome: await this.#attempt(lane, order, attempt) };
    } finally {
      slots?.release();
      lane.attempt = null;
    }
  }

  #isFollowed({ owed }: Lane): boolean {
    return owed !== null && (this.#options.isFollowed?.(owed.key.tenant) ?? false);
  }

  async #attempt(
    { receiver }: Lane,
    order: BreakerOrder,
    attempt: AbortController,
  ): Promise<DeliveryOutcome> {
    const { clock, asSent } = this.#options;
    const answered = new AbortController();
    if (!receiver.fetches) {
      const { attemptMs = LIMITS.deliveryTimeoutMs } = receiver;
      void clock.sleep(attemptMs, answered.signal).then(() => attempt.abort(OVER));
    }
    try {
      return await receiver.deliver(asSent?.(order) ?? order, attempt.signal);
    } catch {
      return { status: 'retry', detail: 'receiver_failed' };
    } finally {
      answered.abort(OVER);
    }
  }

  /** Until the next attempt is due, another order takes the lane, or the outbox closes. */
  async #pause(lane: Lane, outcome: { readonly afterMs?: number }, attempt: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { clock, log, jitter } = this.#options;
    if (attempt === 0) {
      log.warn('revocation not delivered yet, retrying', { receiver: lane.receiver.name });
    }
    const pause = new AbortController();
    lane.pause = pause;
    await clock.sleep(outcome.afterMs ?? backoffMs(attempt, jitter()), pause.signal);
    lane.pause = null;
  }

  #settle(
    lane: Lane,
    order: BreakerOrder,
    outcome: Exclude<DeliveryOutcome, { readonly status: 'retry' }>,
  ): void {
    const { name } = lane.receiver;
    if (outcome.status === 'rejected') {
      this.#options.log.error('receiver rejected a revocation; it will not obey it', {
        receiver: name,
        detail: outcome.detail,
      });
      this.#options.metrics.count('tripcoil_orders_parked_total', { broker: name });
      this.#record.rejected(name, order, outcome.detail);
    } else this.#record.acknowledged(name, order, outcome.receipt);
    lane.restrained = false;
    if (lane.owed === order) {
      this.#owe(lane, lane.withheld);
      lane.withheld = null;
    }
    this.#fetchMore();
  }

  #fetchMore(): void {
    const roomy = this.#room.takeRoomy().flatMap((name) => this.#receivers.get(name) ?? []);
    if (roomy.length > 0) this.#options.resume(roomy);
  }

  /** A burst of a thousand trips must not open a thousand connections to one receiver. */
  #slotsOf({ name }: RevocationReceiver): Slots {
    const slots = this.#slots.get(name) ?? new Slots(LIMITS.deliveriesAtOnce, URGENCIES);
    this.#slots.set(name, slots);
    return slots;
  }

  #owe(lane: Lane, order: BreakerOrder | null): void {
    const change = (order ? 1 : 0) - (lane.owed ? 1 : 0);
    lane.owed = order;
    const broker = lane.receiver.name;
    const owed = this.#room.change(broker, change);
    this.#options.metrics.gauge('tripcoil_revocations_unacked', owed, { broker });
  }

  #overflow({ name }: RevocationReceiver): void {
    if (!this.#room.ranOut(name)) return;
    this.#options.log.error('outbox full: more revocations wait in the ledger until it has room', {
      receiver: name,
      pending: this.#room.of(name),
    });
  }
}

interface Told {
  readonly order: BreakerOrder;
  readonly outcome: DeliveryOutcome;
}

function laneText(receiver: RevocationReceiver, key: BreakerKey): string {
  return `${receiver.name}\n${breakerKeyText(key)}`;
}

/** A global stop concerns every receiver, whatever tenants it serves. */
function covers(receiver: RevocationReceiver, key: BreakerKey): boolean {
  if (receiver.tenants === '*' || key.kind === 'global') return true;
  return receiver.tenants.includes(key.tenant);
}
