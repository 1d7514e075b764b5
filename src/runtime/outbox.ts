import { type BreakerKey, breakerKeyText } from '../core/breaker.ts';
import { LIMITS } from '../core/limits.ts';
import type { Revocation } from '../core/revocation.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { DeliveryOutcome, RevocationReceiver } from '../ports/revocation-receiver.ts';
import { backoffMs } from './backoff.ts';
import { DeliveryRecord } from './delivery-record.ts';
import type { Unplaced } from './entries.ts';
import { Slots } from './slots.ts';

export interface OutboxOptions {
  readonly receivers: readonly RevocationReceiver[];
  /** Records an acknowledgement or a refusal in the ledger. */
  readonly append: (entries: readonly Unplaced[]) => Promise<void>;
  /** Sends again what the engine still owes; asked for when a full outbox has room again. */
  readonly resume: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Spreads retries, 0 to 1; injected so that tests are exact. */
  readonly jitter: () => number;
  /** How a revocation reads for receivers, at the moment of sending; as recorded unless given. */
  readonly asSent?: (revocation: Revocation) => Revocation;
}

/** One receiver and key: deliveries of a lane follow each other, lanes run side by side. */
interface Lane {
  readonly receiver: RevocationReceiver;
  /** The newest revocation; null once it is acknowledged, rejected or superseded. */
  owed: Revocation | null;
  /** Ends the attempt under way. */
  attempt: AbortController | null;
  /** Ends the pause between two attempts. */
  pause: AbortController | null;
  done: Promise<void>;
}

/**
 * Delivers each revocation to each receiver until it is acknowledged, rejected or superseded by a
 * later epoch of its key: in order per key, keys in parallel. It holds no file of its own: what is
 * owed after a crash is read from the engine, which folds the acknowledgements too.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #owedBy = new Map<string, number>();
  readonly #slots = new Map<string, Slots>();
  readonly #record: DeliveryRecord;
  readonly #stop = new AbortController();
  #owed = 0;
  /** Something was left out for want of room. */
  #overflowed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#record = new DeliveryRecord(options);
  }

  get unacknowledged(): number {
    return this.#owed;
  }

  /** Names of the receivers a revocation of this key goes to. */
  receiversOf(key: BreakerKey): readonly string[] {
    return this.#options.receivers.filter((r) => covers(r, key)).map((r) => r.name);
  }

  /** Owes a revocation to every receiver of its tenant that has not acknowledged it. */
  send(revocation: Revocation, acknowledgedBy: readonly string[] = []): void {
    if (this.#stop.signal.aborted) return;
    for (const receiver of this.#options.receivers) {
      if (!covers(receiver, revocation.key) || acknowledgedBy.includes(receiver.name)) continue;
      const name = laneName(receiver, revocation.key);
      const lane = this.#lanes.get(name);
      if (lane?.owed?.jti === revocation.jti) continue;
      if (!lane?.owed && this.#owed >= LIMITS.outboxPending) this.#overflow();
      else if (lane) {
        this.#owe(lane, revocation);
        lane.pause?.abort();
      } else this.#open(name, receiver, revocation);
    }
  }

  /** A breaker closed: an opening that was never delivered is superseded. */
  supersede(key: BreakerKey): void {
    for (const receiver of this.#options.receivers) {
      const lane = this.#lanes.get(laneName(receiver, key));
      if (!lane) continue;
      this.#owe(lane, null);
      lane.pause?.abort();
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

  #open(name: string, receiver: RevocationReceiver, revocation: Revocation): void {
    const lane: Lane = {
      receiver,
      owed: null,
      attempt: null,
      pause: null,
      done: Promise.resolve(),
    };
    this.#lanes.set(name, lane);
    this.#owe(lane, revocation);
    lane.done = this.#drain(name, lane);
  }

  async #drain(name: string, lane: Lane): Promise<void> {
    const slots = this.#slotsOf(lane.receiver);
    let attempt = 0;
    let previous: Revocation | null = null;
    while (lane.owed && !this.#stop.signal.aborted) {
      await slots.acquire();
      const revocation = lane.owed;
      const outcome = await this.#deliver(lane, revocation);
      slots.release();
      if (!revocation || !outcome) continue;
      attempt = revocation === previous ? attempt + 1 : 0;
      previous = revocation;
      if (outcome.status !== 'retry') this.#settle(lane, revocation, outcome);
      else if (lane.owed === revocation) await this.#pause(lane, outcome, attempt);
    }
    this.#lanes.delete(name);
  }

  /** Null when it was superseded, or the outbox closed, while it waited for its turn. */
  async #deliver(lane: Lane, revocation: Revocation | null): Promise<DeliveryOutcome | null> {
    if (!revocation || this.#stop.signal.aborted) return null;
    const answered = new AbortController();
    const attempt = new AbortController();
    lane.attempt = attempt;
    const { clock, asSent } = this.#options;
    void clock.sleep(LIMITS.deliveryTimeoutMs, answered.signal).then(() => attempt.abort());
    try {
      const sent = asSent?.(revocation) ?? revocation;
      return await lane.receiver.deliver(sent, attempt.signal);
    } catch {
      return { status: 'retry', detail: 'receiver_failed' };
    } finally {
      answered.abort();
      lane.attempt = null;
    }
  }

  /** Until the next attempt is due, another revocation takes the lane, or the outbox closes. */
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
    revocation: Revocation,
    outcome: Exclude<DeliveryOutcome, { readonly status: 'retry' }>,
  ): void {
    const { name } = lane.receiver;
    if (outcome.status === 'rejected') {
      this.#options.log.error('receiver rejected a revocation; it will not obey it', {
        receiver: name,
        detail: outcome.detail,
      });
      this.#record.rejected(name, revocation, outcome.detail);
    } else this.#record.acknowledged(name, revocation);
    if (lane.owed === revocation) this.#owe(lane, null);
    this.#fetchMore();
  }

  #fetchMore(): void {
    if (!this.#overflowed || this.#owed > LIMITS.outboxPending / 2) return;
    this.#overflowed = false;
    this.#options.resume();
  }

  /** A burst of a thousand trips must not open a thousand connections to one receiver. */
  #slotsOf({ name }: RevocationReceiver): Slots {
    const slots = this.#slots.get(name) ?? new Slots(LIMITS.deliveriesAtOnce);
    this.#slots.set(name, slots);
    return slots;
  }

  #owe(lane: Lane, revocation: Revocation | null): void {
    const change = (revocation ? 1 : 0) - (lane.owed ? 1 : 0);
    lane.owed = revocation;
    const broker = lane.receiver.name;
    const owed = (this.#owedBy.get(broker) ?? 0) + change;
    this.#owedBy.set(broker, owed);
    this.#owed += change;
    this.#options.metrics.gauge('tripcoil_revocations_unacked', owed, { broker });
  }

  #overflow(): void {
    if (this.#overflowed) return;
    this.#overflowed = true;
    this.#options.log.error('outbox full: more revocations wait in the ledger until it has room', {
      pending: this.#owed,
    });
  }
}

function laneName(receiver: RevocationReceiver, key: BreakerKey): string {
  return `${receiver.name}\n${breakerKeyText(key)}`;
}

/** A global stop concerns every receiver, whatever tenants it serves. */
function covers(receiver: RevocationReceiver, key: BreakerKey): boolean {
  if (receiver.tenants === '*' || key.kind === 'global') return true;
  return receiver.tenants.includes(key.tenant);
}
